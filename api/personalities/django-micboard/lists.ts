import { SETTING_DEFINITIONS } from '../../../actors/inventory/settings.js';
import type { AlarmRow as LiveAlarmRow } from '../../contract/automation-rows.js';
import type { RfRow } from '../../contract/rows.js';
import { alertOf } from './alerts.js';
import { type Ask, type Call, Refusal } from './ask.js';
import { isOf } from './manufacturers.js';
import type { Parts } from './reading.js';
import * as shapes from './translate.js';

const PAGE = 100;
const MAX_PAGE = 1_000;
const MASKED = '********';

type Item = { readonly id: number | string } & Readonly<Record<string, unknown>>;

/** Lists of the later generation: read only, with a login, in pages. */
export function listCalls(parts: Parts): readonly Call[] {
  const { tables, store, makers } = parts;
  const { inventory } = store;
  const lists: Readonly<Record<string, (ask: Ask) => Promise<readonly Item[]> | readonly Item[]>> =
    {
      chassis: async ({ maker }) => {
        const channels = shapes.channelsByDevice(tables);
        const records = await inventory.records.find();
        const numbers = new Map(records.map((record) => [record.deviceId, record.id]));
        const all = [...shapes.receivers(tables, maker)];
        return all.map((device) => ({
          id: numbers.get(device.id) ?? device.id,
          ...shapes.receiverSummary(tables, makers, device, channels.get(device.id)?.length ?? 0),
          role: device.role ?? null,
          model: device.model ?? null,
          serial_number: device.serial ?? null,
          firmware_version: device.firmware ?? null,
          status: device.lifecycle ?? null,
          location: device.location ?? null,
        }));
      },
      units: async ({ maker }) => {
        // A unit is a manufacturer's when it is meant for one of its channels.
        const channels = maker === undefined ? [] : await inventory.rfChannels.find();
        const mine = new Set(
          channels
            .filter(({ deviceId }) => isOf(maker, pluginIn(deviceId)))
            .map((row) => row.unitId),
        );
        return (await inventory.units.find())
          .filter(({ id }) => maker === undefined || mine.has(id))
          .map(({ id, name, kind, model, serial, notes }) => ({
            id,
            name,
            unit_type: kind,
            model,
            serial_number: serial,
            notes,
          }));
      },
      channels: ({ maker }) =>
        [...shapes.rowsOf<RfRow>(tables.rf)]
          .filter(({ vendor }) => isOf(maker, vendor))
          .map((row) => ({
            id: Number(row.id),
            chassis: row.deviceId,
            channel_number: row.number,
            link_direction: row.direction,
            frequency: row.frequencyMhz,
            slot: row.slot,
            name: row.name,
            status: row.status,
          })),
      discovery: async ({ maker }) => {
        const rows = await inventory.discoveries.find();
        const instances = new Set(maker?.instances.map(({ id }) => Number(id)));
        return rows
          .filter(({ instanceId }) => maker === undefined || instances.has(instanceId))
          .map((row) => ({
            id: row.id,
            ip: row.address,
            api_device_id: row.externalId,
            device_type: row.role,
            name: row.name,
            model: row.model,
            serial_number: row.serial,
            mac_address: row.mac,
            channels: row.channels,
            status: row.state,
            discovered_at: shapes.isoOf(row.firstSeenUnixMs),
            last_seen: shapes.isoOf(row.lastSeenUnixMs),
          }));
      },
      'monitoring/groups': async () =>
        (await inventory.groups.find({ order: { by: 'number', direction: 'asc' } })).map((row) => ({
          id: row.id,
          group_number: row.number,
          title: row.title,
          slots: row.slots,
          hide_charts: row.hideCharts,
        })),
      'monitoring/alerts': ({ maker }) =>
        [...shapes.rowsOf<LiveAlarmRow>(tables.alarms)]
          .filter(({ deviceId }) => maker === undefined || isOf(maker, pluginIn(deviceId ?? '')))
          .map(alertOf),
      'settings/definitions': () =>
        SETTING_DEFINITIONS.map((one) => ({
          id: one.key,
          key: one.key,
          label: one.title,
          description: one.description,
          setting_type: one.whole ? 'integer' : 'number',
          unit: one.unit,
          default_value: one.default,
          min_value: one.min,
          max_value: one.max,
          scopes: one.scopes,
        })),
      'settings/overrides': async ({ maker }) => {
        const ids = new Set(maker?.instances.map(({ id }) => id));
        const mine = (scope: string, scopeId: string): boolean =>
          maker === undefined ||
          (scope === 'instance' && ids.has(scopeId)) ||
          (scope === 'device' && isOf(maker, pluginIn(scopeId)));
        const rows = (await inventory.overrides.find()).map(
          ({ id, scope, scopeId, key, value }) => ({
            id,
            scope,
            scope_id: scopeId,
            key,
            value,
          }),
        );
        // What opens a vendor's server is never shown, only that there is something.
        const secrets = (await inventory.instances.find())
          .filter(({ sealed }) => sealed !== null)
          .map(({ id }) => ({
            id: `credentials-${id}`,
            scope: 'instance',
            scope_id: String(id),
            key: 'credentials',
            value: MASKED,
          }));
        return [...rows, ...secrets].filter(({ scope, scope_id }) => mine(scope, scope_id));
      },
    };
  return Object.entries(lists).flatMap(([path, list]): readonly Call[] => {
    const shared = { access: 'viewer', limit: ['lists', 120], drf: true, v1Only: true } as const;
    return [
      { ...shared, method: 'GET', path, run: async (ask) => page(ask, path, await list(ask)) },
      {
        ...shared,
        method: 'GET',
        path: `${path}/{id}`,
        run: async (ask) => {
          const item = (await list(ask)).find(({ id }) => String(id) === ask.params['id']);
          if (item === undefined) throw new Refusal(404, { detail: 'Not found.' });
          return item;
        },
      },
    ];
  });
}

/** A device's id begins with its plugin. */
const pluginIn = (deviceId: string): string => deviceId.split(':')[0] ?? '';

function page(ask: Ask, path: string, items: readonly Item[]): object {
  const number = wholeOf(ask.query.get('page'), 1, Number.MAX_SAFE_INTEGER) ?? 1;
  const size = wholeOf(ask.query.get('page_size'), 1, MAX_PAGE) ?? PAGE;
  const pages = Math.max(1, Math.ceil(items.length / size));
  if (number > pages) throw new Refusal(404, { detail: 'Invalid page.' });
  const link = (to: number): string | null => {
    if (to < 1 || to > pages) return null;
    const query = new URLSearchParams(ask.query);
    query.set('page', String(to));
    return `${ask.origin}${ask.base}${path}/?${query.toString()}`;
  };
  return {
    count: items.length,
    next: link(number + 1),
    previous: link(number - 1),
    results: items.slice((number - 1) * size, number * size),
  };
}

function wholeOf(text: string | null, min: number, max: number): number | undefined {
  if (text === null) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min) throw new Refusal(404, { detail: 'Invalid page.' });
  return Math.min(value, max);
}
