import type { SignalRow, TargetRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { SecretBox } from '../../actors/inventory/secrets.js';
import type { FeedEvent } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';
import { type TargetSecret, targetSecret } from '../contract/notify.js';

/** What secrets of a target are sealed about. */
export const sealedAbout = (publicId: string): string => `target ${publicId}`;

/** A target with its secrets in the clear; stays on the server. */
export interface KnownTarget {
  readonly row: TargetRow;
  readonly secret: TargetSecret;
  /** The secrets cannot be opened, for this reason. */
  readonly fault: string | undefined;
  /** Grows with each change, so that what was made for it before is made anew. */
  readonly version: number;
}

const TARGETS = 'automation.targets';
const SIGNALS = 'automation.signals';

/** All targets and the names of signals, kept in step by the change feed. */
export class TargetBook {
  readonly #store: SiteStore;
  readonly #box: SecretBox;
  readonly #onError: (error: EngineError) => void;
  readonly #targets = new Map<number, KnownTarget>();
  /** `<device>/<parameter>` → name of the signal. */
  readonly #signals = new Map<string, { readonly id: number; readonly name: string }>();
  readonly #listeners = new Set<(id: number) => void>();
  #version = 0;
  #unfollow: (() => void) | undefined;
  #work: Promise<void> = Promise.resolve();

  private constructor(store: SiteStore, box: SecretBox, onError: (error: EngineError) => void) {
    this.#store = store;
    this.#box = box;
    this.#onError = onError;
  }

  static async open(
    store: SiteStore,
    box: SecretBox,
    onError: (error: EngineError) => void,
  ): Promise<TargetBook> {
    const book = new TargetBook(store, box, onError);
    const { feed } = store.control;
    const from = await feed.head();
    await book.#readAll();
    book.#unfollow = feed.follow(from, (event) => book.#hear(event));
    return book;
  }

  get(id: number): KnownTarget | undefined {
    return this.#targets.get(id);
  }

  all(): Iterable<KnownTarget> {
    return this.#targets.values();
  }

  /** Those switched on that hear of an event by themselves. */
  listening(event: string): readonly KnownTarget[] {
    return [...this.#targets.values()].filter(
      ({ row }) => row.enabled && row.events.some((wanted) => hears(wanted, event)),
    );
  }

  /** Name of the signal on a channel; the channel itself when it has none. */
  signalOf(channel: string): string {
    return this.#signals.get(channel)?.name ?? channel;
  }

  onChange(listener: (id: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What was changed before is known when this resolves. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** Told by who changed a target, ahead of the feed. */
  put(row: TargetRow): void {
    let secret: TargetSecret = {};
    let fault: string | undefined;
    try {
      if (row.sealed !== null) {
        secret = targetSecret.parse(this.#box.open(row.sealed, sealedAbout(row.publicId)));
      }
    } catch (thrown) {
      fault = EngineError.from(thrown).message;
    }
    this.#version += 1;
    this.#targets.set(row.id, { row, secret, fault, version: this.#version });
    for (const listener of this.#listeners) listener(row.id);
  }

  async close(): Promise<void> {
    this.#unfollow?.();
    await this.#work;
  }

  async #readAll(): Promise<void> {
    this.#signals.clear();
    const known = new Set<number>();
    for await (const rows of this.#store.automation.targets.each()) {
      for (const row of rows) {
        known.add(row.id);
        this.put(row);
      }
    }
    for (const id of this.#targets.keys()) if (!known.has(id)) this.#drop(id);
    for await (const rows of this.#store.automation.signals.each()) rows.forEach(this.#putSignal);
  }

  #drop(id: number): void {
    this.#targets.delete(id);
    for (const listener of this.#listeners) listener(id);
  }

  readonly #putSignal = (row: SignalRow): void => {
    this.#dropSignal(row.id);
    this.#signals.set(`${row.deviceId}/${row.parameter}`, { id: row.id, name: row.name });
  };

  #dropSignal(id: number): void {
    for (const [channel, signal] of this.#signals) {
      if (signal.id === id) this.#signals.delete(channel);
    }
  }

  #hear(event: FeedEvent): void {
    const changes =
      event.type === 'reset'
        ? undefined
        : event.changes.filter(({ domain }) => domain === TARGETS || domain === SIGNALS);
    if (changes?.length === 0) return;
    this.#work = this.#work
      .then(async () => {
        if (changes === undefined) await this.#readAll();
        else for (const change of changes) await this.#changed(change.domain, Number(change.id));
      })
      .catch((thrown: unknown) => this.#onError(EngineError.from(thrown)));
  }

  async #changed(domain: string, id: number): Promise<void> {
    if (domain === SIGNALS) {
      const row = await this.#store.automation.signals.get(id);
      if (row === undefined) this.#dropSignal(id);
      else this.#putSignal(row);
      return;
    }
    const row = await this.#store.automation.targets.get(id);
    if (row === undefined) this.#drop(id);
    else if (JSON.stringify(row) !== JSON.stringify(this.#targets.get(id)?.row)) this.put(row);
  }
}

/** `alarm.*` hears all events that begin so, `*` all. */
function hears(wanted: string, event: string): boolean {
  return wanted.endsWith('*') ? event.startsWith(wanted.slice(0, -1)) : wanted === event;
}
