import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';

// The load of the webmacs bench: `webmacs-load FILE BATCHES_PER_S SECONDS`. FILE holds `{url, token, ids}`. Posts one value of
// each of `ids` in a batch, at even intervals whatever the answers take, and prints one line of figures. It counts what the
// answers say was taken, as WebMACS's own tool does.

const [, , file = '', rateText = '2', secondsText = '5'] = process.argv;
const { url, token, ids } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly url: string;
  readonly token: string;
  readonly ids: readonly string[];
};
const perSecond = Number(rateText);
const seconds = Number(secondsText);
const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const target = new URL('/api/v1/datapoints/batch', url);

const latencyMs: number[] = [];
let accepted = 0;
let errors = 0;

function post(value: number): Promise<void> {
  const datapoints = ids.map((event_public_id, i) => ({
    value: Math.round(Math.sin(value + i) * 10_000) / 100,
    event_public_id,
  }));
  const body = JSON.stringify({ datapoints });
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const failed = (): void => {
      errors += 1;
      resolve();
    };
    const call = request(
      target,
      {
        agent,
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', failed);
        answer.once('end', () => {
          latencyMs.push(performance.now() - startedMs);
          const text = Buffer.concat(chunks).toString();
          const count = Number.parseInt(/"message":"(\d+) /.exec(text)?.[1] ?? '', 10);
          if (answer.statusCode !== 201 || count !== ids.length) errors += 1;
          else accepted += count;
          resolve();
        });
      },
    );
    call.once('error', failed);
    call.end(body);
  });
}

// What is compiled and connected on the way to the first answers is not measured.
for (let i = 0; i < 3; i++) await post(i);
latencyMs.length = 0;
accepted = 0;
errors = 0;
const startedMs = performance.now();
const open: Promise<void>[] = [];
for (let i = 0; i < perSecond * seconds; i++) {
  const dueMs = startedMs + (i * 1_000) / perSecond - performance.now();
  if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
  open.push(post(i));
}
await Promise.all(open);
const tookS = Math.max(seconds, (performance.now() - startedMs) / 1_000);
process.stdout.write(`${JSON.stringify({ accepted, errors, seconds: tookS, latencyMs })}\n`);
process.exit(0);
