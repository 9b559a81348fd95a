import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type AnyActorRef, createActor } from 'xstate';
import { deviceMachine } from '../actors/device/device.machine.js';
import { ShardPool } from '../actors/shard-pool.js';
import { ShardRegistry } from '../actors/shard-registry.js';
import { SystemClock } from '../engine/clock.js';
import { entryUrl } from '../engine/entry.js';
import { EngineError } from '../engine/errors.js';
import { backoff, Supervisor } from '../engine/supervisor.js';
import type { FromDeviceActors, ToDeviceActors } from './device-actors.js';
import { type Bench, type BenchContext, median, ratio } from './harness.js';

const ACTORS = 50_000;
const LOST_ACTORS = 10_000;
const WARM_UP = 5_000;
const clock = new SystemClock();

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

interface Round {
  readonly startMs: number;
  readonly bytes: number;
}

/** What XState alone costs: the same machine, started and left in the same state. */
function rawRound(count: number): Round {
  const before = heapBytes();
  const fromMonoMs = clock.monoMs();
  const actors: AnyActorRef[] = [];
  for (let n = 0; n < count; n += 1) {
    const input = { deviceId: `device-${n}`, atUnixMs: 0 };
    const actor = createActor(deviceMachine, { id: input.deviceId, input });
    actor.start();
    actors.push(actor);
  }
  const startMs = clock.monoMs() - fromMonoMs;
  for (const actor of actors) connect(actor);
  const bytes = (heapBytes() - before) / count;
  for (const actor of actors) (actor as ReturnType<typeof createActor>).stop();
  return { startMs, bytes };
}

function connect(actor: AnyActorRef | undefined): void {
  actor?.send({ type: 'opened', atUnixMs: 1, address: '127.0.0.1' });
  actor?.send({ type: 'spoke', atUnixMs: 2 });
}

/** Ours, all in: supervised, and with the inspector row and the snapshot that the main thread keeps. */
async function supervisedRound(count: number): Promise<Round> {
  const before = heapBytes();
  const fromMonoMs = clock.monoMs();
  const changed = new Set<string>();
  const supervisor = new Supervisor({
    shard: 'device-0',
    clock,
    onChange: (id) => changed.add(id),
  });
  const backoffMs = backoff({ firstMs: 100, maxMs: 30_000, jitter: 0.5 });
  const intensity = { max: 5, windowMs: 60_000 };
  for (let n = 0; n < count; n += 1) {
    const id = `device-${n}`;
    supervisor.start({
      id,
      kind: 'device',
      logic: deviceMachine,
      input: { deviceId: id, atUnixMs: 0 },
      restart: 'permanent',
      intensity,
      backoffMs,
      shutdownMs: 1_000,
    });
  }
  const startMs = clock.monoMs() - fromMonoMs;
  const registry = new ShardRegistry(() => 'device-0', undefined);
  for (const id of changed) {
    connect(supervisor.get(id));
    const info = supervisor.info(id);
    const snapshot = supervisor.persisted(id);
    if (info === undefined || snapshot === undefined) {
      throw new EngineError('internal', `${id} did not start`);
    }
    registry.own(id, undefined);
    registry.changed([structuredClone(info)], []);
    // What comes over a link is a string of its own.
    registry.snapshots([{ id, kind: 'device', snapshot: structuredClone(snapshot) }]);
  }
  changed.clear();
  const bytes = (heapBytes() - before) / count;
  await supervisor.stopAll();
  return { startMs, bytes };
}

interface Threads {
  readonly placeMs: number;
  readonly recoverMs: readonly number[];
  readonly adoptMs: readonly number[];
}

/** Real threads: all actors placed in one shard; then a shard with 10,000 connected devices is killed. */
async function threads(context: BenchContext, rounds: number): Promise<Threads> {
  const recovered: { resolve: (tookMs: number) => void } = { resolve: () => {} };
  const pool = (): ShardPool<Record<string, never>, ToDeviceActors, FromDeviceActors> =>
    new ShardPool<Record<string, never>, ToDeviceActors, FromDeviceActors>({
      kind: 'device',
      size: 1,
      entry: entryUrl('bench/device-actors.worker'),
      options: () => ({}),
      faults: true,
      // Each round is a new loss: the window must not add its rest.
      intensity: { max: 100, windowMs: 60_000 },
      adopt: async ({ link }, ids, snapshots) => {
        await link.call('actors.adopt', { ids, snapshots }, { deadlineMs: 30_000 });
      },
      onRecovered: (_, { tookMs }) => recovered.resolve(tookMs),
    });

  const big = pool();
  context.onEnd(async () => void (await big.stop(5_000)));
  await big.start();
  const ids = Array.from({ length: ACTORS }, (_, n) => `device-${n}`);
  const placedFromMs = clock.monoMs();
  await big.place(ids);
  const placeMs = clock.monoMs() - placedFromMs;
  await big.stop(10_000);
  context.say(`placed ${ACTORS} actors in a shard thread in ${Math.round(placeMs)} ms`);

  const small = pool();
  context.onEnd(async () => void (await small.stop(5_000)));
  await small.start();
  await small.place(ids.slice(0, LOST_ACTORS));
  const connected = await small
    .linkTo('device-0')
    .call('actors.connect', {}, { deadlineMs: 30_000 });
  const allConnected = (): boolean =>
    [...small.registry.rows()].filter((row) => row.state === 'connected').length === connected;
  await until(allConnected);
  const recoverMs: number[] = [];
  const adoptMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const back = new Promise<number>((resolve) => {
      recovered.resolve = resolve;
    });
    const killedAtMs = clock.monoMs();
    await small.breakShard(0, 'exit');
    adoptMs.push(await back);
    recoverMs.push(clock.monoMs() - killedAtMs);
    if (!allConnected()) throw new EngineError('internal', 'not every actor came back connected');
    context.say(`${LOST_ACTORS} actors back after ${Math.round(recoverMs.at(-1) ?? 0)} ms`);
    // Snapshots of the new incarnation are told before the next loss.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return { placeMs, recoverMs, adoptMs };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

export const bench: Bench = {
  name: 'actors',
  question: 'What do 50,000 supervised device actors cost, and how fast is a lost thread back?',
  async run(context) {
    const rounds = context.quick ? 1 : 5;
    const raw: Round[] = [];
    const ours: Round[] = [];
    // A warm-up of each, then turn by turn, so that neither gets the warmer engine.
    rawRound(WARM_UP);
    await supervisedRound(WARM_UP);
    for (let round = 0; round < rounds; round += 1) {
      raw.push(rawRound(ACTORS));
      ours.push(await supervisedRound(ACTORS));
      context.say(`round ${round + 1} of ${rounds}`);
    }
    const of = (list: readonly Round[], key: keyof Round): number =>
      median(list.map((round) => round[key]));
    const { placeMs, recoverMs, adoptMs } = await threads(context, context.quick ? 3 : 10);
    const bytesPerActor = of(ours, 'bytes');
    const superviseMs = of(ours, 'startMs');
    const rawBytes = of(raw, 'bytes');
    const rawStartMs = of(raw, 'startMs');
    return {
      metrics: {
        actors: ACTORS,
        bytesPerActor,
        startMs: placeMs,
        superviseMs,
        recoverMs: median(recoverMs),
        recoverWorstMs: Math.max(...recoverMs),
        recoverAfterLossMs: median(adoptMs),
      },
      peers: { xstate: { bytesPerActor: rawBytes, startMs: rawStartMs } },
      ratios: {
        vsRawXstate: ratio(bytesPerActor, rawBytes),
        startVsRawXstate: ratio(superviseMs, rawStartMs),
      },
    };
  },
};
