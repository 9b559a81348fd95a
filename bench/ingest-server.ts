import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceRoutes } from '../api/routes/devices.js';
import { startDeviceSite } from '../api/testing/device-site.js';

// The server of the ingest bench: real gateway, device threads, stores; everybody is an operator and nobody
// is limited. `ingest-server SHARDS`. Prints `ready PORT SERIES-URL DATABASE`.

const folder = mkdtempSync(
  join(process.env['EARSHOT_BENCH_FOLDER'] ?? tmpdir(), 'earshot-ingest-'),
);
const site = await startDeviceSite({
  folder,
  shards: Number(process.argv[2] ?? '1'),
  deviceLimits: { messagesPerSecond: 1e9, bytesPerSecond: 1e12, patience: 1e9 },
  authenticate: () => ({ kind: 'user', id: 'bench', name: 'bench', role: 'operator' }),
  routes: (service, devices, channels, store) =>
    deviceRoutes({ service, devices, channels, commands: store.commands }),
});
process.stdout.write(`ready ${site.port} ${site.address.url} ${site.address.database}\n`);
process.once('SIGTERM', () => {
  void site
    .stop()
    .catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
    .then(() => {
      rmSync(folder, { recursive: true, force: true });
      for (const fault of site.faults) process.stderr.write(`${fault.message}\n`);
      process.exit(0);
    });
});
