import type { SiteStore } from '../../actors/control/site.js';
import { openSecretBox, type SecretBoxOptions } from '../../actors/inventory/secrets.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type {
  ActionPort,
  DeliveryPort,
  ExperimentPort,
  JournalPort,
  VariablePort,
} from '../automation/ports.js';
import type { Route } from '../http/route.types.js';
import type { LiveTable } from '../live/table.types.js';
import type { ShardSource } from '../site/shards-watch.js';
import { type ActionParts, Actions } from './actions.js';
import { AudioActions, type HeardSessions } from './audio-actions.js';
import type { Ways } from './connections.js';
import { Deliveries } from './deliveries.js';
import { DeliveryTable } from './delivery-table.js';
import { Dispatcher, type DispatcherOptions } from './dispatcher.js';
import { LiveDeliveries } from './live-deliveries.js';
import { Outbox } from './outbox.js';
import { notifyRoutes } from './routes.js';
import { TargetBook } from './target-book.js';
import { Targets } from './targets.js';

/** Parts of the site that start later than notifications do. */
export interface LateParts {
  variables?: VariablePort;
  experiments?: ExperimentPort;
  journal?: JournalPort;
  broker?: Ways['broker'];
}

export interface NotifyOptions
  extends Pick<DispatcherOptions, 'breaker' | 'keepRows' | 'keepDays'> {
  readonly store: SiteStore;
  readonly secrets: SecretBoxOptions;
  readonly mail: { readonly smtpUrl?: string | undefined; readonly from: string };
  readonly allowPrivate: boolean;
  readonly table: LiveTable;
  /** Undefined: a site without sound. */
  readonly audio: HeardSessions | undefined;
  readonly command: ActionParts['command'];
  /** What of the site is not as it should be; undefined: health is not told. */
  readonly health?: () => { readonly ready: boolean; readonly checks: readonly Check[] };
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Telling and doing, of a running site. */
export interface Notify {
  readonly deliveries: DeliveryPort;
  readonly actions: ActionPort;
  readonly targets: Targets;
  readonly outbox: Outbox;
  readonly routes: readonly Route[];
  /** The thread that tells, for the health page. */
  readonly threads: ShardSource;
  /** Filled in by the parts as they start. */
  readonly late: LateParts;
  stop(deadlineMs: number): Promise<void>;
}

const HEALTH_EVERY_MS = 1_000;

/** Starts the thread and takes up what waits. The caller ends it by `stop`. */
export async function startNotify(options: NotifyOptions): Promise<Notify> {
  const { store, clock, onFault } = options;
  const late: LateParts = {};
  const box = await openSecretBox(options.secrets);
  const book = await TargetBook.open(store, box, onFault);
  const table = new DeliveryTable(store.control);
  const outbox = new Outbox({ clock, onFault, onUp: () => dispatcher?.resume() });
  const actions = new Actions({
    audio: options.audio === undefined ? undefined : new AudioActions(store.content, options.audio),
    command: options.command,
    variables: () => late.variables,
    experiments: () => late.experiments,
    journal: () => late.journal,
  });
  const dispatcher: Dispatcher = new Dispatcher({
    table,
    targets: book,
    outbox,
    ways: {
      smtpUrl: options.mail.smtpUrl,
      from: options.mail.from,
      allowPrivate: options.allowPrivate,
      broker: () => late.broker?.(),
    },
    actions,
    live: new LiveDeliveries(options.table),
    clock,
    onFault,
    ...(options.breaker === undefined ? {} : { breaker: options.breaker }),
    ...(options.keepRows === undefined ? {} : { keepRows: options.keepRows }),
    ...(options.keepDays === undefined ? {} : { keepDays: options.keepDays }),
  });
  const deliveries = new Deliveries({
    table,
    targets: book,
    clock,
    wake: () => dispatcher.wake(),
    experiment: () => late.experiments?.running()[0]?.name,
  });
  const targets = new Targets({ store, book, box, clock });
  await outbox.start();
  await dispatcher.start();
  const unwatch = watchHealth(options, deliveries);
  return {
    deliveries,
    actions,
    targets,
    outbox,
    late,
    threads: {
      kind: 'notify',
      shards: () => outbox.pool.rows(),
      onShard: (listener) => outbox.watch(listener),
    },
    routes: notifyRoutes({
      store,
      book,
      targets,
      dispatcher,
      again: (key) => actions.again(key),
      clock,
    }),
    stop: async (deadlineMs) => {
      unwatch();
      await dispatcher.stop(deadlineMs / 2);
      await outbox.stop(deadlineMs / 2);
      await book.close();
    },
  };
}

/** Fires `system.health_changed` when the site ceases or begins to be ready. */
function watchHealth(
  { health, clock, onFault }: NotifyOptions,
  deliveries: DeliveryPort,
): () => void {
  if (health === undefined) return () => {};
  let timer: TimerHandle | undefined;
  // A site that starts becomes ready: nobody is told of that.
  let before: boolean | undefined;
  const look = (): void => {
    const { ready, checks } = health();
    if (before !== ready && (before !== undefined || ready)) {
      const told = before !== undefined;
      before = ready;
      const failing = checks.filter(({ ok }) => !ok);
      const body = {
        sensor: 'system',
        value: ready ? 'healthy' : 'degraded',
        failing: failing.map(({ name, detail }) => ({ name, detail })),
      };
      if (told) {
        deliveries
          .event('system.health_changed', body, `health:${clock.nowMs()}`)
          .catch((thrown: unknown) => onFault(EngineError.from(thrown)));
      }
    }
    timer = clock.setTimeout(look, HEALTH_EVERY_MS);
  };
  look();
  return () => clock.clearTimeout(timer);
}
