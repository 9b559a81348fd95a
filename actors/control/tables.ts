import type { Generated } from 'kysely';
import type { Control } from '../../engine/control/control.js';
import type { FeedTables } from '../../engine/control/feed-log.js';

/** Columns as they are stored: times are Unix ms, flags 0 or 1, `…_json` columns JSON text. */
export interface SiteTables extends FeedTables {
  readonly users: {
    id: string;
    username: string;
    password_hash: string;
    role: string;
    created_at_unix_ms: number;
    password_changed_at_unix_ms: number;
  };
  readonly auth_sessions: {
    hash: string;
    user_id: string;
    created_at_unix_ms: number;
    used_at_unix_ms: number;
    expires_at_unix_ms: number;
    address: string;
    user_agent: string;
  };
  readonly tokens: {
    id: string;
    name: string;
    hash: string;
    role: string;
    user_id: string;
    created_at_unix_ms: number;
    expires_at_unix_ms: number | null;
    used_at_unix_ms: number | null;
    scopes_json: string | null;
  };
  readonly device_tokens: {
    device_id: string;
    hash: string;
    created_by: string;
    created_at_unix_ms: number;
  };
  readonly devices: { id: string; name: string; protocol: string; created_at_unix_ms: number };
  readonly channels: {
    id: Generated<number>;
    device_id: string;
    name: string;
    kind: string;
    unit: string | null;
  };
  readonly actor_snapshots: {
    kind: string;
    id: string;
    snapshot: string;
    at_unix_ms: number;
  };
  readonly media: {
    id: string;
    name: string;
    file: string;
    content_type: string;
    size_bytes: number;
    duration_ms: number | null;
    sha256: string;
    created_at_unix_ms: number;
    variants_json: string;
    peaks_file: string | null;
    loudness_lufs: number | null;
    true_peak_db: number | null;
    media_type: string;
  };
  readonly uploads: {
    id: string;
    file: string;
    size_bytes: number;
    received_bytes: number;
    meta_json: string;
    owner: string;
    created_at_unix_ms: number;
    touched_at_unix_ms: number;
    asset_id: number | null;
  };
  readonly listener_sessions: {
    id: string;
    number: number;
    project_id: number;
    mount: string;
    definition_json: string;
    created_at_unix_ms: number;
  };
  readonly commands: {
    id: string;
    device_id: string;
    name: string;
    value_json: string;
    state: string;
    created_at_unix_ms: number;
    settled_at_unix_ms: number | null;
    by: string;
    expires_at_unix_ms: number | null;
    detail: string | null;
  };
  readonly settings: { key: string; value_json: string };
}

export type SiteControl = Control<SiteTables>;

/** Names of the domains in the change feed. The id of a change is the row's id. */
export type Domain =
  | 'users'
  | 'auth-sessions'
  | 'tokens'
  | 'device-tokens'
  | 'devices'
  | 'media'
  | 'sessions'
  | 'commands'
  | 'settings'
  /** A content table, `content.assets` …; the id is the row's number as text. */
  | `content.${string}`
  /** A table of the device inventory, `inventory.records` …; the id likewise. */
  | `inventory.${string}`
  /** A table of rules, alarms and recordings, `automation.rules` …; the id likewise. */
  | `automation.${string}`;
