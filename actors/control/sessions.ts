import { sql } from 'kysely';
import { z } from 'zod';
import { bulkRows, fromJson, fromRow, inBulks } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import type { SessionDefinition } from '../session/protocol.js';
import { note } from './scope.js';
import type { SiteControl } from './tables.js';

const sessionRow = z.object({
  id: z.string(),
  number: z.number(),
  project_id: z.number(),
  mount: z.string(),
  definition_json: z.string(),
  created_at_unix_ms: z.number(),
});

const maybe = <T extends z.ZodType>(schema: T) => schema.optional();
const ids = z.array(z.number());

/** What of a session may change, and what has no column: one JSON text. */
const definitionJson = z.object({
  format: z.enum(['mp3', 'opus', 'vorbis']),
  bitrateKbps: z.number(),
  output: z.enum(['builtin', 'icecast', 'both']).optional(),
  profile: z.enum(['native', 'roundware']),
  geoListen: z.boolean(),
  position: maybe(z.object({ latitude: z.number(), longitude: z.number() })),
  headingDeg: maybe(z.number()),
  headingWidthDeg: maybe(z.number()),
  rangeMinM: maybe(z.number()),
  rangeMaxM: maybe(z.number()),
  tagIds: maybe(ids),
  languageId: maybe(z.number()),
  userId: maybe(z.number()),
  blockedAssetIds: ids,
  blockedUserIds: ids,
});

function sessionOf(raw: unknown): SessionDefinition {
  const row = fromRow(sessionRow, raw, 'a row of listener_sessions');
  const kept = fromJson(definitionJson, row.definition_json, `session ${row.number}`);
  return {
    id: row.id,
    number: row.number,
    projectId: row.project_id,
    mount: row.mount,
    createdAtUnixMs: row.created_at_unix_ms,
    format: kept.format,
    bitrateKbps: kept.bitrateKbps,
    ...(kept.output === undefined ? {} : { output: kept.output }),
    profile: kept.profile,
    geoListen: kept.geoListen,
    position: kept.position,
    headingDeg: kept.headingDeg,
    headingWidthDeg: kept.headingWidthDeg,
    rangeMinM: kept.rangeMinM,
    rangeMaxM: kept.rangeMaxM,
    tagIds: kept.tagIds,
    languageId: kept.languageId,
    userId: kept.userId,
    blockedAssetIds: kept.blockedAssetIds,
    blockedUserIds: kept.blockedUserIds,
  };
}

function jsonOf(session: SessionDefinition): string {
  const { id: _id, number: _number, projectId: _project, mount: _mount, ...rest } = session;
  const { createdAtUnixMs: _created, ...kept } = rest;
  return JSON.stringify(kept);
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

  /** @throws EngineError `conflict` when id, number or mount is taken, or the project does not exist. */
  async create(session: SessionDefinition): Promise<void> {
    await this.#control.write(async (scope) => {
      await scope.db
        .insertInto('listener_sessions')
        .values({
          id: session.id,
          number: session.number,
          project_id: session.projectId,
          mount: session.mount,
          definition_json: jsonOf(session),
          created_at_unix_ms: session.createdAtUnixMs,
        })
        .execute();
      note(scope, 'sessions', session.id, 'put');
    });
  }

  /** Writes many walking listeners in one transaction; unknown sessions are skipped. @returns how many were known. */
  async update(sessions: readonly SessionDefinition[]): Promise<number> {
    if (sessions.length === 0) return 0;
    return await this.#control.write(async (scope) => {
      let known = 0;
      await inBulks(sessions, async (some) => {
        const given = bulkRows(
          this.#control.dialect,
          { session_id: 'text', definition_json: 'text' },
          some.map((one) => ({ session_id: one.id, definition_json: jsonOf(one) })),
        );
        const { rows } = await sql<{ id: string }>`update listener_sessions as s
          set definition_json = r.definition_json
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
