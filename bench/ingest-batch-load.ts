import { posting } from './posting.js';

// The batch path of the ingest bench: `ingest-batch-load PORT SECONDS`. Posts prepared bodies of 10,000 samples with
// times of their own, four at a time, and prints one line of figures.

const [port = 0, seconds = 0] = process.argv.slice(2).map(Number);
const SAMPLES = 10_000;
const AT_ONCE = 4;
const PREPARED = 60;

const post = posting(port, AT_ONCE);
const names = Array.from({ length: 10 }, (_, i) => `channel_${i}`);

/** Bodies with different times; each is used once a device, so that no sample is a repeat. */
function bodyOf(batch: number, deviceId: string, startUnixMs: number): Buffer {
  const samples = Array.from({ length: SAMPLES }, (_, i) => ({
    name: names[i % names.length],
    atUnixMs: startUnixMs + batch * SAMPLES + i,
    value: Math.round(Math.sin(i) * 10_000) / 100,
  }));
  return Buffer.from(JSON.stringify({ deviceId, samples }));
}

const deviceId = 'batch-device';
await post('/v1/devices', JSON.stringify({ id: deviceId }));
const startUnixMs = Date.now() - 3_600_000;
const bodies = Array.from({ length: PREPARED }, (_, i) => bodyOf(i, deviceId, startUnixMs));
await post('/v1/samples', bodyOf(-1, deviceId, startUnixMs));

let next = 0;
let stored = 0;
let failed = 0;
const startedMs = performance.now();
const untilMs = startedMs + seconds * 1_000;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (performance.now() < untilMs && next < bodies.length) {
      const body = bodies[next++];
      if (body === undefined) break;
      if ((await post('/v1/samples', body)) === 200) stored += SAMPLES;
      else failed += 1;
    }
  }),
);
const took = (performance.now() - startedMs) / 1_000;
process.stdout.write(`${JSON.stringify({ stored, failed, seconds: took })}\n`);
process.exit(0);
