import { request } from 'node:http';
import { EngineError } from '../engine/errors.js';
import { DEVICES, FIGURES, figureName, STEP_MS } from './pages-site.js';

// The measurements of the pages bench: `pages-load PORT COOKIE HISTORY_MS`. Stores the past of all channels, prints `ready`, and then
// posts the present: a call a device, ten a second, and what is switched once a second. Ends when it is told to.

const [portText = '', cookie = '', historyText = ''] = process.argv.slice(2);
const port = Number(portText);
const historyMs = Number(historyText);
/** The server takes 10,000 samples in a call. */
const TURNS_PER_CALL = Math.floor(10_000 / FIGURES);

function post(body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port,
        path: '/v1/samples',
        method: 'POST',
        headers: {
          cookie,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (answer) => {
        answer.resume();
        answer.once('end', () => {
          if (answer.statusCode === 200) resolve();
          else reject(new EngineError('internal', `/v1/samples answered ${answer.statusCode}`));
        });
      },
    );
    call.once('error', reject);
    call.end(body);
  });
}

/** Waves of some minutes with a ripple of a second, each channel at its own height. */
function waveAt(device: number, figure: number, atUnixMs: number): number {
  const place = device * FIGURES + figure;
  const slow = Math.sin(atUnixMs / (40_000 + place * 3_000) + place);
  const fast = Math.sin(atUnixMs / 400 + place * 2);
  return Math.round((10 + place * 4 + slow * 6 + fast) * 100) / 100;
}

function samplesAt(device: number, atUnixMs: number): string {
  return Array.from(
    { length: FIGURES },
    (_, figure) =>
      `{"name":"${figureName(figure)}","atUnixMs":${atUnixMs},"value":${waveAt(device, figure, atUnixMs)}}`,
  ).join(',');
}

const bodyOf = (device: number, samples: string): string =>
  `{"deviceId":"${DEVICES[device]}","samples":[${samples}]}`;

async function past(untilUnixMs: number): Promise<void> {
  const turns = Math.floor(historyMs / STEP_MS);
  for (const [device] of DEVICES.entries()) {
    for (let turn = turns; turn > 0; turn -= TURNS_PER_CALL) {
      const samples = Array.from({ length: Math.min(TURNS_PER_CALL, turn) }, (_, i) =>
        samplesAt(device, untilUnixMs - (turn - i) * STEP_MS),
      );
      await post(bodyOf(device, samples.join(',')));
    }
  }
}

async function present(): Promise<never> {
  for (let turn = Math.ceil(Date.now() / STEP_MS); ; turn += 1) {
    const aheadMs = turn * STEP_MS - Date.now();
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    const atUnixMs = turn * STEP_MS;
    await Promise.all(
      DEVICES.map((_, device) => {
        const seldom =
          turn % 10 === 0
            ? `,{"name":"lamp","value":${(turn / 100) % 2 < 1}},{"name":"dim","value":${(turn / 10) % 100}}`
            : '';
        return post(bodyOf(device, samplesAt(device, atUnixMs) + seldom));
      }),
    );
  }
}

await past(Math.floor(Date.now() / STEP_MS) * STEP_MS);
process.stdout.write('ready\n');
await present();
