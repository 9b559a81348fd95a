import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RfRow } from '../../../api/contract/rows.js';
import {
  arrange,
  type BoardChoice,
  boardQuery,
  choiceFrom,
  gridFor,
  SteadyCells,
  slotRanges,
} from './arrange.js';
import { commandOf } from './board-keys.js';
import { blank, draftOf, moved, slotsOf, without, withSlot } from './group-steps.js';
import { Meters, STRIP_POINTS } from './meters.js';
import { pastedNames } from './names.js';
import { SlowRows } from './slow-rows.js';
import { channelRow } from './testing/rows.js';
import { batteryBars, frequency, isFilm, runtime } from './tile-words.js';
import { fromMicboardHash, nextLevel, tvFrom } from './tv.js';

const choice = (values: Partial<BoardChoice> = {}): BoardChoice => ({
  ...choiceFrom(new URLSearchParams()),
  ...values,
});
const channels = (...slots: number[]): RfRow[] => slots.map((slot) => channelRow(slot));
const shown = (cells: ReturnType<typeof arrange>): (number | null | string)[] =>
  cells.map((cell) => (cell.kind === 'channel' ? cell.row.slot : cell.kind));

describe('the order of the board', () => {
  it('keeps the order, the blanks and the empty places of a group', () => {
    const group = { slots: [3, 0, 1, 9, 0, 3] };
    const cells = arrange(channels(1, 2, 3), choice({ group: 1 }), group);
    expect(shown(cells)).toEqual([3, 'blank', 1, 'empty', 'blank']);
    expect(new Set(cells.map((cell) => cell.key)).size).toBe(cells.length);
  });

  it('shows only channels of the group when it is sorted or filtered', () => {
    const group = { slots: [3, 0, 1, 9] };
    const rows = channels(1, 2, 3);
    expect(shown(arrange(rows, choice({ group: 1, text: 'a' }), group))).toEqual([3, 1]);
    expect(shown(arrange(rows, choice({ group: 1, sort: 'name' }), group))).toEqual([1, 3]);
  });

  it('brings the worst to the top, and of equals the weaker battery', () => {
    const rows = [
      channelRow(1, { status: 'good' }),
      channelRow(2, { status: 'critical', batteryPercent: 9 }),
      channelRow(3, { status: 'com-error' }),
      channelRow(4, { status: 'critical', batteryPercent: 3 }),
      channelRow(5, { status: 'unassigned' }),
    ];
    expect(shown(arrange(rows, choice({ sort: 'trouble' }), undefined))).toEqual([3, 4, 2, 5, 1]);
  });

  it('gives a channel that changed another cell, and all others the one they had', () => {
    const steady = new SteadyCells();
    const group = { slots: [1, 0, 2, 9] };
    const rows = channels(1, 2);
    const before = steady.update(arrange(rows, choice({ group: 1 }), group));
    expect(steady.update(arrange(rows, choice({ group: 1 }), group))).toBe(before);
    const changed = rows.map((row) => (row.slot === 2 ? { ...row, name: 'Alto' } : row));
    const after = steady.update(arrange(changed, choice({ group: 1 }), group));
    expect(after.map((cell, place) => cell === before[place])).toEqual([true, true, false, true]);
    expect(after[2]).toMatchObject({ kind: 'channel', row: { name: 'Alto' } });
    const fewer = steady.update(arrange(changed, choice({ group: 1 }), { slots: [2] }));
    expect(fewer).toEqual([after[2]]);
  });

  it('asks for every slot of a group with a filter the server takes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 400 }), (slots) => {
        const ranges = slotRanges(slots);
        expect(ranges.length).toBeLessThanOrEqual(12);
        for (const slot of slots.filter((one) => one > 0)) {
          expect(ranges.some(([from, to]) => slot >= from && slot <= to)).toBe(true);
        }
      }),
    );
    expect(boardQuery(choice({ group: 4 }), { slots: [0, 0] })).toBeUndefined();
  });

  it('reads only what makes sense from the address', () => {
    const read = choiceFrom(new URLSearchParams('group=-3&sort=cost&q=%20&status=trouble'));
    expect(read).toMatchObject({ group: 0, sort: 'slot', text: '', status: 'trouble' });
  });

  it('gives every tile a place on the screen', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 4_000 }),
        fc.integer({ min: 1, max: 4_000 }),
        (cells, width, height) => {
          const { columns, rows } = gridFor(cells, width, height);
          expect(columns * rows).toBeGreaterThanOrEqual(cells);
          expect(columns * rows - cells).toBeLessThan(columns);
        },
      ),
    );
    expect(gridFor(24, 1_600, 900)).toEqual({ columns: 6, rows: 4 });
  });
});

describe('the words of a tile', () => {
  it('writes runtimes and frequencies as crews do', () => {
    expect([runtime(310), runtime(0), runtime(59.9), runtime(null), runtime(-1)]).toEqual([
      '5:10',
      '0:00',
      '0:59',
      '',
      '',
    ]);
    expect([frequency(470.1), frequency(null), frequency(Number.NaN)]).toEqual([
      '470.100',
      '–',
      '–',
    ]);
  });

  it('fills bars by what is reported, else by the percentage', () => {
    expect(batteryBars({ batteryBars: 3, batteryPercent: 90 })).toBe(3);
    expect(batteryBars({ batteryBars: null, batteryPercent: 1 })).toBe(1);
    expect(batteryBars({ batteryBars: null, batteryPercent: null })).toBeNull();
  });

  it('knows a film by the ending of its address', () => {
    expect(['/m/a.mp4', '/m/a.WEBM?x=1', '/m/a.jpg', '/v1/media/7'].map(isFilm)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('keys and addresses of a Micboard', () => {
  it('takes figures for groups and letters for what Micboard does with them', () => {
    expect(commandOf('7')).toEqual({ do: 'group', number: 7 });
    expect(
      ['?', 'd', 'e', 't', 'i', 'f', 'g', 'v', 'n', 'N', 's', 'q', 'Escape'].map(
        (key) => commandOf(key)?.do,
      ),
    ).toEqual([
      'help',
      'demo',
      'edit',
      'tv',
      'level',
      'fullscreen',
      'images',
      'videos',
      'names',
      'paste',
      'setup',
      'share',
      'leave',
    ]);
    expect(commandOf('constructor')).toBeUndefined();
  });

  it('understands its links', () => {
    expect(fromMicboardHash('#group=2&tvmode=elinfo11&bgmode=MP4')).toEqual({
      group: '2',
      tv: 'all',
      bg: 'video',
    });
    expect(fromMicboardHash('')).toEqual({});
  });

  it('goes through the levels of information and begins again', () => {
    expect(tvFrom(new URLSearchParams('tv=nonsense'))).toBe('radio');
    expect(tvFrom(new URLSearchParams())).toBeUndefined();
    expect(nextLevel('all')).toBe('name');
  });
});

describe('levels', () => {
  const audio = (meters: Meters, id = '1'): number[] => {
    const meter = meters.get(id);
    if (!meter) return [];
    return Array.from(
      { length: STRIP_POINTS },
      (_, at) => meter.audio[(meter.at + at) % STRIP_POINTS] ?? Number.NaN,
    );
  };

  it('keep the highest sound between two points, and hold it before it falls', () => {
    const meters = new Meters();
    meters.feed([channelRow(1, { audioPercent: 20 })]);
    meters.step(1_000, true);
    meters.feed([channelRow(1, { audioPercent: 90 })]);
    meters.feed([channelRow(1, { audioPercent: 10 })]);
    meters.step(1_100, true);
    meters.step(1_200, true);
    expect(audio(meters).slice(-3)).toEqual([20, 90, 10]);
    expect(meters.get('1')?.held).toBe(90);
    for (let at = 1_300; at <= 6_000; at += 100) meters.step(at, true);
    expect(meters.get('1')?.held).toBe(10);
  });

  it('show a gap while nothing is known, and no more points than there was time', () => {
    const meters = new Meters();
    meters.feed([channelRow(1, { audioPercent: 50 })]);
    meters.step(0, true);
    expect(meters.step(50, true)).toBe(0);
    expect(meters.step(400, false)).toBe(4);
    meters.feed([channelRow(1, { audioPercent: 50, deviceState: 'error' })]);
    meters.step(500, true);
    expect(audio(meters).slice(-6).map(Number.isNaN)).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
  });

  it('have no gap when the machine is slow, and one when the tab slept', () => {
    const meters = new Meters();
    meters.feed([channelRow(1, { audioPercent: 50 })]);
    meters.step(0, true);
    meters.step(700, true);
    expect(audio(meters).slice(-8)).toEqual(Array.from({ length: 8 }, () => 50));
    meters.step(10_700, true);
    expect(audio(meters).slice(-100).filter(Number.isNaN)).toHaveLength(99);
  });

  it('forget channels that left', () => {
    const meters = new Meters();
    meters.feed(channels(1, 2, 3));
    meters.feed(channels(2));
    expect(meters.size).toBe(1);
  });
});

describe('rows for the page', () => {
  it('stay the same while only levels move, and change with what is written', () => {
    const slow = new SlowRows();
    const first = slow.update([channelRow(1), channelRow(2)]);
    const levels = slow.update([
      channelRow(1, { audioPercent: 77, rfAPercent: 3, heardUnixMs: 99 }),
      channelRow(2),
    ]);
    expect(levels).toBe(first);
    const weaker = slow.update([channelRow(1, { batteryPercent: 12 }), channelRow(2)]);
    expect(weaker).not.toBe(first);
    expect(weaker[1]).toBe(first[1]);
    expect(
      slow.update([channelRow(2), channelRow(1, { batteryPercent: 12 })]).map((row) => row.id),
    ).toEqual(['2', '1']);
  });
});

describe('steps of the group editor', () => {
  it('has a channel once and blanks as often as one likes', () => {
    let draft = draftOf({ title: 'A', hideCharts: false, slots: [1, 0, 1, 0, 2] });
    expect(slotsOf(draft)).toEqual([1, 0, 0, 2]);
    expect(new Set(draft.cells.map((cell) => cell.id)).size).toBe(4);
    draft = withSlot(withSlot(draft, 2), 7);
    expect(slotsOf(draft)).toEqual([1, 0, 0, 2, 7]);
    draft = { ...draft, cells: [...draft.cells, blank()] };
    expect(slotsOf(moved(draft, 'slot-7', -2))).toEqual([1, 0, 7, 0, 2, 0]);
    expect(moved(draft, 'slot-1', -1)).toBe(draft);
    expect(slotsOf(without(draft, 'slot-2'))).toEqual([1, 0, 0, 7, 0]);
    expect(without(draft, 'nobody')).toBe(draft);
  });
});

describe('pasted names', () => {
  it('go by slot, by known label, else in order', () => {
    const rows = [
      channelRow(1, { label: 'HH-01' }),
      channelRow(2, { label: 'HH-02' }),
      channelRow(3, { label: 'BP-03' }),
    ];
    const { matched, unknown } = pastedNames('3 Carl\nhh-02: Berta\n\nAnna\n9 Nobody', rows);
    expect(matched.map(({ row, name }) => [row.slot, name])).toEqual([
      [3, 'Carl'],
      [2, 'Berta'],
      [1, 'Anna'],
    ]);
    expect(unknown).toEqual(['9 Nobody']);
    expect(pastedNames('XX-1 Dora', rows).matched[0]).toMatchObject({
      label: 'XX-1',
      name: 'Dora',
    });
  });
});
