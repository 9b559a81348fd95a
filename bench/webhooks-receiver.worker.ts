import { createServer } from 'node:http';
import { parentPort } from 'node:worker_threads';

/** Receives webhooks at `/hook` and notes how old each is; what comes to another path is never answered. */
const port = parentPort;
let agesMs: number[] = [];

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.on('data', (part) => {
    body += String(part);
  });
  request.on('end', () => {
    if (request.url !== '/hook') return;
    const { sentAtUnixMs, time } = JSON.parse(body) as {
      readonly sentAtUnixMs?: number;
      readonly time: string;
    };
    // What a rule tells has the time of its sample.
    const fromUnixMs = sentAtUnixMs ?? Date.parse(time);
    agesMs.push(performance.timeOrigin + performance.now() - fromUnixMs);
    response.end('ok');
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  port?.postMessage({ port: typeof address === 'object' ? address?.port : 0 });
});
// `count`: how many came; `take`: their ages, which are forgotten.
port?.on('message', (asked: 'count' | 'take') => {
  port.postMessage({ count: agesMs.length, agesMs: asked === 'take' ? agesMs : [] });
  if (asked === 'take') agesMs = [];
});
