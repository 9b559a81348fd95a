import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { entryUrl } from '../engine/entry.js';
import { EngineError } from '../engine/errors.js';
import { freePort } from '../engine/testing/free-port.js';
import {
  type Audience,
  encodeUpdate,
  generate,
  type ServerKind,
  UPDATES_PER_SECOND,
} from './fanout-scenario.js';
import {
  type BenchContext,
  type BenchResult,
  median,
  processTree,
  ratio,
  type Spawned,
  spawnReady,
} from './harness.js';

interface Mark {
  readonly deliveries: number;
  readonly frames: number;
  readonly bytes: number;
  readonly newestMs: { readonly p50: number; readonly p99: number };
  readonly oldestMs: { readonly p50: number; readonly p99: number };
}

interface Measured {
  readonly deliveries: number;
  readonly cpuSeconds: number;
  readonly deliveriesPerCpuSecond: number;
  readonly deliveriesPerSecond: number;
  readonly serverCpu: number;
  readonly megabytesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly updateP99Ms: number;
}

const EVERYTHING: Audience = { clients: 500, windows: 1 };
const WINDOWS: Audience = { clients: 5_000, windows: 10 };

/** Updates a second offered to servers that send one frame for each: what they carry without falling behind. */
const PEER_RATES: Readonly<Record<ServerKind, number>> = {
  earshot: UPDATES_PER_SECOND,
  uws: UPDATES_PER_SECOND,
  wsGathered: UPDATES_PER_SECOND,
  ws: 200,
  socketio: 100,
  nats: 3_000,
};

/** Runs programs one after the other and knows what it started. */
class Stage {
  readonly #context: BenchContext;
  readonly #started = new Set<Spawned>();

  constructor(context: BenchContext) {
    this.#context = context;
    context.onEnd(() => this.clear());
  }

  async node(entry: string, args: readonly string[], ready: RegExp): Promise<Spawned> {
    const file = fileURLToPath(entryUrl(`bench/${entry}`));
    return this.start(process.execPath, ['--expose-gc', file, ...args], ready);
  }

  async start(command: string, args: readonly string[], ready: RegExp): Promise<Spawned> {
    const spawned = await spawnReady({ command, args, ready, withinMs: 60_000 });
    this.#started.add(spawned);
    return spawned;
  }

  /** Ends everything it started; a server without its clients needs no grace. */
  async clear(): Promise<void> {
    const all = [...this.#started];
    this.#started.clear();
    for (const spawned of all) {
      spawned.process.kill('SIGKILL');
      await spawned.stop();
    }
  }

  say(line: string): void {
    this.#context.say(line);
  }
}

async function ask(program: Spawned, line: string, answer: RegExp): Promise<string> {
  const reply = new Promise<string>((resolve) => {
    program.onLine((text) => {
      if (answer.test(text)) resolve(text);
    });
  });
  program.process.stdin?.write(`${line}\n`);
  return reply;
}

async function mark(load: Spawned): Promise<Mark> {
  return JSON.parse(await ask(load, 'mark', /^\{/)) as Mark;
}

function loadArgs(kind: ServerKind, port: string, audience: Audience): readonly string[] {
  return [kind, port, String(audience.clients), String(audience.windows)];
}

/** The first second warms code and buffers up. */
const WARM_MS = 800;

async function measureBetween(server: Spawned, load: Spawned, seconds: number): Promise<Measured> {
  await sleep(WARM_MS);
  const before = await mark(load);
  const cpuBefore = processTree(server.pid).cpuSeconds;
  const startedMs = performance.now();
  await sleep(seconds * 1_000);
  const after = await mark(load);
  const cpu = processTree(server.pid).cpuSeconds - cpuBefore;
  const tookS = (performance.now() - startedMs) / 1_000;
  const deliveries = after.deliveries - before.deliveries;
  return {
    deliveriesPerCpuSecond: cpu === 0 ? 0 : deliveries / cpu,
    deliveriesPerSecond: deliveries / tookS,
    serverCpu: cpu / tookS,
    megabytesPerSecond: (after.bytes - before.bytes) / tookS / 1e6,
    cpuSeconds: cpu,
    deliveries,
    p50Ms: after.newestMs.p50,
    p99Ms: after.newestMs.p99,
    updateP99Ms: after.oldestMs.p99,
  };
}

async function measure(
  stage: Stage,
  kind: ServerKind,
  audience: Audience,
  seconds: number,
): Promise<Measured> {
  const server = await stage.node('fanout-server', [kind, String(audience.windows)], /ready (\d+)/);
  const port = server.ready[1] ?? '';
  const load = await stage.node('fanout-load', loadArgs(kind, port, audience), /ready/);
  server.process.stdin?.write(`run ${String(PEER_RATES[kind])}\n`);
  const measured = await measureBetween(server, load, seconds);
  await stage.clear();
  const figure = Math.round(measured.deliveriesPerCpuSecond).toLocaleString('en-GB');
  stage.say(`${kind}, ${String(audience.clients)} clients: ${figure} deliveries a CPU second`);
  return measured;
}

/** Earshot and bare uWebSockets.js by turns, so that a busy moment of the machine meets both. */
async function besideUws(
  stage: Stage,
  audience: Audience,
  rounds: number,
  seconds: number,
): Promise<readonly [Measured, Measured]> {
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await measure(stage, 'earshot', audience, seconds));
    theirs.push(await measure(stage, 'uws', audience, seconds));
  }
  return [together(ours), together(theirs)];
}

function together(rounds: readonly Measured[]): Measured {
  const sum = (read: (round: Measured) => number): number =>
    rounds.reduce((total, round) => total + read(round), 0);
  const mean = (read: (round: Measured) => number): number => sum(read) / rounds.length;
  const deliveries = sum((round) => round.deliveries);
  const cpuSeconds = sum((round) => round.cpuSeconds);
  return {
    deliveries,
    cpuSeconds,
    deliveriesPerCpuSecond: cpuSeconds === 0 ? 0 : deliveries / cpuSeconds,
    deliveriesPerSecond: mean((round) => round.deliveriesPerSecond),
    serverCpu: mean((round) => round.serverCpu),
    megabytesPerSecond: mean((round) => round.megabytesPerSecond),
    p50Ms: median(rounds.map((round) => round.p50Ms)),
    p99Ms: median(rounds.map((round) => round.p99Ms)),
    updateP99Ms: median(rounds.map((round) => round.updateP99Ms)),
  };
}

/** Debian's nats-server, fed by this process over one pipelined connection. */
async function measureNats(stage: Stage, seconds: number): Promise<Measured | string> {
  try {
    execFileSync('nats-server', ['--version'], { stdio: 'ignore' });
  } catch (error) {
    return `no nats figure: nats-server did not start (${error instanceof Error ? error.message : String(error)})`;
  }
  const port = await freePort();
  const args = ['-c', '/dev/null', '-a', '127.0.0.1', '-p', String(port), '-l', '/dev/null'];
  // It has no line on standard output when it is ready, so a shell says one.
  const script = `echo started; exec nats-server ${args.slice(2).join(' ')}`;
  const server = await stage.start('/bin/sh', ['-c', script], /started/);
  const publisher = await connected(port);
  const load = await stage.node('fanout-load', loadArgs('nats', String(port), EVERYTHING), /ready/);
  publisher.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
  let batch = '';
  const rest = generate(PEER_RATES.nats, (device, stamp) => {
    batch += `PUB u 36\r\n${encodeUpdate(device, stamp)}\r\n`;
  });
  const flush = setInterval(() => {
    if (batch !== '') publisher.write(batch);
    batch = '';
  }, 5);
  try {
    return await measureBetween(server, load, seconds);
  } finally {
    rest();
    clearInterval(flush);
    publisher.destroy();
    await stage.clear();
  }
}

async function connected(port: number) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (open) {
      socket.on('error', () => socket.destroy());
      socket.resume();
      return socket;
    }
    await sleep(50);
  }
  throw new EngineError('device.unreachable', `nothing listens on port ${String(port)}`);
}

/** Resident bytes that each further idle client costs the server, all in. */
async function measureIdle(stage: Stage): Promise<number> {
  const server = await stage.node('fanout-server', ['earshot', '1'], /ready (\d+)/);
  const port = server.ready[1] ?? '';
  const memory = async (): Promise<number> => {
    await sleep(300);
    return Number((await ask(server, 'memory', /^memory/)).split(' ')[1]);
  };
  // The first connections warm the code and the allocator up; what counts is what the next ones cost.
  await stage.node(
    'fanout-load',
    [...loadArgs('earshot', port, { clients: 500, windows: 1 }), 'quiet'],
    /ready/,
  );
  const before = await memory();
  await stage.node(
    'fanout-load',
    [...loadArgs('earshot', port, { clients: 5_000, windows: 1 }), 'quiet'],
    /ready/,
  );
  const after = await memory();
  await stage.clear();
  const figure = (after - before) / 5_000;
  stage.say(`an idle client: ${Math.round(figure).toString()} bytes`);
  return figure;
}

function figures(measured: Measured): Readonly<Record<string, number | null>> {
  const { deliveriesPerCpuSecond, deliveriesPerSecond, serverCpu, p99Ms } = measured;
  // Counted by bytes alone, nats messages have no time.
  const known = p99Ms < 0 ? null : p99Ms;
  return { deliveriesPerCpuSecond, deliveriesPerSecond, serverCpu, p99Ms: known };
}

export const bench = {
  name: 'fanout',
  question: 'What does it cost to keep many live clients up to date?',
  async run(context: BenchContext): Promise<BenchResult> {
    const stage = new Stage(context);
    const seconds = context.quick ? 1.2 : 6;
    const [all, allUws] = await besideUws(stage, EVERYTHING, context.quick ? 1 : 3, seconds);
    const [windows, windowsUws] = await besideUws(stage, WINDOWS, context.quick ? 1 : 3, seconds);
    const ws = await measure(stage, 'ws', EVERYTHING, seconds);
    const wsGathered = context.quick
      ? undefined
      : await measure(stage, 'wsGathered', EVERYTHING, seconds);
    const socketio = await measure(stage, 'socketio', EVERYTHING, seconds);
    const nats = await measureNats(stage, seconds);
    const bytesPerIdleClient = await measureIdle(stage);
    const natsFigures = typeof nats === 'string' ? undefined : nats;
    const least = Math.min(all.deliveriesPerCpuSecond, windows.deliveriesPerCpuSecond);
    const vsUwsAll = ratio(all.deliveriesPerCpuSecond, allUws.deliveriesPerCpuSecond);
    const vsUwsWindows = ratio(windows.deliveriesPerCpuSecond, windowsUws.deliveriesPerCpuSecond);
    return {
      metrics: {
        deliveriesPerCpuSecond: least,
        p99Ms: Math.max(all.p99Ms, windows.p99Ms),
        bytesPerIdleClient,
        'clients500.deliveriesPerCpuSecond': all.deliveriesPerCpuSecond,
        'clients500.deliveriesPerSecond': all.deliveriesPerSecond,
        'clients500.serverCpu': all.serverCpu,
        'clients500.megabytesPerSecond': all.megabytesPerSecond,
        'clients500.p50Ms': all.p50Ms,
        'clients500.p99Ms': all.p99Ms,
        'clients500.updateP99Ms': all.updateP99Ms,
        'clients5000.deliveriesPerCpuSecond': windows.deliveriesPerCpuSecond,
        'clients5000.deliveriesPerSecond': windows.deliveriesPerSecond,
        'clients5000.serverCpu': windows.serverCpu,
        'clients5000.megabytesPerSecond': windows.megabytesPerSecond,
        'clients5000.p50Ms': windows.p50Ms,
        'clients5000.p99Ms': windows.p99Ms,
        'clients5000.updateP99Ms': windows.updateP99Ms,
      },
      peers: {
        uws: figures(allUws),
        uws5000: figures(windowsUws),
        ws: figures(ws),
        ...(wsGathered === undefined ? {} : { wsGathered: figures(wsGathered) }),
        socketio: figures(socketio),
        nats: natsFigures === undefined ? { deliveriesPerCpuSecond: null } : figures(natsFigures),
      },
      ratios: {
        vsUws: vsUwsAll === null || vsUwsWindows === null ? null : Math.min(vsUwsAll, vsUwsWindows),
        vsUws500: vsUwsAll,
        vsUws5000: vsUwsWindows,
        vsWs: ratio(all.deliveriesPerCpuSecond, ws.deliveriesPerCpuSecond),
        vsWsGathered: ratio(all.deliveriesPerCpuSecond, wsGathered?.deliveriesPerCpuSecond),
        vsSocketIo: ratio(all.deliveriesPerCpuSecond, socketio.deliveriesPerCpuSecond),
        vsNats: ratio(all.deliveriesPerCpuSecond, natsFigures?.deliveriesPerCpuSecond),
      },
      notes: [
        ...NOTES,
        ...(typeof nats === 'string' ? [nats] : []),
        ...(wsGathered === undefined ? ['wsGathered is left out of quick runs'] : []),
      ],
    };
  },
};

const NOTES = [
  '1,000 devices send 10 values a second each: 10,000 updates a second, 36 bytes each on the wire, written into the real table by a generator in the server process, whose CPU counts too.',
  'Scenario clients500: 500 clients see all rows. Scenario clients5000: 5,000 clients, 500 to each of ten windows of 100 rows. The headline figures are the worse of both; a full run takes three turns with uws and adds them up, p99 is the median turn.',
  'A delivery is one device update that reached one client, counted there. Readers are one other process on raw sockets.',
  'p99Ms: from the newest update in a message to its arrival at a client, over all clients. updateP99Ms: from the oldest one, the wait for the tick included.',
  `uws is bare uWebSockets.js that gathers the latest update of each device by the same tick and publishes the same bytes once. ws and socketio send one message for each update and are offered ${String(PEER_RATES.ws)} and ${String(PEER_RATES.socketio)} updates a second, nats ${String(PEER_RATES.nats)}, to 500 clients: what they carry without falling behind. wsGathered is ws with our gathering.`,
  'nats clients use its plain TCP protocol, and its publisher is outside of the server process.',
  'bytesPerIdleClient: growth of resident memory by 5,000 clients, each with one subscription in which nothing happens, after 500 others have warmed the server up.',
];
