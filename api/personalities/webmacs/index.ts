/**
 * WebMACS on the main port: its calls below `/api/v1`, and the sockets of its controllers and browsers. Measuring points
 * are `automation.signals`, each a parameter of a device; users, rules, targets, experiments and the journal are the
 * site's own. Every field is in `docs/conformance-webmacs.md`.
 */
import { join } from 'node:path';
import type { SiteStore } from '../../../actors/control/site.js';
import type { SecretBox } from '../../../actors/inventory/secrets.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Log } from '../../../engine/log.js';
import { Corrections } from '../../../engine/series/corrections.js';
import { SeriesQueries } from '../../../engine/series/queries.js';
import type { SeriesAddress } from '../../../engine/series/series.types.js';
import type { Auth } from '../../auth/auth.js';
import type { AuditPort, DeliveryPort } from '../../automation/ports.js';
import type { Experiments } from '../../history/experiments.js';
import type { RawRoute } from '../../http/dispatch.js';
import type { SocketEndpoint } from '../../http/socket.types.js';
import type { LiveTable } from '../../live/table.types.js';
import { accountCalls } from './account-calls.js';
import { Api, MAX_BODY_BYTES, PREFIX } from './api.js';
import type { Call } from './ask.js';
import { Binding, type DevicePort } from './binding.js';
import { Broadcast } from './broadcast.js';
import type { SsoConfiguration } from './config.js';
import { dashboardCalls } from './dashboard-calls.js';
import { datapointCalls } from './datapoint-calls.js';
import { documents } from './documents.js';
import { eventCalls } from './event-calls.js';
import { ExperimentBook } from './experiment-book.js';
import { FileStore } from './file-store.js';
import { Health } from './health.js';
import { Identity } from './identity.js';
import { Intake } from './intake.js';
import { Notices } from './notices.js';
import { otaCalls } from './ota-calls.js';
import { packageCalls } from './package-calls.js';
import { People } from './people.js';
import { pluginCalls } from './plugin-calls.js';
import { PluginWatch } from './plugin-watch.js';
import { PointStore } from './point-store.js';
import { experimentCalls, loggingCalls } from './record-calls.js';
import { ruleCalls } from './rule-calls.js';
import { signingKey } from './secret-key.js';
import { SignalBook } from './signal-book.js';
import { webmacsSockets } from './sockets.js';
import { ssoCalls } from './sso-calls.js';
import { webhookCalls } from './webhook-calls.js';
import { WebhookEars } from './webhook-ears.js';

export interface WebmacsOptions {
  readonly store: SiteStore;
  readonly auth: Auth;
  readonly devices: DevicePort;
  /** Live rows of all channels. */
  readonly channels: Pick<LiveTable, 'get'>;
  /** Live rows of the site's stores. */
  readonly stores: Pick<LiveTable, 'rows'>;
  readonly experiments: Pick<Experiments, 'start' | 'stopById'>;
  /** Webhooks are told through it; undefined: they are not. */
  readonly deliveries: Pick<DeliveryPort, 'event'> | undefined;
  /** Changes made through the API are noted there; undefined: nowhere. */
  readonly audit?: AuditPort | undefined;
  /** False: the site tells of its health itself. Default true. */
  readonly tellsHealth?: boolean;
  /** Seals the secrets of webhooks. */
  readonly sealing: SecretBox;
  readonly sso: SsoConfiguration;
  /** Firmware may be downloaded from private and loopback addresses. */
  readonly allowPrivate: boolean;
  /** Of the site. */
  readonly version: string;
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
  const queries = new SeriesQueries(options.series);
  const experimentAt = (atUnixMs: number) => experiments.at(atUnixMs);
  const broadcast = new Broadcast({ ...options, experimentAt });
  const ears = await WebhookEars.open(store, onFault);
  const isHeard = (event: string) => ears.has(event);
  const notices = new Notices({ ...options, isHeard });
  const { edgePlugins } = store.automation;
  const watch = new PluginWatch({ book, table: edgePlugins, clock, onFault });
  const intake = new Intake({
    book,
    devices,
    clock,
    onTaken: (taken) => {
      // What was stored is acknowledged, whatever becomes of the telling.
      try {
        watch.heard(taken);
        notices.readings(taken, experimentAt);
        broadcast.tell(taken);
      } catch (thrown) {
        onFault(EngineError.from(thrown));
      }
    },
  });
  const health = new Health({ ...options, intake }, (status) => {
    if (options.tellsHealth !== false) notices.health(status);
  });
  const binding = new Binding({ store, devices, clock });
  const firmware = new FileStore(join(options.folder, 'webmacs', 'firmware'));
  const packages = new FileStore(join(options.folder, 'webmacs', 'packages'));
  const records = { ...options, queries };
  const calls: readonly Call[] = [
    ...accountCalls({ store, auth, identity, people, clock }),
    ...ssoCalls({ config: options.sso, store, people, identity, key, clock }),
    ...eventCalls({ store, binding, book }),
    ...datapointCalls({
      book,
      experiments,
      intake,
      points,
      channels: options.channels,
      corrections: new Corrections(queries, () => clock.nowMs()),
      writerOf: (deviceId) => `device-${Math.max(0, devices.pool.ownerOf(deviceId))}`,
      clock,
    }),
    ...experimentCalls(records),
    ...loggingCalls(records),
    ...ruleCalls({ store, book, clock }),
    ...webhookCalls({ ...options }),
    ...otaCalls({ ...options, files: firmware }),
    ...dashboardCalls({ store, book, clock }),
    ...packageCalls({ store, files: packages, clock }),
    ...pluginCalls({ store, binding, book, clock }),
    health.call(),
  ];
  const api = new Api({ ...options, identity }, calls);
  const sockets = webmacsSockets({ identity, intake, broadcast, onFault });
  const route = (path: string, maxBodyBytes: number): RawRoute => ({
    method: 'ANY',
    path,
    maxBodyBytes,
    handler: (exchange, request) => api.answer(exchange, request),
  });
  // Old health checks ask outside the prefix; our own page of health has the same path.
  const alone = ['/health', '/health/'];
  const uploads = calls.flatMap(({ path, maxBodyBytes }) =>
    maxBodyBytes === undefined
      ? []
      : [path, `${path}/`].map((one) => route(`${PREFIX}${one}`, maxBodyBytes)),
  );
  return {
    raw: [
      ...uploads,
      ...alone.map((path) => ({ ...route(path, 0), yieldsToPage: true })),
      ...documents(calls),
      route(`${PREFIX}/{rest...}`, MAX_BODY_BYTES),
    ],
    sockets: sockets.endpoints,
    async stop() {
      health.stop();
      sockets.stop();
      ears.close();
      await watch.stop();
      broadcast.stop();
      identity.close();
      book.close();
      experiments.close();
      await points.close();
      await queries.close();
    },
  };
}
