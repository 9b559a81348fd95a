import { deviceMachine } from '../actors/device/device.machine.js';
import { ShardHost } from '../actors/host.js';
import { backoff, parseSnapshot } from '../engine/supervisor.js';
import type { FromDeviceActors, ToDeviceActors } from './device-actors.js';

const host = new ShardHost<Record<string, never>, FromDeviceActors, ToDeviceActors>();
const backoffMs = backoff({ firstMs: 100, maxMs: 30_000, jitter: 0.5 });
const intensity = { max: 5, windowMs: 60_000 };

host.link.handle('actors.adopt', ({ ids, snapshots }) => {
  const atUnixMs = host.clock.nowMs();
  for (const id of ids) {
    if (host.supervisor.get(id) !== undefined) continue;
    const stored = snapshots[id];
    host.supervisor.start({
      id,
      kind: 'device',
      logic: deviceMachine,
      input: { deviceId: id, atUnixMs },
      snapshot: stored === undefined ? undefined : parseSnapshot(stored),
      restart: 'permanent',
      intensity,
      backoffMs,
      shutdownMs: 1_000,
    });
  }
  return ids.length;
});

host.link.handle('actors.connect', () => {
  const atUnixMs = host.clock.nowMs();
  let connected = 0;
  for (const { id } of host.supervisor.list()) {
    const actor = host.supervisor.get(id);
    actor?.send({ type: 'opened', atUnixMs, address: '127.0.0.1' });
    actor?.send({ type: 'spoke', atUnixMs });
    if (host.supervisor.info(id)?.state === 'connected') connected += 1;
  }
  return connected;
});

host.ready();
