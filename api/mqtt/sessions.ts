// Over 400 lines: what is kept, its bounds and its file turn on one state, which is easier to follow in one place.
import { LineFile, readLines } from './line-file.js';
import { type SessionLine, sessionLineIn, textOf } from './session-lines.js';
import { TopicTree } from './topic-tree.js';

export interface SessionLimits {
  /** Sessions of clients that are away or there; beyond, the one that is longest away is forgotten. */
  readonly maxSessions: number;
  /** Messages that wait for one client; beyond, its oldest are dropped. */
  readonly maxSessionMessages: number;
  /** Of all sessions; beyond, the oldest messages are dropped. */
  readonly maxSessionBytes: number;
  /** A client that is away for longer is forgotten; 0: none is. */
  readonly maxSessionHours: number;
}

export interface SessionsOptions extends SessionLimits {
  /** Undefined: they end with the process. */
  readonly file: string | undefined;
  /** Ms since 1970. */
  readonly now: () => number;
  /** What a person should know. */
  readonly tell: (text: string) => void;
}

/** A message on its way to clients. */
export interface Message {
  readonly brokerId: string;
  readonly brokerCounter: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 1 | 2;
}

/** A message that waits for one client, or for its last word on it. */
interface Waiting {
  readonly session: Session;
  readonly message: Message;
  /** Number that it was sent under; undefined: it was not. */
  messageId: number | undefined;
  /** Of quality 2: the client has it. */
  released: boolean;
}

interface Session {
  readonly id: string;
  readonly who: string;
  readonly topics: Map<string, number>;
  readonly queue: Map<string, Waiting>;
  readonly sent: Map<number, Waiting>;
  /** Numbers of messages of quality 2 that the client has not let go of. */
  readonly incoming: Set<number>;
  awaySinceUnixMs: number | undefined;
  dropped: number;
}

/** What is counted for each thing kept, beside its texts and bytes. */
const THING_BYTES = 128;
const HOUR_MS = 3_600_000;

/**
 * What is kept for clients that asked for it (clean session off): what they subscribed to, what waits for them, and
 * where they are with messages of quality 2. Bounded; each change is in the file when `kept` resolves. `close` ends it.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #tree = new TopicTree();
  /** All that waits, the oldest first. */
  readonly #waiting = new Set<Waiting>();
  readonly #file: LineFile | undefined;
  #queuedBytes = 0;
  #otherBytes = 0;
  #isFull = false;
  /** Forgotten for their number since that was said. */
  #crowdedOut = 0;
  #reading = true;

  private constructor(options: SessionsOptions) {
    this.#options = options;
    if (options.file === undefined) return;
    this.#file = new LineFile({
      file: options.file,
      state: () => this.#state(),
      stateBytes: () => this.#queuedBytes + this.#otherBytes,
      onFault: ({ message }) =>
        options.tell(`sessions of MQTT clients are not written: ${message}`),
    });
  }

  /** Reads what is there. Clients whose end was not noted count as away from now. */
  static async open(options: SessionsOptions): Promise<Sessions> {
    const sessions = new Sessions(options);
    if (options.file !== undefined) {
      const fault = await readLines(options.file, (text) => {
        const line = sessionLineIn(text);
        if (line !== undefined) sessions.#apply(line);
        return line !== undefined;
      });
      if (fault !== undefined) options.tell(`sessions of MQTT clients: ${fault}`);
    }
    sessions.#reading = false;
    for (const session of sessions.#sessions.values()) {
      session.awaySinceUnixMs ??= options.now();
      session.dropped = 0;
    }
    sessions.tidy();
    await sessions.#file?.anew();
    return sessions;
  }

  /** Resolves when all that changed is in the file, or cannot be written. */
  get kept(): Promise<void> {
    return this.#file?.flushed ?? Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  /** Numbers of what is kept. */
  get counts(): { readonly sessions: number; readonly subscriptions: number } {
    let subscriptions = 0;
    for (const { topics } of this.#sessions.values()) subscriptions += topics.size;
    return { sessions: this.#sessions.size, subscriptions };
  }

  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  /** A client that keeps its session came. Another login's under the same name is forgotten: it is not for this one. */
  claim(id: string, who: string): void {
    const before = this.#sessions.get(id);
    if (before?.who === who) return;
    if (before !== undefined) this.forget(id);
    this.#do(['session', id, who]);
    if (this.#sessions.size > this.#options.maxSessions) this.#crowdOut(id);
  }

  /** Its client is connected. */
  back(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    if (session.dropped > 0) {
      const count = `${session.dropped} messages that waited for it were dropped`;
      this.#options.tell(`MQTT client ${id} is back: ${count}`);
      session.dropped = 0;
    }
    if (session.awaySinceUnixMs !== undefined) this.#do(['away', id, 0]);
  }

  away(id: string): void {
    if (this.#sessions.has(id)) this.#do(['away', id, this.#options.now()]);
  }

  forget(id: string): void {
    if (this.#sessions.has(id)) this.#do(['forgotten', id]);
  }

  /** Whether a subscription of this topic can be kept. */
  hasRoom(topic: string): boolean {
    return this.#otherBytes + sizeOf(topic) <= this.#options.maxSessionBytes;
  }

  topicsOf(id: string): ReadonlyMap<string, number> {
    return this.#sessions.get(id)?.topics ?? new Map<string, number>();
  }

  subscribe(id: string, topic: string, qos: number): void {
    if (this.#sessions.has(id)) this.#do(['subscribed', id, topic, qos]);
    this.#shrink();
  }

  unsubscribe(id: string, topic: string): void {
    if (this.#sessions.get(id)?.topics.has(topic)) this.#do(['unsubscribed', id, topic]);
  }

  /** Clients that a message of this topic waits for. */
  subscribers(topic: string): ReadonlyMap<string, number> {
    return this.#tree.match(topic);
  }

  /** Ids without a session are passed over. */
  enqueue(ids: readonly string[], message: Message): void {
    const { brokerId, brokerCounter, topic, payload, qos } = message;
    const known = [...new Set(ids)].filter((id) => this.#sessions.has(id));
    if (known.length === 0) return;
    this.#queue(known, message);
    if (this.#file !== undefined) {
      const base64 = payload.toString('base64');
      this.#file.append(textOf(['queue', known, brokerId, brokerCounter, topic, base64, qos]));
    }
    for (const id of known) this.#shorten(id);
    this.#shrink();
  }

  /** Notes the number that a message was sent under; one that is not kept any more is passed over. */
  sent(id: string, brokerId: string, brokerCounter: number, messageId: number): void {
    const waiting = this.#sessions.get(id)?.queue.get(keyOf(brokerId, brokerCounter));
    if (waiting === undefined || waiting.messageId === messageId) return;
    this.#do(['sent', id, brokerId, brokerCounter, messageId]);
  }

  /** The client has a message of quality 2. */
  released(id: string, messageId: number): void {
    const waiting = this.#sessions.get(id)?.sent.get(messageId);
    if (waiting?.released === false) this.#do(['released', id, messageId]);
  }

  /** The client's last word on a message. @returns it, where it was kept */
  settle(id: string, messageId: number): Message | undefined {
    const waiting = this.#sessions.get(id)?.sent.get(messageId);
    if (waiting === undefined) return undefined;
    this.#gone(waiting);
    return waiting.message;
  }

  /** What waits for a client, in order; what is dropped meanwhile is passed over. */
  *queueOf(id: string): Iterable<Waiting> {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    for (const waiting of [...session.queue.values()]) {
      if (this.#waiting.has(waiting)) yield waiting;
    }
  }

  got(id: string, messageId: number): void {
    if (this.#sessions.has(id)) this.#do(['got', id, messageId]);
  }

  hasGot(id: string, messageId: number): boolean {
    return this.#sessions.get(id)?.incoming.has(messageId) === true;
  }

  letGo(id: string, messageId: number): void {
    if (this.hasGot(id, messageId)) this.#do(['done', id, messageId]);
  }

  /** Forgets who is away for too long. To be called now and then. */
  tidy(): void {
    const { maxSessionHours, maxSessions, now, tell } = this.#options;
    if (this.#crowdedOut > 1) {
      tell(`${this.#crowdedOut - 1} more sessions were forgotten for mqtt.broker.maxSessions`);
    }
    this.#crowdedOut = 0;
    while (this.#sessions.size > maxSessions && this.#crowdOut(''));
    if (maxSessionHours === 0) return;
    const before = now() - maxSessionHours * HOUR_MS;
    const late = [...this.#sessions.values()].filter(
      ({ awaySinceUnixMs }) => awaySinceUnixMs !== undefined && awaySinceUnixMs < before,
    );
    for (const { id } of late) this.forget(id);
    if (late.length === 0) return;
    const names = late.slice(0, 5).map(({ id }) => id);
    const more = late.length > names.length ? ' and others' : '';
    tell(
      `${late.length} sessions of MQTT clients that are away for more than ${maxSessionHours} hours (mqtt.broker.maxSessionHours) are forgotten: ${names.join(', ')}${more}`,
    );
  }

  #crowdOut(except: string): boolean {
    let oldest: Session | undefined;
    for (const session of this.#sessions.values()) {
      const { awaySinceUnixMs: away, id } = session;
      if (away === undefined || id === except) continue;
      if (away < (oldest?.awaySinceUnixMs ?? Number.POSITIVE_INFINITY)) oldest = session;
    }
    if (oldest === undefined) return false;
    this.forget(oldest.id);
    this.#crowdedOut += 1;
    // One line, and the number of the others when it is tidied up.
    if (this.#crowdedOut === 1) {
      const { maxSessions, tell } = this.#options;
      tell(
        `more than ${maxSessions} sessions of MQTT clients (mqtt.broker.maxSessions): that of ${oldest.id}, which is longest away, is forgotten with ${oldest.queue.size} messages`,
      );
    }
    return true;
  }

  /** A change that is made here and now, and written. */
  #do(line: SessionLine): void {
    this.#apply(line);
    this.#file?.append(textOf(line));
  }

  #apply(line: SessionLine): void {
    const [what, id] = line;
    if (what === 'queue') {
      const [, ids, brokerId, brokerCounter, topic, base64, qos] = line;
      const payload = Buffer.from(base64, 'base64');
      this.#queue(ids, { brokerId, brokerCounter, topic, payload, qos });
      // A bound may be lower than when it was written.
      for (const one of ids) this.#shorten(one);
      this.#shrink();
      return;
    }
    if (what === 'session') {
      this.#begin(id, line[2]);
      return;
    }
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    if (what === 'sent') {
      const waiting = session.queue.get(keyOf(line[2], line[3]));
      if (waiting === undefined) return;
      waiting.messageId = line[4];
      session.sent.set(line[4], waiting);
    } else if (what === 'gone') {
      const waiting = session.queue.get(keyOf(line[2], line[3]));
      if (waiting !== undefined) this.#take(waiting);
    } else if (what === 'released') {
      const waiting = session.sent.get(line[2]);
      if (waiting !== undefined) waiting.released = true;
    } else if (what === 'got') session.incoming.add(line[2]);
    else if (what === 'done') session.incoming.delete(line[2]);
    else if (what === 'subscribed') this.#subscribed(session, line[2], line[3]);
    else if (what === 'unsubscribed') this.#unsubscribed(session, line[2]);
    else if (what === 'away') session.awaySinceUnixMs = line[2] === 0 ? undefined : line[2];
    else this.#forgotten(session);
  }

  #begin(id: string, who: string): void {
    const before = this.#sessions.get(id);
    if (before?.who === who) return;
    if (before !== undefined) this.#forgotten(before);
    this.#otherBytes += sizeOf(id) + sizeOf(who);
    this.#sessions.set(id, {
      id,
      who,
      topics: new Map(),
      queue: new Map(),
      sent: new Map(),
      incoming: new Set(),
      awaySinceUnixMs: undefined,
      dropped: 0,
    });
  }

  #forgotten(session: Session): void {
    for (const topic of [...session.topics.keys()]) this.#unsubscribed(session, topic);
    for (const waiting of [...session.queue.values()]) this.#take(waiting);
    this.#otherBytes -= sizeOf(session.id) + sizeOf(session.who);
    this.#sessions.delete(session.id);
  }

  #subscribed(session: Session, topic: string, qos: number): void {
    if (!session.topics.has(topic)) this.#otherBytes += sizeOf(topic);
    session.topics.set(topic, qos);
    // What is of quality 0 waits for nobody.
    if (qos > 0) this.#tree.add(topic, session.id, qos);
    else this.#tree.remove(topic, session.id);
  }

  #unsubscribed(session: Session, topic: string): void {
    if (session.topics.delete(topic)) this.#otherBytes -= sizeOf(topic);
    this.#tree.remove(topic, session.id);
  }

  #queue(ids: readonly string[], message: Message): void {
    const key = keyOf(message.brokerId, message.brokerCounter);
    for (const id of ids) {
      const session = this.#sessions.get(id);
      if (session === undefined || session.queue.has(key)) continue;
      const waiting: Waiting = { session, message, messageId: undefined, released: false };
      session.queue.set(key, waiting);
      this.#waiting.add(waiting);
      this.#queuedBytes += bytesOf(message);
    }
  }

  #take(waiting: Waiting): void {
    const { session, message, messageId } = waiting;
    if (!this.#waiting.delete(waiting)) return;
    session.queue.delete(keyOf(message.brokerId, message.brokerCounter));
    if (messageId !== undefined && session.sent.get(messageId) === waiting) {
      session.sent.delete(messageId);
    }
    this.#queuedBytes -= bytesOf(message);
  }

  #gone(waiting: Waiting): void {
    const { session, message } = waiting;
    // What a file says that is being read is not written into it again.
    if (this.#reading) this.#take(waiting);
    else this.#do(['gone', session.id, message.brokerId, message.brokerCounter]);
  }

  #shorten(id: string): void {
    const session = this.#sessions.get(id);
    const { maxSessionMessages, tell } = this.#options;
    while (session !== undefined && session.queue.size > maxSessionMessages) {
      const [oldest] = session.queue.values();
      if (oldest === undefined) return;
      if (session.dropped === 0 && !this.#reading) {
        tell(
          `more than ${maxSessionMessages} messages wait for MQTT client ${id} (mqtt.broker.maxSessionMessages): its oldest are dropped`,
        );
      }
      session.dropped += 1;
      this.#gone(oldest);
    }
  }

  #shrink(): void {
    const { maxSessionBytes, tell } = this.#options;
    while (this.#queuedBytes + this.#otherBytes > maxSessionBytes) {
      const [oldest] = this.#waiting;
      if (oldest === undefined) return;
      if (!this.#isFull) {
        tell(
          `more than ${maxSessionBytes} bytes wait for MQTT clients (mqtt.broker.maxSessionBytes): the oldest messages are dropped`,
        );
      }
      this.#isFull = true;
      oldest.session.dropped += 1;
      this.#gone(oldest);
    }
    if (this.#queuedBytes + this.#otherBytes < maxSessionBytes / 2) this.#isFull = false;
  }

  *#state(): Iterable<string> {
    for (const { id, who, topics, incoming, awaySinceUnixMs } of this.#sessions.values()) {
      yield textOf(['session', id, who]);
      for (const [topic, qos] of topics) yield textOf(['subscribed', id, topic, qos]);
      for (const messageId of incoming) yield textOf(['got', id, messageId]);
      if (awaySinceUnixMs !== undefined) yield textOf(['away', id, awaySinceUnixMs]);
    }
    for (const { session, message, messageId, released } of this.#waiting) {
      const { brokerId, brokerCounter, topic, payload, qos } = message;
      const { id } = session;
      const base64 = payload.toString('base64');
      yield textOf(['queue', [id], brokerId, brokerCounter, topic, base64, qos]);
      if (messageId !== undefined) yield textOf(['sent', id, brokerId, brokerCounter, messageId]);
      if (messageId !== undefined && released) yield textOf(['released', id, messageId]);
    }
  }
}

const keyOf = (brokerId: string, brokerCounter: number): string => `${brokerId}:${brokerCounter}`;

const sizeOf = (text: string): number => Buffer.byteLength(text) + THING_BYTES;

const bytesOf = ({ topic, payload }: Message): number => sizeOf(topic) + payload.length;
