import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Filter,
  type FilterOp,
  type LiveMessage,
  type LiveQueryInput,
  liveQuery,
  type SortKey,
} from '../contract/live.js';
import { DEFAULT_LIMITS } from './limits.js';
import { MemoryTable } from './table.js';
import { Replica } from './testing.js';
import type { Topic } from './topic.js';
import { TopicRegistry } from './topics.js';

type Cell = number | string | boolean | null;
type Cells = Record<string, unknown>;

/** The query said in the plainest way, to compare with. */
function naive(rows: readonly Cells[], input: LiveQueryInput): { total: number; rows: Cells[] } {
  const query = liveQuery.parse(input);
  const fold = (cell: unknown): unknown =>
    typeof cell === 'string' ? cell.toLowerCase() : (cell ?? null);
  const own = (row: Cells, name: string): unknown => (Object.hasOwn(row, name) ? row[name] : null);
  const holds = (row: Cells, filter: Filter): boolean => {
    if ('and' in filter) return filter.and.every((part) => holds(row, part));
    if ('or' in filter) return filter.or.some((part) => holds(row, part));
    if ('not' in filter) return !holds(row, filter.not);
    const cell = fold(own(row, filter.field));
    const value = fold(filter.value);
    const text = cell === null ? '' : String(cell);
    const ordered =
      (typeof cell === 'number' || typeof cell === 'string') && typeof cell === typeof value;
    const tests: Record<FilterOp, () => boolean> = {
      '==': () => cell === value,
      '!=': () => cell !== value,
      '<': () => ordered && (cell as number) < (value as number),
      '>': () => ordered && (cell as number) > (value as number),
      '<=': () => ordered && (cell as number) <= (value as number),
      '>=': () => ordered && (cell as number) >= (value as number),
      contains: () => text.includes(String(value)),
      startsWith: () => text.startsWith(String(value)),
    };
    return tests[filter.op]();
  };
  const rank = (cell: unknown): number => ['number', 'string', 'boolean'].indexOf(typeof cell);
  const compare = (a: Cells, b: Cells): number => {
    for (const { field, direction } of query.sort) {
      const [x, y] = [fold(own(a, field)), fold(own(b, field))];
      if (x === y) continue;
      if (x === null) return 1;
      if (y === null) return -1;
      const less = rank(x) === rank(y) ? String(x) < String(y) : rank(x) < rank(y);
      const first = typeof x === 'number' && typeof y === 'number' ? x < y : less;
      return first === (direction === 'asc') ? -1 : 1;
    }
    return String(a['id']) < String(b['id']) ? -1 : 1;
  };
  const { filter } = query;
  const all = rows.filter((row) => filter === undefined || holds(row, filter)).sort(compare);
  const { offset, limit } = query.window;
  const fields = query.fields;
  const project = (row: Cells): Cells =>
    Object.fromEntries(
      Object.entries(row).filter(
        ([key, cell]) =>
          cell !== null && (key === 'id' || fields === undefined || fields.includes(key)),
      ),
    );
  return { total: all.length, rows: all.slice(offset, offset + limit).map(project) };
}

/** A removed field is null on the wire, so null and absent are the same to a client. */
const withoutNulls = (rows: readonly Cells[]): Cells[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== null)));

const fields = ['a', 'b', 'values.c'] as const;
const field = fc.constantFrom(...fields, 'id', 'constructor');
const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom('x', 'Y', 'xy', '', null, true, false),
);
const id = fc.integer({ min: 0, max: 14 }).map((n) => `r${String(n)}`);
const leaf: fc.Arbitrary<Filter> = fc.record({
  field,
  op: fc.constantFrom<FilterOp>('<', '>', '<=', '>=', '==', '!=', 'contains', 'startsWith'),
  value: cell,
});
const filterTree = fc.letrec<{ node: Filter }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('node'), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie('node'), { maxLength: 3 }).map((or) => ({ or })),
    tie('node').map((not) => ({ not })),
  ),
})).node;
const sortKeys: fc.Arbitrary<SortKey[]> = fc.array(
  fc.record({ field, direction: fc.constantFrom('asc' as const, 'desc' as const) }),
  { maxLength: 3 },
);
const query: fc.Arbitrary<LiveQueryInput> = fc
  .record(
    {
      filter: filterTree,
      sort: sortKeys,
      window: fc.record({ offset: fc.nat({ max: 8 }), limit: fc.integer({ min: 1, max: 16 }) }),
      fields: fc.uniqueArray(fc.constantFrom(...fields, 'id'), { minLength: 1 }),
    },
    { requiredKeys: [] },
  )
  .map((parts) => ({ resource: 'devices', ...parts }));

type Step =
  | { readonly do: 'put'; readonly id: string; readonly cells: Cells }
  | { readonly do: 'patch'; readonly id: string; readonly cells: Cells }
  | { readonly do: 'set'; readonly id: string; readonly field: string; readonly value: Cell }
  | { readonly do: 'remove'; readonly id: string }
  | { readonly do: 'subscribe'; readonly query: LiveQueryInput }
  | { readonly do: 'tick' };

const cells = fc.dictionary(fc.constantFrom(...fields), cell, {
  maxKeys: 3,
}) as fc.Arbitrary<Cells>;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('put' as const), id, cells }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('patch' as const), id, cells }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      id,
      field: fc.constantFrom(...fields),
      value: cell,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('subscribe' as const), query }) },
  { weight: 4, arbitrary: fc.constant({ do: 'tick' as const }) },
);

interface Watcher {
  readonly query: LiveQueryInput;
  readonly topic: Topic;
  readonly replica: Replica;
}

class World {
  readonly table = new MemoryTable('devices');
  readonly registry = new TopicRegistry([this.table], DEFAULT_LIMITS);
  readonly watchers: Watcher[] = [];
  messages = 0;

  subscribe(asked: LiveQueryInput): Replica {
    const topic = this.registry.topicOf(liveQuery.parse(asked));
    this.registry.join(topic);
    const replica = new Replica();
    replica.apply(JSON.parse(this.registry.snapshot(topic, 'x', 'e').toString()) as LiveMessage);
    this.watchers.push({ query: asked, topic, replica });
    return replica;
  }

  tick(): void {
    const seen = new Set<Topic>();
    this.registry.tick((topic, message) => {
      expect(seen.has(topic), 'one message of a topic in a tick').toBe(false);
      seen.add(topic);
      this.messages++;
      for (const watcher of this.watchers) {
        if (watcher.topic === topic)
          watcher.replica.apply(JSON.parse(Buffer.from(message).toString()) as LiveMessage);
      }
    });
  }

  check(): void {
    const rows = [...this.table.rows()] as Cells[];
    for (const { query: asked, replica } of this.watchers) {
      const wanted = naive(rows, asked);
      expect(replica.total).toBe(wanted.total);
      expect(withoutNulls(replica.list())).toEqual(wanted.rows);
    }
  }
}

describe('a client that applies the messages', () => {
  it('holds after each tick what the query gives when it is asked anew', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
        const world = new World();
        for (const one of steps) {
          if (one.do === 'put') world.table.put({ id: one.id, ...one.cells });
          else if (one.do === 'patch') world.table.patch(one.id, one.cells);
          else if (one.do === 'set') world.table.set(one.id, one.field, one.value);
          else if (one.do === 'remove') world.table.remove(one.id);
          else if (one.do === 'subscribe') world.subscribe(one.query);
          else {
            world.tick();
            world.check();
          }
        }
        world.tick();
        world.check();
      }),
      { numRuns: 400 },
    );
  });
});

describe('topics', () => {
  it('are shared by queries that mean the same', () => {
    const world = new World();
    const leaf1: Filter = { field: 'state', op: '==', value: 'Online' };
    const leaf2: Filter = { field: 'a', op: '<', value: 3 };
    world.subscribe({ resource: 'devices', filter: { and: [leaf1, leaf2] }, fields: ['a', 'b'] });
    world.subscribe({
      resource: 'devices',
      filter: { and: [leaf2, { ...leaf1, value: 'ONLINE' }, leaf2] },
      fields: ['b', 'a', 'id', 'a'],
    });
    expect(world.registry.size).toBe(1);
    world.subscribe({ resource: 'devices', filter: { and: [leaf1, leaf2] } });
    expect(world.registry.size).toBe(2);
    expect(world.registry.views).toBe(1);
  });

  it('say nothing when nothing in their window and columns changed', () => {
    const world = new World();
    for (let i = 0; i < 20; i++) world.table.put({ id: `r${String(i)}`, a: i, b: 0 });
    world.tick();
    world.subscribe({
      resource: 'devices',
      sort: [{ field: 'a', direction: 'asc' }],
      window: { limit: 5 },
    });
    world.subscribe({ resource: 'devices', fields: ['a'] });
    world.table.set('r12', 'b', 1);
    world.table.set('r1', 'a', 1);
    world.tick();
    expect(world.messages).toBe(0);
    world.table.set('r1', 'b', 7);
    world.tick();
    expect(world.messages).toBe(1);
  });

  it('send only ids when rows are only removed', () => {
    const world = new World();
    for (let i = 0; i < 5; i++) world.table.put({ id: `r${String(i)}`, a: i });
    world.tick();
    const topic = world.registry.topicOf(liveQuery.parse({ resource: 'devices' }));
    world.table.remove('r1');
    world.table.remove('r3');
    const texts: string[] = [];
    world.registry.tick((_, message) => texts.push(Buffer.from(message).toString()));
    expect(JSON.parse(texts[0] ?? '')).toEqual({
      type: 'remove',
      topic: topic.id,
      revision: 1,
      total: 3,
      ids: ['r1', 'r3'],
    });
  });

  it('are bounded, and a waiting one makes room', () => {
    const table = new MemoryTable('devices');
    const registry = new TopicRegistry([table], { ...DEFAULT_LIMITS, topics: 2, lingerMs: 1_000 });
    const ask = (offset: number): Topic => {
      const topic = registry.topicOf(
        liveQuery.parse({ resource: 'devices', window: { offset, limit: 1 } }),
      );
      registry.join(topic);
      return topic;
    };
    const first = ask(0);
    ask(1);
    expect(() => ask(2)).toThrow(/different queries/);
    registry.leave(first, 0);
    ask(2);
    expect(registry.size).toBe(2);
    registry.leave(ask(1), 0);
    registry.sweep(999);
    expect(registry.size).toBe(2);
  });

  it('refuse a filter with too many nodes and a resource that is not there', () => {
    const { registry } = new World();
    const many: Filter = {
      and: Array.from({ length: 3 }, () => ({
        or: Array.from({ length: 40 }, (): Filter => ({ field: 'a', op: '<', value: 1 })),
      })),
    };
    expect(() => registry.topicOf(liveQuery.parse({ resource: 'devices', filter: many }))).toThrow(
      /100 nodes/,
    );
    expect(() => registry.topicOf(liveQuery.parse({ resource: 'alarms' }))).toThrow(/alarms/);
  });
});
