import type { LiveMessage, LiveQueryInput, LiveRequest, Row } from '../../api/contract/live.js';

export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'paused' | 'refused';

/** What the page says about its connection. `sinceUnixMs` is when this state began. */
export interface LinkStatus {
  readonly state: LinkState;
  readonly sinceUnixMs: number;
  /** Last close code; 4501 means that nobody is signed in. */
  readonly closeCode: number | undefined;
  readonly reason: string;
}

/** A query's rows as last heard. */
export interface LiveView {
  readonly status: 'loading' | 'ready' | 'error';
  readonly rows: readonly Row[];
  readonly total: number;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

export const EMPTY_VIEW: LiveView = { status: 'loading', rows: [], total: 0, error: undefined };

/** The part of a WebSocket that is used. */
export interface SocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
}

/** Everything outside of the client, so that tests decide time and chance. */
export interface LivePorts {
  open(): SocketLike;
  nowMs(): number;
  random(): number;
  /** Runs once after `delayMs`; the answer cancels. */
  after(delayMs: number, run: () => void): () => void;
  /** Runs once before the next paint. */
  beforePaint(run: () => void): void;
}

interface Topic {
  wireId: string;
  readonly query: LiveQueryInput;
  topic: number | undefined;
  epoch: string | undefined;
  revision: number;
  rows: Map<string, Row>;
  order: readonly string[];
  total: number;
  ready: boolean;
  error: LiveView['error'];
  dirty: boolean;
  readonly listeners: Set<(view: LiveView) => void>;
}

const BACKOFF_FIRST_MS = 400;
const BACKOFF_CAP_MS = 8_000;
const PING_EVERY_MS = 10_000;
/** Nothing heard for this long, pings included: the socket is dead though nobody said so. */
const DEAF_AFTER_MS = 25_000;
const NORMAL_CLOSE = 1000;

/** Delay before attempt `attempt` (from 0), ms: doubled up to the cap, and the jitter is put on after the cap. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10));
  return ceiling * (0.5 + random * 0.5);
}

/** 4500–4999 say that coming back would not help. */
export function shouldReconnect(closeCode: number): boolean {
  return closeCode < 4500 || closeCode > 4999;
}

/**
 * One `/v1/live` socket for the whole page. Equal queries share one subscription. After a break it asks only for what
 * it missed; a gap in the revisions asks for the whole window again. Owned by the page; `pause()` gives the socket back.
 */
export class LiveClient {
  readonly #ports: LivePorts;
  readonly #byKey = new Map<string, Topic>();
  readonly #byWireId = new Map<string, Topic>();
  readonly #byTopic = new Map<number, Topic>();
  readonly #statusListeners = new Set<(status: LinkStatus) => void>();
  #status: LinkStatus;
  #socket: SocketLike | undefined;
  #welcomed = false;
  #epoch = '';
  #attempt = 0;
  #nextId = 0;
  #heardAtMs = 0;
  #cancelTimer: (() => void) | undefined;
  #flushAsked = false;

  constructor(ports: LivePorts) {
    this.#ports = ports;
    this.#status = {
      state: 'paused',
      sinceUnixMs: ports.nowMs(),
      closeCode: undefined,
      reason: '',
    };
  }

  get status(): LinkStatus {
    return this.#status;
  }

  /** Heard at once and on each change; the answer stops it. */
  onStatus(listener: (status: LinkStatus) => void): () => void {
    this.#statusListeners.add(listener);
    listener(this.#status);
    return () => this.#statusListeners.delete(listener);
  }

  /** Opens the socket, also after `pause()` or a refusal. Does nothing while one is open. */
  start(): void {
    if (this.#socket) return;
    this.#cancelTimer?.();
    this.#attempt = 0;
    this.#setStatus('connecting', undefined, '');
    this.#open();
  }

  /** Closes the socket and keeps the rows; `start()` goes on from there. */
  pause(): void {
    this.#cancelTimer?.();
    this.#drop();
    if (this.#status.state !== 'paused') this.#setStatus('paused', undefined, '');
  }

  /** Listens to a query. The listener is called before a paint, never more than once for one; the answer stops it. */
  subscribe(query: LiveQueryInput, listener: (view: LiveView) => void): () => void {
    const key = JSON.stringify(query);
    let topic = this.#byKey.get(key);
    if (!topic) {
      topic = this.#newTopic(query);
      this.#byKey.set(key, topic);
      if (this.#welcomed) this.#sendSubscribe(topic);
    }
    topic.listeners.add(listener);
    if (topic.ready || topic.error) listener(viewOf(topic));
    const held = topic;
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      held.listeners.delete(listener);
      if (held.listeners.size > 0) return;
      this.#byKey.delete(key);
      this.#forget(held);
    };
  }

  #newTopic(query: LiveQueryInput): Topic {
    return {
      wireId: '',
      query,
      topic: undefined,
      epoch: undefined,
      revision: 0,
      rows: new Map(),
      order: [],
      total: 0,
      ready: false,
      error: undefined,
      dirty: false,
      listeners: new Set(),
    };
  }

  #forget(topic: Topic): void {
    this.#byWireId.delete(topic.wireId);
    if (topic.topic !== undefined && this.#byTopic.get(topic.topic) === topic) {
      this.#byTopic.delete(topic.topic);
    }
    if (topic.wireId !== '' && this.#welcomed) {
      this.#send({ type: 'unsubscribe', id: topic.wireId });
    }
    topic.wireId = '';
  }

  #open(): void {
    const socket = this.#ports.open();
    this.#socket = socket;
    this.#welcomed = false;
    this.#heardAtMs = this.#ports.nowMs();
    socket.onmessage = (event) => {
      if (this.#socket !== socket || typeof event.data !== 'string') return;
      this.#heardAtMs = this.#ports.nowMs();
      this.#receive(JSON.parse(event.data) as LiveMessage);
    };
    socket.onclose = (event) => {
      if (this.#socket === socket) this.#lost(event.code, event.reason);
    };
    this.#watch();
  }

  /** Pings, and gives up a socket that has gone deaf. */
  #watch(): void {
    this.#cancelTimer = this.#ports.after(PING_EVERY_MS, () => {
      if (!this.#socket) return;
      if (this.#ports.nowMs() - this.#heardAtMs > DEAF_AFTER_MS) {
        this.#drop();
        this.#lost(4000, 'nothing was heard from the server');
        return;
      }
      if (this.#welcomed) this.#send({ type: 'ping' });
      this.#watch();
    });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#welcomed = false;
    if (!socket) return;
    socket.onclose = null;
    socket.onmessage = null;
    socket.close(NORMAL_CLOSE);
  }

  #lost(code: number, reason: string): void {
    this.#socket = undefined;
    this.#welcomed = false;
    this.#cancelTimer?.();
    if (!shouldReconnect(code)) {
      this.#setStatus('refused', code, reason);
      return;
    }
    if (this.#status.state !== 'reconnecting') this.#setStatus('reconnecting', code, reason);
    else this.#setStatus('reconnecting', code, reason, this.#status.sinceUnixMs);
    const delayMs = backoffMs(this.#attempt, this.#ports.random());
    this.#attempt += 1;
    this.#cancelTimer = this.#ports.after(delayMs, () => this.#open());
  }

  #setStatus(
    state: LinkState,
    closeCode: number | undefined,
    reason: string,
    sinceUnixMs = this.#ports.nowMs(),
  ): void {
    this.#status = { state, sinceUnixMs, closeCode, reason };
    for (const listener of this.#statusListeners) listener(this.#status);
  }

  #send(request: LiveRequest | { type: 'subscribe'; id: string; query: LiveQueryInput }): void {
    this.#socket?.send(JSON.stringify(request));
  }

  #sendSubscribe(topic: Topic): void {
    this.#nextId += 1;
    topic.wireId = `q${this.#nextId}`;
    this.#byWireId.set(topic.wireId, topic);
    const resume =
      topic.ready && topic.topic !== undefined && topic.epoch === this.#epoch
        ? { topic: topic.topic, epoch: topic.epoch, revision: topic.revision }
        : undefined;
    if (resume) this.#byTopic.set(resume.topic, topic);
    this.#send({
      type: 'subscribe',
      id: topic.wireId,
      query: topic.query,
      ...(resume ? { resume } : {}),
    });
  }

  #receive(message: LiveMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#welcome(message.epoch);
        return;
      case 'snapshot': {
        const topic = this.#byWireId.get(message.id);
        if (!topic) return;
        topic.topic = message.topic;
        topic.epoch = message.epoch;
        topic.revision = message.revision;
        topic.rows = new Map(message.rows.map((row) => [row.id, row]));
        topic.order = message.rows.map((row) => row.id);
        topic.total = message.total;
        topic.ready = true;
        topic.error = undefined;
        this.#byTopic.set(message.topic, topic);
        this.#mark(topic);
        return;
      }
      case 'resumed': {
        const topic = this.#byWireId.get(message.id);
        if (!topic) return;
        topic.topic = message.topic;
        this.#byTopic.set(message.topic, topic);
        this.#mark(topic);
        return;
      }
      case 'patch':
      case 'remove':
        this.#change(message);
        return;
      case 'error': {
        const topic = message.id === undefined ? undefined : this.#byWireId.get(message.id);
        if (!topic) return;
        topic.error = { code: message.code, message: message.message };
        this.#mark(topic);
        return;
      }
      case 'unsubscribed':
      case 'pong':
        return;
    }
  }

  #welcome(epoch: string): void {
    this.#welcomed = true;
    this.#attempt = 0;
    this.#epoch = epoch;
    this.#byTopic.clear();
    this.#byWireId.clear();
    this.#setStatus('live', undefined, '');
    for (const topic of this.#byKey.values()) this.#sendSubscribe(topic);
  }

  #change(message: Extract<LiveMessage, { type: 'patch' | 'remove' }>): void {
    const topic = this.#byTopic.get(message.topic);
    if (!topic?.ready || message.revision <= topic.revision) return;
    if (message.revision !== topic.revision + 1) {
      this.#resubscribe(topic);
      return;
    }
    topic.revision = message.revision;
    if (message.total !== undefined) topic.total = message.total;
    if (message.type === 'patch') {
      const order = message.order === undefined ? [...topic.order] : undefined;
      for (const [id, fields] of message.rows) {
        const before = topic.rows.get(id);
        if (!before) order?.push(id);
        topic.rows.set(id, { ...before, ...fields, id });
      }
      if (order && order.length !== topic.order.length) topic.order = order;
    } else {
      for (const id of message.ids) topic.rows.delete(id);
      if (message.order === undefined) {
        topic.order = topic.order.filter((id) => topic.rows.has(id));
      }
    }
    if (message.order !== undefined) {
      topic.order = message.order;
      if (topic.rows.size > message.order.length) {
        const kept = new Set(message.order);
        for (const id of topic.rows.keys()) if (!kept.has(id)) topic.rows.delete(id);
      }
    }
    this.#mark(topic);
  }

  /** A revision is missing: what we hold is no longer the truth. */
  #resubscribe(topic: Topic): void {
    this.#forget(topic);
    topic.ready = false;
    topic.topic = undefined;
    this.#sendSubscribe(topic);
  }

  #mark(topic: Topic): void {
    topic.dirty = true;
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    this.#ports.beforePaint(() => {
      this.#flushAsked = false;
      for (const changed of this.#byKey.values()) {
        if (!changed.dirty) continue;
        changed.dirty = false;
        const view = viewOf(changed);
        for (const listener of changed.listeners) listener(view);
      }
    });
  }
}

function viewOf(topic: Topic): LiveView {
  const rows: Row[] = [];
  for (const id of topic.order) {
    const row = topic.rows.get(id);
    if (row) rows.push(row);
  }
  return {
    status: topic.error ? 'error' : topic.ready ? 'ready' : 'loading',
    rows,
    total: topic.total,
    error: topic.error,
  };
}
