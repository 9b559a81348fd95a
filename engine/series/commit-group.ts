import { EngineError } from '../errors.js';
import type { BatchBuilder, StoreBatch } from './batch.js';
import type { JournalEntry } from './journal.js';
import type { Stored } from './series.types.js';

/** Appends that are committed together: one batch, one promise. */
export interface Group {
  readonly builder: BatchBuilder;
  /** Its window is over: it goes as soon as the store can take it. */
  overdue: boolean;
  /** It waits a little longer for the end of an insert. */
  patient: boolean;
  /** It is written to the journal when it is sealed. */
  journal: boolean;
  readonly stored: Promise<Stored>;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: EngineError) => void;
}

export function newGroup(builder: BatchBuilder): Group {
  let resolve: (stored: Stored) => void = () => undefined;
  let reject: (error: EngineError) => void = () => undefined;
  const stored = new Promise<Stored>((onStored, onError) => {
    resolve = onStored;
    reject = onError;
  });
  const flags = { overdue: false, patient: false, journal: false };
  return { builder, ...flags, stored, resolve, reject };
}

/** The weakest place of all groups that hold rows of one append. */
export async function settle(groups: ReadonlySet<Group>): Promise<Stored> {
  const places = await Promise.all([...groups].map((group) => group.stored));
  return places.includes('spool') ? 'spool' : 'store';
}

/** Appends that wait for room; one more is refused. */
const MAX_WAITING_APPENDS = 1_000;

/** Holds appends back while too much waits to be stored. */
export class RoomGate {
  readonly #hasRoom: () => boolean;
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** @throws EngineError `server.busy` when too many wait already, `server.stopping` after `close`. */
  async enter(): Promise<void> {
    while (!this.#hasRoom() && !this.#closed) {
      if (this.#waiting.length >= MAX_WAITING_APPENDS) {
        throw new EngineError('server.busy', 'too many samples wait to be stored: try again');
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.checkOpen();
  }

  /** True when an append may go on in this very turn, so that a `close` right after it still writes it. */
  get free(): boolean {
    return this.#hasRoom();
  }

  checkOpen(): void {
    if (this.#closed) throw new EngineError('server.stopping', 'the series writer is closed');
  }

  /** Call when there may be room again. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }
}

/** A batch ready to be sent, and the appends that wait for it. */
export interface Sealed {
  readonly batch: StoreBatch;
  readonly group: Group;
  readonly entry: JournalEntry | undefined;
}
