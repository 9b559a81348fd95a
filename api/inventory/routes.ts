import { z } from 'zod';
import type { SiteStore } from '../../actors/control/site.js';
import { SETTING_DEFINITIONS } from '../../actors/inventory/settings.js';
import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import * as contract from '../contract/inventory.js';
import { InvalidRequest } from '../http/problem.js';
import { type Route, route } from '../http/route.types.js';
import type { LiveTable } from '../live/table.types.js';
import type { PluginPort } from '../plugins/plugins.types.js';
import { invalid } from '../routes/table-routes.js';
import { devicesHealth } from './devices-health.js';
import { type KioskLinks, kioskRoutes } from './kiosk.js';
import { resourceRoutes } from './resources.js';
import type { InventoryService } from './service.js';

export interface InventoryRoutesOptions {
  readonly service: InventoryService;
  readonly store: Pick<SiteStore, 'inventory' | 'media' | 'users'>;
  readonly plugins: PluginPort;
  readonly kiosks: KioskLinks;
  readonly tables: Readonly<Record<'instances' | 'devices', Pick<LiveTable, 'get'>>>;
  readonly clock: Clock;
  /** Removes the files of a media that nothing shows any more. */
  readonly forgetMedia: (mediaId: string) => Promise<void>;
}

const deviceParams = z.object({ id: z.string().min(1).max(128) });
const tag = 'inventory';

/** Everything of the inventory that is not a plugin's. */
export function inventoryRoutes(options: InventoryRoutesOptions): readonly Route[] {
  return [
    // Before `/v1/rf-channels/{id}`.
    slotsRoute(options),
    ...resourceRoutes(options),
    ...kioskRoutes({ ...options, links: options.kiosks }),
    lifecycleRoute(options),
    ...settingRoutes(options),
    healthRoute(options),
  ];
}

function slotsRoute({ store }: InventoryRoutesOptions): Route {
  return route({
    method: 'POST',
    path: '/v1/rf-channels/slots',
    summary: 'Give several channels their places in one step: two can change theirs',
    tag,
    access: 'operator',
    body: contract.slotMoves,
    maxBodyBytes: 1_048_576,
    response: z.object({ changed: z.int() }),
    handler: async ({ body: { slots } }) => {
      const { rfChannels } = store.inventory;
      const moving = new Set(slots.map(({ id }) => id));
      const wanted = new Map<number, number>();
      for (const [at, { id, slot }] of slots.entries()) {
        if (slot === null) continue;
        const other = wanted.get(slot);
        if (other !== undefined) {
          throw invalid(`slots.${at}.slot`, `slot ${slot} is given to channel ${other} as well`);
        }
        wanted.set(slot, id);
      }
      if (moving.size < slots.length) throw invalid('slots', 'each channel may come once');
      const known = new Set((await rfChannels.many([...moving])).map(({ id }) => id));
      const lost = slots.findIndex(({ id }) => !known.has(id));
      if (lost >= 0) throw invalid(`slots.${lost}.id`, 'there is no such channel');
      const taken = await rfChannels.find({
        where: [{ field: 'slot', op: 'in', value: [...wanted.keys()] }],
      });
      const held = taken.find(({ id }) => !moving.has(id));
      if (held !== undefined) {
        throw invalid('slots', `slot ${held.slot} is taken by channel ${held.id}: move it as well`);
      }
      await rfChannels.updateMany([
        // All places are free for a moment, in one transaction.
        ...slots.map(({ id }) => ({ id, values: { slot: null } })),
        ...slots.map(({ id, slot }) => ({ id, values: { slot } })),
      ]);
      return { changed: slots.length };
    },
  });
}

function lifecycleRoute({ service, plugins }: InventoryRoutesOptions): Route {
  return route({
    method: 'POST',
    path: '/v1/devices/{id}/lifecycle',
    summary: 'Move a device through its lifecycle: into maintenance, back, or to its end',
    tag,
    access: 'operator',
    params: deviceParams,
    body: contract.lifecycleMove,
    response: z.object({ deviceId: z.string(), lifecycle: z.string() }),
    handler: async ({ params: { id }, body: { to, reason }, principal }) => {
      const { deviceId, lifecycle } = await service.lifecycle.move(
        id,
        to,
        reason ?? null,
        principal.name,
      );
      await plugins.recordsChanged([deviceId]);
      return { deviceId, lifecycle };
    },
  });
}

function settingRoutes({ service, store }: InventoryRoutesOptions): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/settings/definitions',
      summary: 'What can be set for the site, an instance or a device, with bounds and defaults',
      tag,
      access: 'viewer',
      response: contract.settingDefinitions,
      handler: () => ({ items: SETTING_DEFINITIONS }),
    }),
    route({
      method: 'GET',
      path: '/v1/settings/effective',
      summary: 'What holds for a device, an instance or the site, and where it was set',
      tag,
      access: 'viewer',
      query: z.strictObject({
        deviceId: z.string().min(1).max(128).optional(),
        instanceId: z.coerce.number().int().min(1).optional(),
      }),
      response: contract.settingsInForce,
      handler: async ({ query }) => {
        let { instanceId } = query;
        const { deviceId } = query;
        if (deviceId !== undefined) {
          const record = await store.inventory.recordOf(deviceId);
          if (record === undefined)
            throw unknown('deviceId', `there is no device ${deviceId} of a plugin`);
          if (instanceId !== undefined && instanceId !== record.instanceId) {
            throw unknown(
              'instanceId',
              `${deviceId} belongs to instance ${record.instanceId}: leave it out`,
            );
          }
          instanceId = record.instanceId;
        }
        if (
          instanceId !== undefined &&
          (await store.inventory.instances.get(instanceId)) === undefined
        ) {
          throw unknown('instanceId', `there is no plugin instance ${instanceId}`);
        }
        const { settings } = service.book;
        return {
          items: SETTING_DEFINITIONS.map((known) => ({
            key: known.key,
            unit: known.unit,
            ...settings.explain(known, { deviceId, instanceId }),
          })),
        };
      },
    }),
  ];
}

const unknown = (field: string, message: string): EngineError =>
  new InvalidRequest([{ field: `query.${field}`, message }]);

function healthRoute({ service, plugins, tables }: InventoryRoutesOptions): Route {
  return route({
    method: 'GET',
    path: '/v1/health/devices',
    summary: 'Health of all devices in a word, by vendor, and in numbers',
    tag,
    access: 'viewer',
    response: contract.devicesHealth,
    handler: () =>
      devicesHealth({
        service,
        connection: (id) => plugins.connection(id),
        tables,
      }),
  });
}
