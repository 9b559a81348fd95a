import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { entryUrl } from '../entry.js';
import { EngineError } from '../errors.js';

/** From this size on the log is moved into the file. SQLite syncs the head of a log that begins anew at once, so not too often. */
const MOVE_BYTES = 16 * 1024 * 1024;
/** Over this the writer waits while it is moved, because only a log that was moved whole begins anew. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface WriteAheadLogOptions {
  /** The database file; its log lies beside it. */
  readonly file: string;
  /** The log could not be moved: it grows on. The writer must move it itself from now on. */
  readonly onLost: (error: EngineError) => void;
}

/**
 * The write-ahead log of an SQLite file whose writer neither syncs nor moves it (`synchronous = NORMAL`,
 * `wal_autocheckpoint = 0`, `journal_size_limit = 0`): both wait for the disk, and the thread that writes has other
 * work. Commits that come while one sync is under way share the next.
 */
export class WriteAheadLog {
  readonly #options: WriteAheadLogOptions;
  /** Opened once: the log stays the same file for as long as anybody has the database open. */
  #handle: FileHandle | undefined;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #room: Promise<void> | undefined;
  #mover: Mover | undefined;
  #lost = false;

  constructor(options: WriteAheadLogOptions) {
    this.#options = options;
  }

  /**
   * Resolves when everything that was committed before the call is on disk.
   * @throws EngineError `store.away` when the disk refuses; what was committed may be kept or lost then
   */
  synced(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    const mine = this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        this.#running = mine;
        return this.#sync();
      });
    this.#next = mine;
    return mine;
  }

  /** Resolves when there is room for another transaction: at once, unless the log became too long. Never rejects. */
  async room(): Promise<void> {
    await this.#room;
  }

  /** After the writer was closed. Resolves when nothing is open any more; never rejects. */
  async close(): Promise<void> {
    await (this.#next ?? this.#running).catch(() => undefined);
    await this.#looking;
    await this.#room;
    await this.#mover?.close();
    await this.#handle?.close();
  }

  async #sync(): Promise<void> {
    let handle: FileHandle | undefined;
    try {
      this.#handle ??= await openLog(this.#options.file);
      handle = this.#handle;
      await handle?.datasync();
    } catch (cause) {
      // Whatever comes after pages that were not kept would be lost with them: the log has to begin anew.
      this.#makeRoom();
      throw new EngineError(
        'store.away',
        `the disk does not take the control store: ${EngineError.from(cause).message}`,
        { cause },
      );
    }
    if (handle === undefined) return;
    this.#looking ??= this.#look(handle).finally(() => {
      this.#looking = undefined;
    });
  }

  async #look(handle: FileHandle): Promise<void> {
    try {
      const { size } = await handle.stat();
      if (size < MOVE_BYTES || this.#lost) return;
      await this.#move();
      if (size >= MOST_BYTES) this.#makeRoom();
    } catch (cause) {
      this.#lose(cause);
    }
  }

  #makeRoom(): void {
    this.#room ??= this.#move()
      .catch((cause: unknown) => this.#lose(cause))
      .finally(() => {
        this.#room = undefined;
      });
  }

  async #move(): Promise<void> {
    if (this.#lost) return;
    this.#mover ??= new Mover(this.#options.file);
    await this.#mover.move();
  }

  #lose(cause: unknown): void {
    if (this.#lost) return;
    this.#lost = true;
    const error = EngineError.from(cause);
    this.#options.onLost(
      new EngineError('store.away', `the log of the control store: ${error.message}`, { cause }),
    );
  }
}

/** The log, with its name in the folder on disk; undefined while nothing was written. */
async function openLog(file: string): Promise<FileHandle | undefined> {
  const log = await open(`${file}-wal`, 'r').catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (log === undefined) return undefined;
  const folder = await open(dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
  return log;
}

/** The thread that moves the log into the file. */
class Mover {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #last: Promise<unknown> = Promise.resolve();
  #settle: (error: EngineError | undefined) => void = () => undefined;
  #over: EngineError | undefined;

  constructor(file: string) {
    this.#worker = new Worker(entryUrl('engine/control/wal.worker'), { workerData: { file } });
    // A store that is forgotten must not keep its process.
    this.#worker.unref();
    this.#worker.on('message', (failure: string | null) => {
      this.#settle(failure === null ? undefined : new EngineError('store.away', failure));
    });
    this.#worker.on('error', (cause) => this.#end(EngineError.from(cause)));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end(new EngineError('store.away', 'the thread that moves it ended'));
        resolve();
      });
    });
  }

  /** One after the other. @throws EngineError `store.away` */
  async move(): Promise<void> {
    const mine = this.#last.then(() => this.#ask());
    this.#last = mine.catch(() => undefined);
    await mine;
  }

  async close(): Promise<void> {
    this.#worker.postMessage('end');
    await this.#ended;
  }

  #ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
      if (this.#over !== undefined) reject(this.#over);
      else this.#worker.postMessage('move');
    });
  }

  #end(error: EngineError): void {
    this.#over ??= error;
    this.#settle(this.#over);
  }
}
