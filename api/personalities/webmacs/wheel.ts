import { promisify } from 'node:util';
import { type Entry, open, type ZipFile } from 'yauzl';
import { Refusal } from './ask.js';

export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** Names of its entry points in the group `webmacs.plugins`. */
  readonly pluginIds: readonly string[];
}

const GROUP = 'webmacs.plugins';
/** Of a text file inside; more is no metadata. */
const MAX_TEXT_BYTES = 1_048_576;
const MAX_ENTRIES = 20_000;
const openZip = promisify(open) as (path: string, options: object) => Promise<ZipFile>;

/** What a Python wheel says of itself. @throws Refusal 422 for what is no wheel with plugins. */
export async function readWheel(path: string): Promise<Wheel> {
  const texts = await textsOf(path).catch((thrown: unknown) => {
    if (thrown instanceof Refusal) throw thrown;
    throw invalid('it is not a ZIP file');
  });
  const metadata = texts.get('METADATA');
  if (metadata === undefined) throw invalid('it has no METADATA');
  const name = field(metadata, 'Name');
  const version = field(metadata, 'Version');
  if (name === undefined || version === undefined) throw invalid('METADATA names no package');
  const pluginIds = pointsOf(texts.get('entry_points.txt') ?? '');
  if (pluginIds.length === 0) throw invalid(`it declares no '${GROUP}' entry point`);
  return { name, version, pluginIds };
}

async function textsOf(path: string): Promise<ReadonlyMap<string, string>> {
  const zip = await openZip(path, { lazyEntries: true, autoClose: false });
  const texts = new Map<string, string>();
  try {
    if (zip.entryCount > MAX_ENTRIES) throw invalid(`it has more than ${MAX_ENTRIES} files`);
    await new Promise<void>((resolve, reject) => {
      zip.on('end', resolve);
      zip.on('error', reject);
      zip.on('entry', (entry: Entry) => {
        const known = /^[^/]+\.dist-info\/(METADATA|entry_points\.txt)$/.exec(entry.fileName)?.[1];
        if (known === undefined || entry.uncompressedSize > MAX_TEXT_BYTES) {
          zip.readEntry();
          return;
        }
        textOf(zip, entry).then((text) => {
          texts.set(known, text);
          zip.readEntry();
        }, reject);
      });
      zip.readEntry();
    });
  } finally {
    zip.close();
  }
  return texts;
}

function textOf(zip: ZipFile, entry: Entry): Promise<string> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
  });
}

const field = (text: string, name: string): string | undefined =>
  new RegExp(`^${name}:[ \\t]*([^\\r\\n]{1,200})`, 'm').exec(text)?.[1]?.trim();

function pointsOf(text: string): readonly string[] {
  let group = '';
  const found: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line)?.[1];
    if (header !== undefined) group = header.trim();
    const name = /^\s*([A-Za-z0-9._-]{1,100})\s*=/.exec(line)?.[1];
    if (group === GROUP && name !== undefined) found.push(name);
  }
  return found;
}

const invalid = (why: string) => new Refusal(422, `Invalid wheel: ${why}.`);
