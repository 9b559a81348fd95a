// Over 400 lines: one table of the schema after the other.
import { sql } from 'kysely';
import type { Migration } from '../../engine/control/migrate.js';
import { type AreaIndex, type AreaTable, createTables } from './create-tables.js';

const TEXT = 'text not null';
const TEXT_NULL = 'text';
const REAL = 'double precision not null';
const REAL_NULL = 'double precision';
const INT = 'integer not null';
const INT_NULL = 'integer';
const FLAG = 'integer not null';
const UUID = 'text not null unique';

type Gone = 'cascade' | 'set null';

const of = (table: string): string =>
  `${INT} references automation_${table} (id) on delete cascade`;
const maybeOf = (table: string, gone: Gone = 'set null'): string =>
  `${INT_NULL} references automation_${table} (id) on delete ${gone}`;

/** Names are quoted: some are words of SQL. In the order of their references. */
const TABLES: readonly AreaTable[] = [
  {
    name: 'schedules',
    columns: {
      name: `${TEXT} unique`,
      time_zone: TEXT,
      weekly: TEXT,
      cron: TEXT_NULL,
      cron_open_ms: REAL,
      days: TEXT,
    },
  },
  {
    name: 'targets',
    columns: {
      public_id: UUID,
      name: `${TEXT} unique`,
      kind: TEXT,
      enabled: FLAG,
      config: TEXT,
      sealed: TEXT_NULL,
      events: TEXT,
      owner_id: TEXT_NULL,
      created_at_unix_ms: REAL,
    },
  },
  {
    name: 'signals',
    columns: {
      public_id: UUID,
      name: `${TEXT} unique`,
      minimum: REAL,
      maximum: REAL,
      unit: TEXT,
      type: TEXT,
      device_id: `${TEXT} references devices (id) on delete cascade`,
      parameter: TEXT,
      owner_id: TEXT_NULL,
      created_at_unix_ms: REAL,
    },
  },
  {
    name: 'rules',
    columns: {
      public_id: UUID,
      name: TEXT,
      description: TEXT,
      enabled: FLAG,
      condition: TEXT,
      each: TEXT_NULL,
      hold_ms: REAL,
      keep_ms: REAL,
      cooldown_ms: REAL,
      in_a_row: INT,
      no_data: TEXT,
      no_data_after_ms: REAL,
      on_error: TEXT,
      max_per_minute: INT,
      schedule_id: maybeOf('schedules'),
      severity: TEXT_NULL,
      labels: TEXT,
      text: TEXT,
      actions: TEXT,
      parent_rule_id: INT_NULL,
      escalation: TEXT,
      origin: TEXT,
      owner_id: TEXT_NULL,
      last_triggered_at_unix_ms: REAL_NULL,
      created_at_unix_ms: REAL,
      updated_at_unix_ms: REAL,
    },
  },
  {
    name: 'rule_states',
    columns: {
      rule_id: of('rules'),
      source: TEXT,
      state: TEXT,
      edge: INT,
      snapshot: TEXT,
      at_unix_ms: REAL,
    },
    unique: ['rule_id', 'source'],
  },
  {
    name: 'alarms',
    columns: {
      public_id: UUID,
      rule_id: maybeOf('rules'),
      rule_name: TEXT,
      source: TEXT,
      active_key: `${TEXT_NULL} unique`,
      device_id: TEXT_NULL,
      type: TEXT,
      severity: TEXT,
      text: TEXT,
      labels: TEXT,
      value: TEXT_NULL,
      raised_at_unix_ms: REAL,
      updated_at_unix_ms: REAL,
      cleared_at_unix_ms: REAL_NULL,
      acknowledged_at_unix_ms: REAL_NULL,
      acknowledged_by: TEXT_NULL,
      assigned_to: TEXT_NULL,
      shelved_until_unix_ms: REAL_NULL,
      shelved_by: TEXT_NULL,
      repeats: INT,
      escalated: INT,
      escalation: TEXT,
      parent_alarm_id: INT_NULL,
      parent_rule_id: INT_NULL,
      held: FLAG,
      edge: INT,
      edge_at_unix_ms: REAL,
      changes: INT,
      last_change: TEXT,
      comments: INT,
      facts: TEXT,
    },
  },
  {
    name: 'alarm_comments',
    columns: {
      alarm_id: of('alarms'),
      at_unix_ms: REAL,
      by: TEXT,
      text: TEXT,
    },
  },
  {
    name: 'silences',
    columns: {
      matchers: TEXT,
      from_unix_ms: REAL,
      until_unix_ms: REAL,
      by: TEXT,
      reason: TEXT,
    },
  },
  {
    name: 'deliveries',
    columns: {
      public_id: UUID,
      kind: TEXT,
      target_id: maybeOf('targets', 'cascade'),
      event: TEXT,
      payload: TEXT,
      subject: TEXT_NULL,
      alarm_id: INT_NULL,
      state: TEXT,
      attempts: INT,
      next_at_unix_ms: REAL_NULL,
      last_error: TEXT_NULL,
      response_code: INT_NULL,
      created_at_unix_ms: REAL,
      delivered_at_unix_ms: REAL_NULL,
    },
  },
  {
    name: 'routes',
    columns: {
      parent_id: maybeOf('routes', 'cascade'),
      position: INT,
      name: TEXT,
      matchers: TEXT,
      target_ids: TEXT,
      group_by: TEXT,
      group_wait_ms: REAL,
      group_interval_ms: REAL,
      repeat_ms: REAL,
      go_on: FLAG,
      mute_schedule_ids: TEXT,
    },
  },
  {
    name: 'alert_groups',
    columns: {
      route_id: of('routes'),
      key: TEXT,
      alarm_ids: TEXT,
      due_at_unix_ms: REAL_NULL,
      told_at_unix_ms: REAL_NULL,
      told: TEXT,
      sequence: INT,
    },
    unique: ['route_id', 'key'],
  },
  {
    name: 'preferences',
    columns: {
      user_id: `${TEXT} unique references users (id) on delete cascade`,
      method: TEXT,
      email: TEXT_NULL,
      thresholds: TEXT,
      types: TEXT,
      quiet_from: TEXT_NULL,
      quiet_to: TEXT_NULL,
      time_zone: TEXT,
      min_interval_ms: REAL,
      told: TEXT,
    },
  },
  {
    name: 'variables',
    columns: {
      name: `${TEXT} unique`,
      kind: TEXT,
      value: TEXT,
      unit: TEXT_NULL,
      description: TEXT,
      updated_at_unix_ms: REAL,
      updated_by: TEXT,
    },
  },
  {
    name: 'experiments',
    columns: {
      public_id: UUID,
      name: `${TEXT} unique`,
      notes: TEXT,
      channels: TEXT,
      started_at_unix_ms: REAL_NULL,
      stopped_at_unix_ms: REAL_NULL,
      owner_id: TEXT_NULL,
      created_at_unix_ms: REAL,
    },
  },
  {
    name: 'journal',
    columns: {
      public_id: UUID,
      at_unix_ms: REAL,
      level: TEXT,
      text: TEXT,
      read: FLAG,
      by: TEXT,
      owner_id: TEXT_NULL,
    },
  },
  {
    name: 'annotations',
    columns: {
      from_unix_ms: REAL,
      to_unix_ms: REAL_NULL,
      text: TEXT,
      channels: TEXT,
      tags: TEXT,
      by: TEXT,
    },
  },
  {
    name: 'retention',
    columns: {
      scope: TEXT,
      scope_id: TEXT,
      raw_days: INT,
      rollup_days: INT,
    },
    unique: ['scope', 'scope_id'],
  },
  {
    name: 'edge_plugins',
    columns: {
      public_id: UUID,
      plugin_id: TEXT,
      name: TEXT,
      demo: FLAG,
      enabled: FLAG,
      status: TEXT,
      config: TEXT,
      error_message: TEXT_NULL,
      created_at_unix_ms: REAL,
      updated_at_unix_ms: REAL,
      owner_id: TEXT_NULL,
    },
  },
  {
    name: 'edge_channels',
    columns: {
      public_id: UUID,
      edge_plugin_id: of('edge_plugins'),
      channel_id: TEXT,
      channel_name: TEXT,
      direction: TEXT,
      unit: TEXT,
      signal_id: maybeOf('signals'),
      created_at_unix_ms: REAL,
    },
    unique: ['edge_plugin_id', 'channel_id'],
  },
  {
    name: 'edge_users',
    columns: {
      user_id: `${TEXT} unique references users (id) on delete cascade`,
      email: `${TEXT} unique`,
      sso_provider: TEXT_NULL,
      sso_subject: TEXT_NULL,
    },
    unique: ['sso_provider', 'sso_subject'],
  },
  {
    name: 'edge_packages',
    columns: {
      public_id: UUID,
      name: TEXT,
      version: TEXT,
      source: TEXT,
      plugin_ids: TEXT,
      file: TEXT_NULL,
      size_bytes: INT_NULL,
      installed_at_unix_ms: REAL,
    },
  },
  {
    name: 'firmwares',
    columns: {
      public_id: UUID,
      version: `${TEXT} unique`,
      changelog: TEXT,
      file: TEXT_NULL,
      sha256: TEXT_NULL,
      size_bytes: INT_NULL,
      status: TEXT,
      error_message: TEXT_NULL,
      created_at_unix_ms: REAL,
      started_at_unix_ms: REAL_NULL,
      completed_at_unix_ms: REAL_NULL,
      owner_id: TEXT_NULL,
    },
  },
  {
    name: 'dashboards',
    columns: {
      public_id: UUID,
      name: TEXT,
      shared: FLAG,
      variables: TEXT,
      range_ms: REAL,
      share_hash: `${TEXT_NULL} unique`,
      owner_id: TEXT_NULL,
      created_at_unix_ms: REAL,
      updated_at_unix_ms: REAL,
    },
  },
  {
    name: 'widgets',
    columns: {
      public_id: UUID,
      dashboard_id: of('dashboards'),
      type: TEXT,
      title: TEXT,
      signal_id: maybeOf('signals'),
      x: INT,
      y: INT,
      w: INT,
      h: INT,
      config: TEXT,
    },
  },
  {
    name: 'audit',
    columns: {
      at_unix_ms: REAL,
      by: TEXT,
      address: TEXT,
      action: TEXT,
      subject: TEXT,
      before: TEXT_NULL,
      after: TEXT_NULL,
      request_id: TEXT_NULL,
      text: TEXT,
    },
  },
];

const INDEXES: readonly AreaIndex[] = [
  ['alarms', 'cleared_at_unix_ms, raised_at_unix_ms'],
  ['alarms', 'rule_id, source'],
  ['alarms', 'updated_at_unix_ms'],
  ['alarms', 'device_id, cleared_at_unix_ms'],
  ['alarm_comments', 'alarm_id'],
  ['deliveries', 'state, next_at_unix_ms'],
  ['deliveries', 'target_id'],
  ['deliveries', 'created_at_unix_ms'],
  ['journal', 'at_unix_ms'],
  ['annotations', 'from_unix_ms'],
  ['signals', 'device_id'],
  ['edge_channels', 'signal_id'],
  ['widgets', 'dashboard_id'],
  ['audit', 'at_unix_ms'],
  ['audit', 'subject'],
];

/** Rules, alarms, notifications, recordings of measurements, dashboards. */
export const AUTOMATION: Migration = {
  number: 6,
  name: 'rules and alarms',
  up: async (db, dialect) => {
    await createTables(db, dialect, 'automation', TABLES, INDEXES);
    await sql`alter table tokens add column scopes_json text`.execute(db);
  },
};
