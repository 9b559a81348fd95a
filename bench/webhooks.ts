import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { openSiteStore, type SiteStore } from '../actors/control/site.js';
import { MemoryTable } from '../api/live/table.js';
import { type Notify, startNotify } from '../api/notify/compose.js';
import { payloadOf } from '../api/notify/message.js';
import { SystemClock } from '../engine/clock.js';
import { entryUrl } from '../engine/entry.js';
import { type BenchContext, percentile } from './harness.js';

/** What `webhooks` answers. */
export interface WebhookFigures {
  /** Of a backlog to one target, until all of it was received. */
  readonly webhooksPerSecond: number;
  /** From before the transaction that asks for it until the receiver has it, at `OFFERED` a second. */
  readonly webhookP99Ms: number;
  /** The same while a second target never answers and is told a hundred a second. */
  readonly webhookP99WithDeadMs: number;
  /** Of both loads at an offered rate: what had not come a second after its end. */
  readonly webhooksLate: number;
}

const OFFERED = 1_000;
const OFFERED_TO_DEAD = 100;
const TURN_MS = 20;
const clock = new SystemClock();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Told {
  readonly count: number;
  readonly agesMs: readonly number[];
}

/** How fast webhooks leave, and whether a dead target slows the others. Ended by `context`. */
export async function webhooks(context: BenchContext): Promise<WebhookFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-webhooks-'));
  context.onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const receiver = new Worker(entryUrl('bench/webhooks-receiver.worker'));
  context.onEnd(async () => void (await receiver.terminate()));
  const { port } = await ask<{ readonly port: number }>(receiver);
  const asked = (what: 'count' | 'take'): Promise<Told> => ask<Told>(receiver, what);
  const onFault = (error: Error): void => context.say(error.message);
  const store = await openSiteStore({ file: join(folder, 'control.db'), clock, onError: onFault });
  context.onEnd(() => store.close());
  const notify = await startNotify({
    store,
    secrets: { key: 'a key of the bench, long enough', file: '' },
    mail: { from: 'earshot@localhost' },
    allowPrivate: true,
    table: new MemoryTable('deliveries'),
    audio: undefined,
    command: () => Promise.resolve(),
    clock,
    onFault,
  });
  context.onEnd(() => notify.stop(1_000));
  const load = new Load(store, notify);
  const good = await load.target(`http://127.0.0.1:${port}/hook`);
  const dead = await load.target(`http://127.0.0.1:${port}/dead`);

  const arrive = async (many: number, withinMs: number): Promise<void> => {
    const untilMonoMs = clock.monoMs() + withinMs;
    while ((await asked('count')).count < many && clock.monoMs() < untilMonoMs)
      await pause(TURN_MS);
  };
  await load.tell(good, 500);
  await arrive(500, 10_000);
  await asked('take');

  const backlog = context.quick ? 3_000 : 9_000;
  const fromMonoMs = clock.monoMs();
  for (let told = 0; told < backlog; told += 1_000) await load.tell(good, 1_000);
  await arrive(backlog, context.quick ? 8_000 : 60_000);
  const tookS = (clock.monoMs() - fromMonoMs) / 1_000;
  const { count } = await asked('take');
  context.say(`${count} of ${backlog} webhooks in ${tookS.toFixed(1)} s`);

  const offered = async (deadTarget: number | undefined): Promise<Told & { late: number }> => {
    const turns = ((context.quick ? 3 : 20) * 1_000) / TURN_MS;
    const beganMonoMs = clock.monoMs();
    for (let turn = 0; turn < turns; turn += 1) {
      await load.tell(good, (OFFERED * TURN_MS) / 1_000);
      if (deadTarget !== undefined) {
        await load.tell(deadTarget, (OFFERED_TO_DEAD * TURN_MS) / 1_000);
      }
      await pause(Math.max(0, beganMonoMs + (turn + 1) * TURN_MS - clock.monoMs()));
    }
    const all = (turns * OFFERED * TURN_MS) / 1_000;
    await arrive(all, 1_000);
    const inTime = (await asked('count')).count;
    await arrive(all, context.quick ? 4_000 : 20_000);
    const told = await asked('take');
    return { ...told, late: all - inTime };
  };
  const alone = await offered(undefined);
  const beside = await offered(dead);
  context.say(`${alone.count} alone and ${beside.count} beside a dead target`);
  return {
    webhooksPerSecond: count / tookS,
    webhookP99Ms: percentile(alone.agesMs, 0.99),
    webhookP99WithDeadMs: percentile(beside.agesMs, 0.99),
    webhooksLate: alone.late + beside.late,
  };
}

class Load {
  readonly #store: SiteStore;
  readonly #notify: Notify;
  #next = 0;

  constructor(store: SiteStore, notify: Notify) {
    this.#store = store;
    this.#notify = notify;
  }

  async target(url: string): Promise<number> {
    const config = { url, timeoutMs: 2_000 };
    const wish = { name: url, kind: 'webhook', enabled: true, config, events: [] } as const;
    return (await this.#notify.targets.create({ ...wish, secret: { key: 'k' } }, null)).id;
  }

  async tell(targetId: number, many: number): Promise<void> {
    const sentAtUnixMs = performance.timeOrigin + performance.now();
    const body = { type: 'sensor.threshold_exceeded', sensor: 'tank', value: 60, sentAtUnixMs };
    const payload = payloadOf({ subject: 'The tank is hot', text: 'It has 60 degrees', body });
    const deliveries = Array.from({ length: many }, () => ({
      key: `bench:${this.#next++}`,
      kind: 'target' as const,
      targetId,
      event: body.type,
      subject: null,
      payload,
      alarmId: null,
    }));
    const { deliveries: port } = this.#notify;
    await this.#store.control.write((scope) => port.enqueueIn(scope, deliveries));
    port.wake();
  }
}

/** The next message of a thread, after it was asked something if so. Rejects when the thread fails. */
export function ask<T>(worker: Worker, question?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    if (question !== undefined) worker.postMessage(question);
    worker.once('error', reject);
    worker.once('message', (message: T) => {
      worker.off('error', reject);
      resolve(message);
    });
  });
}
