import { Session } from 'chdb';
import { EngineError } from '../errors.js';

/** One connection into the store's folder; chdb runs one query at a time on it. */
export interface Connection {
  readonly session: Session;
  /** Current database of the connection. */
  database: string;
}

interface Waiter {
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: EngineError) => void;
}

/**
 * A bounded set of connections with a bounded queue. Several kinds of work get a pool each, so that a slow
 * read never holds up an insert. A full queue refuses.
 */
export class ConnectionPool {
  readonly #name: string;
  readonly #idle: Connection[] = [];
  readonly #all: Connection[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #maxQueued: number;

  constructor(name: string, folder: string, size: number, maxQueued: number, setUp: string) {
    this.#name = name;
    this.#maxQueued = maxQueued;
    for (let i = 0; i < size; i++) {
      const session = new Session(folder);
      if (setUp !== '') session.query(setUp);
      const connection = { session, database: 'default' };
      this.#all.push(connection);
      this.#idle.push(connection);
    }
  }

  /**
   * Runs `work` with a connection of its own.
   * @throws EngineError `server.busy` when too many wait already, `server.stopping` after `close`.
   */
  async use<T>(signal: AbortSignal, work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#take(signal);
    try {
      return await work(connection);
    } finally {
      this.#giveBack(connection);
    }
  }

  #take(signal: AbortSignal): Promise<Connection> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return Promise.resolve(idle);
    if (this.#waiters.size >= this.#maxQueued) {
      return Promise.reject(
        new EngineError(
          'server.busy',
          `the series store has ${this.#maxQueued} ${this.#name} queries waiting: try again`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiters.delete(waiter);
        reject(new EngineError('link.closed', 'the client went away before its query began'));
      };
      const waiter: Waiter = {
        resolve: (connection) => {
          signal.removeEventListener('abort', leave);
          resolve(connection);
        },
        reject,
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #giveBack(connection: Connection): void {
    const [next] = this.#waiters;
    if (next === undefined) {
      this.#idle.push(connection);
      return;
    }
    this.#waiters.delete(next);
    next.resolve(connection);
  }

  /** Refuses those who wait and closes the connections; running queries end first. */
  close(): void {
    const stopping = new EngineError('server.stopping', 'the series store is stopping');
    for (const waiter of this.#waiters) waiter.reject(stopping);
    this.#waiters.clear();
    for (const connection of this.#all) connection.session.close();
  }
}
