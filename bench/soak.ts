import { WebSocket } from 'ws';
import { startServer, type TestServer } from '../api/testing/server.js';
import { SmartosLoad } from '../api/testing/smartos-load.js';
import { EngineError } from '../engine/errors.js';
import { machine, median, processTree } from './harness.js';
import { readAudioSoak, soakAudio } from './soak-audio.js';

/**
 * `npm run soak [-- --minutes 15]`: a day of a site in a quarter of an hour, against a real server process.
 * Every "hour" (1/24 of the run) another part of the fleet is on the air, visitors come and go, pages are
 * opened and closed, and memory is read. The last line of the output is one JSON object.
 */

/** Share of the fleet and of the visitors at each hour of the day. */
const DAY = [
  0.2, 0.2, 0.2, 0.2, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1, 1, 0.9, 1, 1, 1, 0.9, 0.8, 0.6, 0.5, 0.4, 0.3,
  0.2, 0.2,
] as const;
const GROUPS = 10;
const DEVICES_PER_GROUP = 50;
const FRAMES_PER_SECOND = 4;
const VISITORS = 24;
const PAGES = 12;

interface Visitor {
  readonly id: string;
  readonly abort: AbortController;
  bytes: number;
}

interface Reading {
  readonly atSeconds: number;
  readonly rssBytes: number;
}

const [first, ...rest] = process.argv.slice(2);
if (first === 'audio') {
  await soakAudio(readAudioSoak(rest));
  process.exit();
}
const minutes = readMinutes(process.argv.slice(2));
const server = await startServer({
  env: { EARSHOT_DEMO: 'yes', EARSHOT_DEMO_DEVICES: '0', EARSHOT_DEMO_WALKERS: '0' },
});
let failure: unknown;
try {
  await soak(server, minutes * 60_000);
} catch (error) {
  failure = error;
}
const exitCode = await server.stop();
if (failure !== undefined || exitCode !== 0) {
  process.stderr.write(`soak: ${EngineError.from(failure ?? `exit code ${exitCode}`).message}\n`);
  process.exit(1);
}
process.exit(0);

async function soak(at: TestServer, forMs: number): Promise<void> {
  const cookie = await at.signIn();
  const projectId = await firstProject(at.url);
  const groups = Array.from(
    { length: GROUPS },
    (_, index) =>
      new SmartosLoad({
        wsUrl: () => at.wsUrl,
        devices: DEVICES_PER_GROUP,
        perSecond: FRAMES_PER_SECOND,
        prefix: `G${index}-`,
      }),
  );
  const onAir = new Set<SmartosLoad>();
  const visitors: Visitor[] = [];
  const pages: WebSocket[] = [];
  const readings: Reading[] = [];
  const started = performance.now();
  const hourMs = forMs / DAY.length;
  let refused = 0;

  const mover = setInterval(() => {
    for (const visitor of visitors) {
      void fetch(`${at.url}/v1/sessions/${visitor.id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ headingDeg: Math.floor(Math.random() * 360) }),
      }).then(
        (answer) => void answer.arrayBuffer(),
        () => {
          refused += 1;
        },
      );
    }
  }, 1_000);
  const reader = setInterval(() => {
    const { rssBytes } = processTree(at.pid);
    readings.push({ atSeconds: (performance.now() - started) / 1_000, rssBytes });
  }, 2_000);

  for (const [hour, share] of DAY.entries()) {
    for (const [index, group] of groups.entries()) {
      const wanted = (index + hour) % GROUPS < share * GROUPS;
      if (wanted && !onAir.has(group)) group.start();
      if (!wanted && onAir.has(group)) group.stop();
      if (wanted) onAir.add(group);
      else onAir.delete(group);
    }
    while (visitors.length > share * VISITORS) await leave(at, visitors.shift());
    while (visitors.length < share * VISITORS) visitors.push(await arrive(at, projectId));
    while (pages.length > share * PAGES) pages.shift()?.close();
    while (pages.length < share * PAGES) pages.push(openPage(at, cookie));
    const until = started + (hour + 1) * hourMs;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - performance.now())));
    const rssMb = (readings.at(-1)?.rssBytes ?? 0) / 1e6;
    process.stderr.write(
      `soak: hour ${hour + 1}/24, ${onAir.size * DEVICES_PER_GROUP} devices, ${visitors.length} visitors, ${rssMb.toFixed(0)} MB\n`,
    );
  }
  clearInterval(mover);
  for (const group of groups) group.stop();
  for (const visitor of visitors) await leave(at, visitor);
  for (const page of pages) page.close();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  clearInterval(reader);
  const acknowledged = groups.reduce((sum, group) => sum + group.ackedCount, 0);
  const unanswered = groups.reduce((sum, group) => sum + group.refused, 0);
  print(readings, { acknowledged, unanswered, refusedMoves: refused, minutes: forMs / 60_000 });
}

function print(readings: readonly Reading[], counts: Readonly<Record<string, number>>): void {
  const warm = readings.filter((r) => r.atSeconds > (readings.at(-1)?.atSeconds ?? 0) / 3);
  const half = Math.floor(warm.length / 2);
  const megabytes = (part: readonly Reading[]) => median(part.map((r) => r.rssBytes)) / 1e6;
  const metrics = {
    ...counts,
    rssMiddleMb: megabytes(warm.slice(0, half)),
    rssEndMb: megabytes(warm.slice(half)),
    rssMaxMb: Math.max(...readings.map((r) => r.rssBytes)) / 1e6,
    growthMbPerHour: slope(warm) * 3_600,
  };
  const ratios = { endVsMiddle: metrics.rssEndMb / metrics.rssMiddleMb };
  process.stdout.write(
    `${JSON.stringify({ bench: 'soak', quick: false, machine: machine(), metrics, peers: {}, ratios })}\n`,
  );
}

/** Least squares: MB a second. */
function slope(readings: readonly Reading[]): number {
  const n = readings.length;
  const meanX = readings.reduce((s, r) => s + r.atSeconds, 0) / n;
  const meanY = readings.reduce((s, r) => s + r.rssBytes / 1e6, 0) / n;
  const top = readings.reduce((s, r) => s + (r.atSeconds - meanX) * (r.rssBytes / 1e6 - meanY), 0);
  const bottom = readings.reduce((s, r) => s + (r.atSeconds - meanX) ** 2, 0);
  return bottom === 0 ? 0 : top / bottom;
}

async function firstProject(url: string): Promise<string> {
  const answer: unknown = await (await fetch(`${url}/v1/projects`)).json();
  const text = /"id":"([^"]+)"/.exec(JSON.stringify(answer))?.[1];
  if (text === undefined) throw new EngineError('internal', 'the demo site has no project');
  return text;
}

async function arrive(at: TestServer, projectId: string): Promise<Visitor> {
  const answer = await fetch(`${at.url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ projectId, format: 'mp3', bitrateKbps: 128 }),
  });
  const text = await answer.text();
  const id = /"id":"([^"]+)"/.exec(text)?.[1];
  const streamUrl = /"streamUrl":"([^"]+)"/.exec(text)?.[1];
  if (id === undefined || streamUrl === undefined) {
    throw new EngineError('internal', `no session: ${answer.status} ${text}`);
  }
  const visitor: Visitor = { id, abort: new AbortController(), bytes: 0 };
  void listen(streamUrl, visitor);
  return visitor;
}

async function listen(url: string, visitor: Visitor): Promise<void> {
  try {
    const stream = await fetch(url, { signal: visitor.abort.signal });
    if (stream.body === null) return;
    for await (const chunk of stream.body) visitor.bytes += (chunk as Uint8Array).byteLength;
  } catch (error) {
    if (!visitor.abort.signal.aborted) process.stderr.write(`soak: ${String(error)}\n`);
  }
}

async function leave(at: TestServer, visitor: Visitor | undefined): Promise<void> {
  if (visitor === undefined) return;
  visitor.abort.abort();
  await (await fetch(`${at.url}/v1/sessions/${visitor.id}`, { method: 'DELETE' })).arrayBuffer();
  if (visitor.bytes === 0) throw new EngineError('internal', `visitor ${visitor.id} heard nothing`);
}

function openPage(at: TestServer, cookie: string): WebSocket {
  const socket = new WebSocket(`${at.wsUrl}/v1/live`, { headers: { cookie, origin: at.url } });
  socket.on('open', () => {
    for (const resource of ['devices', 'sessions', 'actors', 'shards', 'stores']) {
      socket.send(JSON.stringify({ type: 'subscribe', id: resource, query: { resource } }));
    }
  });
  socket.on('error', (error) => process.stderr.write(`soak: page: ${error.message}\n`));
  return socket;
}

function readMinutes(args: readonly string[]): number {
  const [flag, value, ...more] = args;
  if (flag === undefined) return 15;
  const number = Number(value);
  if (flag !== '--minutes' || more.length > 0 || !(number > 0 && number <= 24 * 60)) {
    process.stderr.write('soak: usage: npm run soak [-- --minutes N], N from 0.1 to 1440\n');
    process.exit(1);
  }
  return number;
}
