import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { entryUrl, projectRoot } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';

/** Where a plugin is loaded from. */
export interface PluginSource {
  /** Name in the folder, of the package or of the built-in. */
  readonly name: string;
  readonly origin: 'built-in' | 'folder' | 'package';
  /** `file:` URL of the module that exports `plugin`. */
  readonly module: string;
  /** Another one when the files changed. */
  readonly stamp: string;
}

/** Codes of the plugins that come with the engine, each in `actors/plugins/<code>/plugin.ts`. */
const BUILT_IN: readonly string[] = [
  'system',
  'simulated',
  'shure-text',
  'shure-system',
  'sennheiser-ssc',
  'http-json',
  'mqtt',
];

/** Names looked at in a plugin's folder, in this order, when its `package.json` names none. */
const ENTRIES = ['index.mjs', 'index.js', 'plugin.mjs', 'plugin.js'];
const MAX_PLUGINS = 200;
/** Files looked at in a plugin's folder to notice that one changed. */
const MAX_FILES = 2_000;

/** @throws EngineError `not-found` when they were not built */
export function builtInSources(): readonly PluginSource[] {
  return BUILT_IN.map((code) => ({
    name: code,
    origin: 'built-in',
    module: entryUrl(`actors/plugins/${code}/plugin`).href,
    stamp: '',
  }));
}

/**
 * Plugins in a folder: each `.mjs` file, and each sub-folder with a module. A folder that does not exist has none.
 * @throws EngineError `input.too-large` for more than 200.
 */
export async function folderSources(folder: string): Promise<readonly PluginSource[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((thrown: unknown) => {
    if (errorCode(thrown) === 'ENOENT') return [];
    throw EngineError.from(thrown);
  });
  const sources: PluginSource[] = [];
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    const whole = await stat(path).catch(() => undefined);
    if (whole?.isFile() === true && entry.name.endsWith('.mjs')) {
      sources.push({
        name: entry.name.slice(0, -'.mjs'.length),
        origin: 'folder',
        module: pathToFileURL(path).href,
        stamp: `${whole.mtimeMs}:${whole.size}`,
      });
    } else if (whole?.isDirectory() === true) {
      const module = await entryOf(path);
      if (module === undefined) continue;
      const stamp = await stampOf(path);
      sources.push({
        name: entry.name,
        origin: 'folder',
        module: pathToFileURL(module).href,
        stamp,
      });
    }
    if (sources.length > MAX_PLUGINS) {
      throw new EngineError('input.too-large', `${folder} holds more than ${MAX_PLUGINS} plugins`);
    }
  }
  return sources;
}

/** A named npm package, installed beside the plugins, in the data folder or with the engine; undefined: in none. */
export async function packageSource(
  name: string,
  folders: readonly string[],
): Promise<PluginSource | undefined> {
  for (const base of [...folders, projectRoot()]) {
    const folder = join(base, 'node_modules', ...name.split('/'));
    const module = existsSync(folder) ? await entryOf(folder) : undefined;
    if (module === undefined) continue;
    const stamp = await stampOf(folder);
    return { name, origin: 'package', module: pathToFileURL(module).href, stamp };
  }
  return undefined;
}

async function entryOf(folder: string): Promise<string | undefined> {
  const named = await packageEntry(join(folder, 'package.json'));
  return [named, ...ENTRIES]
    .flatMap((name) => (name === undefined ? [] : [join(folder, name)]))
    .find((file) => existsSync(file));
}

/** What a `package.json` says is imported: `exports` of `.`, else `main`. */
async function packageEntry(file: string): Promise<string | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return undefined;
    // A package.json that cannot be read names nothing; the usual names are tried.
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  return targetOf(value['exports']) ?? targetOf(value['main']);
}

function targetOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return undefined;
  return targetOf(value['.']) ?? targetOf(value['import']) ?? targetOf(value['default']);
}

async function stampOf(folder: string): Promise<string> {
  let newestMs = 0;
  let bytes = 0;
  let files = 0;
  const look = async (path: string): Promise<void> => {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (files >= MAX_FILES || entry.name === 'node_modules') continue;
      const inner = join(path, entry.name);
      if (entry.isDirectory()) await look(inner);
      else {
        const { mtimeMs, size } = await stat(inner);
        files += 1;
        bytes += size;
        newestMs = Math.max(newestMs, mtimeMs);
      }
    }
  };
  // Files may go while they are looked at; the next look sees the rest.
  await look(folder).catch(() => undefined);
  return `${newestMs}:${bytes}:${files}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function errorCode(thrown: unknown): string | undefined {
  return isRecord(thrown) && typeof thrown['code'] === 'string' ? thrown['code'] : undefined;
}
