import type { ContentTable } from '../../actors/content/store.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type * as Rows from '../../actors/inventory/inventory.types.js';
import { requireSetting } from '../../actors/inventory/settings.js';
import { INVENTORY_SPECS } from '../../actors/inventory/specs.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { INVENTORY, type InventoryResource } from '../contract/inventory.js';
import type { Route } from '../http/route.types.js';
import type { PluginPort } from '../plugins/plugins.types.js';
import {
  type AnyRow,
  invalid,
  type TableRoutes,
  type TableRules,
  tableRoutes,
  type Values,
} from '../routes/table-routes.js';
import type { InventoryService } from './service.js';

export interface ResourceOptions {
  readonly service: InventoryService;
  readonly store: Pick<SiteStore, 'inventory' | 'media' | 'users'>;
  readonly plugins: Pick<PluginPort, 'recordsChanged'>;
  readonly clock: Clock;
  /** Removes the files of a media that nothing shows any more. */
  readonly forgetMedia: (mediaId: string) => Promise<void>;
}

const watched: TableRules = { read: 'viewer', write: 'operator', made: () => ({}) };

/** What a resource does beside what all do. */
type Special = Partial<
  Pick<
    TableRoutes,
    'can' | 'rules' | 'checked' | 'changing' | 'changed' | 'removing' | 'shown' | 'secret'
  >
>;

/** `/v1/device-records`, `/v1/rf-channels`, `/v1/units` … */
export function resourceRoutes(options: ResourceOptions): readonly Route[] {
  const special = specials(options);
  return (Object.keys(INVENTORY) as InventoryResource[]).flatMap((name) => {
    const { checked, ...others } = special[name] ?? {};
    return tableRoutes({
      ...INVENTORY[name],
      tag: 'inventory',
      rules: watched,
      table: options.store.inventory[name] as unknown as ContentTable<AnyRow>,
      columns: INVENTORY_SPECS[name].columns,
      clock: options.clock,
      shown: (row) => row,
      checked: async (given, whole, before) => {
        await requireTargets(options.store, name, given);
        await checked?.(given, whole, before);
      },
      ...others,
    });
  });
}

function specials(options: ResourceOptions): Partial<Record<InventoryResource, Special>> {
  const { service, store, plugins } = options;
  const { book, board, pictures } = service;
  const urlOf = (mediaId: unknown): string | null =>
    typeof mediaId === 'string' ? pictures.urlOf(mediaId) : null;
  return {
    records: {
      can: { make: false, remove: false },
      rules: {
        ...watched,
        touched: (now) => ({ updatedAtUnixMs: now }),
        check: ({ lifecycle, enabled }) =>
          lifecycle === 'retired' && enabled === true
            ? ['enabled', 'a retired device stays stopped: remove it, and add it again']
            : undefined,
      },
      changed: ({ id }) => {
        const deviceId = book.rows.records.get(id)?.deviceId;
        return deviceId === undefined ? Promise.resolve() : plugins.recordsChanged([deviceId]);
      },
    },
    rfChannels: {
      can: { make: false, remove: true },
      shown: (row) => ({ ...row, resource: resourceOf(row as Rows.RfChannelRow, options) }),
      checked: async (given, _whole, before) => {
        const { slot } = given;
        if (typeof slot !== 'number') return;
        const [other] = await store.inventory.rfChannels.find({
          where: [{ field: 'slot', op: '=', value: slot }],
        });
        if (other === undefined || other.id === before?.id) return;
        throw invalid(
          'slot',
          `slot ${slot} is taken by channel ${other.id} (${other.deviceId}, ${other.number}): free it first, or move both with POST /v1/rf-channels/slots`,
        );
      },
      changing: (given, before) => {
        if (given['givenId'] === undefined && given['givenName'] === undefined) return {};
        // From here on it is told when the receiver says something else.
        return { reportedName: board.tile(before.id)?.reported ?? null };
      },
    },
    performers: {
      shown: (row) => {
        const { photoMediaId, backgroundMediaId } = row as Rows.PerformerRow;
        return { ...row, photoUrl: urlOf(photoMediaId), backgroundUrl: urlOf(backgroundMediaId) };
      },
      removing: async (id) => {
        const performer = await store.inventory.performers.get(id);
        return async () => {
          for (const media of [performer?.photoMediaId, performer?.backgroundMediaId]) {
            if (typeof media === 'string') await options.forgetMedia(media);
          }
        };
      },
      checked: async (given) => {
        for (const field of ['photoMediaId', 'backgroundMediaId']) {
          const id = given[field];
          if (typeof id !== 'string') continue;
          const media = await store.media.get(id);
          if (media?.mediaType === 'photo' || media?.mediaType === 'video') continue;
          throw invalid(field, `there is no picture or film "${id}": bring the file first`);
        }
      },
    },
    assignments: {
      rules: {
        ...watched,
        check: ({ fromUnixMs, toUnixMs }) =>
          typeof fromUnixMs === 'number' && typeof toUnixMs === 'number' && toUnixMs <= fromUnixMs
            ? ['toUnixMs', `must be after fromUnixMs (${fromUnixMs})`]
            : undefined,
      },
      checked: async (given) => {
        const { userId } = given;
        if (typeof userId !== 'string') return;
        if ((await store.users.get(userId)) === undefined) {
          throw invalid('userId', `there is no user ${userId}: GET /v1/users lists them`);
        }
      },
    },
    groups: {
      checked: async (given, _whole, before) => {
        const { number } = given;
        if (typeof number !== 'number') return;
        const [other] = await store.inventory.groups.find({
          where: [{ field: 'number', op: '=', value: number }],
        });
        if (other === undefined || other.id === before?.id) return;
        throw invalid(
          'number',
          `board ${number} is there already ("${other.title}"): take another number`,
        );
      },
    },
    locations: {
      checked: (_given, whole, before) => {
        checkLocation(options, whole, before?.id);
        return Promise.resolve();
      },
    },
    overrides: {
      checked: async (_given, whole, before) => {
        const row = whole as unknown as Rows.SettingOverrideRow;
        try {
          requireSetting(row);
        } catch (thrown) {
          const { context, message } = EngineError.from(thrown);
          const field = String(context['field']);
          throw invalid(field, message.replace(`${field}: `, ''));
        }
        if (
          row.scope === 'instance' &&
          (await store.inventory.instances.get(Number(row.scopeId))) === undefined
        ) {
          throw invalid('scopeId', `there is no plugin instance ${row.scopeId}`);
        }
        if (row.scope === 'device' && (await store.inventory.recordOf(row.scopeId)) === undefined) {
          throw invalid('scopeId', `there is no device ${row.scopeId} of a plugin`);
        }
        const [other] = await store.inventory.overrides.find({
          where: [
            { field: 'scope', op: '=', value: row.scope },
            { field: 'scopeId', op: '=', value: row.scopeId },
            { field: 'key', op: '=', value: row.key },
          ],
        });
        if (other !== undefined && other.id !== before?.id) {
          throw invalid(
            'key',
            `${row.key} is set there already: PATCH /v1/setting-overrides/${other.id}`,
          );
        }
      },
      changed: async (after, before) => {
        await tellSettings(options, after);
        if (before !== undefined) await tellSettings(options, before);
      },
      removing: async (id) => {
        const gone = await store.inventory.overrides.get(id);
        return async () => {
          if (gone !== undefined) await tellSettings(options, gone);
        };
      },
    },
  };

  /** Devices whose settings this row reaches are told. */
  async function tellSettings({ plugins: port }: ResourceOptions, row: AnyRow): Promise<void> {
    const { scope, scopeId } = row as Rows.SettingOverrideRow;
    const records = [...book.rows.records.values()];
    const reached = records.filter(
      ({ deviceId, instanceId }) =>
        scope === 'site' || (scope === 'device' ? deviceId : String(instanceId)) === scopeId,
    );
    if (reached.length > 0) await port.recordsChanged(reached.map(({ deviceId }) => deviceId));
  }
}

/** What the operator said of it, else what is heard on it. */
function resourceOf(
  row: Rows.RfChannelRow,
  { service: { board, book } }: ResourceOptions,
): Rows.RfChannelRow['resource'] {
  if (row.resource === 'disabled' || row.resource === 'reserved') return row.resource;
  const tile = board.tile(row.id);
  if (tile?.active === true) return tile.signal === 'poor' ? 'degraded' : 'active';
  return book.assignmentsOf(row.id).length > 0 ? 'reserved' : 'free';
}

const RANK = { site: 0, building: 1, room: 2 } as const;

function checkLocation({ service: { book } }: ResourceOptions, whole: Values, own?: number): void {
  const { parentId, kind } = whole as unknown as Rows.LocationRow;
  const inside = book.rows.locations;
  if (parentId !== null) {
    const parent = inside.get(parentId);
    if (parent !== undefined && RANK[parent.kind] >= RANK[kind]) {
      throw invalid('parentId', `a ${kind} cannot be inside a ${parent.kind}`);
    }
    if (parentId === own) throw invalid('parentId', 'a place cannot be inside itself');
  }
  for (const child of inside.values()) {
    if (own === undefined || child.parentId !== own || RANK[child.kind] > RANK[kind]) continue;
    throw invalid('kind', `a ${kind} cannot hold the ${child.kind} "${child.name}" that is in it`);
  }
}

const TARGETS: Readonly<Record<string, InventoryResource>> = {
  locationId: 'locations',
  parentId: 'locations',
  unitId: 'units',
  performerId: 'performers',
  rfChannelId: 'rfChannels',
};

/** @throws EngineError `input.invalid` naming the field that refers to nothing. */
async function requireTargets(
  store: Pick<SiteStore, 'inventory'>,
  resource: InventoryResource,
  given: Values,
): Promise<void> {
  for (const [field, value] of Object.entries(given)) {
    const target = TARGETS[field];
    if (target === undefined || typeof value !== 'number') continue;
    if (field === 'parentId' && resource !== 'locations') continue;
    if ((await store.inventory[target].get(value)) !== undefined) continue;
    throw invalid(field, `there is no ${value} in /v1/${INVENTORY[target].path}`);
  }
}
