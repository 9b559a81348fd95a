import { randomBytes } from 'node:crypto';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import {
  type LiveMessage,
  type LiveRequest,
  type LiveResource,
  liveRequest,
} from '../contract/live.js';
import type { Role } from '../contract/rest.js';
import { requireRole } from '../http/auth.types.js';
import { parseJson } from '../http/json.js';
import { type GatewayLog, SILENT_LOG } from '../http/log.types.js';
import {
  type SocketEndpoint,
  type SocketRequest,
  socketEndpoint,
  stateOf,
} from '../http/socket.types.js';
import { innerFaults } from '../http/union-faults.js';
import { LiveClient, type SnapshotOf } from './client.js';
import type { LiveGuest, Narrowed } from './guest.js';
import { DEFAULT_LIMITS, type LiveLimits } from './limits.js';
import type { MemoryTable } from './table.js';
import { TopicRegistry } from './topics.js';

export interface LiveHubOptions {
  readonly tables: readonly MemoryTable[];
  readonly clock: Clock;
  readonly log?: GatewayLog;
  readonly limits?: Partial<LiveLimits>;
  /** Lowest role that may connect. Default `viewer`. */
  readonly access?: 'open' | Role;
  /**
   * Who may see a part without a login; undefined: no guest, the login counts.
   * @throws EngineError for an invitation that does not hold (any more).
   */
  readonly guestOf?: (request: SocketRequest) => Promise<LiveGuest | undefined>;
}

/** Sends one message, which it copies, to every socket subscribed to a channel: `gateway.publish`. */
export type Publish = (channel: string, message: Uint8Array, isBinary: boolean) => void;

/** Figures for health and metrics. */
export interface LiveStats {
  readonly clients: number;
  readonly clientsBehind: number;
  readonly topics: number;
  readonly views: number;
  readonly messagesPublished: number;
  readonly bytesPublished: number;
  readonly slowClosed: number;
  readonly tickMs: number;
  /** Time the last tick took, ms. */
  readonly lastTickMs: number;
}

/** A quarter of the clients is looked at in a tick: falling behind is noticed within four. */
const CHECK_SHARE = 4;
const SWEEP_MS = 1_000;
const SERVER_STOP_BYTES = 64 * 1024 * 1024;
/** Messages over the limit that are answered with an error before the socket is closed. */
const FLOOD_PATIENCE = 50;

/**
 * The live protocol: clients subscribe to queries, get a snapshot, then what changed. Once a tick it looks at
 * the tables, and for each distinct query with a change makes one message and publishes it once.
 */
export class LiveHub {
  /** Changes with each start of the server: patches of another epoch cannot be resumed. */
  readonly epoch = randomBytes(8).toString('base64url');
  readonly #clock: Clock;
  readonly #log: GatewayLog;
  readonly #limits: LiveLimits;
  readonly #access: 'open' | Role;
  readonly #guestOf: LiveHubOptions['guestOf'];
  readonly #topics: TopicRegistry;
  readonly #clients: LiveClient[] = [];
  readonly #snapshotOf: SnapshotOf = (topic, id) => this.#topics.snapshot(topic, id, this.epoch);
  #publish: Publish | undefined;
  #timer: TimerHandle | undefined;
  #checkFrom = 0;
  #sweptMonoMs = 0;
  #messagesPublished = 0;
  #bytesPublished = 0;
  #slowClosed = 0;
  #lastTickMs = 0;

  constructor(options: LiveHubOptions) {
    this.#clock = options.clock;
    this.#log = options.log ?? SILENT_LOG;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#access = options.access ?? 'viewer';
    this.#guestOf = options.guestOf;
    this.#topics = new TopicRegistry(options.tables, this.#limits);
  }

  /** Starts ticking. */
  start(publish: Publish): void {
    this.#publish = publish;
    this.#schedule(this.#limits.tickMs);
  }

  /** Ends the ticks; the sockets are the gateway's to close. */
  stop(): void {
    this.#publish = undefined;
    this.#clock.clearTimeout(this.#timer);
  }

  /** Ids of the rows that clients have in their windows now; some come more than once. */
  watched(resource: LiveResource): IterableIterator<string> {
    return this.#topics.watched(resource);
  }

  stats(): LiveStats {
    return {
      clients: this.#clients.length,
      clientsBehind: this.#clients.reduce((sum, client) => sum + (client.behind ? 1 : 0), 0),
      topics: this.#topics.size,
      views: this.#topics.views,
      messagesPublished: this.#messagesPublished,
      bytesPublished: this.#bytesPublished,
      slowClosed: this.#slowClosed,
      tickMs: this.#limits.tickMs,
      lastTickMs: this.#lastTickMs,
    };
  }

  /** The WebSocket address of the protocol, for `createGateway`. */
  endpoint(path = '/v1/live'): SocketEndpoint {
    return socketEndpoint<LiveClient>({
      path,
      access: 'open',
      scope: 'read',
      maxMessageBytes: this.#limits.messageBytes,
      // The hub closes at the hard limit itself. The server's own stop is far above it, as it would drop the
      // close frame too, and the client would not learn the code.
      maxBufferedBytes: this.#limits.hardBufferBytes + SERVER_STOP_BYTES,
      accept: async (request) => {
        const guest = await this.#guestOf?.(request);
        if (guest === undefined) requireRole(request.principal, this.#access, `the socket ${path}`);
        return new LiveClient(this.#limits.messageBurst, this.#clock.monoMs(), guest);
      },
      open: (socket) => {
        const client = stateOf(socket);
        client.socket = socket;
        client.index = this.#clients.length;
        this.#clients.push(client);
        const { tickMs } = this.#limits;
        this.#send(client, { type: 'welcome', protocol: 1, epoch: this.epoch, tickMs });
      },
      message: (socket, data, isBinary) => {
        this.#receive(stateOf(socket), data, isBinary);
      },
      drain: (socket) => {
        stateOf(socket).catchUp(this.#snapshotOf, this.#limits.softBufferBytes);
      },
      dropped: (socket) => {
        stateOf(socket).dropped = true;
      },
      close: (socket) => {
        this.#forget(stateOf(socket));
      },
    });
  }

  /** One look at the tables; called by the timer, and by tests. */
  tick(): void {
    const startedMonoMs = this.#clock.monoMs();
    const ringBytes = this.#topics.ringBytes;
    this.#topics.tick((topic, message) => {
      topic.ring.push(topic.revision, message, ringBytes);
      if (topic.subscribers === 0) return;
      this.#publish?.(topic.channel, message, false);
      this.#messagesPublished++;
      this.#bytesPublished += message.length;
    });
    this.#checkClients();
    if (startedMonoMs - this.#sweptMonoMs > SWEEP_MS) {
      this.#sweptMonoMs = startedMonoMs;
      this.#topics.sweep(startedMonoMs);
    }
    this.#lastTickMs = this.#clock.monoMs() - startedMonoMs;
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => {
      const startedMonoMs = this.#clock.monoMs();
      try {
        this.tick();
      } catch (err) {
        this.#log.error({ err }, 'live tick failed');
      }
      if (this.#publish === undefined) return;
      this.#schedule(Math.max(1, this.#limits.tickMs - (this.#clock.monoMs() - startedMonoMs)));
    }, delayMs);
  }

  #checkClients(): void {
    const count = Math.ceil(this.#clients.length / CHECK_SHARE);
    const slow: LiveClient[] = [];
    const uninvited: LiveClient[] = [];
    for (let i = 0; i < count; i++) {
      this.#checkFrom = (this.#checkFrom + 1) % this.#clients.length;
      const client = this.#clients[this.#checkFrom];
      if (client === undefined) continue;
      if (client.guest?.valid() === false) uninvited.push(client);
      else if (client.guest !== undefined) this.#narrowAgain(client, client.guest);
      const unsent = client.check(this.#limits.softBufferBytes);
      if (unsent > this.#limits.hardBufferBytes) slow.push(client);
      else if (client.behind && unsent === 0) {
        client.catchUp(this.#snapshotOf, this.#limits.softBufferBytes);
      }
    }
    for (const client of uninvited) {
      this.#close(client, new EngineError('auth.denied', 'the link does not hold any more'));
    }
    for (const client of slow) {
      this.#slowClosed++;
      const { hardBufferBytes } = this.#limits;
      const why = `more than ${String(hardBufferBytes)} bytes were not read: connect again`;
      this.#close(client, new EngineError('client.slow', why));
    }
  }

  #receive(client: LiveClient, data: Uint8Array, isBinary: boolean): void {
    if (!this.#takeToken(client)) return;
    let id: string | undefined;
    try {
      if (isBinary) throw new EngineError('frame.malformed', 'send text frames, not binary ones');
      const value = parseJson(data, 'message');
      id = idOf(value);
      const parsed = liveRequest.safeParse(value);
      if (!parsed.success) {
        const [issue] = innerFaults(parsed.error.issues, value);
        const field = issue?.path.map(String).join('.') ?? '';
        const where = field === '' ? 'message' : field;
        throw new EngineError('input.invalid', `${where}: ${issue?.message ?? 'invalid'}`);
      }
      this.#handle(client, parsed.data);
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code === 'internal') this.#log.error({ err: thrown }, 'live request failed');
      const { code, message } = error;
      this.#send(client, { type: 'error', ...(id === undefined ? {} : { id }), code, message });
    }
  }

  #handle(client: LiveClient, request: LiveRequest): void {
    switch (request.type) {
      case 'subscribe':
        this.#subscribe(client, request);
        return;
      case 'unsubscribe': {
        const topic = client.drop(request.id);
        if (topic === undefined) {
          throw new EngineError('not-found', `there is no subscription "${request.id}"`);
        }
        this.#topics.leave(topic, this.#clock.monoMs());
        this.#send(client, { type: 'unsubscribed', id: request.id });
        return;
      }
      case 'ping': {
        const { at } = request;
        this.#send(client, { type: 'pong', ...(at === undefined ? {} : { at }) });
        return;
      }
    }
  }

  #subscribe(client: LiveClient, request: Extract<LiveRequest, { type: 'subscribe' }>): void {
    const { id, query, resume } = request;
    if (client.guest?.resources.has(query.resource) === false) {
      const seen = [...client.guest.resources].join(' and ');
      throw new EngineError('auth.denied', `this link shows ${seen} only, not ${query.resource}`);
    }
    if (client.find(id) !== undefined) {
      throw new EngineError('conflict', `the subscription "${id}" is in use: take another id`);
    }
    if (client.subscriptions.length >= this.#limits.subscriptionsPerSocket) {
      const most = String(this.#limits.subscriptionsPerSocket);
      throw new EngineError('server.busy', `one socket may have ${most} subscriptions`);
    }
    const narrowed: Narrowed | undefined = client.guest && {
      asked: query,
      within: client.guest.within(query),
    };
    const topic = this.#topics.topicOf(query, narrowed?.within);
    this.#topics.join(topic);
    if (resume !== undefined && resume.epoch === this.epoch && resume.topic === topic.id) {
      const missed = client.behind ? undefined : topic.ring.since(resume.revision, topic.revision);
      if (missed !== undefined) {
        client.resume(id, topic, resume.revision, missed, narrowed);
        return;
      }
    }
    client.add(id, topic, this.#snapshotOf, this.#limits.softBufferBytes, narrowed);
  }

  /** What a guest may see can change while they look: their subscriptions go over to it. */
  #narrowAgain(client: LiveClient, guest: LiveGuest): void {
    const { softBufferBytes } = this.#limits;
    for (const subscription of client.subscriptions) {
      const { asked, within: before } = subscription.narrowed ?? {};
      if (asked === undefined) continue;
      try {
        const within = guest.within(asked);
        if (within === before) continue;
        const topic = this.#topics.topicOf(asked, within);
        this.#topics.join(topic);
        subscription.narrowed = { asked, within };
        const left = client.move(subscription, topic, this.#snapshotOf, softBufferBytes);
        this.#topics.leave(left, this.#clock.monoMs());
      } catch (thrown) {
        // Rather nothing than what may not be seen any more.
        this.#close(client, EngineError.from(thrown));
        return;
      }
    }
  }

  #takeToken(client: LiveClient): boolean {
    const nowMonoMs = this.#clock.monoMs();
    const { messagesPerSecond, messageBurst } = this.#limits;
    const earned = ((nowMonoMs - client.tokensAtMonoMs) / 1_000) * messagesPerSecond;
    client.tokens = Math.min(messageBurst, client.tokens + earned) - 1;
    client.tokensAtMonoMs = nowMonoMs;
    if (client.tokens >= 0) return true;
    const message = `one socket may send ${String(messagesPerSecond)} messages a second`;
    const error = new EngineError('rate.limited', message);
    if (client.tokens < -FLOOD_PATIENCE) this.#close(client, error);
    else this.#send(client, { type: 'error', code: error.code, message });
    return false;
  }

  #send(client: LiveClient, message: LiveMessage): void {
    client.socket?.send(JSON.stringify(message), false);
  }

  #close(client: LiveClient, error: EngineError): void {
    client.socket?.end(error.closeCode, `${error.code}: ${error.message}`.slice(0, 120));
  }

  #forget(client: LiveClient): void {
    if (client.index < 0) return;
    client.socket = undefined;
    const last = this.#clients.pop();
    if (last !== undefined && last !== client) {
      this.#clients[client.index] = last;
      last.index = client.index;
    }
    client.index = -1;
    const nowMonoMs = this.#clock.monoMs();
    for (const { topic } of client.subscriptions) this.#topics.leave(topic, nowMonoMs);
  }
}

function idOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  return typeof value.id === 'string' ? value.id.slice(0, 64) : undefined;
}
