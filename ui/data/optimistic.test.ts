import { describe, expect, it } from 'vitest';
import { OptimisticRows } from './optimistic.js';

interface Row {
  readonly id: number;
  readonly name: string;
  readonly weight: number;
}

const rows = (): OptimisticRows<Row> => {
  const made = new OptimisticRows<Row>();
  made.reset([
    { id: 1, name: 'a', weight: 1 },
    { id: 2, name: 'b', weight: 2 },
  ]);
  return made;
};

describe('optimistic rows', () => {
  it('show an edit before the server has answered, and its answer afterwards', () => {
    const kept = rows();
    const ticket = kept.edit(1, { weight: 9 });
    expect(kept.view()[0]).toEqual({ id: 1, name: 'a', weight: 9 });
    expect(kept.busy).toBe(true);
    kept.done(ticket, { id: 1, name: 'a', weight: 8 });
    expect(kept.view()[0]).toEqual({ id: 1, name: 'a', weight: 8 });
    expect(kept.busy).toBe(false);
  });

  it('take back only the edit that failed', () => {
    const kept = rows();
    const first = kept.edit(1, { weight: 9 });
    kept.edit(1, { name: 'new' });
    kept.failed(first);
    expect(kept.view()[0]).toEqual({ id: 1, name: 'new', weight: 1 });
  });

  it('keep a later edit when an earlier one is answered', () => {
    const kept = rows();
    const first = kept.edit(1, { weight: 5 });
    kept.edit(1, { weight: 6 });
    kept.done(first, { id: 1, name: 'a', weight: 5 });
    expect(kept.view()[0]?.weight).toBe(6);
  });

  it('keep open edits when the rows are read again', () => {
    const kept = rows();
    kept.edit(2, { name: 'typed' });
    kept.reset([{ id: 2, name: 'b', weight: 7 }]);
    expect(kept.view()).toEqual([{ id: 2, name: 'typed', weight: 7 }]);
  });

  it('hide what is being removed until it is settled', () => {
    const kept = rows();
    kept.hide(1);
    expect(kept.view().map((row) => row.id)).toEqual([2]);
    kept.show(1);
    expect(kept.view().map((row) => row.id)).toEqual([1, 2]);
    kept.hide(1);
    kept.drop(1);
    expect(kept.view().map((row) => row.id)).toEqual([2]);
  });
});
