import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { startServer, type TestServer } from '../api/testing/server.js';
import { EngineError } from '../engine/errors.js';
import { connected, json, pause, storedIn } from './devices-calls.js';
import { parserFramesPerSecond } from './devices-parser.js';
import { type Emulated, type Emulators, emulate, node, Talker } from './devices-programs.js';
import { type BenchInstance, type Parameters, parametersIn, seedDevices } from './devices-site.js';
import {
  type Bench,
  type BenchContext,
  type BenchResult,
  percentile,
  processTree,
  ratio,
} from './harness.js';

const RECEIVERS = 1_000;
const CHANNELS = 4;
const BOARDS = 200;
/** Boards show this many different groups: together every channel. */
const GROUPS = 40;
const KNOWN = 2_000;
/** Devices that are polled, in the quick run and in the full one. */
const POLLED = { quick: 500, full: 2_000 };
const POLL_MS = 5_000;
const MARK_EVERY_MS = 50;
const SPAN_MS = 36 ** 6;
/** Receivers whose channels are in the groups that read their messages. */
const MARKED = 96;

const receivers = (devices: readonly Emulated[]): BenchInstance => ({
  plugin: 'shure-text',
  config: { announcements: false },
  devices: devices.map(({ address, port }) => ({
    externalId: `${address}:${port}`,
    address,
    port,
    config: {},
  })),
});

/** CPU seconds a second of a peer on the same receivers. */
async function peerCores(
  kind: 'parse' | 'micboard',
  devices: readonly Emulated[],
  seconds: number,
  boards: (port: number) => Promise<() => void>,
): Promise<number> {
  const list = devices.map(({ address, port }) => `${address}:${port}`).join(',');
  const spawned = await node('bench/devices-parse-load', [kind, list], /^ready (\d+)$/m);
  try {
    const talker = new Talker(spawned);
    const leave = await boards(Number(spawned.ready[1]));
    await talker.ask('');
    await pause(500);
    const before = await talker.ask<{ cpuSeconds: number }>('');
    const began = performance.now();
    await pause(seconds * 1_000);
    const after = await talker.ask<{ cpuSeconds: number }>('');
    leave();
    return (after.cpuSeconds - before.cpuSeconds) / ((performance.now() - began) / 1_000);
  } finally {
    await spawned.stop();
  }
}

function folder(context: BenchContext): string {
  const data = mkdtempSync(join(tmpdir(), 'earshot-devices-'));
  context.onEnd(() => rmSync(data, { recursive: true, force: true }));
  return data;
}

async function serve(
  context: BenchContext,
  data: string,
  nodeArguments: readonly string[] = [],
): Promise<TestServer> {
  const env = { EARSHOT_REQUESTS_PER_ADDRESS: '0' };
  const server = await startServer({ data, env, nodeArguments });
  context.onEnd(async () => void (await server.stop()));
  return server;
}

interface Wire {
  readonly samples: number;
  readonly lost: number;
  readonly latencyMs: readonly number[];
  readonly cores: number;
  readonly rssBytes: number;
  readonly marks: number;
}

interface Learnt {
  /** Parameters of a receiver with four channels. */
  readonly parameters: Parameters;
  /** A data folder with tables and without an inventory, as that of a site which is not new. */
  readonly template: string;
}

/** A site that meets its first receiver. */
async function learn(context: BenchContext, device: Emulated): Promise<Learnt> {
  const template = folder(context);
  const { instanceId } = await seedDevices(template, receivers([device]));
  // It is ended after a few seconds: what a compiler makes of its code would never pay.
  const server = await serve(context, template, ['--no-opt']);
  await connected(server, await server.signIn(), instanceId, 1, 30_000);
  // It says everything at once and its transmitters a moment later.
  await pause(1_500);
  await server.stop();
  const parameters = await parametersIn(template);
  rmSync(join(template, 'control.db'));
  return { parameters, template };
}

/** A data folder of a site whose store has its tables. */
function copy(context: BenchContext, template: string): string {
  const data = folder(context);
  cpSync(template, data, { recursive: true });
  return data;
}

/** A site that is stopped, with the number of its receivers' vendor connection. */
interface Site {
  readonly data: string;
  readonly instanceId: number;
}

interface WireSite extends Site {
  /** Channels of the parameter that each frame of meters sets. */
  readonly metered: readonly number[];
}

interface Polls {
  readonly driftMs: readonly number[];
  readonly polls: number;
}

async function wireSite(
  context: BenchContext,
  devices: readonly Emulated[],
  { parameters, template }: Learnt,
): Promise<WireSite> {
  const data = copy(context, template);
  const { instanceId, channels } = await seedDevices(data, {
    ...receivers(devices),
    parameters,
    rfChannels: CHANNELS,
  });
  const metered = channels.filter(({ name }) => name.endsWith('.audio_percent'));
  return { data, instanceId, metered: metered.map(({ id }) => id) };
}

async function coldSite(
  context: BenchContext,
  known: readonly Emulated[],
  { parameters, template }: Learnt,
): Promise<Site> {
  const data = copy(context, template);
  const { instanceId } = await seedDevices(data, {
    ...receivers(known),
    parameters: ofFirstPart(parameters),
    rfChannels: 1,
  });
  return { data, instanceId };
}

/** A site of devices that are polled over HTTP. */
async function polling(context: BenchContext, count: number, seconds: number): Promise<Polls> {
  const data = folder(context);
  const polled = await node('bench/devices-http-load', [String(POLL_MS)], /^ready (\d+)$/m);
  context.onEnd(() => polled.stop());
  const poller = new Talker(polled);
  const port = Number(polled.ready[1]);
  const { instanceId } = await seedDevices(data, {
    plugin: 'http-json',
    parameters: ['temperature', 'humidity'].map((name) => ({ name, kind: 'number' as const })),
    config: {
      url: 'http://{address}:{port}/d/{id}',
      intervalMs: POLL_MS,
      channels: [
        { id: 'temperature', name: 'Temperature', path: 'temperature' },
        { id: 'humidity', name: 'Humidity', path: 'humidity' },
      ],
    },
    devices: Array.from({ length: count }, (_, i) => ({
      externalId: `sensor-${i}`,
      // Each at an address of its own, as devices are: requests to one are limited.
      address: `127.1.${i >> 8}.${i & 255}`,
      port,
      config: {},
    })),
  });
  const server = await serve(context, data);
  await connected(server, await server.signIn(), instanceId, count, 60_000);
  // The requests that connected them were at times of their own.
  await poller.ask('reset');
  await pause(seconds * 1_000);
  const { driftMs, polls } = await poller.ask<Polls>('');
  await server.stop();
  await polled.stop();
  return { driftMs, polls };
}

/** Until all receivers send meters as fast as they were asked, and then `moreMs`. */
async function metering({ talker }: Emulators, moreMs: number): Promise<void> {
  const wanted = RECEIVERS * CHANNELS * 9;
  const heard = async (): Promise<number> =>
    (await talker.ask<{ samples: number }>('{"stats":true}')).samples;
  for (let before = await heard(), tries = 0; tries < 40; tries += 1) {
    await pause(250);
    const now = await heard();
    if ((now - before) * 4 >= wanted) break;
    before = now;
  }
  await pause(moreMs);
}

/** Everything at once: meters of all receivers, history, boards; marks for the time from wire to board. */
async function wire(
  context: BenchContext,
  emulated: Emulators,
  { data, instanceId, metered }: WireSite,
  seconds: number,
  beside: Promise<unknown>,
  then: () => Promise<void>,
): Promise<Wire> {
  const unheard = await emulated.talker.ask<{ samples: number }>('{"stats":true}');
  const fromUnixMs = Date.now();
  const server = await serve(context, data);
  const cookie = await server.signIn();
  context.say('connecting');
  // Who asks by SQL makes the site write the names of its channels, as it would once, soon after this start; a site
  // that is not new has written them.
  const named = json(server, cookie, '/v1/sql', 'POST', { sql: 'SELECT 1' });
  await connected(server, cookie, instanceId, RECEIVERS, 60_000);
  // What still goes on beside the start must not be measured with it.
  await Promise.all([named, beside]);
  const args = [new URL(server.url).port, cookie, String(BOARDS), String(GROUPS)];
  const boards = await node(
    'bench/devices-boards-load',
    [...args, String((RECEIVERS * CHANNELS) / GROUPS)],
    /^ready$/m,
  );
  context.onEnd(() => boards.stop());
  const talker = new Talker(boards);
  // Somebody looks now: the receivers are asked for fast meters.
  await metering(emulated, context.quick ? 1_000 : 2_000);
  await talker.ask('');
  const before = await emulated.talker.ask<{ samples: number }>('{"stats":true}');
  const cpuBefore = processTree(server.pid).cpuSeconds;
  const began = performance.now();
  let marks = 0;
  const marker = setInterval(() => {
    const name = `T${(Date.now() % SPAN_MS).toString(36)}`;
    const say = `< REP ${1 + (marks % CHANNELS)} CHAN_NAME {${name.padEnd(8)}} >`;
    void emulated.talker.ask(JSON.stringify({ say, devices: [marks % MARKED] }));
    marks += 1;
  }, MARK_EVERY_MS);
  await pause(seconds * 1_000);
  clearInterval(marker);
  const cores =
    (processTree(server.pid).cpuSeconds - cpuBefore) / ((performance.now() - began) / 1_000);
  const { rssBytes } = processTree(server.pid);
  const during = await emulated.talker.ask<{ samples: number }>('{"stats":true}');
  // What is late counts too, and what is later than this has missed the limit, whatever it meets.
  await pause(500);
  await emulated.talker.ask('{"meters":false}');
  const sent = await emulated.talker.ask<{ samples: number }>('{"stats":true}');
  // Nothing is measured from here on: there is time for what comes next.
  const next = then();
  await pause(1_000);
  const { marksMs } = await talker.ask<{ marksMs: number[] }>('');
  const wanted = sent.samples - unheard.samples;
  await boards.stop();
  // What is on its way is stored by a server that is asked to end.
  await server.stop();
  await next;
  context.say('counting what is stored');
  const stored = await storedIn(data, metered, fromUnixMs);
  return {
    samples: (during.samples - before.samples) / seconds,
    lost: wanted - stored,
    latencyMs: marksMs,
    cores,
    rssBytes,
    marks,
  };
}

/** How long a server that knows 2,000 receivers takes to come up and to be connected with all of them, ms. */
async function cold(context: BenchContext, { data, instanceId }: Site): Promise<number> {
  context.say('a cold start');
  const began = performance.now();
  const server = await serve(context, data);
  const cookie = await server.signIn();
  await connected(server, cookie, instanceId, KNOWN, 60_000);
  const coldStartMs = performance.now() - began;
  await server.kill();
  return coldStartMs;
}

const ofFirstPart = (parameters: Parameters): Parameters =>
  parameters.filter(({ name }) => !/^[2-9]\./.test(name));

/** Sockets that only read, for the predecessor's way. */
async function sockets(port: number, count: number): Promise<() => void> {
  const open = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
      await once(socket, 'open');
      return socket;
    }),
  );
  return () => {
    for (const socket of open) socket.terminate();
  };
}

async function run(context: BenchContext): Promise<BenchResult> {
  context.say('parsing');
  const parser = parserFramesPerSecond(context.quick ? 1 : 10);
  // Beside the preparations, which makes it harder, where there is no time for it alone.
  const early = context.quick ? polling(context, POLLED.quick, 5.5) : undefined;
  // It is awaited later: until then a failure of it must not end the program.
  early?.catch(() => undefined);
  context.say('emulators');
  const [emulated, known] = await Promise.all([
    emulate(context, RECEIVERS, 'ULXD4Q'),
    emulate(context, KNOWN, 'QLXD4'),
  ]);
  const [first] = emulated.devices;
  if (first === undefined) throw new EngineError('internal', 'the emulator has no receivers');
  context.say('a site that meets its first receiver, and peers');
  const peerSeconds = context.quick ? 1 : 10;
  // The peers are processes of their own, whose CPU is counted: they take as much beside the other preparations.
  const peers = async () => {
    const parse = await peerCores('parse', emulated.devices, peerSeconds, async () => () => {});
    const open = (port: number) => sockets(port, BOARDS);
    return { parse, micboard: await peerCores('micboard', emulated.devices, peerSeconds, open) };
  };
  const [learnt, { parse, micboard }] = await Promise.all([learn(context, first), peers()]);
  const site = await wireSite(context, emulated.devices, learnt);
  context.say(`${RECEIVERS} receivers with ${CHANNELS} channels`);
  let start: Site | undefined;
  const live = await wire(
    context,
    emulated,
    site,
    context.quick ? 4 : 30,
    early ?? Promise.resolve(),
    async () => {
      start = await coldSite(context, known.devices, learnt);
    },
  );
  await emulated.talker.spawned.stop();
  context.say(`${KNOWN} known receivers`);
  const coldStartMs = await cold(
    context,
    start ?? (await coldSite(context, known.devices, learnt)),
  );
  await known.talker.spawned.stop();
  if (early === undefined) context.say(`${POLLED.full} devices to poll`);
  const { driftMs, polls } = await (early ?? polling(context, POLLED.full, 60));
  return {
    metrics: {
      parserFramesPerSecond: parser,
      samplesPerSecond: live.samples,
      samplesLost: live.lost,
      wireToBoardP50Ms: percentile(live.latencyMs, 0.5),
      wireToBoardP99Ms: percentile(live.latencyMs, 0.99),
      marksSeen: live.latencyMs.length / live.marks,
      engineCores: live.cores,
      rssMb: live.rssBytes / 1e6,
      coldStartMs,
      pollDriftMs: percentile(driftMs, 0.99),
      polls,
    },
    peers: { parseOnly: { cores: parse }, micboard: { cores: micboard } },
    ratios: {
      vsParseOnly: ratio(live.cores, parse),
      vsMicboard: ratio(live.cores, micboard),
    },
    notes: [
      `parserFramesPerSecond: frames for a CPU second, of the worst of five chunkings (1 byte to 64 KiB)`,
      `${RECEIVERS} receivers with ${CHANNELS} channels at 10 Hz by the text protocol, ${BOARDS} boards over ${GROUPS} groups; engineCores is the server with its store, emulator and boards are other processes on the same cores`,
      'samplesLost: samples that the emulator sent, less rows of one parameter that each of them sets, in the store',
      `wireToBoardP99Ms: from a name that the emulator reports to the board that shows it, ${live.latencyMs.length} of ${live.marks} marks`,
      `coldStartMs: from the start of the process to ${KNOWN} known receivers connected; pollDriftMs: 99th percentile over ${context.quick ? POLLED.quick : POLLED.full} devices of how far the last poll was from whole intervals of ${POLL_MS} ms after the first, of a site of their own${context.quick ? ', beside the preparations' : ''}`,
      'parseOnly: the same receivers, parsed and printed by a program that does nothing else; micboard: one thread that splits text and writes what changed as JSON to all boards every 50 ms, no history',
    ],
  };
}

export const bench: Bench = {
  name: 'devices',
  question:
    'What do a thousand wireless receivers cost, from the wire to the history and to every board?',
  run,
};
