import type { GatewaySocket } from '../http/socket.types.js';
import type { LiveGuest, Narrowed } from './guest.js';
import type { Topic } from './topic.js';

export interface Subscription {
  readonly id: string;
  topic: Topic;
  /** Of a guest: what was asked, and what of it the topic may show. */
  narrowed: Narrowed | undefined;
  /** False while the client is behind: it then waits for a new snapshot. */
  live: boolean;
}

/** What of a socket the live protocol uses. */
export type LiveSocket = Pick<
  GatewaySocket<LiveClient>,
  'send' | 'end' | 'getBufferedAmount' | 'subscribe' | 'unsubscribe'
>;

/** The latest state of a topic, as the message for a subscription. */
export type SnapshotOf = (topic: Topic, id: string) => Uint8Array;

const NONE: readonly Subscription[] = [];

/**
 * One connected client: its subscriptions and how far behind it is. Thousands are idle, so there is little in it.
 * While unsent bytes are above the soft limit it is subscribed to nothing; when they are gone it gets the latest
 * state of every subscription and goes on.
 */
export class LiveClient {
  socket: LiveSocket | undefined;
  /** Undefined: came with a login. */
  readonly guest: LiveGuest | undefined;
  /** Place in the hub's list. */
  index = -1;
  /** Messages it may send now; falls below zero when it sends too many. */
  tokens: number;
  tokensAtMonoMs: number;
  /** The server dropped a message for it. */
  dropped = false;
  #subscriptions: Subscription[] | undefined;
  #behind = false;
  /** Bytes of snapshots that may still be on their way; they do not make a client slow. */
  #snapshotBytes = 0;

  constructor(tokens: number, nowMonoMs: number, guest?: LiveGuest) {
    this.guest = guest;
    this.tokens = tokens;
    this.tokensAtMonoMs = nowMonoMs;
  }

  get subscriptions(): readonly Subscription[] {
    return this.#subscriptions ?? NONE;
  }

  get behind(): boolean {
    return this.#behind;
  }

  find(id: string): Subscription | undefined {
    return this.#subscriptions?.find((subscription) => subscription.id === id);
  }

  /** Subscribes and sends the snapshot, or waits with it while the client is behind. */
  add(
    id: string,
    topic: Topic,
    snapshotOf: SnapshotOf,
    softBytes: number,
    narrowed?: Narrowed,
  ): void {
    const subscription: Subscription = { id, topic, narrowed, live: false };
    this.#subscriptions ??= [];
    this.#subscriptions.push(subscription);
    this.check(softBytes);
    if (!this.#behind) this.#show(subscription, snapshotOf);
  }

  /** Subscribes a client that came back and sends only what it missed. */
  resume(
    id: string,
    topic: Topic,
    revision: number,
    missed: readonly Uint8Array[],
    narrowed?: Narrowed,
  ): void {
    this.#subscriptions ??= [];
    this.#subscriptions.push({ id, topic, narrowed, live: true });
    this.socket?.subscribe(topic.channel);
    const answer = { type: 'resumed', id, topic: topic.id, revision };
    this.socket?.send(JSON.stringify(answer), false);
    for (const message of missed) this.socket?.send(message, false);
  }

  /** @returns the topic that lost a subscription, or undefined for an unknown id. */
  drop(id: string): Topic | undefined {
    const list = this.#subscriptions ?? [];
    const at = list.findIndex((subscription) => subscription.id === id);
    const found = list[at];
    if (found === undefined) return undefined;
    list.splice(at, 1);
    const shared = list.some((other) => other.topic === found.topic && other.live);
    if (found.live && !shared) this.socket?.unsubscribe(found.topic.channel);
    return found.topic;
  }

  /**
   * Gives a subscription another topic, whose latest state is sent, or waits while the client is behind.
   * @returns the topic that lost a subscription.
   */
  move(subscription: Subscription, topic: Topic, snapshotOf: SnapshotOf, softBytes: number): Topic {
    const before = subscription.topic;
    const shared = this.subscriptions.some(
      (other) => other !== subscription && other.topic === before && other.live,
    );
    if (subscription.live && !shared) this.socket?.unsubscribe(before.channel);
    subscription.live = false;
    subscription.topic = topic;
    this.check(softBytes);
    if (!this.#behind) this.#show(subscription, snapshotOf);
    return before;
  }

  /**
   * Looks at the unsent bytes; above the soft limit nothing more is published to this client.
   * @returns unsent bytes.
   */
  check(softBytes: number): number {
    const { socket } = this;
    if (socket === undefined) return 0;
    const unsent = socket.getBufferedAmount();
    if (unsent <= softBytes) this.#snapshotBytes = 0;
    if (!this.#behind && (this.dropped || unsent > softBytes + this.#snapshotBytes)) {
      this.#behind = true;
      for (const subscription of this.subscriptions) {
        if (subscription.live) socket.unsubscribe(subscription.topic.channel);
        subscription.live = false;
      }
    }
    return unsent;
  }

  /** The client took bytes: when it caught up it gets the latest state. */
  catchUp(snapshotOf: SnapshotOf, softBytes: number): void {
    const { socket } = this;
    if (!this.#behind || socket === undefined) return;
    if (socket.getBufferedAmount() > softBytes / 4) return;
    this.#behind = false;
    this.dropped = false;
    this.#snapshotBytes = 0;
    for (const subscription of [...this.subscriptions]) {
      this.#show(subscription, snapshotOf);
      // Those served go to the end, so that the others are first when it falls behind again.
      const list = this.#subscriptions ?? [];
      list.push(...list.splice(list.indexOf(subscription), 1));
      this.check(softBytes);
      if (this.#behind) return;
    }
  }

  #show(subscription: Subscription, snapshotOf: SnapshotOf): void {
    const { id, topic } = subscription;
    const message = snapshotOf(topic, id);
    subscription.live = true;
    this.socket?.subscribe(topic.channel);
    this.socket?.send(message, false);
    this.#snapshotBytes += message.length;
  }
}
