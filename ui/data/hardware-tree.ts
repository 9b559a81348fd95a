import type { DeviceRow, RfRow } from '../../api/contract/rows.js';
import { count } from './format.js';
import { groupBy } from './group-by.js';
import { type StateWord, stateWord, TONE_ORDER, type Tone, worst } from './states.js';

export type LayoutDevice = Pick<
  DeviceRow,
  'id' | 'name' | 'state' | 'instanceId' | 'vendor' | 'location' | 'model' | 'address' | 'lastError'
>;
export type LayoutChannel = Pick<
  RfRow,
  | 'id'
  | 'deviceId'
  | 'number'
  | 'label'
  | 'name'
  | 'status'
  | 'direction'
  | 'frequencyMhz'
  | 'groupChannel'
  | 'performer'
  | 'batteryPercent'
  | 'txModel'
>;

/** A line of the hardware layout: a vendor, a place, a device or an RF channel. */
export interface LayoutRow {
  readonly id: string;
  readonly level: number;
  readonly kind: 'vendor' | 'place' | 'device' | 'channel';
  readonly label: string;
  readonly note: string;
  /** Undefined for what has nothing inside. */
  readonly open: boolean | undefined;
  readonly state: StateWord;
  readonly deviceId: string | undefined;
  readonly frequency: string;
  readonly performer: string;
  readonly battery: string;
}

/** What a tile says, in words. */
export const CHANNEL_WORDS: Readonly<Record<RfRow['status'], StateWord>> = {
  'com-error': { tone: 'critical', word: 'Receiver away' },
  peak: { tone: 'attention', word: 'Overloaded' },
  critical: { tone: 'critical', word: 'Battery critical' },
  replace: { tone: 'attention', word: 'Battery low' },
  good: { tone: 'good', word: 'On air' },
  'prev-critical': { tone: 'off', word: 'Off, battery was critical' },
  'prev-replace': { tone: 'off', word: 'Off, battery was low' },
  'prev-good': { tone: 'off', word: 'Off' },
  off: { tone: 'off', word: 'Off' },
  unassigned: { tone: 'off', word: 'Not in use' },
};

interface Branch {
  readonly key: string;
  readonly label: string;
  readonly devices: { readonly row: LayoutDevice; readonly channels: readonly LayoutChannel[] }[];
}

const rank = (tone: Tone): number => TONE_ORDER.indexOf(tone);
const byTroubleThenName = <T extends { readonly tone: Tone; readonly label: string }>(
  a: T,
  b: T,
): number => rank(a.tone) - rank(b.tone) || a.label.localeCompare(b.label, 'en', { numeric: true });

/** `512.125 MHz`, with group and channel as the receiver has them. */
function frequencyText(row: LayoutChannel): string {
  if (row.frequencyMhz === null) return '–';
  const figure = `${row.frequencyMhz.toFixed(3)} MHz`;
  return row.groupChannel === null ? figure : `${figure} (${row.groupChannel})`;
}

function matches(wanted: string, texts: readonly (string | null | undefined)[]): boolean {
  return texts.some((text) => text?.toLowerCase().includes(wanted) === true);
}

/**
 * The layout as lines to draw: vendor → place → device → channel, trouble first. `folds` holds what was opened or
 * folded by hand; while something is sought everything that matches is open.
 */
export function layoutOf(options: {
  readonly devices: readonly LayoutDevice[];
  readonly channels: readonly LayoutChannel[];
  /** Names of vendors' instances, by id. */
  readonly vendors: ReadonlyMap<number, string>;
  readonly folds: ReadonlyMap<string, boolean>;
  readonly sought: string;
}): LayoutRow[] {
  const wanted = options.sought.trim().toLowerCase();
  const byDevice = groupBy(options.channels, (row) => row.deviceId);
  const vendors = new Map<string, Map<string, Branch>>();
  for (const row of options.devices) {
    const vendor =
      (row.instanceId === null || row.instanceId === undefined
        ? undefined
        : options.vendors.get(row.instanceId)) ??
      row.vendor ??
      'Reporting by themselves';
    const place = row.location ?? 'No place given';
    const channels = byDevice.get(row.id) ?? [];
    const whole =
      wanted === '' ||
      matches(wanted, [vendor, place, row.name, row.id, row.model, row.address, row.lastError]);
    const shown = whole
      ? channels
      : channels.filter((one) =>
          matches(wanted, [one.label, one.name, one.performer, frequencyText(one), one.txModel]),
        );
    if (!whole && shown.length === 0) continue;
    const places = vendors.get(vendor) ?? new Map<string, Branch>();
    vendors.set(vendor, places);
    const branch = places.get(place) ?? { key: `${vendor}/${place}`, label: place, devices: [] };
    places.set(place, branch);
    branch.devices.push({ row, channels: shown });
  }
  const drawn = [...vendors].map(([label, places]) => {
    const inner = [...places.values()]
      .map((branch) => placeRows(branch, options.folds, wanted !== ''))
      .toSorted(byTroubleThenName);
    return { label, tone: worst(inner.map(({ tone }) => tone)), inner };
  });
  return drawn.toSorted(byTroubleThenName).flatMap(({ label, tone, inner }) => {
    const key = `vendor ${label}`;
    const open = wanted !== '' || (options.folds.get(key) ?? true);
    const amount = inner.reduce((sum, one) => sum + one.devices, 0);
    const troubled = inner.reduce((sum, one) => sum + one.troubled, 0);
    const head = groupRow({ key, level: 0, kind: 'vendor', label, open, tone, amount, troubled });
    return open ? [head, ...inner.flatMap(({ rows }) => rows)] : [head];
  });
}

interface DrawnPlace {
  readonly label: string;
  readonly tone: Tone;
  readonly devices: number;
  readonly troubled: number;
  readonly rows: readonly LayoutRow[];
}

function placeRows(
  branch: Branch,
  folds: ReadonlyMap<string, boolean>,
  seeking: boolean,
): DrawnPlace {
  const inner = branch.devices
    .map(({ row, channels }) => {
      const lines = channels
        .toSorted((a, b) => a.number - b.number)
        .map((channel) => channelRow(channel));
      const state = deviceWord(row);
      const tone = worst([state.tone, ...lines.map((line) => line.state.tone)].filter(calmOrWorse));
      return { row, lines, state, label: row.name, tone };
    })
    .toSorted(byTroubleThenName);
  const key = `place ${branch.key}`;
  const open = seeking || (folds.get(key) ?? true);
  const tone = worst(inner.map((one) => one.tone));
  const troubled = inner.filter((one) => isTrouble(one.tone)).length;
  const amount = inner.length;
  const head = groupRow({
    key,
    level: 1,
    kind: 'place',
    label: branch.label,
    open,
    tone,
    amount,
    troubled,
  });
  const rows = inner.flatMap(({ row, lines, state, tone: own }) => {
    const mine = `device ${row.id}`;
    const inside = lines.length > 0;
    const shown = inside && (seeking || (folds.get(mine) ?? isTrouble(own)));
    const line = deviceRow(row, state, lines.length, inside ? shown : undefined);
    return shown ? [line, ...lines] : [line];
  });
  return {
    label: branch.label,
    tone,
    devices: amount,
    troubled,
    rows: open ? [head, ...rows] : [head],
  };
}

/** A device that somebody wants connected is in trouble when it is not; one that reports by itself may be off. */
function deviceWord(row: LayoutDevice): StateWord {
  const driven = row.instanceId !== null && row.instanceId !== undefined;
  if (driven && row.state === 'disconnected') return { tone: 'attention', word: 'Disconnected' };
  return stateWord(row.state);
}

const isTrouble = (tone: Tone): boolean => tone === 'critical' || tone === 'attention';
/** A channel that is off says nothing about its receiver. */
const calmOrWorse = (tone: Tone, index: number): boolean => index === 0 || tone !== 'off';

const NOTHING = { frequency: '', performer: '', battery: '' } as const;

function groupRow(of: {
  readonly key: string;
  readonly level: number;
  readonly kind: 'vendor' | 'place';
  readonly label: string;
  readonly open: boolean;
  readonly tone: Tone;
  readonly amount: number;
  readonly troubled: number;
}): LayoutRow {
  const word = `${of.troubled} of ${of.amount} in trouble`;
  const calm = of.troubled === 0;
  return {
    ...NOTHING,
    id: of.key,
    level: of.level,
    kind: of.kind,
    label: of.label,
    note: count(of.amount, 'device'),
    open: of.open,
    state: calm ? { tone: 'good', word: 'No trouble' } : { tone: of.tone, word },
    deviceId: undefined,
  };
}

function deviceRow(
  row: LayoutDevice,
  state: StateWord,
  channels: number,
  open: boolean | undefined,
): LayoutRow {
  const facts = [row.model, row.address, channels > 0 ? count(channels, 'channel') : undefined];
  return {
    ...NOTHING,
    id: `device ${row.id}`,
    level: 2,
    kind: 'device',
    label: row.name,
    note: facts.filter((one) => one !== undefined && one !== null && one !== '').join(' · '),
    open,
    state,
    deviceId: row.id,
  };
}

function channelRow(row: LayoutChannel): LayoutRow {
  return {
    id: `channel ${row.id}`,
    level: 3,
    kind: 'channel',
    label: [row.label, row.name].filter((one) => one !== '').join(' ') || `Channel ${row.number}`,
    note: [row.direction === 'send' ? 'in-ear' : undefined, row.txModel]
      .filter(Boolean)
      .join(' · '),
    open: undefined,
    state: CHANNEL_WORDS[row.status],
    deviceId: row.deviceId,
    frequency: frequencyText(row),
    performer: row.performer ?? '–',
    battery: row.batteryPercent === null ? '–' : `${Math.round(row.batteryPercent)} %`,
  };
}
