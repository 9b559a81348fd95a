import { join } from 'node:path';
import { SystemClock } from '../engine/clock.js';
import { EngineError } from '../engine/errors.js';
import { createLog } from '../engine/log.js';
import { type App, startApp } from './app.js';
import { type Config, loadConfig } from './config.js';

/** After SIGTERM everything has this long; then the process ends anyway. */
const STOP_WITHIN_MS = 4_800;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(thrown: unknown): never {
  const error = EngineError.from(thrown);
  const text = error.code === 'internal' ? (error.stack ?? error.message) : error.message;
  process.stderr.write(`earshot: ${text}\n`);
  process.exit(1);
}

function readConfig(): Config {
  try {
    return loadConfig(process.env, process.cwd());
  } catch (error) {
    return fail(error);
  }
}

const config = readConfig();
const log = createLog({
  level: config.log.level,
  folder: join(config.data, 'log'),
  name: 'main',
  maxFileBytes: config.log.maxFileBytes,
  maxFiles: config.log.maxFiles,
});

let app: App | undefined;
let stopping = false;

function stop(signal: string): void {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, 'stopping');
  setTimeout(() => {
    log.error('not everything stopped in time');
    process.exit(1);
  }, STOP_WITHIN_MS).unref();
  // A signal during the start waits for its end: half-started parts cannot be stopped one by one.
  void started
    .then(() => app?.stop())
    .then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
}

process.on('SIGTERM', () => stop('SIGTERM'));
process.on('SIGINT', () => stop('SIGINT'));
// What reaches here is a fault of ours outside every supervisor: the state is unknown, so the process ends and
// its manager starts it again; everything acknowledged is on disk.
process.on('uncaughtException', (error) => {
  log.fatal({ err: error }, 'uncaught');
  process.exit(70);
});
process.on('unhandledRejection', (reason) => {
  log.fatal({ err: reason }, 'unhandled rejection');
  process.exit(70);
});

const started = startApp(config, new SystemClock(), log).then(
  (running) => {
    app = running;
    if (stopping) return;
    const password =
      running.adminPassword === undefined ? '' : `  admin password ${running.adminPassword}`;
    say(`earshot ready  pages ${running.url}/  streams ${running.streamUrl}/${password}`);
  },
  (error: unknown) => {
    log.fatal({ err: error }, 'the start failed');
    fail(error);
  },
);
