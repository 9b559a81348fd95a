import { EngineError } from '../errors.js';
import { niceThisThread } from '../thread-priority.js';
import { ChdbServer } from './chdb-server.js';
import { ChdbStore } from './chdb-store.js';
import type { FromStoreChild, ToStoreChild } from './embedded.protocol.js';

/**
 * Child process that holds the embedded series store. It waits for `start`, opens the folder, listens on
 * loopback and says `ready`. It ends on `stop`, on SIGTERM, and when its parent is gone.
 */
function tell(message: FromStoreChild): void {
  if (process.connected) process.send?.(message);
}

/** Live before history: when the processor is full, boards and rules go on, and rows are stored in larger groups. Its threads inherit it. */
const NICENESS = 5;

niceThisThread(NICENESS);

let server: ChdbServer | undefined;
let store: ChdbStore | undefined;
let stopping = false;

async function start(message: Extract<ToStoreChild, { type: 'start' }>): Promise<void> {
  store = new ChdbStore(message.folder);
  server = new ChdbServer(store, message.username, message.password);
  const version = await store.readVersion(AbortSignal.timeout(30_000));
  const port = await server.listen(message.port);
  tell({ type: 'ready', port, version });
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  try {
    await server?.close();
    await store?.close();
  } finally {
    process.exit(exitCode);
  }
}

function failed(thrown: unknown): void {
  const text = thrown instanceof Error ? thrownText(thrown) : String(thrown);
  const locked = /Code: 76|Cannot lock file/.test(text);
  const error = locked
    ? new EngineError('conflict', 'another process has the folder of the series store open')
    : EngineError.from(thrown);
  tell({ type: 'failed', error: error.toWire() });
  process.exitCode = 1;
  process.disconnect?.();
  setImmediate(() => process.exit(1));
}

/** chdb names the reason only on a cause. */
function thrownText(error: Error): string {
  return error.cause instanceof Error
    ? `${error.message} ${thrownText(error.cause)}`
    : error.message;
}

process.on('message', (message: ToStoreChild) => {
  if (message.type === 'start') start(message).catch(failed);
  else void stop(0);
});
process.on('disconnect', () => void stop(0));
process.on('SIGTERM', () => void stop(0));
process.on('SIGINT', () => undefined);
process.on('uncaughtException', failed);
