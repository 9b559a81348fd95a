import { z } from 'zod';
import { fromJson, fromRow } from '../../engine/control/rows.js';
import type { MediaType } from '../content/content.types.js';
import { note, type SiteScope } from './scope.js';
import type { SiteControl } from './tables.js';

/** Ends the name of a sound; the media routes give `.mp3` beside each. */
export const SOUND_ENDING = /\.(wav|mp3|m4a|ogg|oga|opus|flac|aac|caf|webm)$/i;

/** Other forms of the same media: role → path below the media folder. */
export type Variants = Readonly<
  Partial<
    Record<'original' | 'wav' | 'mp3' | 'm4a' | 'photo' | 'thumbnail' | 'text' | 'video', string>
  >
>;

/** What is known of a media file; the bytes are in the media folder. */
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
  readonly variants?: Variants | undefined;
  /** Waveform, path below the media folder. */
  readonly peaksFile?: string | undefined;
  /** EBU R128, integrated. */
  readonly loudnessLufs?: number | undefined;
  readonly truePeakDb?: number | undefined;
  /** Undefined counts as audio. */
  readonly mediaType?: MediaType | undefined;
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
  variants_json: z.string(),
  peaks_file: z.string().nullable(),
  loudness_lufs: z.number().nullable(),
  true_peak_db: z.number().nullable(),
  media_type: z.enum(['audio', 'photo', 'text', 'video']),
});

const variants = z.record(z.string(), z.string());

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
    ...extrasOf(row),
  };
}

/** Only what a file really has, so that plain sound files stay plain. */
function extrasOf(row: z.infer<typeof mediaRow>): Partial<MediaFile> {
  const others = fromJson(variants, row.variants_json, `variants of media ${row.id}`) as Variants;
  return {
    ...(Object.keys(others).length === 0 ? {} : { variants: others }),
    ...(row.peaks_file === null ? {} : { peaksFile: row.peaks_file }),
    ...(row.loudness_lufs === null ? {} : { loudnessLufs: row.loudness_lufs }),
    ...(row.true_peak_db === null ? {} : { truePeakDb: row.true_peak_db }),
    ...(row.media_type === 'audio' ? {} : { mediaType: row.media_type }),
  };
}

/** All paths of it below the media folder. */
export function pathsOf(media: MediaFile): readonly string[] {
  const peaks = media.peaksFile === undefined ? [] : [media.peaksFile];
  return [...new Set([media.file, ...Object.values(media.variants ?? {}), ...peaks])];
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
    await this.#control.write((scope) => this.putIn(scope, media));
  }

  /** The same inside a transaction of the caller. */
  async putIn(scope: SiteScope, media: MediaFile): Promise<void> {
    const values = {
      name: media.name,
      file: media.file,
      content_type: media.contentType,
      size_bytes: media.sizeBytes,
      duration_ms: media.durationMs ?? null,
      sha256: media.sha256,
      created_at_unix_ms: media.createdAtUnixMs,
      variants_json: JSON.stringify(media.variants ?? {}),
      peaks_file: media.peaksFile ?? null,
      loudness_lufs: media.loudnessLufs ?? null,
      true_peak_db: media.truePeakDb ?? null,
      media_type: media.mediaType ?? 'audio',
    };
    await scope.db
      .insertInto('media')
      .values({ id: media.id, ...values })
      .onConflict((oc) => oc.column('id').doUpdateSet(values))
      .execute();
    note(scope, 'media', media.id, 'put');
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
