import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { EngineError } from '../../errors.js';

/** A Postgres of a test's own: made for it in a temporary folder, reachable over a socket in there only. */
export interface ThrowawayPostgres {
  /** A new empty database; its URL. */
  database(): Promise<string>;
  /** Stops the server as an administrator would pull its plug: no goodbye to clients. */
  kill(): Promise<void>;
  /** Starts it again after `kill`. */
  start(): Promise<void>;
  /** Stops it and removes the folder. Idempotent. */
  close(): Promise<void>;
}

const INSTALLED = '/usr/lib/postgresql';
const READY_MS = 30_000;

function program(name: string): string {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a));
  const found = newestFirst
    .map((version) => join(INSTALLED, version, 'bin', name))
    .find((path) => existsSync(path));
  if (found === undefined) {
    throw new EngineError('not-found', `${name} is not installed: apt-get install postgresql`);
  }
  return found;
}

/** Postgres refuses to run as root; the package's user does not need to own anything else. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout.trim());
  return { uid: id('-u'), gid: id('-g') };
}

/** Starts it. The caller closes it; it also ends when this process does. */
export async function startPostgres(): Promise<ThrowawayPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-pg-'));
  const user = unprivileged();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const made = spawnSync(
    program('initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...user, cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new EngineError('store.refused', `initdb failed: ${made.stderr}`);
  }
  const url = (name: string) => `postgres://postgres@${encodeURIComponent(folder)}/${name}`;
  let count = 0;
  let server = launch(folder, data, user);
  let closed: Promise<void> | undefined;
  await ready(url('postgres'));
  return {
    database: async () => {
      const name = `t${++count}`;
      const client = new pg.Client(url('postgres'));
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return url(name);
    },
    kill: async () => {
      await server.stop('SIGQUIT');
    },
    start: async () => {
      server = launch(folder, data, user);
      await ready(url('postgres'));
    },
    close: () => {
      closed ??= server.stop('SIGINT').then(() => {
        rmSync(folder, { recursive: true, force: true });
      });
      return closed;
    },
  };
}

interface Running {
  stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>;
}

function launch(
  folder: string,
  data: string,
  user: { uid: number; gid: number } | undefined,
): Running {
  // The shell reads a line from us: a signal's name, or the end of the pipe when this process is gone.
  const script =
    '"$@" & read -r signal; [ "$signal" ] || signal=INT; kill -s "$signal" $!; wait $!';
  const options = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'];
  const child = spawn('sh', ['-c', script, 'sh', program('postgres'), ...options], {
    ...user,
    cwd: folder,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // The shell may be gone before it read our line.
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    stop: async (signal) => {
      if (child.exitCode === null) child.stdin?.end(`${signal.slice(3)}\n`);
      await ended;
    },
  };
}

async function ready(url: string): Promise<void> {
  const untilMonoMs = performance.now() + READY_MS;
  for (;;) {
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (cause) {
      if (performance.now() > untilMonoMs) {
        throw new EngineError('store.away', 'the test database did not start', { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
