// What has to be there before the engine can be built and run: packages, system programs, a build.
// Plain Node without packages, because it runs before any is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const NODE_MIN = [20, 19];

/** Says what is wrong and what to do, and ends with 1. */
function fail(message) {
  process.stderr.write(`earshot: ${message}\n`);
  process.exit(1);
}

function say(message) {
  process.stderr.write(`earshot: ${message}\n`);
}

function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
    ...options,
    env: { ...process.env, ...options.env },
  });
  if (done.error) return { ok: false, reason: done.error.message };
  return { ok: done.status === 0, reason: `exit code ${done.status ?? done.signal}` };
}

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  fail(`Node ${NODE_MIN.join('.')} or newer is needed, this is ${process.versions.node}`);
}

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/** Installs the packages of the lock file when they are not, or when it changed since. */
export function ensurePackages() {
  const stamp = join(root, 'node_modules', '.earshot-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash()) return;
  say('installing packages (about a minute) …');
  // `install` and not `ci`: it tolerates optional packages of other platforms that are not to be had.
  // node-av would otherwise fetch ffmpeg programs from outside the registry; we use its library only.
  const done = run(
    'npm',
    ['install', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      env: { SKIP_FFMPEG: 'true', NODE_ENV: 'development' },
    },
  );
  if (!done.ok) fail(`"npm install" failed (${done.reason}); its message is above`);
  writeFileSync(stamp, lockHash());
}

function onPath(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .concat('/usr/sbin', '/usr/local/sbin')
    .some((folder) => folder !== '' && existsSync(join(folder, program)));
}

/**
 * Makes sure that system programs are there. As root on Debian they are installed; otherwise the
 * command to type is printed. `needs` is a list of { program, found?, debianPackage, for }.
 */
export function ensureSystem(needs) {
  const there = (need) => (need.found ? need.found() : onPath(need.program));
  const missing = needs.filter((need) => !there(need));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((need) => need.debianPackage))];
  const command = `apt-get install --yes --no-install-recommends ${packages.join(' ')}`;
  if (!onPath('apt-get')) {
    fail(
      `missing: ${missing.map((m) => `${m.program} (${m.for})`).join(', ')}. Install them with your system's package manager.`,
    );
  }
  if (process.getuid?.() !== 0) {
    fail(
      `missing: ${missing.map((m) => `${m.program} (${m.for})`).join(', ')}. Type: sudo ${command}`,
    );
  }
  say(`installing ${packages.join(', ')} …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], { env });
  const done = run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    env,
  });
  if (!done.ok) fail(`"${command}" failed (${done.reason}); its message is above`);
  const still = missing.filter((need) => !there(need));
  if (still.length > 0)
    fail(`${still.map((m) => m.program).join(', ')} still missing after "${command}"`);
}

const SOURCE_FOLDERS = ['engine', 'media', 'actors', 'api', 'bench'];
const SOURCE_FILES = ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json'];

/** Sizes and times of all sources below `folders`: changes when anything that is built changes. */
function fingerprint(folders, files) {
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  };
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else add(path);
    }
  };
  for (const file of files) add(join(root, file));
  for (const folder of folders) walk(join(root, folder));
  return hash.digest('hex');
}

/** Builds what changed: the compiler is incremental, the pages are built when their sources changed. */
export function build() {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const stampFile = join(root, 'dist', '.built.json');
  const before = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
  const now = {
    server: fingerprint(SOURCE_FOLDERS, SOURCE_FILES),
    pages: fingerprint(['ui', 'api/contract', 'api/client'], SOURCE_FILES),
  };
  const bin = (name) => join(root, 'node_modules', '.bin', name);
  if (before.server !== now.server || !existsSync(join(root, 'dist/api/main.js'))) {
    say('building the server …');
    const done = run(bin('tsc'), ['-b']);
    if (!done.ok) fail(`the build failed (${done.reason})`);
  }
  const bundled = run(process.execPath, [join(root, 'scripts', 'lib', 'bundle.mjs')]);
  if (!bundled.ok) fail(`bundling the server failed (${bundled.reason})`);
  if (before.pages !== now.pages || !existsSync(join(root, 'dist/ui/index.html'))) {
    say('building the pages …');
    const done = run(bin('vite'), ['build', '--config', 'ui/vite.config.ts', '--logLevel', 'warn']);
    if (!done.ok) fail(`building the pages failed (${done.reason})`);
  }
  writeFileSync(stampFile, JSON.stringify(now));
}

const FFMPEG = { program: 'ffmpeg', debianPackage: 'ffmpeg', for: 'decoding and encoding sound' };

/** What running needs. */
export const RUN_NEEDS = [FFMPEG, { ...FFMPEG, program: 'ffprobe' }];

/** What the tests need beyond running. */
export const TEST_NEEDS = [
  ...RUN_NEEDS,
  { program: 'icecast2', debianPackage: 'icecast2', for: 'a real Icecast in the tests' },
  {
    program: 'chromium-headless-shell',
    debianPackage: 'chromium-headless-shell',
    for: 'browser tests',
  },
  {
    program: 'postgres',
    // Debian keeps its servers off the path, one folder a version.
    found: () =>
      existsSync('/usr/lib/postgresql') &&
      readdirSync('/usr/lib/postgresql').some((version) =>
        existsSync(`/usr/lib/postgresql/${version}/bin/postgres`),
      ),
    debianPackage: 'postgresql',
    for: 'a real Postgres in the tests',
  },
];
