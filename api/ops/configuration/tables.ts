import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AUTOMATION_SPECS } from '../../../actors/automation/specs.js';
import type { TableSpec } from '../../../actors/content/specs.js';
import type { ContentTable } from '../../../actors/content/store.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { PluginInstanceRow } from '../../../actors/inventory/inventory.types.js';
import { INVENTORY_SPECS } from '../../../actors/inventory/specs.js';
import { ROUTE_INPUT, SILENCE_INPUT } from '../../contract/alarms.js';
import { dashboardCreate, widgetInput } from '../../contract/dashboards.js';
import { RETENTION } from '../../contract/history.js';
import { INVENTORY } from '../../contract/inventory.js';
import { targetCreate } from '../../contract/notify.js';
import { instanceCreate } from '../../contract/plugins.js';
import { ruleInput, scheduleInput, variableInput } from '../../contract/rules.js';
import type { AnyRow, Values } from '../../routes/table-routes.js';

/** One table of a configuration. */
export interface ConfigurationTable {
  readonly spec: TableSpec<AnyRow>;
  readonly table: ContentTable<AnyRow>;
  /** What a row says besides its id; the rest of a stored row is kept as it is. */
  readonly input: z.ZodRawShape;
  /** The rest of a new row. */
  readonly made: (nowUnixMs: number, by: string) => Readonly<Values>;
  /** Written at each change. */
  readonly touched?: (nowUnixMs: number, by: string) => Readonly<Values>;
  /** The store removes with a row those that refer to it: they are changed before. */
  readonly removedLast?: boolean;
  /** What is shown of a row that is no field of it. */
  readonly shown?: (row: AnyRow) => Readonly<Values>;
  /** Fields with the id, or ids, of rows of another table. */
  readonly refers: Readonly<Record<string, string>>;
}

const id = z.int().min(1);
const { secret: _, ...targetInput } = targetCreate.shape;
const touchedAt = (nowUnixMs: number) => ({ updatedAtUnixMs: nowUnixMs });
const nothing = () => ({});

const signalInput = {
  publicId: z.string().min(1).max(100),
  name: z.string().min(1).max(200),
  minimum: z.number(),
  maximum: z.number(),
  unit: z.string().max(100),
  type: z.string().max(100),
  deviceId: z.string().min(1).max(128),
  parameter: z.string().min(1).max(256),
};

type Shape = Omit<ConfigurationTable, 'table' | 'spec'>;
const shape = (input: z.ZodRawShape, more: Partial<Shape> = {}): Shape => ({
  input,
  made: nothing,
  refers: {},
  ...more,
});

/** In an order in which rows come after those they refer to. */
const AUTOMATION = {
  schedules: shape(scheduleInput),
  targets: shape(targetInput, {
    made: (now) => ({ publicId: randomUUID(), sealed: null, ownerId: null, createdAtUnixMs: now }),
  }),
  variables: shape(variableInput, {
    made: (now, by) => ({ updatedAtUnixMs: now, updatedBy: by }),
    touched: (now, by) => ({ updatedAtUnixMs: now, updatedBy: by }),
  }),
  rules: shape(ruleInput, {
    made: (now) => ({
      publicId: randomUUID(),
      origin: 'native',
      ownerId: null,
      lastTriggeredAtUnixMs: null,
      createdAtUnixMs: now,
      updatedAtUnixMs: now,
    }),
    touched: touchedAt,
  }),
  routes: shape(ROUTE_INPUT, {
    refers: { parentId: 'routes', targetIds: 'targets', muteScheduleIds: 'schedules' },
  }),
  silences: shape(SILENCE_INPUT, { made: (_now, by) => ({ by }) }),
  retention: shape(RETENTION.input),
  signals: shape(signalInput, {
    made: (now) => ({ ownerId: null, createdAtUnixMs: now }),
  }),
  dashboards: shape(dashboardCreate.shape, {
    made: (now) => ({
      publicId: randomUUID(),
      shareHash: null,
      ownerId: null,
      createdAtUnixMs: now,
      updatedAtUnixMs: now,
    }),
    touched: touchedAt,
  }),
  widgets: shape(
    { dashboardId: id, ...widgetInput },
    {
      made: () => ({ publicId: randomUUID() }),
      refers: { dashboardId: 'dashboards', signalId: 'signals' },
    },
  ),
};

const PLACES = {
  instances: shape(
    { ...instanceCreate.shape, secrets: z.array(z.string().min(1).max(200)).max(100).default([]) },
    {
      made: (now) => ({ sealed: null, createdAtUnixMs: now, updatedAtUnixMs: now }),
      touched: touchedAt,
    },
  ),
  locations: shape(INVENTORY.locations.input, {
    refers: { parentId: 'locations' },
    removedLast: true,
  }),
  units: shape(INVENTORY.units.input),
  performers: shape(INVENTORY.performers.input),
  groups: shape(INVENTORY.groups.input),
  overrides: shape(INVENTORY.overrides.input),
};

/**
 * All tables of a configuration, by the name that they have in the document.
 * @param secretsOf paths of the secrets that are kept of an instance
 */
export function configurationTables(
  store: Pick<SiteStore, 'automation' | 'inventory'>,
  secretsOf: (row: PluginInstanceRow) => readonly string[],
): ReadonlyMap<string, ConfigurationTable> {
  const tables = new Map<string, ConfigurationTable>();
  for (const [name, of] of Object.entries(AUTOMATION)) {
    const key = name as keyof typeof AUTOMATION;
    tables.set(name, {
      ...of,
      spec: AUTOMATION_SPECS[key] as unknown as TableSpec<AnyRow>,
      table: store.automation[key] as unknown as ContentTable<AnyRow>,
    });
  }
  for (const [name, of] of Object.entries(PLACES)) {
    const key = name as keyof typeof PLACES;
    tables.set(name, {
      ...of,
      spec: INVENTORY_SPECS[key] as unknown as TableSpec<AnyRow>,
      table: store.inventory[key] as unknown as ContentTable<AnyRow>,
      ...(key === 'instances'
        ? { shown: (row) => ({ secrets: secretsOf(row as unknown as PluginInstanceRow) }) }
        : {}),
    });
  }
  return tables;
}
