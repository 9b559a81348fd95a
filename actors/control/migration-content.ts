import { sql } from 'kysely';
import type { Migration } from '../../engine/control/migrate.js';

const TEXT = 'text not null';
const REAL = 'double precision not null';
const REAL_NULL = 'double precision';
const INT = 'integer not null';
const INT_NULL = 'integer';
const FLAG = 'integer not null';
const LIST = "text not null default '[]'";

const of = (table: string, gone: 'cascade' | 'set null' | 'no action' = 'cascade'): string =>
  `${gone === 'set null' ? INT_NULL : INT} references content_${table} (id) on delete ${gone}`;

/** Names are quoted: `index`, `on`, `to` and `select` are words of SQL. */
const TABLES: readonly (readonly [table: string, columns: Readonly<Record<string, string>>])[] = [
  ['languages', { name: TEXT, code: `${TEXT} unique` }],
  ['strings', { language_id: of('languages'), text: TEXT }],
  [
    'projects',
    {
      name: TEXT,
      owner: TEXT,
      latitude: REAL,
      longitude: REAL,
      published_at_unix_ms: REAL,
      audio_format: TEXT,
      audio_bitrate_kbps: INT,
      auto_submit: FLAG,
      max_recording_s: REAL,
      listen_questions_dynamic: FLAG,
      speak_questions_dynamic: FLAG,
      sharing_url: TEXT,
      out_of_range_url: TEXT,
      recording_radius_m: REAL_NULL,
      listen_enabled: FLAG,
      geo_listen_enabled: FLAG,
      speak_enabled: FLAG,
      geo_speak_enabled: FLAG,
      reset_tag_defaults_on_startup: FLAG,
      timed_asset_first: FLAG,
      repeat_mode: TEXT,
      files_url: TEXT,
      files_version: TEXT,
      ordering: TEXT,
      demo_stream_enabled: FLAG,
      demo_stream_url: TEXT,
      out_of_range_m: REAL,
      banned_s: REAL,
      master_gain: REAL,
      target_lufs: REAL_NULL,
      output: 'text',
      plan: 'text',
      demo_stream_message_loc_ids: LIST,
      legal_agreement_loc_ids: LIST,
      description_loc_ids: LIST,
      sharing_message_loc_ids: LIST,
      out_of_range_message_loc_ids: LIST,
      language_ids: LIST,
    },
  ],
  [
    'project_groups',
    { name: TEXT, active: FLAG, description: TEXT, thumbnail_url: TEXT, project_ids: LIST },
  ],
  [
    'speakers',
    {
      project_id: of('projects'),
      active: FLAG,
      code: TEXT,
      name: TEXT,
      max_volume: REAL,
      min_volume: REAL,
      uri: TEXT,
      backup_uri: TEXT,
      media_id: 'text',
      shape: TEXT,
      attenuation_m: REAL,
      law: TEXT,
    },
  ],
  [
    'audio_tracks',
    {
      project_id: of('projects'),
      active: FLAG,
      min_volume: REAL,
      max_volume: REAL,
      min_duration_s: REAL,
      max_duration_s: REAL,
      min_dead_air_s: REAL,
      max_dead_air_s: REAL,
      min_fade_in_s: REAL,
      max_fade_in_s: REAL,
      min_fade_out_s: REAL,
      max_fade_out_s: REAL,
      min_pan: REAL,
      max_pan: REAL,
      min_pan_duration_s: REAL,
      max_pan_duration_s: REAL,
      repeat_recordings: FLAG,
      tag_ids: LIST,
      start_with_silence: FLAG,
      banned_s: REAL,
      fade_out_when_filtered: FLAG,
      timed_priority: TEXT,
    },
  ],
  [
    'visitors',
    {
      username: TEXT,
      first_name: TEXT,
      last_name: TEXT,
      email: TEXT,
      device_id: 'text unique',
      client_type: TEXT,
      token_hash: TEXT,
      staff_id: 'text unique references users (id) on delete cascade',
      created_at_unix_ms: REAL,
    },
  ],
  [
    'sessions',
    {
      project_id: of('projects'),
      user_id: of('visitors', 'set null'),
      language_id: of('languages', 'no action'),
      client_type: TEXT,
      client_system: TEXT,
      timezone: TEXT,
      geo_listen_enabled: FLAG,
      demo_stream_enabled: FLAG,
      started_at_unix_ms: REAL,
      ended_at_unix_ms: REAL_NULL,
      end_reason: 'text',
    },
  ],
  [
    'assets',
    {
      project_id: of('projects'),
      session_id: of('sessions', 'set null'),
      user_id: of('visitors', 'set null'),
      language_id: of('languages', 'no action'),
      media_type: TEXT,
      media_id: 'text',
      filename: 'text',
      description: TEXT,
      latitude: REAL_NULL,
      longitude: REAL_NULL,
      shape: 'text',
      radius_m: REAL_NULL,
      placed: FLAG,
      law: TEXT,
      volume: REAL,
      weight: INT,
      submitted: FLAG,
      start_s: REAL_NULL,
      end_s: REAL_NULL,
      length_s: REAL_NULL,
      loudness_lufs: REAL_NULL,
      ingest: TEXT,
      ingest_error: 'text',
      created_at_unix_ms: REAL,
      updated_at_unix_ms: REAL,
      tag_ids: LIST,
      envelope_ids: LIST,
      description_loc_ids: LIST,
      alt_text_loc_ids: LIST,
    },
  ],
  ['envelopes', { session_id: of('sessions'), created_at_unix_ms: REAL }],
  ['tag_categories', { name: TEXT, data: TEXT }],
  [
    'tags',
    {
      project_id: of('projects'),
      category_id: of('tag_categories', 'no action'),
      value: TEXT,
      description: TEXT,
      data: TEXT,
      filter: TEXT,
      location: 'text',
      description_loc_ids: LIST,
      message_loc_ids: LIST,
    },
  ],
  ['tag_relationships', { tag_id: of('tags'), parent_id: of('tag_relationships', 'set null') }],
  [
    'ui_groups',
    {
      project_id: of('projects'),
      category_id: of('tag_categories', 'no action'),
      name: TEXT,
      mode: TEXT,
      select: TEXT,
      active: FLAG,
      index: INT,
      item_filter: TEXT,
      header_loc_ids: LIST,
    },
  ],
  [
    'ui_items',
    {
      group_id: of('ui_groups'),
      tag_id: of('tags'),
      parent_id: of('ui_items', 'set null'),
      index: INT,
      is_default: FLAG,
      active: FLAG,
    },
  ],
  ['ui_element_names', { name: TEXT, description: TEXT, view: TEXT }],
  [
    'ui_elements',
    {
      project_id: of('projects'),
      name_id: of('ui_element_names'),
      variant: TEXT,
      file_extension: TEXT,
      label_text_color: TEXT,
      label_position: TEXT,
      label_text_loc_ids: LIST,
    },
  ],
  [
    'timed_assets',
    { project_id: of('projects'), asset_id: of('assets'), start_s: REAL, end_s: REAL },
  ],
  [
    'events',
    {
      session_id: of('sessions'),
      kind: TEXT,
      at_unix_ms: REAL,
      client_time: 'text',
      data: 'text',
      latitude: REAL_NULL,
      longitude: REAL_NULL,
      tag_ids: LIST,
    },
  ],
  [
    'listens',
    {
      session_id: of('sessions'),
      asset_id: of('assets'),
      project_id: of('projects'),
      started_at_unix_ms: REAL,
      duration_s: REAL,
    },
  ],
  [
    'votes',
    {
      asset_id: of('assets'),
      session_id: of('sessions'),
      user_id: of('visitors', 'set null'),
      kind: TEXT,
      value: INT_NULL,
      created_at_unix_ms: REAL,
    },
  ],
  [
    'notifications',
    {
      project_id: of('projects'),
      active: FLAG,
      on: LIST,
      channel: TEXT,
      to: LIST,
      subject: TEXT,
      message: TEXT,
      last_sent_at_unix_ms: REAL_NULL,
      last_error: 'text',
    },
  ],
];

/** What is looked for; a cascade, too, looks for the rows that refer to one. */
const INDEXES: readonly (readonly [table: string, columns: string])[] = [
  ['strings', 'language_id'],
  ['speakers', 'project_id'],
  ['audio_tracks', 'project_id'],
  ['sessions', 'project_id, started_at_unix_ms'],
  ['sessions', 'user_id'],
  ['assets', 'project_id, created_at_unix_ms'],
  ['assets', 'project_id, updated_at_unix_ms'],
  ['assets', 'project_id, weight'],
  ['assets', 'session_id'],
  ['assets', 'user_id'],
  ['assets', 'media_id'],
  ['assets', 'ingest'],
  ['envelopes', 'session_id'],
  ['tags', 'project_id'],
  ['tags', 'category_id'],
  ['tag_relationships', 'tag_id'],
  ['tag_relationships', 'parent_id'],
  ['ui_groups', 'project_id'],
  ['ui_items', 'group_id'],
  ['ui_items', 'tag_id'],
  ['ui_items', 'parent_id'],
  ['ui_elements', 'project_id'],
  ['ui_elements', 'name_id'],
  ['timed_assets', 'project_id'],
  ['timed_assets', 'asset_id'],
  ['events', 'session_id'],
  ['events', 'at_unix_ms'],
  ['listens', 'session_id'],
  ['listens', 'asset_id'],
  ['listens', 'project_id, started_at_unix_ms'],
  ['votes', 'asset_id, kind'],
  ['votes', 'session_id'],
  ['votes', 'user_id'],
  ['notifications', 'project_id'],
  ['visitors', 'token_hash'],
];

/** Content of sounding sites: everything that was only `projects`, `speakers` and `recordings` before. */
export const CONTENT: Migration = {
  number: 2,
  name: 'content',
  up: async (db, dialect) => {
    // Never given out twice: a phone may still hold the number of something that was removed.
    const id =
      dialect === 'sqlite'
        ? 'id integer primary key autoincrement'
        : 'id integer generated by default as identity primary key';
    for (const [table, columns] of TABLES) {
      const lines = Object.entries(columns).map(([name, type]) => `"${name}" ${type}`);
      await sql`create table ${sql.table(`content_${table}`)} (${sql.raw([id, ...lines].join(', '))})`.execute(
        db,
      );
    }
    for (const [no, [table, columns]] of INDEXES.entries()) {
      await sql`create index ${sql.ref(`content_${no}`)} on ${sql.table(`content_${table}`)} (${sql.raw(columns)})`.execute(
        db,
      );
    }
    for (const [other, key] of [
      ['tags', 'tag_id'],
      ['envelopes', 'envelope_id'],
    ] as const) {
      await sql`create table ${sql.table(`content_asset_${other}`)} (
        asset_id integer not null references content_assets (id) on delete cascade,
        ${sql.raw(`${key} integer not null references content_${other} (id) on delete cascade`)},
        primary key (${sql.ref(key)}, asset_id))`.execute(db);
      await sql`create index ${sql.ref(`content_asset_${other}_asset`)}
        on ${sql.table(`content_asset_${other}`)} (asset_id)`.execute(db);
    }
    await sql`insert into content_languages (name, code) values ('English', 'en')`.execute(db);
    for (const column of [
      "variants_json text not null default '{}'",
      'peaks_file text',
      'loudness_lufs double precision',
      'true_peak_db double precision',
      "media_type text not null default 'audio'",
    ]) {
      await sql`alter table media add column ${sql.raw(column)}`.execute(db);
    }
    await sql`create table uploads (
      id text not null primary key, file text not null, size_bytes bigint not null,
      received_bytes bigint not null, meta_json text not null, owner text not null,
      created_at_unix_ms double precision not null, touched_at_unix_ms double precision not null,
      asset_id integer)`.execute(db);
  },
};
