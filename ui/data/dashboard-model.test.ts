import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  below,
  reached,
  settled,
  shifted,
  storedOf,
  thresholdsOf,
  type WidgetDraft,
} from './dashboard-model.js';
import {
  COLUMNS,
  channelsOf,
  fillIn,
  pointsFor,
  showsHistory,
  variableValues,
} from './widget-channels.js';

const widget = (values: Partial<WidgetDraft> = {}): WidgetDraft => ({
  id: 1,
  type: 'gauge',
  title: '',
  signalId: null,
  signalChannel: null,
  x: 0,
  y: 0,
  w: 3,
  h: 2,
  config: {},
  ...values,
});

describe('variables', () => {
  test('stand for their values, the longer name first', () => {
    const values = new Map([
      ['p', 'x'],
      ['place', 'hall'],
    ]);
    expect(fillIn('$place/$p of $q', values)).toBe('hall/x of $q');
  });

  test('are what the address says, if it may say so, else what the dashboard says', () => {
    const variables = [
      { name: 'device', label: '', kind: 'device' as const, value: 'a', options: ['a', 'b'] },
      { name: 'any', label: '', kind: 'text' as const, value: '' },
    ];
    const of = (query: string) => [
      ...variableValues(variables, new URLSearchParams(query)).values(),
    ];
    expect(of('')).toEqual(['a', '']);
    expect(of('var-device=b&var-any=x')).toEqual(['b', 'x']);
    expect(of('var-device=c')).toEqual(['a', '']);
  });
});

describe('channels of a widget', () => {
  test('come from its config, each once, and else from its signal', () => {
    const values = new Map([['d', '7']]);
    const config = { channel: '$d/t', channels: [{ channel: '7/t', label: 'x' }, 'b/t', 4, null] };
    expect(channelsOf(widget({ config }), values).map(({ channel }) => channel)).toEqual([
      '7/t',
      'b/t',
    ]);
    expect(channelsOf(widget({ signalChannel: 's/t', title: 'Heat' }), values)).toEqual([
      { channel: 's/t', label: 'Heat' },
    ]);
    expect(channelsOf(widget({ config: { channels: 'nonsense' } }), values)).toEqual([]);
  });
});

describe('thresholds', () => {
  const thresholds = thresholdsOf({
    thresholds: [
      { value: 30, tone: 'critical' },
      { value: 10, tone: 'attention', label: 'Warm' },
      { value: 'x', tone: 'good' },
      { value: 5, tone: 'pink' },
    ],
  });

  test('are in order, without those that are none', () => {
    expect(thresholds.map(({ value }) => value)).toEqual([10, 30]);
  });

  test('are reached from their value on', () => {
    expect(reached(9.9, thresholds)).toBeUndefined();
    expect(reached(10, thresholds)?.label).toBe('Warm');
    expect(reached(99, thresholds)?.tone).toBe('critical');
    expect(reached(null, thresholds)).toBeUndefined();
  });
});

describe('places', () => {
  test('stay on the grid whatever the keys say', () => {
    expect(shifted(widget(), { x: -1 }).x).toBe(0);
    expect(shifted(widget({ x: 9 }), { x: 1 }).x).toBe(9);
    expect(shifted(widget({ x: 9 }), { w: 1 })).toMatchObject({ x: 8, w: 4 });
    expect(shifted(widget({ w: 1 }), { w: -1 }).w).toBe(1);
  });

  test('never lie on each other once they settled, and the moved one stays', () => {
    const some = fc.array(
      fc
        .record({
          x: fc.integer({ min: 0, max: 11 }),
          y: fc.integer({ min: 0, max: 20 }),
          w: fc.integer({ min: 1, max: 12 }),
          h: fc.integer({ min: 1, max: 6 }),
        })
        .map((place) => ({ ...place, w: Math.min(place.w, COLUMNS - place.x) })),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(some, (places) => {
        const before = places.map((place, at) => widget({ ...place, id: at + 1 }));
        const after = settled(before, 1);
        expect(after[0]).toEqual(before[0]);
        for (const a of after) {
          for (const b of after) {
            if (a.id >= b.id) continue;
            const apart =
              a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
            expect(apart).toBe(true);
          }
        }
      }),
    );
  });

  test('new ones begin below all others, and are stored without an id', () => {
    expect(below([widget({ y: 3, h: 2 }), widget({ y: 1, h: 3 })])).toBe(5);
    expect(storedOf(widget({ id: -4 }))).not.toHaveProperty('id');
    expect(storedOf(widget())).toHaveProperty('id', 1);
    expect(storedOf(widget())).not.toHaveProperty('signalChannel');
  });
});

describe('the history of a widget', () => {
  test('has as many points as the widget is wide', () => {
    expect(pointsFor({ w: 4 }, 1_440)).toBe(500);
    expect(pointsFor({ w: 12 }, 1_440)).toBe(1_200);
    expect(pointsFor({ w: 1 }, 1_440)).toBe(200);
  });

  test('has those of the whole page on a phone, where widgets stand below each other', () => {
    expect(pointsFor({ w: 2 }, 390)).toBe(400);
  });

  test('is asked for only where it is shown', () => {
    expect(showsHistory({ type: 'line_chart', config: {} })).toBe(true);
    expect(showsHistory({ type: 'state_timeline', config: {} })).toBe(true);
    expect(showsHistory({ type: 'stat_card', config: {} })).toBe(true);
    expect(showsHistory({ type: 'stat_card', config: { sparkline: false } })).toBe(false);
    expect(showsHistory({ type: 'stat_card', config: { sparkline: false, delta: true } })).toBe(
      true,
    );
    expect(showsHistory({ type: 'gauge', config: {} })).toBe(false);
  });
});
