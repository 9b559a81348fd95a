import { expect, test } from 'vitest';
import { Metrics } from './metrics.js';

test('gauges are read at the scrape, and a label that is gone disappears', async () => {
  const metrics = new Metrics();
  let rows: (readonly [string, number])[] = [
    ['device-0', 5],
    ['device-1', 7],
  ];
  metrics.gauge('actors', 'Actors alive.', 'shard', () => rows);
  metrics.value('uptime_seconds', 'Since start.', () => 42);
  metrics.counter('frames_total', 'Frames.').inc(3);
  const first = await metrics.text();
  expect(first).toContain('earshot_actors{shard="device-1"} 7');
  expect(first).toContain('earshot_uptime_seconds 42');
  expect(first).toContain('earshot_frames_total 3');
  rows = [['device-0', 6]];
  const second = await metrics.text();
  expect(second).toContain('earshot_actors{shard="device-0"} 6');
  expect(second).not.toContain('device-1');
});

test('two registries in one process do not collide', () => {
  expect(() => [new Metrics(), new Metrics()]).not.toThrow();
});
