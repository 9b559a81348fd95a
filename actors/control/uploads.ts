import { z } from 'zod';
import { fromJson, fromRow } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import type { SiteControl } from './tables.js';

/** A resumable upload on its way. How much of it is here is told by its file. */
export interface Upload {
  /** Secret: whoever has it may go on with the upload. */
  readonly id: string;
  /** Name in the folder of incoming files. */
  readonly file: string;
  readonly sizeBytes: number;
  /** What the sender said about it. */
  readonly meta: Readonly<Record<string, string>>;
  /** Whose limits it counts for. */
  readonly owner: string;
  readonly createdAtUnixMs: number;
  readonly touchedAtUnixMs: number;
  /** Once it is whole. */
  readonly assetId: number | undefined;
}

const uploadRow = z.object({
  id: z.string(),
  file: z.string(),
  size_bytes: z.coerce.number(),
  meta_json: z.string(),
  owner: z.string(),
  created_at_unix_ms: z.number(),
  touched_at_unix_ms: z.number(),
  asset_id: z.number().nullable(),
});

const metaJson = z.record(z.string(), z.string());

function uploadOf(raw: unknown): Upload {
  const row = fromRow(uploadRow, raw, 'a row of uploads');
  return {
    id: row.id,
    file: row.file,
    sizeBytes: row.size_bytes,
    meta: fromJson(metaJson, row.meta_json, 'meta of an upload'),
    owner: row.owner,
    createdAtUnixMs: row.created_at_unix_ms,
    touchedAtUnixMs: row.touched_at_unix_ms,
    assetId: row.asset_id ?? undefined,
  };
}

/** Resumable uploads; they are nobody's domain, so the change feed does not tell of them. */
export class Uploads {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  async list(): Promise<readonly Upload[]> {
    const rows = await this.#control.read(
      async (db) => await db.selectFrom('uploads').selectAll().orderBy('id').execute(),
    );
    return rows.map(uploadOf);
  }

  async get(id: string): Promise<Upload | undefined> {
    const row = await this.#control.read(
      async (db) =>
        await db.selectFrom('uploads').selectAll().where('id', '=', id).executeTakeFirst(),
    );
    return row === undefined ? undefined : uploadOf(row);
  }

  /** @throws EngineError `rate.limited` when the owner has `mostOfOwner` already, `server.busy` over `most` in all. */
  async create(upload: Upload, mostOfOwner: number, most: number): Promise<void> {
    await this.#control.write(async ({ db }) => {
      const open = await db
        .selectFrom('uploads')
        .select('owner')
        .where('asset_id', 'is', null)
        .execute();
      if (open.length >= most) {
        throw new EngineError('server.busy', 'too many uploads are under way: try again later');
      }
      if (open.filter((row) => row.owner === upload.owner).length >= mostOfOwner) {
        throw new EngineError(
          'rate.limited',
          `${mostOfOwner} uploads of yours are under way: finish or delete one first`,
        );
      }
      await db
        .insertInto('uploads')
        .values({
          id: upload.id,
          file: upload.file,
          size_bytes: upload.sizeBytes,
          received_bytes: 0,
          meta_json: JSON.stringify(upload.meta),
          owner: upload.owner,
          created_at_unix_ms: upload.createdAtUnixMs,
          touched_at_unix_ms: upload.touchedAtUnixMs,
          asset_id: null,
        })
        .execute();
    });
  }

  async touch(id: string, receivedBytes: number, atUnixMs: number): Promise<void> {
    await this.#control.write(async ({ db }) => {
      await db
        .updateTable('uploads')
        .set({ received_bytes: receivedBytes, touched_at_unix_ms: atUnixMs })
        .where('id', '=', id)
        .execute();
    });
  }

  async finish(id: string, assetId: number): Promise<void> {
    await this.#control.write(async ({ db }) => {
      await db.updateTable('uploads').set({ asset_id: assetId }).where('id', '=', id).execute();
    });
  }

  async remove(id: string): Promise<void> {
    await this.#control.write(async ({ db }) => {
      await db.deleteFrom('uploads').where('id', '=', id).execute();
    });
  }
}
