import { describe, expect, it } from 'vitest';
import type { ActorRow, ShardRow } from '../../api/contract/rows.js';
import { ActorWatch, treeOf } from './actor-tree.js';
import { type ActorCommand, lossOf } from './actors.js';
import { summarise } from './health.js';

const actor = (id: string, more: Partial<ActorRow> = {}): ActorRow => ({
  id,
  kind: 'device',
  shard: 'device-0',
  parent: 'device-0',
  state: 'connected',
  sinceUnixMs: 0,
  restarts: 0,
  lastError: null,
  mailboxDepth: 0,
  ...more,
});
const shard = (id: string, more: Partial<ShardRow> = {}): ShardRow => ({
  id,
  kind: 'device',
  state: 'running',
  actors: 1,
  restarts: 0,
  loopDelayMs: 1,
  loopDelayP99Ms: 2,
  heapBytes: 1,
  lastError: null,
  ...more,
});

describe('treeOf', () => {
  it('hangs actors below their thread and kind', () => {
    const lines = treeOf([actor('1'), actor('2')], [shard('device-0')], new Map());
    expect(lines.map((line) => [line.level, line.label])).toEqual([
      [0, 'Engine'],
      [1, 'Devices 0'],
      [2, 'Devices'],
      [3, '1'],
      [3, '2'],
    ]);
  });

  it('folds a large group until it is opened', () => {
    const many = Array.from({ length: 8_000 }, (_, index) => actor(String(index)));
    const folded = treeOf(many, [shard('device-0')], new Map());
    expect(folded).toHaveLength(3);
    const group = folded.at(-1);
    const open = treeOf(many, [shard('device-0')], new Map([[group?.id ?? '', true]]));
    expect(open).toHaveLength(8_003);
  });

  it('puts trouble first and counts it above', () => {
    const lines = treeOf(
      [actor('1'), actor('9', { state: 'parked' })],
      [shard('device-0')],
      new Map(),
    );
    expect(lines[3]?.label).toBe('9');
    expect(lines[0]).toMatchObject({ tone: 'critical', stateText: '1 of 2 in trouble' });
  });

  it('nests an actor below its parent, and keeps threads apart from actors that are called like them', () => {
    const lines = treeOf(
      [
        actor('rule'),
        actor('timer', { parent: 'rule' }),
        actor('device-0', { shard: 'main', parent: 'engine' }),
      ],
      [shard('device-0'), shard('main', { kind: 'main' })],
      new Map(),
    );
    const levels = new Map(lines.map((line) => [line.label, line.level]));
    expect(levels.get('timer')).toBe(4);
    expect(levels.get('rule')).toBe(3);
    expect(new Set(lines.map((line) => line.id)).size).toBe(lines.length);
  });
});

describe('ActorWatch', () => {
  it('tells restarts and parkings, not the first sight of an actor', () => {
    const watch = new ActorWatch();
    expect(watch.look([actor('1')], 0)).toEqual([]);
    const news = watch.look([actor('1', { restarts: 1 }), actor('2')], 5);
    expect(news).toHaveLength(1);
    expect(news[0]).toMatchObject({ id: '1', atUnixMs: 5 });
    const parked = watch.look([actor('1', { restarts: 1, state: 'parked' }), actor('2')], 6);
    expect(parked[0]).toMatchObject({ id: '1', tone: 'critical', text: 'online → parked' });
  });

  it('is bounded', () => {
    const watch = new ActorWatch();
    for (let restarts = 0; restarts < 500; restarts += 1)
      watch.look([actor('1', { restarts })], restarts);
    expect(watch.look([actor('1', { restarts: 500 })], 500)).toHaveLength(30);
  });
});

describe('lossOf', () => {
  it('says of every command and kind what is lost', () => {
    for (const kind of ['device', 'session', 'rule']) {
      for (const command of ['restart', 'park', 'stop'] satisfies ActorCommand[]) {
        expect(lossOf({ kind, id: 'X9' }, command)).toContain('X9');
      }
    }
  });
});

describe('summarise', () => {
  const store = {
    id: 'series',
    home: 'embedded',
    state: 'up',
    latencyMs: 1,
    rowsPerSecond: 1,
    pendingRows: 0,
    spoolBytes: 0,
    lastError: null,
  } as const;

  it('is well when all run, and ignores what is switched off', () => {
    const icecast = { ...store, id: 'icecast', state: 'off' } as const;
    expect(summarise([store, icecast], [shard('device-0')])).toMatchObject({ tone: 'good' });
  });

  it('names the cause and what is kept', () => {
    const away = summarise(
      [{ ...store, state: 'away', spoolBytes: 2_000_000 }],
      [shard('device-0')],
    );
    expect(away.tone).toBe('critical');
    expect(away.word).toBe('History: away, 2.0 MB kept on disk until it is back');
  });

  it('does not claim to know before it heard anything', () => {
    expect(summarise([], []).tone).toBe('unknown');
  });
});
