import { z } from 'zod';
import { fromRow } from '../../engine/control/rows.js';
import { note } from './scope.js';
import type { SiteControl } from './tables.js';

/** What is known of a sound file; the bytes are in the media folder. */
export interface MediaFile {
  readonly id: string;
  /** As the person who brought it called it. */
  readonly name: string;
  /** Path below the media folder. */
  readonly file: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Undefined until it was probed. */
  readonly durationMs: number | undefined;
  /** Hex, of the bytes. */
  readonly sha256: string;
  readonly createdAtUnixMs: number;
}

const mediaRow = z.object({
  id: z.string(),
  name: z.string(),
  file: z.string(),
  content_type: z.string(),
  size_bytes: z.number().min(0),
  duration_ms: z.number().min(0).nullable(),
  sha256: z.string(),
  created_at_unix_ms: z.number(),
});

function mediaOf(raw: unknown): MediaFile {
  const row = fromRow(mediaRow, raw, 'a row of media');
  return {
    id: row.id,
    name: row.name,
    file: row.file,
    contentType: row.content_type,
    sizeBytes: row.size_bytes,
    durationMs: row.duration_ms ?? undefined,
    sha256: row.sha256,
    createdAtUnixMs: row.created_at_unix_ms,
  };
}

export class MediaFiles {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  async list(): Promise<readonly MediaFile[]> {
    const rows = await this.#control.read(
      async (db) => await db.selectFrom('media').selectAll().orderBy('id').execute(),
    );
    return rows.map(mediaOf);
  }

  async get(id: string): Promise<MediaFile | undefined> {
    const row = await this.#control.read(
      async (db) =>
        await db.selectFrom('media').selectAll().where('id', '=', id).executeTakeFirst(),
    );
    return row === undefined ? undefined : mediaOf(row);
  }

  /** Makes or replaces it. */
  async put(media: MediaFile): Promise<void> {
    const values = {
      name: media.name,
      file: media.file,
      content_type: media.contentType,
      size_bytes: media.sizeBytes,
      duration_ms: media.durationMs ?? null,
      sha256: media.sha256,
      created_at_unix_ms: media.createdAtUnixMs,
    };
    await this.#control.write(async (scope) => {
      await scope.db
        .insertInto('media')
        .values({ id: media.id, ...values })
        .onConflict((oc) => oc.column('id').doUpdateSet(values))
        .execute();
      note(scope, 'media', media.id, 'put');
    });
  }

  /** @returns false when there is none. */
  async remove(id: string): Promise<boolean> {
    return await this.#control.write(async (scope) => {
      const gone = await scope.db
        .deleteFrom('media')
        .where('id', '=', id)
        .returning('id')
        .executeTakeFirst();
      if (gone !== undefined) note(scope, 'media', id, 'delete');
      return gone !== undefined;
    });
  }
}
