import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

// Devices for the poll of the devices bench: `devices-http-load INTERVAL_MS`. Answers `/d/<n>` for any n and notes
// when each was asked. Prints `ready PORT`, then for each line it is given how far the polls were from
// their times; `reset` forgets them.

const intervalMs = Number(process.argv[2]);
const asked = new Map<string, number[]>();
/** Polls of one device that are remembered; a bench has fewer. */
const MAX_POLLS = 1_000;

const server = createServer((request, response) => {
  const times = asked.get(request.url ?? '') ?? [];
  if (times.length === 0) asked.set(request.url ?? '', times);
  if (times.length < MAX_POLLS) times.push(performance.now());
  response.setHeader('content-type', 'application/json');
  response.end(`{"temperature":${20 + (times.length % 10) / 10},"humidity":40}`);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '0.0.0.0', () => {
  const address = server.address();
  process.stdout.write(`ready ${typeof address === 'object' ? address?.port : 0}\n`);
});

createInterface({ input: process.stdin }).on('line', (line) => {
  // A drift grows from poll to poll: the last poll against the first, whole intervals taken away.
  const driftMs: number[] = [];
  let polls = 0;
  for (const times of asked.values()) {
    polls += times.length;
    const [first = 0] = times;
    const last = times.at(-1) ?? 0;
    if (times.length < 2) continue;
    const steps = Math.round((last - first) / intervalMs);
    driftMs.push(Math.abs(last - first - steps * intervalMs));
  }
  process.stdout.write(`${JSON.stringify({ devices: asked.size, polls, driftMs })}\n`);
  if (line === 'reset') asked.clear();
});
