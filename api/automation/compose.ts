import { join } from 'node:path';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { StoreReader } from '../../engine/series/reader.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import { type Alarms, startAlarms } from '../alarms/compose.js';
import type { AudioService } from '../audio/service.js';
import type { Config } from '../config.js';
import type { DeviceService } from '../devices/service.js';
import { type History, startHistory } from '../history/compose.js';
import type { Route } from '../http/route.types.js';
import { type Notify, startNotify } from '../notify/compose.js';
import type { PluginService } from '../plugins/service.js';
import { type Rules, startRules } from '../rules/compose.js';
import type { SiteTablesLive } from '../site/tables.js';
import type { readiness } from '../site/vitals.js';
import type { AuditPort } from './ports.js';

export interface AutomationOptions {
  readonly store: SiteStore;
  readonly tables: SiteTablesLive;
  readonly reader: StoreReader;
  readonly series: SeriesAddress;
  readonly devices: DeviceService;
  readonly plugins: PluginService;
  readonly audio: AudioService;
  readonly audit: AuditPort;
  readonly config: Config;
  readonly ready: () => ReturnType<typeof readiness>;
  readonly clock: Clock;
  readonly onError: (error: EngineError) => void;
  /** Called with each part that was started, to be stopped in reverse. */
  readonly started: (name: string, stop: () => Promise<void>) => void;
}

/** Rules, alarms, notifications and recordings of a running site. */
export interface Automation {
  readonly rules: Rules;
  readonly notify: Notify;
  readonly history: History;
  readonly routes: readonly Route[];
}

/** Starts what decides, tells and records, and joins it. After devices, plugins and audio. */
export async function startAutomation(options: AutomationOptions): Promise<Automation> {
  const { store, tables, reader, series, devices, plugins, audio, config, clock } = options;
  const { onError: onFault, started } = options;
  const secrets = { key: config.plugins.secretKey, file: join(config.data, 'secret.key') };
  const shared = { store, tables, series, clock, onFault };

  const { keepDays } = config.alarms;
  const alarms: Alarms = await startAlarms({ ...shared, reader, keepDays });
  started('alarms', () => alarms.stop());
  const history = await startHistory({
    ...shared,
    reader,
    folder: config.data,
    devices,
    audit: () => options.audit,
  });
  started('history', () => history.stop());
  const notify = await startNotify({
    store,
    secrets,
    mail: config.mail,
    allowPrivate: config.webhooks.allowPrivate,
    table: tables.deliveries,
    audio,
    command: async (deviceId, name, value, by) => {
      const device = tables.devices.get(deviceId);
      // Plugins keep what their devices should be; no other would be told when it comes back.
      if (device?.['state'] === 'disconnected' && (device['instanceId'] ?? null) === null) {
        throw new EngineError('device.unreachable', `${deviceId} is away: it is tried again`);
      }
      return await devices.setParameter(deviceId, name, value, by);
    },
    health: options.ready,
    clock,
    onFault,
  });
  started('notifications', () => notify.stop(2_000));
  alarms.connect({ deliveries: notify.deliveries });
  notify.late.journal = history.journal;
  notify.late.experiments = history.experiments;
  history.experiments.onChange((event, { publicId, name, startedAtUnixMs, stoppedAtUnixMs }) => {
    const atUnixMs = event === 'experiment.started' ? startedAtUnixMs : stoppedAtUnixMs;
    const body = { sensor: name, value: null, experiment: name };
    notify.deliveries
      .event(event, body, `${event}:${publicId}:${atUnixMs ?? 0}`)
      .catch((thrown: unknown) => onFault(EngineError.from(thrown)));
  });
  const rules = await startRules({
    ...shared,
    devices,
    plugins,
    alarms: alarms.port,
    secretBox: secrets,
    experiment: () => history.experiments.running()[0]?.name,
  });
  started('rules', () => rules.stop(3_000));
  alarms.connect({ isOpen: (id, atUnixMs) => rules.schedules.isOpenAt(id, atUnixMs) });
  rules.wakes(() => notify.deliveries.wake());
  notify.late.variables = rules.variables;
  return {
    rules,
    notify,
    history,
    routes: [...alarms.routes, ...notify.routes, ...history.routes, ...rules.routes],
  };
}
