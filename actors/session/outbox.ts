import type { Clock } from '../../engine/clock.js';
import type { Link } from '../../engine/link.types.js';
import type { AudioParts } from '../../media/ports.js';
import type {
  FromMediaShard,
  Hearing,
  IcecastCount,
  MediaHold,
  SessionPlace,
  StreamChange,
  ToMediaShard,
} from './protocol.js';
import { Rounds } from './rounds.js';
import { compactChanges } from './stream-changes.js';

/** Changes of streams that wait before the ones that no longer matter are looked for. */
const COMPACT_AT = 10_000;
/** What the main thread had no room for is sent again. */
const AGAIN_MS = 50;

export interface OutboxOptions {
  readonly link: Pick<Link<FromMediaShard, ToMediaShard>, 'post' | 'inFlight' | 'closed'>;
  /** With so many posts in flight sound is dropped. Far below the link's own bound, which is for the rest. */
  readonly maxAudio: number;
  readonly clock: Clock;
}

/**
 * What a media thread tells the main thread. Sound is dropped when the main thread falls behind; all else
 * waits, in order, and is sent as soon as there is room. What happens in one turn is sent as one post. Bounded: of
 * changes of streams only the last one of each session is kept, of states only the latest; what is released
 * was handed out by the main thread, and what ended was begun by it.
 */
export class Outbox {
  readonly #link: OutboxOptions['link'];
  readonly #maxAudio: number;
  #changes: StreamChange[] = [];
  #compactAt = COMPACT_AT;
  #released: MediaHold[] = [];
  #liveReleased: string[] = [];
  #ended: FromMediaShard['posts']['session.ended'][] = [];
  readonly #hearings = new Map<string, Hearing>();
  readonly #places = new Map<string, SessionPlace>();
  readonly #counts = new Map<string, IcecastCount>();
  readonly #again: Rounds;
  #due = false;
  #droppedAudio = 0;

  constructor(options: OutboxOptions) {
    this.#link = options.link;
    this.#maxAudio = options.maxAudio;
    this.#again = new Rounds(options.clock, AGAIN_MS, () => this.#flush());
  }

  /** Posts of sound that were dropped. */
  get droppedAudio(): number {
    return this.#droppedAudio;
  }

  changed(change: StreamChange): void {
    this.#changes.push(change);
    if (this.#changes.length >= this.#compactAt) {
      this.#changes = compactChanges(this.#changes);
      this.#compactAt = Math.max(COMPACT_AT, 2 * this.#changes.length);
    }
    this.#later();
  }

  released(hold: MediaHold): void {
    this.#released.push(hold);
    this.#later();
  }

  liveReleased(url: string): void {
    this.#liveReleased.push(url);
    this.#later();
  }

  ended(end: FromMediaShard['posts']['session.ended']): void {
    this.#ended.push(end);
    this.#later();
  }

  hearing(rows: readonly Hearing[]): void {
    for (const row of rows) this.#hearings.set(row.sessionId, row);
    this.#later();
  }

  places(rows: readonly SessionPlace[]): void {
    for (const row of rows) this.#places.set(row.id, row);
    this.#later();
  }

  icecastListeners(count: IcecastCount): void {
    this.#counts.set(count.sessionId, count);
    this.#later();
  }

  /** Sends a block of sound, after the changes that came before it. The buffers are transferred. */
  audio(parts: AudioParts): void {
    const room = this.#link.inFlight < this.#maxAudio && this.#sendChanges();
    const { stream, offset, bytes } = parts;
    const buffers = [stream.buffer, offset.buffer, bytes.buffer];
    if (!room || !this.#link.post('audio', parts, buffers)) this.#droppedAudio += 1;
  }

  /** Sends what waits, as far as the link takes it; the rest again a little later. */
  flush(): void {
    if (this.#flush()) this.#again.wake();
  }

  /** True: something is left, for want of room. */
  #flush(): boolean {
    this.#due = false;
    if (this.#link.closed !== undefined) return false;
    if (!this.#sendChanges()) return true;
    if (this.#released.length > 0 && this.#link.post('media.release', this.#released)) {
      this.#released = [];
    }
    if (this.#liveReleased.length > 0 && this.#link.post('live.release', this.#liveReleased)) {
      this.#liveReleased = [];
    }
    if (this.#ended.length > 0) {
      const left = this.#ended.findIndex((end) => !this.#link.post('session.ended', end));
      this.#ended = left < 0 ? [] : this.#ended.slice(left);
    }
    this.#tell('hearing', this.#hearings);
    this.#tell('session.places', this.#places);
    this.#tell('icecast.listeners', this.#counts);
    const lists = this.#released.length + this.#liveReleased.length + this.#ended.length;
    return lists + this.#hearings.size + this.#places.size + this.#counts.size > 0;
  }

  #sendChanges(): boolean {
    if (this.#changes.length === 0) return true;
    if (!this.#link.post('streams', this.#changes)) return false;
    this.#changes = [];
    this.#compactAt = COMPACT_AT;
    return true;
  }

  #tell<K extends 'hearing' | 'session.places' | 'icecast.listeners'>(
    topic: K,
    rows: Map<string, FromMediaShard['posts'][K][number]>,
  ): void {
    if (rows.size === 0) return;
    const payload = [...rows.values()] as FromMediaShard['posts'][K];
    if (this.#link.post(topic, payload)) rows.clear();
  }

  #later(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.flush());
  }
}
