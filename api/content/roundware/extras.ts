import { basename } from 'node:path';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { AnyRow } from '../archive/shape.js';
import { ZipBundle } from '../archive/zip.js';
import type { IngestService } from '../ingest.types.js';
import { ElementFiles, elementFileName, MAX_ELEMENT_BYTES } from './element-files.js';
import { keepSound } from './keep-sound.js';
import type { RowsOf } from './rows.js';
import type { RoundwareSource } from './source.js';

/** Copied of one project; speakers beyond go on playing from their address. */
const MAX_SPEAKER_FILES = 1_000;
/** Of one variant. */
const ZIP_LIMITS = { maxEntries: 5_000, maxTotalBytes: 268_435_456, maxEntryBytes: 33_554_432 };
const MAX_ZIP_BYTES = 134_217_728;

export interface ExtraServices {
  readonly store: SiteStore;
  readonly ingest: IngestService;
  readonly mediaFolder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface SoundFile {
  readonly path: string;
  readonly filename: string;
  readonly address: string;
}

/**
 * Files of a Roundware project beside those of its recordings: what speakers loop and the pictures of its app. They
 * are loaded first and given to the new rows once these are there; one that cannot be had is named in `missing`.
 */
export class Extras {
  readonly missing: string[] = [];
  /** Speakers that play a file of their own now. */
  speakerFiles = 0;
  /** Pictures that were kept. */
  elementFiles = 0;
  readonly #source: RoundwareSource;
  readonly #services: ExtraServices;
  /** By the number of the row over there. */
  readonly #sounds = new Map<number, SoundFile>();
  readonly #pictures = new Map<number, string>();

  constructor(source: RoundwareSource, services: ExtraServices) {
    this.#source = source;
    this.#services = services;
  }

  /** Loads the files that speakers play from the server itself. Live streams, and what lies elsewhere, stay addresses. */
  async loadSounds(speakers: readonly AnyRow[]): Promise<void> {
    for (const { id, code, uri } of speakers) {
      const address = String(uri);
      if (address === '' || !this.#source.isOwn(address)) continue;
      const named = `speaker ${id} (${String(code)})`;
      if (this.#sounds.size >= MAX_SPEAKER_FILES) {
        this.missing.push(
          `${named}: more than ${MAX_SPEAKER_FILES} files: it plays from ${address}`,
        );
        continue;
      }
      try {
        const bytes = await this.#source.wholeFile(address, this.#services.ingest.maxBytes);
        if (bytes === undefined) continue;
        const path = await this.#services.ingest.save(bytes);
        this.#sounds.set(id, { path, filename: nameIn(address), address });
      } catch (thrown) {
        this.missing.push(`${named}: ${this.#passing(thrown)}: it plays from ${address}`);
      }
    }
  }

  /** Loads the ZIP of each variant and unpacks what its elements name. */
  async loadPictures(rows: RowsOf, projectId: number): Promise<void> {
    const elements = rows.get('uiElements') ?? [];
    const names = new Map(rows.get('uiElementNames')?.map((row) => [row.id, String(row['name'])]));
    for (const variant of new Set(elements.map((row) => String(row['variant'])))) {
      const ofVariant = elements.filter((row) => row['variant'] === variant);
      try {
        await this.#loadVariant(projectId, variant, ofVariant, names);
      } catch (thrown) {
        this.missing.push(`pictures of variant "${variant}": ${this.#passing(thrown)}`);
      }
    }
  }

  /** Gives the files to the rows that were made of `rows`, in the order of these. */
  async place(rows: RowsOf, projectId: number): Promise<void> {
    const { store, ingest, mediaFolder, signal } = this.#services;
    const { content } = store;
    const where = [{ field: 'projectId', op: '=', value: projectId }] as const;
    const speakers = await content.speakers.find({ where });
    for (const [i, { id, code }] of (rows.get('speakers') ?? []).entries()) {
      const sound = this.#sounds.get(id);
      const speaker = speakers[i];
      if (sound === undefined || speaker === undefined) continue;
      try {
        await ingest.room(signal);
        const file = { ...sound, contentType: 'application/octet-stream' };
        this.#sounds.delete(id);
        const mediaId = await keepSound(this.#services, file, projectId);
        await content.speakers.update(speaker.id, { mediaId, uri: '' });
        this.speakerFiles++;
      } catch (thrown) {
        // The project is there by now: it is better with an address than gone.
        await ingest.discard(sound.path);
        const { message } = EngineError.from(thrown);
        const named = `speaker ${id} (${String(code)})`;
        this.missing.push(`${named}: ${message}: it plays from ${sound.address}`);
      }
    }
    const pictures = new ElementFiles(content, mediaFolder);
    const elements = await content.uiElements.find({ where });
    for (const [i, { id }] of (rows.get('uiElements') ?? []).entries()) {
      const path = this.#pictures.get(id);
      const element = elements[i];
      if (path === undefined || element === undefined) continue;
      await pictures.put(element.id, path);
      this.#pictures.delete(id);
      this.elementFiles++;
    }
  }

  /** Removes what was loaded and not placed. */
  async discard(): Promise<void> {
    const paths = [
      ...this.#pictures.values(),
      ...[...this.#sounds.values()].map((one) => one.path),
    ];
    for (const path of paths) await this.#services.ingest.discard(path);
    this.#pictures.clear();
    this.#sounds.clear();
  }

  async #loadVariant(
    projectId: number,
    variant: string,
    elements: readonly AnyRow[],
    names: ReadonlyMap<number, string>,
  ): Promise<void> {
    const { ingest } = this.#services;
    const told = await this.#source.object(`projects/${projectId}/uielements/`, { variant });
    const address = (told['config'] as { files_url?: unknown } | undefined)?.files_url;
    if (typeof address !== 'string' || !URL.canParse(address, this.#source.base.href)) {
      throw new EngineError('link.closed', 'the Roundware server names no files_url');
    }
    const zip = await ingest.save(await this.#source.file(address), MAX_ZIP_BYTES);
    try {
      const bundle = await ZipBundle.open(zip, ZIP_LIMITS);
      try {
        for (const row of elements) {
          const { id, variant: said, fileExtension, nameId } = row;
          const wanted = { variant: String(said), fileExtension: String(fileExtension) };
          const name = elementFileName(names.get(Number(nameId)) ?? '', wanted);
          const entry = bundle.names.find((one) => basename(one) === name);
          if (entry === undefined)
            this.missing.push(`UI element ${id}: ${name} is not in ${address}`);
          else this.#pictures.set(id, await ingest.save(bundle.read(entry), MAX_ELEMENT_BYTES));
        }
      } finally {
        bundle.close();
      }
    } finally {
      await ingest.discard(zip);
    }
  }

  /** What is said of a file that cannot be had. @throws what ends the whole import. */
  #passing(thrown: unknown): string {
    const error = EngineError.from(thrown, 'link.closed');
    if (this.#services.signal.aborted || error.code === 'spool.full') throw error;
    return error.message;
  }
}

const nameIn = (address: string): string => basename(new URL(address).pathname).slice(0, 200);
