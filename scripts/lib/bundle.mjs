// What the server and its threads run: few files instead of a thousand, for each of which a path is looked up and a module made.
// The compiler's own output in `dist` stays: tests and benches import it file by file.
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist');
const out = join(dist, 'run');
const stamp = join(out, '.bundled');

const COMPILED = ['engine', 'media', 'actors', 'api'];
/** Programs, threads, child processes and built-in plugins: everything that is started by its file. */
const STARTED = /(^|\/)(main|plugin)\.js$|\.(worker|child|main)\.js$/;
/** Packages with native parts or files of their own that they look for beside themselves. */
const OUTSIDE =
  /^(uWebSockets\.js|chdb|fluent-ffmpeg|node-av|libsql|@libsql|@node-rs|pino|piscina|pg|pg-native)(\/|$)/;

function compiled() {
  const files = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith('.js')) files.push(path);
    }
  };
  for (const name of COMPILED) walk(join(dist, name));
  return files;
}

/** Bundles when the compiler wrote anything since the last time. */
export async function bundle() {
  const files = compiled();
  const newestMs = Math.max(...files.map((file) => statSync(file).mtimeMs));
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= newestMs) return;
  const { rolldown } = await import('rolldown');
  const entries = files
    .map((file) => relative(dist, file))
    .filter((file) => STARTED.test(file))
    .map((file) => [file.replace(/\.js$/, ''), join(dist, file)]);
  const made = await rolldown({
    input: Object.fromEntries(entries),
    platform: 'node',
    external: (id) => OUTSIDE.test(id),
    logLevel: 'silent',
  });
  const { output } = await made.write({
    dir: out,
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name]-[hash].js',
  });
  await made.close();
  const kept = new Set(output.map((file) => join(out, file.fileName)));
  for (const name of readdirSync(out, { recursive: true })) {
    const path = join(out, name);
    if (statSync(path).isFile() && !kept.has(path)) rmSync(path);
  }
  writeFileSync(stamp, '');
  utimesSync(stamp, new Date(), new Date(Math.ceil(newestMs)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
