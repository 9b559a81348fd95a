import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filter } from '../../api/contract/live.js';
import {
  FILTER_OPS,
  type FilterRow,
  filterFault,
  filterFromText,
  filterOf,
  filterToText,
  pageQuery,
  sortFromText,
  sortToText,
} from './table-query.js';

const row = (field: string, op: FilterRow['op'], value: string): FilterRow => ({
  field,
  op,
  value,
});

describe('filterOf', () => {
  it('asks nothing for no filter and for empty values', () => {
    expect(filterOf([])).toBeUndefined();
    expect(filterOf([row('name', 'contains', '  ')])).toBeUndefined();
  });

  it('compares numbers as numbers, with a comma or a point', () => {
    expect(filterOf([row('values.power', '<', '12,5')])).toEqual({
      field: 'values.power',
      op: '<',
      value: 12.5,
    });
  });

  it('looks for text as text, also when it reads as a number', () => {
    expect(filterOf([row('id', 'startsWith', '01')])).toEqual({
      field: 'id',
      op: 'startsWith',
      value: '01',
    });
  });

  it('finds the number and the text when equality is asked for what reads as both', () => {
    expect(filterOf([row('id', '==', '0001')])).toEqual({
      or: [
        { field: 'id', op: '==', value: 1 },
        { field: 'id', op: '==', value: '0001' },
      ],
    });
  });

  it('joins several rows by and', () => {
    const two = filterOf([row('values.country', 'contains', 'AT'), row('values.power', '<', '80')]);
    expect(two).toHaveProperty('and.length', 2);
  });

  it('leaves out a row that cannot be asked, and says why', () => {
    expect(filterOf([row('values.power', '<', 'many')])).toBeUndefined();
    expect(filterFault(row('values.power', '<', 'many'))).toContain('compares numbers');
  });

  it('always makes what the contract takes', () => {
    const op = fc.constantFrom(...FILTER_OPS.map((one) => one.op));
    const rows = fc.array(
      fc.record({
        field: fc.string({ minLength: 1, maxLength: 40 }),
        op,
        value: fc.string({ maxLength: 60 }),
      }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(rows, (some) => {
        const made = filterOf(some);
        expect(made === undefined || filter.safeParse(made).success).toBe(true);
      }),
    );
  });
});

describe('the address', () => {
  it('holds every filter, whatever was typed', () => {
    const op = fc.constantFrom(...FILTER_OPS.map((one) => one.op));
    const field = fc.stringMatching(/^[a-z][a-z_.]{0,30}$/);
    fc.assert(
      fc.property(field, op, fc.string(), (name, one, value) => {
        expect(filterFromText(filterToText(row(name, one, value)))).toEqual(row(name, one, value));
      }),
    );
  });

  it('holds sorts, and ignores what is none', () => {
    expect(sortFromText(sortToText({ field: 'values.a', direction: 'desc' }))).toEqual({
      field: 'values.a',
      direction: 'desc',
    });
    expect(sortFromText('values.a~sideways')).toBeUndefined();
    expect(filterFromText('nonsense')).toBeUndefined();
    expect(filterFromText('a~like~b')).toBeUndefined();
  });
});

describe('pageQuery', () => {
  it('counts pages from one and asks for at most four sorts', () => {
    const keys = ['a', 'b', 'c', 'd', 'e'].map((field) => ({ field, direction: 'asc' as const }));
    const query = pageQuery({
      resource: 'devices',
      filter: undefined,
      sort: keys,
      page: 3,
      size: 50,
    });
    expect(query.window).toEqual({ offset: 100, limit: 50 });
    expect(query.sort).toHaveLength(4);
    expect(query).not.toHaveProperty('filter');
  });
});
