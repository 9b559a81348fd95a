/**
 * WebMACS on the main port: its calls below `/api/v1`, and the sockets of its controllers and browsers. Measuring points
 * are `automation.signals`, each a parameter of a device; users, rules, targets, experiments and the journal are the
 * site's own. Every field is in `docs/conformance-webmacs.md`.
 */
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import type { EngineError } from '../../../engine/errors.js';
import type { Log } from '../../../engine/log.js';
import type { SeriesAddress } from '../../../engine/series/series.types.js';
import type { Auth } from '../../auth/auth.js';
import type { RawRoute } from '../../http/dispatch.js';
import type { SocketEndpoint } from '../../http/socket.types.js';
import type { LiveTable } from '../../live/table.types.js';
import { accountCalls } from './account-calls.js';
import { Api, MAX_BODY_BYTES, PREFIX } from './api.js';
import type { Call } from './ask.js';
import { Binding, type DevicePort } from './binding.js';
import { Broadcast } from './broadcast.js';
import { datapointCalls } from './datapoint-calls.js';
import { eventCalls } from './event-calls.js';
import { ExperimentBook } from './experiment-book.js';
import { Identity } from './identity.js';
import { Intake } from './intake.js';
import { People } from './people.js';
import { PointStore } from './point-store.js';
import { signingKey } from './secret-key.js';
import { SignalBook } from './signal-book.js';
import { webmacsSockets } from './sockets.js';

export interface WebmacsOptions {
  readonly store: SiteStore;
  readonly auth: Auth;
  readonly devices: DevicePort;
  /** Live rows of all channels. */
  readonly channels: Pick<LiveTable, 'get'>;
  readonly series: SeriesAddress;
  /** Of the site: holds the signing key. */
  readonly folder: string;
  /** Sends to all sockets that subscribed to a topic: `Gateway.publish` with text. */
  readonly publish: (topic: string, text: string) => void;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
  readonly onFault: (error: EngineError) => void;
}

export interface Webmacs {
  readonly raw: readonly RawRoute[];
  readonly sockets: readonly SocketEndpoint[];
  stop(): Promise<void>;
}

/** The personality, for the main gateway. Stop it before the stores. */
export async function openWebmacs(options: WebmacsOptions): Promise<Webmacs> {
  const { store, auth, devices, clock, onFault } = options;
  const key = await signingKey(options.folder);
  const identity = await Identity.open({ ...options, key });
  const book = await SignalBook.open({ ...store, tables: devices.tables, onFault });
  const experiments = await ExperimentBook.open({ store, onFault });
  const people = new People({ store, auth });
  const points = new PointStore(options.series);
  const broadcast = new Broadcast({ ...options, experimentAt: (at) => experiments.at(at) });
  const intake = new Intake({
    book,
    devices,
    clock,
    onTaken: (taken) => broadcast.tell(taken),
  });
  const binding = new Binding({ store, devices, clock });
  const calls: readonly Call[] = [
    ...accountCalls({ store, auth, identity, people, clock }),
    ...eventCalls({ store, binding, book }),
    ...datapointCalls({ book, experiments, intake, points, channels: options.channels, clock }),
  ];
  const api = new Api({ ...options, identity }, calls);
  const sockets = webmacsSockets({ identity, intake, broadcast, onFault });
  const route = (path: string, maxBodyBytes: number): RawRoute => ({
    method: 'ANY',
    path,
    maxBodyBytes,
    handler: (exchange, request) => api.answer(exchange, request),
  });
  const uploads = calls.flatMap(({ path, maxBodyBytes }) =>
    maxBodyBytes === undefined
      ? []
      : [path, `${path}/`].map((one) => route(`${PREFIX}${one}`, maxBodyBytes)),
  );
  return {
    raw: [...uploads, route(`${PREFIX}/{rest...}`, MAX_BODY_BYTES)],
    sockets: sockets.endpoints,
    async stop() {
      sockets.stop();
      broadcast.stop();
      identity.close();
      book.close();
      experiments.close();
      await points.close();
    },
  };
}
