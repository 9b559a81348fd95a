import { parseSnapshot } from '../../engine/persist.js';
import { backoff } from '../../engine/supervisor.js';
import { ShardHost } from '../host.js';
import { type FromLampShard, type LampOptions, lampMachine, type ToLampShard } from './lamp.js';

/** A shard of the smallest kind of actor there is: for the tests and the bench of the machinery. */
const host = new ShardHost<LampOptions, FromLampShard, ToLampShard>();
const backoffMs = backoff({ firstMs: 1, maxMs: 10, jitter: 0.5 });

host.link.handle('lamps.adopt', ({ ids, snapshots }) => {
  for (const id of ids) {
    if (host.supervisor.get(id) !== undefined) continue;
    const stored = snapshots[id];
    host.supervisor.start({
      id,
      kind: 'lamp',
      logic: lampMachine,
      input: { id },
      snapshot: stored === undefined ? undefined : parseSnapshot(stored),
      restart: 'permanent',
      intensity: { max: 3, windowMs: 10_000 },
      backoffMs,
      shutdownMs: 100,
    });
  }
  return ids.length;
});
host.link.handle('lamp.press', ({ id }) => {
  host.supervisor.get(id)?.send({ type: 'press' });
  return true;
});
host.counter('lamps', () => host.supervisor.size);
host.onStop(
  () =>
    new Promise((resolve) => {
      host.clock.setTimeout(resolve, host.options.stopTakesMs);
    }),
);
host.ready();
