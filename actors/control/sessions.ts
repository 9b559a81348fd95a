import { sql } from 'kysely';
import { z } from 'zod';
import { bulkRows, fromJson, fromRow, inBulks } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import type { GeoPoint } from '../../media/ports.js';
import type { SessionDefinition } from '../session/spine.js';
import { tagsJson } from './project.rows.js';
import { note } from './scope.js';
import type { SiteControl } from './tables.js';

const sessionRow = z.object({
  id: z.string(),
  project_id: z.string(),
  mount: z.string(),
  format: z.enum(['mp3', 'opus']),
  bitrate_kbps: z.number(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  heading_deg: z.number().nullable(),
  tags_json: z.string(),
  created_at_unix_ms: z.number(),
});

function sessionOf(raw: unknown): SessionDefinition {
  const row = fromRow(sessionRow, raw, 'a row of listener_sessions');
  return {
    id: row.id,
    projectId: row.project_id,
    mount: row.mount,
    format: row.format,
    bitrateKbps: row.bitrate_kbps,
    position:
      row.latitude === null || row.longitude === null
        ? undefined
        : { latitude: row.latitude, longitude: row.longitude },
    headingDeg: row.heading_deg ?? undefined,
    tags: fromJson(tagsJson, row.tags_json, `the tags of session ${row.id}`),
    createdAtUnixMs: row.created_at_unix_ms,
  };
}

/** What of a session may change; absent stays. */
export interface SessionChange {
  readonly id: string;
  readonly position?: GeoPoint | undefined;
  readonly headingDeg?: number | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Listener sessions that have not ended: they come back after a restart. */
export class Sessions {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  async list(): Promise<readonly SessionDefinition[]> {
    const rows = await this.#control.read(
      async (db) =>
        await db
          .selectFrom('listener_sessions')
          .selectAll()
          .orderBy('created_at_unix_ms')
          .orderBy('id')
          .execute(),
    );
    return rows.map(sessionOf);
  }

  async get(id: string): Promise<SessionDefinition | undefined> {
    const row = await this.#control.read(
      async (db) =>
        await db
          .selectFrom('listener_sessions')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst(),
    );
    return row === undefined ? undefined : sessionOf(row);
  }

  /** @throws EngineError `conflict` when id or mount is taken, or the project does not exist. */
  async create(session: SessionDefinition): Promise<void> {
    await this.#control.write(async (scope) => {
      await scope.db
        .insertInto('listener_sessions')
        .values({
          id: session.id,
          project_id: session.projectId,
          mount: session.mount,
          format: session.format,
          bitrate_kbps: session.bitrateKbps,
          latitude: session.position?.latitude ?? null,
          longitude: session.position?.longitude ?? null,
          heading_deg: session.headingDeg ?? null,
          tags_json: JSON.stringify(session.tags),
          created_at_unix_ms: session.createdAtUnixMs,
        })
        .execute();
      note(scope, 'sessions', session.id, 'put');
    });
  }

  /** Writes moves of many walking listeners in one transaction; unknown sessions are skipped. @returns how many were known. */
  async update(changes: readonly SessionChange[]): Promise<number> {
    if (changes.length === 0) return 0;
    const last = new Map<string, Record<string, string | number | null>>();
    for (const { id, position, headingDeg, tags } of changes) {
      const before = last.get(id);
      last.set(id, {
        session_id: id,
        latitude: position?.latitude ?? before?.['latitude'] ?? null,
        longitude: position?.longitude ?? before?.['longitude'] ?? null,
        heading_deg: headingDeg ?? before?.['heading_deg'] ?? null,
        tags_json: tags === undefined ? (before?.['tags_json'] ?? null) : JSON.stringify(tags),
      });
    }
    return await this.#control.write(async (scope) => {
      let known = 0;
      await inBulks([...last.values()], async (some) => {
        const given = bulkRows(
          this.#control.dialect,
          {
            session_id: 'text',
            latitude: 'double',
            longitude: 'double',
            heading_deg: 'double',
            tags_json: 'text',
          },
          some,
        );
        const { rows } = await sql<{ id: string }>`update listener_sessions as s set
          latitude = coalesce(r.latitude, s.latitude),
          longitude = coalesce(r.longitude, s.longitude),
          heading_deg = coalesce(r.heading_deg, s.heading_deg),
          tags_json = coalesce(r.tags_json, s.tags_json)
          from ${given} as r where s.id = r.session_id returning id`.execute(scope.db);
        known += rows.length;
        for (const row of rows) note(scope, 'sessions', row.id, 'put');
      });
      return known;
    });
  }

  /** Forgets ended sessions. @returns how many there were. */
  async remove(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    if (ids.length > 10_000)
      throw new EngineError('input.too-large', 'at most 10,000 sessions at once');
    return await this.#control.write(async (scope) => {
      const gone = await scope.db
        .deleteFrom('listener_sessions')
        .where('id', 'in', [...ids])
        .returning('id')
        .execute();
      for (const row of gone) note(scope, 'sessions', row.id, 'delete');
      return gone.length;
    });
  }
}
