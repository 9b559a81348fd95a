import type { Migration } from '../../engine/control/migrate.js';
import { type AreaIndex, type AreaTable, createTables } from './create-tables.js';

const TEXT = 'text not null';
const TEXT_NULL = 'text';
const REAL = 'double precision not null';
const REAL_NULL = 'double precision';
const INT = 'integer not null';
const INT_NULL = 'integer';
const FLAG = 'integer not null';

type Gone = 'cascade' | 'set null' | 'no action';

const of = (table: string, gone: Gone = 'cascade'): string =>
  `${INT} references inventory_${table} (id) on delete ${gone}`;
const maybeOf = (table: string, gone: Gone = 'set null'): string =>
  `${INT_NULL} references inventory_${table} (id) on delete ${gone}`;
/** What is known of a device goes with the device. */
const ofDevice = `${TEXT} references devices (id) on delete cascade`;

/** Names are quoted: `number`, `key`, `value` and `by` are words of SQL. In the order of their references. */
const TABLES: readonly AreaTable[] = [
  {
    name: 'instances',
    columns: {
      plugin: TEXT,
      name: TEXT,
      enabled: FLAG,
      config: TEXT,
      sealed: TEXT_NULL,
      created_at_unix_ms: REAL,
      updated_at_unix_ms: REAL,
    },
  },
  {
    name: 'locations',
    columns: { parent_id: maybeOf('locations', 'cascade'), kind: TEXT, name: TEXT },
  },
  {
    name: 'records',
    columns: {
      device_id: `${ofDevice} unique`,
      // An instance that has devices stays until they are gone.
      instance_id: of('instances', 'no action'),
      external_id: TEXT,
      role: TEXT,
      address: TEXT_NULL,
      port: INT_NULL,
      serial: TEXT_NULL,
      mac: TEXT_NULL,
      model: TEXT_NULL,
      firmware: TEXT_NULL,
      reported_name: TEXT_NULL,
      given_name: TEXT_NULL,
      lifecycle: TEXT,
      lifecycle_since_unix_ms: REAL,
      lifecycle_reason: TEXT_NULL,
      enabled: FLAG,
      location_id: maybeOf('locations'),
      config: TEXT,
      notes: TEXT,
      created_at_unix_ms: REAL,
      updated_at_unix_ms: REAL,
    },
    unique: ['instance_id', 'external_id'],
  },
  {
    name: 'units',
    columns: { name: TEXT, kind: TEXT, model: TEXT_NULL, serial: TEXT_NULL, notes: TEXT },
  },
  {
    name: 'rf_channels',
    columns: {
      device_id: ofDevice,
      number: INT,
      slot: `${INT_NULL} unique`,
      direction: TEXT,
      resource: TEXT,
      given_id: TEXT_NULL,
      given_name: TEXT_NULL,
      reported_name: TEXT_NULL,
      unit_id: maybeOf('units'),
      notes: TEXT,
    },
    unique: ['device_id', 'number'],
  },
  {
    name: 'performers',
    columns: {
      name: TEXT,
      photo_media_id: TEXT_NULL,
      background_media_id: TEXT_NULL,
      notes: TEXT,
    },
  },
  {
    name: 'assignments',
    columns: {
      performer_id: of('performers'),
      rf_channel_id: of('rf_channels'),
      priority: TEXT,
      user_id: `${TEXT_NULL} references users (id) on delete set null`,
      alert_on_battery: FLAG,
      alert_on_signal: FLAG,
      alert_on_audio: FLAG,
      alert_on_offline: FLAG,
      from_unix_ms: REAL_NULL,
      to_unix_ms: REAL_NULL,
      notes: TEXT,
    },
  },
  {
    name: 'groups',
    columns: { number: `${INT} unique`, title: TEXT, slots: TEXT, hide_charts: FLAG },
  },
  {
    name: 'discoveries',
    columns: {
      instance_id: of('instances'),
      external_id: TEXT,
      address: TEXT_NULL,
      port: INT_NULL,
      role: TEXT,
      name: TEXT_NULL,
      model: TEXT_NULL,
      serial: TEXT_NULL,
      mac: TEXT_NULL,
      firmware: TEXT_NULL,
      channels: INT_NULL,
      config: TEXT,
      state: TEXT,
      duplicate_of: TEXT_NULL,
      source: TEXT,
      first_seen_unix_ms: REAL,
      last_seen_unix_ms: REAL,
    },
    unique: ['instance_id', 'external_id'],
  },
  {
    name: 'setting_overrides',
    columns: { scope: TEXT, scope_id: TEXT, key: TEXT, value: TEXT },
    unique: ['scope', 'scope_id', 'key'],
  },
  {
    name: 'kiosk_links',
    columns: {
      name: TEXT,
      // A link to one board must never become a link to all of them.
      group_id: maybeOf('groups', 'cascade'),
      hash: `${TEXT} unique`,
      created_by: TEXT,
      created_at_unix_ms: REAL,
      expires_at_unix_ms: REAL_NULL,
    },
  },
  {
    name: 'desired_values',
    columns: { device_id: ofDevice, name: TEXT, value: TEXT, by: TEXT, at_unix_ms: REAL },
    unique: ['device_id', 'name'],
  },
];

const INDEXES: readonly AreaIndex[] = [
  ['records', 'serial'],
  ['records', 'mac'],
  ['records', 'address'],
  ['records', 'location_id'],
  ['rf_channels', 'unit_id'],
  ['assignments', 'performer_id'],
  ['assignments', 'rf_channel_id'],
  ['locations', 'parent_id'],
  ['discoveries', 'state'],
  ['kiosk_links', 'group_id'],
];

/** Plugins' instances, their devices, radio channels, who carries what, boards, settings. */
export const INVENTORY: Migration = {
  number: 4,
  name: 'device inventory',
  up: async (db, dialect) => {
    await createTables(db, dialect, 'inventory', TABLES, INDEXES);
  },
};
