import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ZipFile } from 'yazl';
import type { UiElement } from '../../../actors/content/content.types.js';
import type { ContentStore } from '../../../actors/content/store.types.js';
import { EngineError } from '../../../engine/errors.js';
import { matches } from '../../http/encode.js';
import type { Exchange, Headers } from '../../http/exchange.js';
import { ORIGINALS } from '../naming.js';

/** Below the media folder, where nothing is served one by one. */
export const ELEMENT_FOLDER = `${ORIGINALS}/ui-elements`;

/** Of one picture. */
export const MAX_ELEMENT_BYTES = 8_388_608;
/** Of one ZIP: its bytes are held while they are cached. */
const MAX_ZIP_BYTES = 33_554_432;
const MAX_ZIP_FILES = 1_000;
/** Made lately; the oldest leaves. */
const MAX_CACHED = 4;

const ZIP_PATH = /^project(\d{1,15})-uielements([^/]{0,255})\.zip$/;

interface Entry {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly changedAt: Date;
  readonly inode: number;
}

interface Packed {
  readonly tag: string;
  readonly bytes: Promise<Buffer>;
}

/** Name of an element's file, as apps find it in their ZIP. Always a plain name, whatever the element is called. */
export const elementFileName = (
  name: string,
  { variant, fileExtension }: Pick<UiElement, 'variant' | 'fileExtension'>,
): string => `${name}${variant}.${fileExtension}`.replaceAll(/[/\\\0]/g, '_');

/** Name of the ZIP with the pictures of a variant, below `/media/`; not encoded. */
export const elementZipName = (projectId: number, variant: string): string =>
  `project${projectId}-uielements${variant}.zip`;

/** The pictures of a site's UI elements, at most one each, kept under the element's number. */
export class ElementFiles {
  readonly #content: Pick<ContentStore, 'uiElements' | 'uiElementNames'>;
  readonly #folder: string;
  readonly #packed = new Map<string, Packed>();

  constructor(content: Pick<ContentStore, 'uiElements' | 'uiElementNames'>, mediaFolder: string) {
    this.#content = content;
    this.#folder = join(mediaFolder, ELEMENT_FOLDER);
  }

  /** Would `put` take the file? @throws EngineError `input.too-large`. */
  async check(file: string): Promise<void> {
    if ((await stat(file)).size > MAX_ELEMENT_BYTES) {
      throw new EngineError(
        'input.too-large',
        `file: a picture of an app may have at most ${MAX_ELEMENT_BYTES} bytes`,
      );
    }
  }

  /** Takes the file over, in place of an older one. @throws EngineError `input.too-large`; it is the caller's then. */
  async put(elementId: number, file: string): Promise<void> {
    await this.check(file);
    await mkdir(this.#folder, { recursive: true });
    await rename(file, this.#pathOf(elementId));
  }

  async remove(elementId: number): Promise<void> {
    await rm(this.#pathOf(elementId), { force: true });
  }

  /**
   * Answers `/media/project<id>-uielements<variant>.zip`. @returns false for other paths.
   * @throws EngineError `not-found` when the variant has no files, `input.too-large` when it has too many.
   */
  async serve(exchange: Exchange, path: string, headers: Headers): Promise<boolean> {
    const found = ZIP_PATH.exec(path);
    if (found === null) return false;
    const { tag, bytes } = await this.#zipOf(Number(found[1]), found[2] ?? '');
    const out = { ...headers, etag: tag, 'cache-control': 'no-cache' };
    if (matches(exchange.header('if-none-match'), tag)) {
      exchange.send(304, out);
      return true;
    }
    exchange.send(200, { ...out, 'content-type': 'application/zip' }, await bytes);
    return true;
  }

  #pathOf(elementId: number): string {
    return join(this.#folder, String(elementId));
  }

  async #zipOf(projectId: number, variant: string): Promise<Packed> {
    const entries = await this.#entries(projectId, variant);
    if (entries.length === 0) {
      throw new EngineError(
        'not-found',
        `project ${projectId} has no files of UI elements of the variant "${variant}": send them with PATCH /api/2/uielements/<id>/, field file`,
      );
    }
    const total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (total > MAX_ZIP_BYTES || entries.length > MAX_ZIP_FILES) {
      throw new EngineError(
        'input.too-large',
        `the files of this variant have ${total} bytes in ${entries.length} files: at most ${MAX_ZIP_BYTES} in ${MAX_ZIP_FILES} go into one ZIP, make pictures smaller`,
      );
    }
    const state = entries.map(({ changedAt, ...rest }) => [rest, changedAt.getTime()]);
    const tag = `"${createHash('sha1').update(JSON.stringify(state)).digest('base64url')}"`;
    const key = elementZipName(projectId, variant);
    const known = this.#packed.get(key);
    this.#packed.delete(key);
    const packed = known?.tag === tag ? known : { tag, bytes: zipped(entries) };
    this.#packed.set(key, packed);
    // Not kept: a file that went away meanwhile is no answer for the next one.
    packed.bytes.catch(() => {
      if (this.#packed.get(key) === packed) this.#packed.delete(key);
    });
    for (const oldest of this.#packed.keys()) {
      if (this.#packed.size <= MAX_CACHED) break;
      this.#packed.delete(oldest);
    }
    return packed;
  }

  /** By name; of two with one name the later one, as apps see them. */
  async #entries(projectId: number, variant: string): Promise<readonly Entry[]> {
    const elements = await this.#content.uiElements.find({
      where: [
        { field: 'projectId', op: '=', value: projectId },
        { field: 'variant', op: '=', value: variant },
      ],
    });
    const names = await this.#content.uiElementNames.many(elements.map(({ nameId }) => nameId));
    const nameOf = new Map(names.map(({ id, name }) => [id, name]));
    const entries = new Map<string, Entry>();
    for (const element of elements) {
      const path = this.#pathOf(element.id);
      const facts = await stat(path).catch(() => undefined);
      const said = nameOf.get(element.nameId);
      if (facts === undefined || said === undefined) continue;
      const name = elementFileName(said, element);
      const { size: sizeBytes, mtime: changedAt, ino: inode } = facts;
      entries.set(name, { path, name, sizeBytes, changedAt, inode });
    }
    return [...entries.values()];
  }
}

async function zipped(entries: readonly Entry[]): Promise<Buffer> {
  const zip = new ZipFile();
  for (const { path, name, changedAt } of entries) {
    zip.addBuffer(await readFile(path), name, { mtime: changedAt });
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
