import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RuleRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Condition, Severity } from '../../actors/rule/rule.types.js';
import { CONNECTIONS_DEVICE } from './connections.js';

const SETTING = 'rules.defaults-made';

interface Default {
  /** Label `type` of its alarms: what preferences of users refer to. */
  readonly type: string;
  readonly name: string;
  readonly each: readonly string[];
  readonly condition: Condition;
  readonly severity: Severity;
  readonly text: string;
  readonly holdMs?: number;
  readonly keepMs?: number;
}

const BATTERY = ['*/*.battery_percent'];

/** Wireless microphones, as people who look after them want to be told. */
const DEFAULTS: readonly Default[] = [
  {
    type: 'battery_low',
    name: 'Battery low',
    each: BATTERY,
    condition: {
      type: 'expression',
      text: '@ <= 20 % and @ > 10 %',
      clear: '@ > 22 % or @ <= 10 %',
    },
    severity: 'warning',
    text: '{{device}}: battery at {{value}} %',
  },
  {
    type: 'battery_critical',
    name: 'Battery critical',
    each: BATTERY,
    condition: { type: 'threshold', channel: '@', op: '<=', value: 10, clear: 12 },
    severity: 'critical',
    text: '{{device}}: battery at {{value}} %, change it now',
  },
  {
    type: 'signal_loss',
    name: 'Signal loss',
    // Of the best antenna; a transmitter that was switched off loses nothing.
    each: ['*/*.rssi_a', '*/*.rssi'],
    condition: {
      type: 'expression',
      text: 'max(@, default([@/*.rssi_b], @)) < -80 dBm and default([@/*.transmitter_on], true)',
      clear:
        'max(@, default([@/*.rssi_b], @)) > -77 dBm or not default([@/*.transmitter_on], true)',
    },
    severity: 'major',
    text: '{{device}}: radio signal at {{value}} dBm',
    holdMs: 5_000,
    keepMs: 5_000,
  },
  {
    type: 'audio_low',
    name: 'Audio low',
    each: ['*/*.audio_level'],
    condition: { type: 'threshold', channel: '@', op: '<', value: -40, clear: -37 },
    severity: 'info',
    text: '{{device}}: audio at {{value}} dBFS',
    holdMs: 30_000,
    keepMs: 5_000,
  },
  {
    type: 'device_offline',
    name: 'Device offline',
    each: [`${CONNECTIONS_DEVICE}*/*`],
    condition: { type: 'equals', channel: '@', value: 'offline' },
    severity: 'major',
    text: '{{device}} is offline',
    holdMs: 10_000,
  },
  {
    type: 'device_online',
    name: 'Device online',
    each: [`${CONNECTIONS_DEVICE}*/*`],
    condition: {
      type: 'expression',
      text: '@ = "online" and previous(@) = "offline" and age(@) < 1 min',
    },
    severity: 'info',
    text: '{{device}} is back',
  },
];

/** Makes the default rules once in the life of a site: what was removed stays away. @returns how many were made. */
export async function ensureDefaultRules(
  store: Pick<SiteStore, 'automation' | 'settings'>,
  nowUnixMs: number,
): Promise<number> {
  const made = (await store.settings.get(SETTING, z.array(z.string()))) ?? [];
  const due = DEFAULTS.filter(({ type }) => !made.includes(type));
  if (due.length === 0) return 0;
  // A start that was killed in between leaves rules without the note.
  const there = await store.automation.rules.find({
    where: [{ field: 'origin', op: '=', value: 'default' }],
  });
  const missing = due.filter(({ type }) => !there.some(({ labels }) => labels['type'] === type));
  await store.automation.rules.createMany(missing.map((one) => rowOf(one, nowUnixMs)));
  await store.settings.set(SETTING, [...made, ...due.map(({ type }) => type)]);
  return missing.length;
}

/** As a new site has them. */
export const defaultRules = (nowUnixMs: number): Omit<RuleRow, 'id'>[] =>
  DEFAULTS.map((one) => rowOf(one, nowUnixMs));

function rowOf(given: Default, nowUnixMs: number): Omit<RuleRow, 'id'> {
  const { type, holdMs = 0, keepMs = 0, ...fields } = given;
  return {
    ...fields,
    publicId: randomUUID(),
    description: '',
    enabled: true,
    holdMs,
    keepMs,
    cooldownMs: 0,
    inARow: 1,
    noData: 'keep',
    noDataAfterMs: 0,
    onError: 'keep',
    maxPerMinute: 30,
    scheduleId: null,
    labels: { type, domain: 'wireless' },
    actions: [],
    parentRuleId: null,
    escalation: [],
    origin: 'default',
    ownerId: null,
    lastTriggeredAtUnixMs: null,
    createdAtUnixMs: nowUnixMs,
    updatedAtUnixMs: nowUnixMs,
  };
}
