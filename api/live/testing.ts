import { WebSocket } from 'ws';
import { EngineError } from '../../engine/errors.js';
import type { LiveMessage, LiveQueryInput, LiveRequest } from '../contract/live.js';

/** What a client holds of one topic when it applies the messages as the contract says. */
export class Replica {
  topic = -1;
  epoch = '';
  revision = 0;
  total = 0;
  order: string[] = [];
  readonly rows = new Map<string, Record<string, unknown>>();

  /** @throws EngineError `frame.malformed` when a revision is missing or a row is not known. */
  apply(message: LiveMessage): void {
    switch (message.type) {
      case 'snapshot':
        this.topic = message.topic;
        this.epoch = message.epoch;
        this.revision = message.revision;
        this.total = message.total;
        this.rows.clear();
        this.order = message.rows.map((row) => row.id);
        for (const row of message.rows) this.rows.set(row.id, { ...row });
        return;
      case 'patch':
        this.#next(message.revision, message.total);
        for (const [id, fields] of message.rows) {
          this.rows.set(id, { id, ...this.rows.get(id), ...fields });
        }
        if (message.order !== undefined) this.#reorder(message.order);
        return;
      case 'remove': {
        this.#next(message.revision, message.total);
        const gone = new Set(message.ids);
        this.#reorder(message.order ?? this.order.filter((id) => !gone.has(id)));
        return;
      }
      case 'resumed':
      case 'welcome':
      case 'unsubscribed':
      case 'pong':
      case 'error':
        return;
    }
  }

  /** Rows in order. */
  list(): readonly Record<string, unknown>[] {
    return this.order.map((id) => this.rows.get(id) ?? { id, lost: true });
  }

  #next(revision: number, total: number | undefined): void {
    if (revision !== this.revision + 1) {
      const text = `revision ${String(revision)} after ${String(this.revision)}`;
      throw new EngineError('frame.malformed', text);
    }
    this.revision = revision;
    if (total !== undefined) this.total = total;
  }

  #reorder(order: readonly string[]): void {
    this.order = [...order];
    const kept = new Set(order);
    for (const id of this.rows.keys()) if (!kept.has(id)) this.rows.delete(id);
  }
}

/** A client on a real socket, for tests. */
export class TestLiveClient {
  readonly socket: WebSocket;
  readonly messages: LiveMessage[] = [];
  /** By subscription id. */
  readonly replicas = new Map<string, Replica>();
  closeCode: number | undefined;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false });
    this.socket.on('message', (data: Buffer) => {
      this.#take(JSON.parse(data.toString()) as LiveMessage);
    });
    this.socket.on('close', (code) => {
      this.closeCode = code;
    });
    this.socket.on('error', () => {
      this.closeCode ??= -1;
    });
  }

  async opened(): Promise<this> {
    if (this.socket.readyState !== WebSocket.OPEN) {
      await new Promise((resolve) => this.socket.once('open', resolve));
    }
    return this;
  }

  send(request: LiveRequest): void {
    this.socket.send(JSON.stringify(request));
  }

  subscribe(
    id: string,
    query: LiveQueryInput,
    resume?: { readonly topic: number; readonly epoch: string; readonly revision: number },
  ): Replica {
    const replica = new Replica();
    this.replicas.set(id, replica);
    this.socket.send(
      JSON.stringify({ type: 'subscribe', id, query, ...(resume === undefined ? {} : { resume }) }),
    );
    return replica;
  }

  ofType<T extends LiveMessage['type']>(type: T): readonly Extract<LiveMessage, { type: T }>[] {
    return this.messages.filter(
      (message): message is Extract<LiveMessage, { type: T }> => message.type === type,
    );
  }

  close(): void {
    this.socket.close();
  }

  #take(message: LiveMessage): void {
    this.messages.push(message);
    if (message.type === 'snapshot') this.replicas.get(message.id)?.apply(message);
    if (message.type === 'resumed') {
      const replica = this.replicas.get(message.id);
      if (replica !== undefined) {
        replica.topic = message.topic;
        replica.revision = message.revision;
      }
    }
    if (message.type === 'patch' || message.type === 'remove') {
      for (const replica of this.replicas.values()) {
        if (replica.topic === message.topic) replica.apply(message);
      }
    }
  }
}
