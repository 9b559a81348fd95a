import { join } from 'node:path';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { ChannelRow, DeviceRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';
import { Broker, type BrokerOptions } from './broker.js';
import type { MqttConfiguration } from './config.js';
import { HomeAssistantPublisher, type PublisherOptions } from './publisher.js';
import { readBrokerTls } from './tls.js';

export interface MqttOptions {
  readonly config: MqttConfiguration;
  /** Of the site's data; undefined: retained messages and sessions end with the process. */
  readonly folder?: string | undefined;
  /** Address of the pages. */
  readonly host: string;
  readonly auth: BrokerOptions['auth'];
  readonly clock: Clock;
  readonly log: (level: 'info' | 'warn', text: string) => void;
  readonly devices: LiveTable;
  readonly channels: LiveTable;
  readonly specs: PublisherOptions['specs'];
  readonly set: PublisherOptions['set'];
  /** Undefined: nobody keeps a log of changes. */
  readonly audit?: PublisherOptions['audit'];
}

/**
 * The embedded broker and what is published, as configured. `stop` of the answer ends both.
 * @throws EngineError `input.invalid` for publishing to a broker that is not switched on, and for TLS files of no use
 */
export async function startMqtt(options: MqttOptions): Promise<{
  readonly stop: () => Promise<void>;
  /** How the engine itself reaches the embedded broker; undefined while it does not run. */
  readonly access: () => Broker['access'] | undefined;
}> {
  const { config, auth, clock, log } = options;
  const { enabled: wanted, tls: files, ...limits } = config.broker;
  const { enabled: publishes, url, user, password, verifyTls, ...publish } = config.publish;
  if (publishes && url === undefined && !wanted) {
    throw new EngineError(
      'input.invalid',
      'mqtt.publish.url: name a broker, or switch on the embedded one with mqtt.broker.enabled',
    );
  }
  const { prefix, discoveryPrefix } = publish;
  const host = limits.host ?? options.host;
  let publisher: HomeAssistantPublisher | undefined;
  const broker = wanted
    ? await Broker.start({
        ...limits,
        host,
        tls: await readBrokerTls(files),
        retainedFile: options.folder && join(options.folder, 'mqtt', 'retained.jsonl'),
        sessionsFile: options.folder && join(options.folder, 'mqtt', 'sessions.jsonl'),
        prefix,
        discoveryPrefix,
        auth,
        clock,
        log,
        wish: (wish) => publisher?.wish(wish),
      })
    : undefined;
  const own = broker?.access;
  const access = url === undefined ? own : { url, user, password };
  if (publishes && access !== undefined) {
    publisher = new HomeAssistantPublisher({
      ...publish,
      access: { ...access, verifyTls },
      isOwnBroker: url === undefined,
      clock,
      devices: () => rowsOf<DeviceRow>(options.devices),
      channels: () => rowsOf<ChannelRow>(options.channels),
      specs: options.specs,
      set: options.set,
      audit: options.audit,
      log,
    });
  }
  return {
    access: () => (broker?.port === undefined ? undefined : broker.access),
    stop: async () => {
      await publisher?.stop();
      await broker?.stop();
    },
  };
}

function rowsOf<T>(table: LiveTable): Iterable<T> {
  return table.rows() as unknown as Iterable<T>;
}
