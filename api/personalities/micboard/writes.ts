import type { SiteStore } from '../../../actors/control/site.js';
import { RF_CHANNEL_DEFAULTS } from '../../../actors/inventory/defaults.js';
import type { RfChannelRow } from '../../../actors/inventory/inventory.types.js';
import { EngineError } from '../../../engine/errors.js';
import type { PluginPort } from '../../plugins/plugins.types.js';
import { addressOf } from './config-tree.js';
import type { ConfigFileInput, ConfigSlotInput, GroupInput, SlotInput } from './inputs.js';
import { readKept, writeKept } from './kept.js';
import { allOrNothing, type Undo } from './undo.js';

/** Driver of the devices that a configuration file names by address. */
const PLUGIN = 'shure-text';
const WITH_PORT = /^([^:]+):(\d{1,5})$/;

export interface WriteParts {
  readonly store: Pick<SiteStore, 'inventory' | 'settings'>;
  readonly plugins: Pick<PluginPort, 'addDevice' | 'removeDevices'>;
}

/** @throws EngineError `store.away` */
export async function writeGroup(
  { store }: Pick<WriteParts, 'store'>,
  wish: GroupInput,
  undo: Undo = () => undefined,
): Promise<void> {
  const { groups } = store.inventory;
  const known = await groups.first({ where: [{ field: 'number', op: '=', value: wish.group }] });
  const values = {
    title: wish.title,
    slots: wish.slots,
    hideCharts: wish.hide_charts ?? known?.hideCharts ?? false,
  };
  if (known === undefined) {
    const { id } = await groups.create({ number: wish.group, ...values });
    undo(() => groups.remove(id));
    return;
  }
  await groups.update(known.id, values);
  const { title, slots, hideCharts } = known;
  undo(() => groups.update(known.id, { title, slots, hideCharts }));
}

/** Names that are shown instead of those at the receiver; an empty one takes it back. */
export async function writeNames(
  { store }: WriteParts,
  wishes: readonly SlotInput[],
): Promise<void> {
  const { rfChannels } = store.inventory;
  const bySlot = new Map((await placed(store)).map((row) => [row.slot, row]));
  const kept = await readKept(store.settings);
  const offline = new Map(kept.offline.map((row) => [row.slot, row]));
  const changes = [];
  for (const { slot, extended_id: id = '', extended_name: name = '' } of wishes) {
    const row = bySlot.get(slot);
    if (row === undefined) offline.set(slot, { slot, extendedId: id, extendedName: name });
    else changes.push({ id: row.id, values: { givenId: id || null, givenName: name || null } });
  }
  await rfChannels.updateMany(changes);
  await writeKept(store.settings, { ...kept, offline: [...offline.values()] });
}

/**
 * Places as a whole: what is not named loses its place. Devices that are not known yet are added.
 * @throws EngineError `conflict` when a device cannot be added, with what to do. Whatever step fails, places, names
 *   and devices are as they were.
 */
export async function writeConfig(
  parts: WriteParts,
  wishes: readonly ConfigSlotInput[],
): Promise<void> {
  await allOrNothing((undo) => placeAll(parts, wishes, undo));
}

async function placeAll(
  parts: WriteParts,
  wishes: readonly ConfigSlotInput[],
  undo: Undo,
): Promise<void> {
  const { inventory, settings } = parts.store;
  const channels = new Map<string, RfChannelRow>();
  for await (const piece of inventory.rfChannels.each()) {
    for (const row of piece) channels.set(`${row.deviceId}/${row.number}`, row);
  }
  const targets = new Map<string, ConfigSlotInput>();
  const devices = await devicesOf(parts, wishes, undo);
  for (const wish of wishes) {
    const deviceId = devices.get(wish.ip ?? '');
    if (!isOnline(wish) || deviceId === undefined) continue;
    const key = `${deviceId}/${wish.channel ?? 1}`;
    if (targets.has(key)) {
      throw new EngineError(
        'input.invalid',
        `slot ${wish.slot}: channel ${wish.channel ?? 1} of ${wish.ip} is in another slot too`,
      );
    }
    targets.set(key, wish);
  }
  // First all places are free, since no two channels may have the same one.
  const leave: { id: number; values: Partial<RfChannelRow> }[] = [];
  const take: typeof leave = [];
  const fresh: Omit<RfChannelRow, 'id'>[] = [];
  for (const [key, row] of channels) {
    if (row.slot !== null && targets.get(key)?.slot !== row.slot) {
      leave.push({ id: row.id, values: { slot: null } });
    }
  }
  for (const [key, wish] of targets) {
    const row = channels.get(key);
    const values = { slot: wish.slot, ...namesOf(wish) };
    if (row !== undefined) take.push({ id: row.id, values });
    else {
      const at = key.lastIndexOf('/');
      fresh.push({
        ...RF_CHANNEL_DEFAULTS,
        deviceId: key.slice(0, at),
        number: Number(key.slice(at + 1)),
        direction: wish.type === 'p10t' ? 'send' : 'receive',
        ...values,
      });
    }
  }
  const { rfChannels } = inventory;
  await rfChannels.updateMany([...leave, ...take]);
  undo(() => rfChannels.updateMany(backTo(channels, [...leave, ...take])));
  if (fresh.length > 0) {
    const made = await rfChannels.createMany(fresh);
    undo(async () => {
      for (const { id } of made) await rfChannels.remove(id);
    });
  }
  const kept = await readKept(settings);
  const before = new Map(kept.offline.map((row) => [row.slot, row]));
  const offline = wishes
    .filter(({ type }) => type === 'offline')
    .map((wish) => ({
      slot: wish.slot,
      extendedId: wish.extended_id ?? before.get(wish.slot)?.extendedId ?? '',
      extendedName: wish.extended_name ?? before.get(wish.slot)?.extendedName ?? '',
    }));
  await writeKept(settings, { ...kept, offline });
  undo(() => writeKept(settings, kept));
}

type ChannelChange = { readonly id: number; readonly values: Partial<RfChannelRow> };

/** Changes that lead back; first all places are free again. */
function backTo(
  before: ReadonlyMap<string, RfChannelRow>,
  changes: readonly ChannelChange[],
): readonly ChannelChange[] {
  const touched = new Set(changes.map(({ id }) => id));
  const rows = [...before.values()].filter(({ id }) => touched.has(id));
  return [
    ...rows.map(({ id }) => ({ id, values: { slot: null } })),
    ...rows.map(({ id, slot, givenId, givenName, reportedName }) => {
      return { id, values: { slot, givenId, givenName, reportedName } };
    }),
  ];
}

/** A whole file: places, names, groups and what identifies the board. @throws as `writeConfig`. */
export async function importConfig(parts: WriteParts, file: ConfigFileInput): Promise<void> {
  await allOrNothing(async (undo) => {
    await placeAll(parts, file.slots, undo);
    for (const group of file.groups) await writeGroup(parts, group, undo);
    const { settings } = parts.store;
    const kept = await readKept(settings);
    await writeKept(settings, {
      ...kept,
      uuid: file.uuid ?? kept.uuid,
      prefixes: file.prefixes ?? kept.prefixes,
      localUrl:
        file.local_url === undefined || file.local_url === '' ? kept.localUrl : file.local_url,
    });
  });
}

const isOnline = ({ type }: ConfigSlotInput): boolean => type !== 'offline' && type !== '';

/** Names of a file; those of a list without any stay as they are. */
function namesOf(wish: ConfigSlotInput): Partial<RfChannelRow> {
  return {
    ...(wish.extended_id === undefined ? {} : { givenId: wish.extended_id || null }),
    ...(wish.extended_name === undefined ? {} : { givenName: wish.extended_name || null }),
    ...(wish.chan_name_raw === undefined ? {} : { reportedName: wish.chan_name_raw || null }),
  };
}

async function placed(store: WriteParts['store']): Promise<readonly RfChannelRow[]> {
  const rows: RfChannelRow[] = [];
  const where = [{ field: 'slot', op: 'isNull', value: false }] as const;
  for await (const piece of store.inventory.rfChannels.each({ where })) rows.push(...piece);
  return rows;
}

/** Address → device; those that are missing are added. */
async function devicesOf(
  { store, plugins }: WriteParts,
  wishes: readonly ConfigSlotInput[],
  undo: Undo,
): Promise<ReadonlyMap<string, string>> {
  const { records, instances } = store.inventory;
  const devices = new Map<string, string>();
  for await (const piece of records.each()) {
    for (const record of piece) {
      const known = record.address !== null && record.lifecycle !== 'retired';
      if (known) devices.set(addressOf(record), record.deviceId);
    }
  }
  const missing = new Map<string, string>();
  for (const wish of wishes) {
    const { ip = '', type } = wish;
    if (isOnline(wish) && !devices.has(ip)) missing.set(ip, type);
  }
  if (missing.size === 0) return devices;
  const [instance] = await instances.find({
    where: [
      { field: 'plugin', op: '=', value: PLUGIN },
      { field: 'enabled', op: '=', value: true },
    ],
    limit: 1,
  });
  if (instance === undefined) {
    throw new EngineError(
      'conflict',
      `${[...missing.keys()].slice(0, 5).join(', ')}: these devices are not known here; add a vendor connection of ` +
        `the plugin ${PLUGIN} under Vendors, then save again`,
    );
  }
  for (const [ip, model] of missing) {
    const [, address = ip, port] = WITH_PORT.exec(ip) ?? [];
    const added = await plugins.addDevice({
      instanceId: instance.id,
      externalId: ip,
      address,
      ...(port === undefined ? {} : { port: Number(port) }),
      config: { model },
    });
    undo(() => plugins.removeDevices([added.deviceId]));
    devices.set(ip, added.deviceId);
  }
  return devices;
}
