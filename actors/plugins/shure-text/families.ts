import type { DeviceRole } from '../sdk/plugin.types.js';
import {
  AXTD_RULES,
  CHARGER_RULES,
  P10T_RULES,
  QULXD_RULES,
  type Rule,
  SLXD_RULES,
  UHFR_RULES,
} from './rules.js';
import { type SampleReader, sampleAxtd, sampleQulxd, sampleSlxd, sampleUhfr } from './samples.js';

export const FAMILY_IDS = ['qlxd', 'ulxd', 'axtd', 'slxd', 'p10t', 'uhfr', 'charger'] as const;
export type FamilyId = (typeof FAMILY_IDS)[number];

/** What devices of one series have in common on the wire. */
export interface Family {
  readonly id: FamilyId;
  readonly label: string;
  readonly role: DeviceRole;
  readonly partKind: 'rf' | 'charger-slot';
  readonly direction: 'receive' | 'send';
  readonly transport: 'tcp' | 'udp';
  /** When neither the device nor its configuration says how many. */
  readonly parts: number;
  /** More than this cannot be. */
  readonly maxParts: number;
  readonly rules: ReadonlyMap<string, Rule>;
  readonly sample: SampleReader | undefined;
  /** Asked for all of a part, once after connecting. */
  readonly askAll: (part: number) => readonly string[];
  /** Asked again every ten seconds: what a lost report would leave wrong. */
  readonly askAgain: (part: number) => readonly string[];
  /** Sets the meters' pace; 0 stops them. Undefined: it has none. */
  readonly meter: ((part: number, everyMs: number) => string) | undefined;
  /** Longest channel name that can be set. */
  readonly nameLength: number;
  /** Frames of which each must end with a line. */
  readonly line: boolean;
}

const get = (part: number, key: string): string => `< GET ${part} ${key} >`;
const meterRate = (part: number, everyMs: number): string =>
  `< SET ${part} METER_RATE ${String(everyMs).padStart(5, '0')} >`;

const receiver = {
  role: 'receiver',
  partKind: 'rf',
  direction: 'receive',
  transport: 'tcp',
  maxParts: 4,
  askAll: (part: number) => [get(part, 'ALL')],
  meter: meterRate,
  line: false,
} as const;

export const FAMILIES: Readonly<Record<FamilyId, Family>> = {
  qlxd: {
    ...receiver,
    id: 'qlxd',
    label: 'QLX-D',
    parts: 1,
    rules: QULXD_RULES,
    sample: sampleQulxd,
    askAgain: (part) => [get(part, 'CHAN_NAME'), get(part, 'BATT_BARS')],
    nameLength: 8,
  },
  ulxd: {
    ...receiver,
    id: 'ulxd',
    label: 'ULX-D',
    parts: 1,
    rules: QULXD_RULES,
    sample: sampleQulxd,
    askAgain: (part) => [get(part, 'CHAN_NAME'), get(part, 'BATT_BARS')],
    nameLength: 8,
  },
  axtd: {
    ...receiver,
    id: 'axtd',
    label: 'Axient Digital',
    parts: 2,
    rules: AXTD_RULES,
    sample: sampleAxtd,
    askAgain: (part) => [get(part, 'CHAN_NAME'), get(part, 'TX_BATT_BARS')],
    nameLength: 31,
  },
  slxd: {
    ...receiver,
    id: 'slxd',
    label: 'SLX-D',
    parts: 1,
    rules: SLXD_RULES,
    sample: sampleSlxd,
    askAgain: (part) => [get(part, 'CHAN_NAME'), get(part, 'TX_BATT_BARS')],
    nameLength: 8,
  },
  p10t: {
    ...receiver,
    id: 'p10t',
    label: 'PSM 1000',
    role: 'transmitter',
    direction: 'send',
    parts: 2,
    maxParts: 2,
    rules: P10T_RULES,
    sample: undefined,
    askAll: (part) => [
      get(part, 'CHAN_NAME'),
      get(part, 'FREQUENCY'),
      get(part, 'RF_MUTE'),
      get(part, 'RF_TX_LVL'),
    ],
    askAgain: (part) => [get(part, 'CHAN_NAME')],
    nameLength: 8,
    line: true,
  },
  uhfr: {
    ...receiver,
    id: 'uhfr',
    label: 'UHF-R',
    transport: 'udp',
    parts: 2,
    maxParts: 2,
    rules: UHFR_RULES,
    sample: sampleUhfr,
    askAll: (part) => [
      `* GET ${part} CHAN_NAME *`,
      `* GET ${part} FREQUENCY *`,
      `* GET ${part} GROUP_CHAN *`,
      `* GET ${part} TX_BAT *`,
    ],
    askAgain: (part) => [`* GET ${part} CHAN_NAME *`, `* GET ${part} TX_BAT *`],
    // The pace is counted in steps of 30 ms.
    meter: (part, everyMs) =>
      everyMs === 0
        ? `* METER ${part} ALL STOP *`
        : `* METER ${part} ALL ${String(Math.min(999, Math.max(1, Math.round(everyMs / 30)))).padStart(3, '0')} *`,
    nameLength: 12,
  },
  charger: {
    ...receiver,
    id: 'charger',
    label: 'Charger',
    role: 'charger',
    partKind: 'charger-slot',
    parts: 8,
    maxParts: 32,
    rules: CHARGER_RULES,
    sample: undefined,
    askAgain: (part) => [get(part, 'BATT_DETECTED'), get(part, 'BATT_CHARGE')],
    meter: undefined,
    nameLength: 0,
  },
};

/** Model names as devices write them, longest first where one begins another. */
const MODELS: readonly (readonly [prefix: string, family: FamilyId, parts: number])[] = [
  ['QLXD4', 'qlxd', 1],
  ['ULXD4D', 'ulxd', 2],
  ['ULXD4Q', 'ulxd', 4],
  ['ULXD4', 'ulxd', 1],
  ['AD4D', 'axtd', 2],
  ['AD4Q', 'axtd', 4],
  ['SLXD4D', 'slxd', 2],
  ['SLXD4Q', 'slxd', 4],
  ['SLXD4', 'slxd', 1],
  ['P10T', 'p10t', 2],
  ['UR4S', 'uhfr', 1],
  ['UR4D', 'uhfr', 2],
  ['SBRC', 'charger', 8],
  ['SBC840', 'charger', 8],
  ['SBC240', 'charger', 2],
  ['SBC220', 'charger', 2],
  ['SBC', 'charger', 2],
];

/** Undefined: a model that this plugin does not know. */
export function familyOfModel(model: string): { family: FamilyId; parts: number } | undefined {
  const wanted = model.trim().toUpperCase();
  for (const [prefix, family, parts] of MODELS) {
    if (wanted.startsWith(prefix)) return { family, parts };
  }
  return undefined;
}

/**
 * The family by the keys a device used, for those that do not tell their model. Undefined: nothing decisive yet.
 * QLX-D and ULX-D speak alike; the transmitter's model (`QLXD1`) tells them apart.
 */
export function familyOfKeys(keys: ReadonlySet<string>, transmitter: string): FamilyId | undefined {
  if (keys.has('BATT_DETECTED')) return 'charger';
  if (keys.has('AUDIO_IN_LVL_L') || keys.has('AUDIO_IN_LVL_R') || keys.has('RF_TX_LVL'))
    return 'p10t';
  if (keys.has('CHAN_QUALITY') || keys.has('TX_BATT_CHARGE_PERCENT')) return 'axtd';
  if (keys.has('TX_BATT_BARS')) return 'slxd';
  if (keys.has('BATT_BARS')) return transmitter.startsWith('QLXD') ? 'qlxd' : 'ulxd';
  return undefined;
}
