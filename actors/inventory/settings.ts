import { EngineError } from '../../engine/errors.js';
import type { ConnectionSettings, InstanceLimits, InstanceNet } from '../plugins/protocol.js';
import type { SettingOverrideRow } from './inventory.types.js';

export type SettingScope = SettingOverrideRow['scope'];

/** A number that can be set for the site, an instance or a device; the nearest wins. */
export interface SettingDefinition {
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Only whole numbers. */
  readonly whole: boolean;
  /** Where it can be set; limits of an instance are not a device's. */
  readonly scopes: readonly SettingScope[];
}

const EVERYWHERE: readonly SettingScope[] = ['site', 'instance', 'device'];
const NOT_DEVICES: readonly SettingScope[] = ['site', 'instance'];

const definition = (
  key: string,
  title: string,
  description: string,
  unit: string,
  [standard, min, max]: readonly [standard: number, min: number, max: number],
  scopes: readonly SettingScope[] = EVERYWHERE,
): SettingDefinition => ({
  key,
  title,
  description,
  unit,
  default: standard,
  min,
  max,
  whole: unit !== '%' && unit !== 'dBm',
  scopes,
});

/** Everything that can be set. */
export const SETTINGS = {
  connectTimeoutMs: definition(
    'connection.connectTimeoutMs',
    'Connect within',
    'An attempt to connect that takes longer is given up.',
    'ms',
    [10_000, 200, 300_000],
  ),
  backoffFirstMs: definition(
    'connection.backoffFirstMs',
    'First pause',
    'Pause after the first failed attempt; it doubles with each further one, with jitter.',
    'ms',
    [1_000, 100, 600_000],
  ),
  backoffMaxMs: definition(
    'connection.backoffMaxMs',
    'Longest pause',
    'Pauses between attempts grow up to this.',
    'ms',
    [60_000, 1_000, 3_600_000],
  ),
  maxAttempts: definition(
    'connection.maxAttempts',
    'Attempts before error',
    'After this many failures in a row the connection is shown as in error and tried with the longest pause.',
    '',
    [5, 1, 1_000],
  ),
  staleAfterMs: definition(
    'connection.staleAfterMs',
    'Stale after',
    'A connection on which nothing was heard for this long is given up.',
    'ms',
    [600_000, 1_000, 86_400_000],
  ),
  holdDownMs: definition(
    'connection.holdDownMs',
    'Hold-down',
    'A lost connection that is back within this time is not announced as lost.',
    'ms',
    [15_000, 0, 600_000],
  ),
  meterFastMs: definition(
    'meters.fastMs',
    'Meters, watched',
    'Time between two meter values while somebody looks at the device.',
    'ms',
    [100, 30, 60_000],
  ),
  meterSlowMs: definition(
    'meters.slowMs',
    'Meters, not watched',
    'The same while nobody looks; slow meters keep receivers from locking up.',
    'ms',
    [5_000, 100, 600_000],
  ),
  requestsPerS: definition(
    'net.requestsPerS',
    'Requests a second',
    'Requests to one server or device; more wait for their turn. 1,000: only the plugin’s own rates hold.',
    '1/s',
    [50, 1, 1_000],
    NOT_DEVICES,
  ),
  requestTimeoutMs: definition(
    'net.timeoutMs',
    'Answer within',
    'A request that is not answered by then has failed.',
    'ms',
    [10_000, 100, 300_000],
    NOT_DEVICES,
  ),
  requestRetries: definition(
    'net.retries',
    'Retries',
    'How often a request that failed for a passing reason is sent again.',
    '',
    [3, 0, 10],
    NOT_DEVICES,
  ),
  maxConnections: definition(
    'limits.maxConnections',
    'Connections',
    'Devices connected at the same time; more take turns.',
    '',
    [4_096, 1, 20_000],
    NOT_DEVICES,
  ),
  maxConnecting: definition(
    'limits.maxConnecting',
    'Attempts at once',
    'Attempts to connect under way at the same time.',
    '',
    [256, 1, 1_024],
    NOT_DEVICES,
  ),
  rotationMs: definition(
    'limits.rotationMs',
    'Turn',
    'Where devices take turns: how long one stays connected.',
    'ms',
    [300_000, 10_000, 86_400_000],
    NOT_DEVICES,
  ),
  maxReadsPerS: definition(
    'limits.maxReadsPerS',
    'Values a second',
    'Values of one device in a second; more are dropped and counted.',
    '1/s',
    [2_000, 1, 100_000],
    NOT_DEVICES,
  ),
  batteryFairPercent: definition(
    'battery.fairPercent',
    'Battery good above',
    'A battery above this is good.',
    '%',
    [50, 0, 100],
  ),
  batteryLowPercent: definition(
    'battery.lowPercent',
    'Battery fair above',
    'A battery above this is fair; at or below it is low.',
    '%',
    [25, 0, 100],
  ),
  batteryCriticalPercent: definition(
    'battery.criticalPercent',
    'Battery critical at',
    'A battery at or below this is critical.',
    '%',
    [10, 0, 100],
  ),
  rfGoodPercent: definition(
    'rf.goodPercent',
    'Signal good above',
    'A signal above this is good.',
    '%',
    [59, 0, 100],
  ),
  rfFairPercent: definition(
    'rf.fairPercent',
    'Signal fair above',
    'A signal above this is fair; at or below it is poor.',
    '%',
    [39, 0, 100],
  ),
  rfLossDbm: definition(
    'rf.lossDbm',
    'Signal lost below',
    'A field strength below this on every antenna is poor, whatever else is said.',
    'dBm',
    [-95, -130, 0],
  ),
} as const satisfies Readonly<Record<string, SettingDefinition>>;

export type SettingName = keyof typeof SETTINGS;
export type SettingValues = Readonly<Record<SettingName, number>>;

export const SETTING_DEFINITIONS: readonly SettingDefinition[] = Object.values(SETTINGS);
const BY_KEY: ReadonlyMap<string, SettingDefinition> = new Map(
  SETTING_DEFINITIONS.map((one) => [one.key, one]),
);

/** Whose settings are asked for: of a device, of an instance, or of the site. */
export interface SettingsOf {
  readonly instanceId?: number | undefined;
  readonly deviceId?: string | undefined;
}

/** @throws EngineError `input.invalid` naming the field and the remedy. */
export function requireSetting(
  override: Pick<SettingOverrideRow, 'scope' | 'scopeId' | 'key' | 'value'>,
): void {
  const { scope, scopeId, key, value } = override;
  const known = BY_KEY.get(key);
  if (known === undefined) {
    throw invalid(
      'key',
      `there is no setting ${JSON.stringify(key)}: GET /v1/settings/definitions lists them`,
    );
  }
  if (!known.scopes.includes(scope)) {
    throw invalid('scope', `${key} can be set for ${known.scopes.join(' and ')} only`);
  }
  if (scope === 'site' && scopeId !== '') throw invalid('scopeId', 'must be empty for the site');
  if (scope === 'instance' && !/^[1-9][0-9]{0,14}$/.test(scopeId)) {
    throw invalid('scopeId', 'must be the number of a plugin instance');
  }
  if (scope === 'device' && scopeId === '') throw invalid('scopeId', 'must be the id of a device');
  const wrong = problemOf(known, value);
  if (wrong !== undefined) throw invalid('value', `${key} ${wrong}`);
}

function problemOf(known: SettingDefinition, value: unknown): string | undefined {
  const { min, max, unit, whole } = known;
  const fits = typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max;
  if (fits && (!whole || Number.isInteger(value))) return undefined;
  return `must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`;
}

const invalid = (field: string, message: string): EngineError =>
  new EngineError('input.invalid', `${field}: ${message}`, { context: { field } });

/**
 * Overrides by scope, for many questions: made once from the rows, changed with them. Rows that do not hold (a
 * key of a newer release, a value edited by hand) have no effect.
 */
export class SettingsBook {
  readonly #values = new Map<string, Map<string, number>>();

  constructor(rows: Iterable<SettingOverrideRow> = []) {
    for (const row of rows) this.put(row);
  }

  put(row: Pick<SettingOverrideRow, 'scope' | 'scopeId' | 'key' | 'value'>): void {
    const known = BY_KEY.get(row.key);
    if (known === undefined || !known.scopes.includes(row.scope)) return;
    if (problemOf(known, row.value) !== undefined) return;
    const at = placeOf(row.scope, row.scopeId);
    let values = this.#values.get(at);
    if (values === undefined) {
      values = new Map();
      this.#values.set(at, values);
    }
    values.set(row.key, row.value as number);
  }

  /** What holds, and which scope it comes from. */
  explain(
    known: SettingDefinition,
    of: SettingsOf,
  ): { value: number; from: SettingScope | 'default' } {
    const places: readonly (readonly [SettingScope, string | undefined])[] = [
      ['device', of.deviceId],
      ['instance', of.instanceId === undefined ? undefined : String(of.instanceId)],
      ['site', ''],
    ];
    for (const [scope, id] of places) {
      if (id === undefined) continue;
      const value = this.#values.get(placeOf(scope, id))?.get(known.key);
      if (value !== undefined) return { value, from: scope };
    }
    return { value: known.default, from: 'default' };
  }

  of(of: SettingsOf): SettingValues {
    const entries = Object.entries(SETTINGS).map(([name, known]) => [
      name,
      this.explain(known, of).value,
    ]);
    return Object.fromEntries(entries) as SettingValues;
  }

  /** For `PluginDevice.settings`. A plugin's own defaults stand where nothing was set. */
  connection(of: SettingsOf, defaults: Partial<ConnectionSettings> = {}): ConnectionSettings {
    const value = (name: keyof ConnectionSettings): number => {
      const { value: held, from } = this.explain(SETTINGS[name], of);
      return from === 'default' ? (defaults[name] ?? held) : held;
    };
    return {
      connectTimeoutMs: value('connectTimeoutMs'),
      backoffFirstMs: value('backoffFirstMs'),
      backoffMaxMs: Math.max(value('backoffFirstMs'), value('backoffMaxMs')),
      maxAttempts: value('maxAttempts'),
      staleAfterMs: value('staleAfterMs'),
      holdDownMs: value('holdDownMs'),
      meterFastMs: value('meterFastMs'),
      meterSlowMs: Math.max(value('meterFastMs'), value('meterSlowMs')),
    };
  }

  /** For `instance.open`. */
  limits(instanceId: number): InstanceLimits {
    const { maxConnections, maxConnecting, rotationMs, maxReadsPerS } = this.of({ instanceId });
    return { maxConnections, maxConnecting, rotationMs, maxReadsPerS };
  }

  /** For `instance.open`. */
  net(instanceId: number): InstanceNet {
    const { requestTimeoutMs, requestRetries, requestsPerS } = this.of({ instanceId });
    return { timeoutMs: requestTimeoutMs, retries: requestRetries, requestsPerS };
  }
}

const placeOf = (scope: SettingScope, id: string): string => `${scope} ${id}`;
