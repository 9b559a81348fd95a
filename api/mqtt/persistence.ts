import { Readable } from 'node:stream';
import { EngineError } from '../../engine/errors.js';
import type { Sessions } from './sessions.js';
import { topicMatches } from './topic-tree.js';

/** A client as the broker shows it. */
interface Guest {
  readonly id: string;
  /** It wants no session to be kept. */
  readonly clean?: boolean;
}

interface Subscription {
  readonly topic: string;
  readonly qos: number;
}

/** A packet as the broker hands it about. */
interface Packet {
  readonly cmd?: string;
  readonly brokerId?: string;
  readonly brokerCounter?: number;
  readonly messageId?: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
}

interface Will extends Packet {
  brokerId?: string;
  clientId?: string;
}

/**
 * What the broker asks of its memory, by the names of `aedes-persistence`: sessions are kept, retained messages and
 * last wills are in this memory alone. What changes a session is answered when it is in the file.
 */
export class BrokerPersistence {
  readonly #sessions: Sessions;
  readonly #retained = new Map<string, Packet>();
  readonly #wills = new Map<string, Will>();
  /** Numbers of messages of quality 2 of clients without a session. */
  readonly #incoming = new Map<string, Set<number>>();
  #brokerId = '';

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  async setup(broker: { readonly id: string }): Promise<void> {
    this.#brokerId = broker.id;
    await this.#sessions.kept;
  }

  storeRetained(packet: Packet): Promise<void> {
    if (packet.payload.length === 0) this.#retained.delete(packet.topic);
    else this.#retained.set(packet.topic, { ...packet });
    return Promise.resolve();
  }

  createRetainedStreamCombi(patterns: readonly string[]): Readable {
    return Readable.from(this.#retainedOf(patterns));
  }

  createRetainedStream(pattern: string): Readable {
    return this.createRetainedStreamCombi([pattern]);
  }

  async addSubscriptions({ id }: Guest, subscriptions: readonly Subscription[]): Promise<void> {
    for (const { topic, qos } of subscriptions) this.#sessions.subscribe(id, topic, qos);
    await this.#sessions.kept;
  }

  async removeSubscriptions({ id }: Guest, topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#sessions.unsubscribe(id, topic);
    await this.#sessions.kept;
  }

  subscriptionsByClient({ id }: Guest): Promise<readonly Subscription[]> {
    const topics = [...this.#sessions.topicsOf(id)];
    return Promise.resolve(topics.map(([topic, qos]) => ({ topic, qos })));
  }

  subscriptionsByTopic(topic: string) {
    const clients = [...this.#sessions.subscribers(topic)];
    return Promise.resolve(clients.map(([clientId, qos]) => ({ clientId, topic, qos })));
  }

  /** A client begins anew: all that is kept for it goes. */
  async cleanSubscriptions({ id }: Guest): Promise<void> {
    this.#sessions.forget(id);
    await this.#sessions.kept;
  }

  countOffline() {
    const { sessions, subscriptions } = this.#sessions.counts;
    return Promise.resolve({ subsCount: subscriptions, clientsCount: sessions });
  }

  async outgoingEnqueue(subscriber: { readonly clientId: string }, packet: Packet): Promise<void> {
    await this.outgoingEnqueueCombi([subscriber], packet);
  }

  async outgoingEnqueueCombi(
    subscribers: readonly { readonly clientId: string }[],
    { brokerId = '', brokerCounter = 0, topic, payload, qos }: Packet,
  ): Promise<void> {
    if (subscribers.length === 0) return;
    this.#sessions.enqueue(
      subscribers.map(({ clientId }) => clientId),
      { brokerId, brokerCounter, topic, payload: Buffer.from(payload), qos: qos === 2 ? 2 : 1 },
    );
    await this.#sessions.kept;
  }

  /** A message was sent under a number, or one of quality 2 is the client's now. What was dropped meanwhile is not missed. */
  async outgoingUpdate({ id }: Guest, packet: Packet): Promise<void> {
    const { cmd, brokerId = '', brokerCounter = 0, messageId } = packet;
    if (messageId === undefined) return;
    if (cmd === 'pubrel') this.#sessions.released(id, messageId);
    else this.#sessions.sent(id, brokerId, brokerCounter, messageId);
    if (packet.qos !== 1) await this.#sessions.kept;
  }

  /** The broker also calls it, without a number, for a second way of one message to a client: the first one counts. */
  outgoingClearMessageId({ id }: Guest, { messageId }: Packet) {
    const message = messageId === undefined ? undefined : this.#sessions.settle(id, messageId);
    return Promise.resolve(message && { cmd: 'publish', retain: false, dup: false, ...message });
  }

  outgoingStream({ id }: Guest): Readable {
    return Readable.from(this.#outgoing(id));
  }

  async incomingStorePacket({ id }: Guest, { messageId = 0 }: Packet): Promise<void> {
    if (this.#sessions.has(id)) this.#sessions.got(id, messageId);
    else {
      const numbers = this.#incoming.get(id) ?? new Set();
      this.#incoming.set(id, numbers.add(messageId));
    }
    await this.#sessions.kept;
  }

  /** Rejects for a number that did not come: the broker takes its message as new then. */
  incomingGetPacket({ id }: Guest, { messageId = 0 }: Packet) {
    const isKnown =
      this.#sessions.hasGot(id, messageId) || this.#incoming.get(id)?.has(messageId) === true;
    if (isKnown) return Promise.resolve({ messageId });
    return Promise.reject(new EngineError('not-found', `no message ${messageId} came from ${id}`));
  }

  async incomingDelPacket({ id }: Guest, { messageId = 0 }: Packet): Promise<void> {
    this.#sessions.letGo(id, messageId);
    const numbers = this.#incoming.get(id);
    numbers?.delete(messageId);
    if (numbers?.size === 0) this.#incoming.delete(id);
    await this.#sessions.kept;
  }

  cleanIncoming({ id }: Guest): Promise<void> {
    this.#incoming.delete(id);
    return Promise.resolve();
  }

  putWill({ id }: Guest, packet: Will): Promise<void> {
    packet.brokerId = this.#brokerId;
    packet.clientId = id;
    this.#wills.set(id, packet);
    return Promise.resolve();
  }

  getWill({ id }: Guest): Promise<Will | undefined> {
    return Promise.resolve(this.#wills.get(id));
  }

  delWill({ id }: Guest): Promise<Will | undefined> {
    const will = this.#wills.get(id);
    this.#wills.delete(id);
    return Promise.resolve(will);
  }

  streamWill(brokers: Readonly<Record<string, unknown>> = {}): Readable {
    const wills = [...this.#wills.values()];
    return Readable.from(wills.filter(({ brokerId = '' }) => brokers[brokerId] === undefined));
  }

  getClientList(topic: string): Readable {
    return Readable.from(this.#sessions.subscribers(topic).keys());
  }

  destroy(): Promise<void> {
    return this.#sessions.kept;
  }

  *#retainedOf(patterns: readonly string[]): Iterable<Packet> {
    const exact = patterns.every((pattern) => !/[+#]/.test(pattern));
    if (exact) {
      for (const topic of new Set(patterns)) {
        const packet = this.#retained.get(topic);
        if (packet !== undefined) yield packet;
      }
      return;
    }
    for (const [topic, packet] of this.#retained) {
      if (patterns.some((pattern) => topicMatches(pattern, topic))) yield packet;
    }
  }

  *#outgoing(id: string) {
    for (const { message, messageId, released } of this.#sessions.queueOf(id)) {
      if (released) yield { cmd: 'pubrel', messageId };
      else {
        const dup = messageId !== undefined;
        yield { cmd: 'publish', ...message, retain: false, dup, messageId };
      }
    }
  }
}
