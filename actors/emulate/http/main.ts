import { parseArgs } from 'node:util';
import { SystemClock } from '../../../engine/clock.js';
import { startHttpJson } from '../http-json/emulator.js';
import { startShureSystem } from '../shure-system/emulator.js';
import { isFault } from './faults.js';
import type { EmulatorOptions, EmulatorServer } from './server.js';

const KINDS: Readonly<Record<string, (options: EmulatorOptions) => Promise<EmulatorServer>>> = {
  'http-json': startHttpJson,
  'shure-system': startShureSystem,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    devices: { type: 'string', default: '10' },
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: '' },
    share: { type: 'string', default: '0.05' },
    tls: { type: 'boolean', default: false },
  },
});

const start = KINDS[positionals[0] ?? ''];
if (start === undefined) {
  console.error(`say which: ${Object.keys(KINDS).join(', ')}`);
  process.exit(2);
}
const server = await start({
  devices: Number(values.devices),
  port: Number(values.port),
  seed: Number(values.seed),
  faults: values.faults.split(',').filter(isFault),
  faultShare: Number(values.share),
  tls: values.tls,
  clock: new SystemClock(),
});
console.log(`${positionals[0]} at ${server.address}`);
const stop = (): void => {
  void server.stop().then(() => process.exit(0));
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
