import { createInterface } from 'node:readline';
import { posting } from './posting.js';

// The devices of the rules bench: `rules-load PORT DEVICES CHANNELS`. Makes the devices with their channels, all at rest, and prints
// `ready`. For each line `SECONDS` it reads it posts samples of all channels, five times a second each, one call a device and turn, at
// even times whatever the answers take, and prints one line of figures when all are answered. A channel is high for ten of its 400
// turns, not all at once: of ten thousand channels 125 rise a second, and as many fall.

const [port = 0, devices = 0, channels = 0] = process.argv.slice(2).map(Number);
const TURN_MS = 200;
const CYCLE = 400;
const HIGH_TURNS = 10;
const LOW = 9;
const HIGH = 11;

const deviceIds = Array.from({ length: devices }, (_, i) => `rack-${i}`);
/** Connections of a device: more than calls that are under way at once, so that none waits for the answer to another. */
const CONNECTIONS = 4;
const posts = deviceIds.map(() => posting(port, CONNECTIONS));

const nowUnixMs = (): number => performance.timeOrigin + performance.now();

/** What all channels of a device say at a turn. Before the first all are low. */
function bodyOf(device: number, turn: number): string {
  const atUnixMs = nowUnixMs().toFixed(3);
  let samples = '';
  for (let i = 0; i < channels; i++) {
    const phase = (turn + device * channels + i) % CYCLE;
    const value = turn >= 0 && phase >= CYCLE - HIGH_TURNS ? HIGH : LOW;
    samples += `${i === 0 ? '' : ','}{"name":"c${i}","value":${value},"atUnixMs":${atUnixMs}}`;
  }
  return `{"deviceId":"${deviceIds[device]}","samples":[${samples}]}`;
}

async function post(device: number, path: string, body: string): Promise<number> {
  return (await posts[device]?.(path, body)) ?? 0;
}

let turn = 0;

async function load(seconds: number): Promise<void> {
  let stored = 0;
  let failed = 0;
  const answers: Promise<void>[] = [];
  const startedMs = performance.now();
  const turns = Math.round((seconds * 1_000) / TURN_MS);
  for (let at = 0; at < turns; at++, turn++) {
    for (let device = 0; device < devices; device++) {
      const dueMs = startedMs + (at + device / devices) * TURN_MS;
      const aheadMs = dueMs - performance.now();
      if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
      answers.push(
        post(device, '/v1/samples', bodyOf(device, turn)).then((status) => {
          if (status === 200) stored += channels;
          else failed += channels;
        }),
      );
    }
  }
  const sentMs = performance.now();
  await Promise.all(answers);
  const figures = { stored, failed, seconds: (sentMs - startedMs) / 1_000 };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

for (const [device, id] of deviceIds.entries()) {
  await post(device, '/v1/devices', JSON.stringify({ id, name: id, protocol: 'native' }));
  await post(device, '/v1/samples', bodyOf(device, -1));
}
process.stdout.write('ready\n');
createInterface({ input: process.stdin }).on('line', (line) => void load(Number(line)));
