import { expect, test, vi } from 'vitest';
import { SystemClock } from '../../engine/clock.js';
import { listenerOf } from '../../media/testing/definitions.js';
import { TestIcecast } from '../../media/testing/icecast.js';
import { IcecastOut } from './icecast-out.js';
import type { SessionDefinition } from './protocol.js';
import { SteadyCount } from './steady-count.js';

const SESSION: SessionDefinition = {
  ...listenerOf(),
  id: 's',
  number: 1,
  projectId: 1,
  mount: '/stream1.mp3',
  format: 'mp3',
  bitrateKbps: 128,
  createdAtUnixMs: 0,
};

test('nobody listens any more when the Icecast is lost', async () => {
  const icecast = await TestIcecast.start();
  const counts: number[] = [];
  const out = new IcecastOut({
    url: icecast.url,
    clock: new SystemClock(),
    shards: 1,
    onListeners: (_, count) => counts.push(count),
    onError: () => undefined,
  });
  const player = new AbortController();
  out.open(SESSION, 'Garden');
  const sound = setInterval(() => out.write('s', new Uint8Array(4_000)), 100);
  try {
    const limit = { timeout: 20_000, interval: 100 };
    const listen = async (): Promise<void> => {
      const answer = await fetch(`${icecast.origin}/stream1.mp3`, { signal: player.signal });
      expect(answer.status).toBe(200);
    };
    await vi.waitFor(listen, limit);
    await vi.waitFor(() => expect(counts).toEqual([1]), limit);
    await icecast.stop();
    await vi.waitFor(() => expect(counts).toEqual([1, 0]), limit);
  } finally {
    clearInterval(sound);
    player.abort();
    out.close();
    await icecast.close();
  }
});

test('only two readings of nobody in a row count as none; one that failed is of nobody', () => {
  const count = new SteadyCount();
  const read = (listeners: number | undefined): number => {
    count.read(listeners);
    return count.count;
  };
  expect([3, 0, 2, undefined, 2, 0, undefined, 1, 1, 0, 0, 0].map(read)).toEqual([
    3, 3, 2, 2, 2, 2, 0, 1, 1, 1, 0, 0,
  ]);
  expect(count.read(0)).toBe(false);
});
