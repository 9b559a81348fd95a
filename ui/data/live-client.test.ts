import { describe, expect, it } from 'vitest';
import type { LiveMessage, LiveRequest } from '../../api/contract/live.js';
import {
  backoffMs,
  LiveClient,
  type LivePorts,
  type LiveView,
  type SocketLike,
  shouldReconnect,
} from './live-client.js';

class FakeSocket implements SocketLike {
  readonly sent: LiveRequest[] = [];
  closed = false;
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as LiveRequest);
  }

  close(): void {
    this.closed = true;
  }

  say(message: LiveMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  lose(code: number, reason = ''): void {
    this.onclose?.({ code, reason });
  }

  subscribes(): Extract<LiveRequest, { type: 'subscribe' }>[] {
    return this.sent.filter((one) => one.type === 'subscribe');
  }
}

/** Time, sockets and paints by hand. */
class Bench implements LivePorts {
  readonly sockets: FakeSocket[] = [];
  nowUnixMs = 1_000;
  #timers: { at: number; run: () => void }[] = [];
  #paints: (() => void)[] = [];

  open(): SocketLike {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  }

  nowMs(): number {
    return this.nowUnixMs;
  }

  random(): number {
    return 1;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.nowUnixMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  beforePaint(run: () => void): void {
    this.#paints.push(run);
  }

  paint(): void {
    for (const run of this.#paints.splice(0)) run();
  }

  pass(ms: number): void {
    const until = this.nowUnixMs + ms;
    for (;;) {
      const next = this.#timers.filter((one) => one.at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.nowUnixMs = next.at;
      this.#timers = this.#timers.filter((one) => one !== next);
      next.run();
    }
    this.nowUnixMs = until;
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  }
}

const QUERY = { resource: 'devices' } as const;
const welcome: LiveMessage = { type: 'welcome', protocol: 1, epoch: 'e1', tickMs: 50 };

function snapshot(id: string, revision = 0): LiveMessage {
  const rows = [
    { id: 'a', power: 1 },
    { id: 'b', power: 2 },
  ];
  return { type: 'snapshot', id, topic: 7, epoch: 'e1', revision, total: 2, rows };
}

function begin() {
  const bench = new Bench();
  const client = new LiveClient(bench);
  const views: LiveView[] = [];
  client.start();
  const stop = client.subscribe(QUERY, (view) => views.push(view));
  bench.socket.say(welcome);
  const id = bench.socket.subscribes()[0]?.id ?? '';
  return { bench, client, views, stop, id };
}

function opened() {
  const all = begin();
  all.bench.socket.say(snapshot(all.id));
  all.bench.paint();
  return all;
}

describe('LiveClient', () => {
  it('subscribes after the welcome and shows the snapshot in its order', () => {
    const { bench, views } = opened();
    expect(bench.socket.subscribes()).toHaveLength(1);
    expect(views.at(-1)).toMatchObject({ status: 'ready', total: 2 });
    expect(views.at(-1)?.rows.map((row) => row.id)).toEqual(['a', 'b']);
  });

  it('asks the server once for equal queries and tells every listener', () => {
    const { bench, client } = opened();
    const more: LiveView[] = [];
    client.subscribe({ resource: 'devices' }, (view) => more.push(view));
    expect(bench.socket.subscribes()).toHaveLength(1);
    expect(more).toHaveLength(1);
  });

  it('calls a listener once for many patches before one paint', () => {
    const { bench, views } = opened();
    const before = views.length;
    for (let revision = 1; revision <= 20; revision += 1) {
      bench.socket.say({ type: 'patch', topic: 7, revision, rows: [['a', { power: revision }]] });
    }
    bench.paint();
    expect(views.length - before).toBe(1);
    expect(views.at(-1)?.rows[0]).toEqual({ id: 'a', power: 20 });
  });

  it('keeps the object of a row that did not change', () => {
    const { bench, views } = opened();
    const untouched = views.at(-1)?.rows[1];
    bench.socket.say({ type: 'patch', topic: 7, revision: 1, rows: [['a', { power: 9 }]] });
    bench.paint();
    expect(views.at(-1)?.rows[1]).toBe(untouched);
  });

  it('follows rows that enter, move and leave', () => {
    const { bench, views } = opened();
    bench.socket.say({
      type: 'patch',
      topic: 7,
      revision: 1,
      total: 3,
      rows: [['c', { power: 3 }]],
      order: ['c', 'a', 'b'],
    });
    bench.socket.say({ type: 'remove', topic: 7, revision: 2, total: 2, ids: ['a'] });
    bench.paint();
    expect(views.at(-1)?.rows.map((row) => row.id)).toEqual(['c', 'b']);
    expect(views.at(-1)?.total).toBe(2);
  });

  it('ignores a patch it has already seen', () => {
    const { bench, views } = opened();
    const patch: LiveMessage = {
      type: 'patch',
      topic: 7,
      revision: 1,
      rows: [['a', { power: 5 }]],
    };
    bench.socket.say(patch);
    bench.socket.say({ ...patch, rows: [['a', { power: 99 }]] });
    bench.paint();
    expect(views.at(-1)?.rows[0]).toEqual({ id: 'a', power: 5 });
  });

  it('asks for everything again when a revision is missing', () => {
    const { bench, id } = opened();
    bench.socket.say({ type: 'patch', topic: 7, revision: 3, rows: [['a', { power: 5 }]] });
    const subscribes = bench.socket.subscribes();
    expect(subscribes).toHaveLength(2);
    expect(subscribes[1]?.id).not.toBe(id);
    expect(subscribes[1]?.resume).toBeUndefined();
    expect(bench.socket.sent).toContainEqual({ type: 'unsubscribe', id });
  });

  it('reconnects after a lost connection and asks only for what it missed', () => {
    const { bench, client, views } = opened();
    bench.socket.lose(1006);
    expect(client.status.state).toBe('reconnecting');
    bench.pass(10_000);
    expect(bench.sockets).toHaveLength(2);
    bench.socket.say(welcome);
    const again = bench.socket.subscribes()[0];
    expect(again?.resume).toEqual({ topic: 7, epoch: 'e1', revision: 0 });
    bench.socket.say({ type: 'resumed', id: again?.id ?? '', topic: 7, revision: 0 });
    bench.socket.say({ type: 'patch', topic: 7, revision: 1, rows: [['b', { power: 4 }]] });
    bench.paint();
    expect(views.at(-1)?.rows[1]).toEqual({ id: 'b', power: 4 });
    expect(client.status.state).toBe('live');
  });

  it('does not resume in another epoch: the server began anew', () => {
    const { bench } = opened();
    bench.socket.lose(1006);
    bench.pass(10_000);
    bench.socket.say({ ...welcome, epoch: 'e2' });
    expect(bench.socket.subscribes()[0]?.resume).toBeUndefined();
  });

  it('says since when it is reconnecting, however often it tried', () => {
    const { bench, client } = opened();
    const since = bench.nowUnixMs;
    bench.socket.lose(1006);
    for (let tries = 0; tries < 5; tries += 1) {
      bench.pass(9_000);
      bench.socket.lose(1006);
    }
    expect(client.status).toMatchObject({ state: 'reconnecting', sinceUnixMs: since });
  });

  it('comes back after 4000–4499 and stays away after 4500–4999', () => {
    const { bench, client } = opened();
    bench.socket.lose(4501, 'sign in');
    bench.pass(60_000);
    expect(bench.sockets).toHaveLength(1);
    expect(client.status).toMatchObject({ state: 'refused', closeCode: 4501, reason: 'sign in' });
    expect(shouldReconnect(4008)).toBe(true);
    expect(shouldReconnect(4499)).toBe(true);
    expect(shouldReconnect(4500)).toBe(false);
    expect(shouldReconnect(1006)).toBe(true);
  });

  it('gives up a socket on which nothing is heard, and pings before', () => {
    const { bench, client } = opened();
    bench.pass(10_000);
    expect(bench.socket.sent).toContainEqual({ type: 'ping' });
    bench.pass(21_000);
    expect(bench.sockets[0]?.closed).toBe(true);
    expect(client.status.state).toBe('reconnecting');
  });

  it('keeps the rows while paused and resumes from there', () => {
    const { bench, client, views } = opened();
    client.pause();
    expect(client.status.state).toBe('paused');
    expect(bench.socket.closed).toBe(true);
    expect(views.at(-1)?.rows).toHaveLength(2);
    client.start();
    bench.socket.say(welcome);
    expect(bench.socket.subscribes()[0]?.resume?.revision).toBe(0);
  });

  it('unsubscribes when the last listener leaves, not before', () => {
    const { bench, client, stop, id } = opened();
    const stopOther = client.subscribe(QUERY, () => undefined);
    stop();
    expect(bench.socket.sent.some((one) => one.type === 'unsubscribe')).toBe(false);
    stopOther();
    stopOther();
    expect(bench.socket.sent.filter((one) => one.type === 'unsubscribe')).toEqual([
      { type: 'unsubscribe', id },
    ]);
  });

  it('shows a refused query with the words of the server', () => {
    const { bench, views, id } = begin();
    bench.socket.say({ type: 'error', id, code: 'input.invalid', message: 'filter: too deep' });
    bench.paint();
    expect(views.at(-1)).toMatchObject({ status: 'error', error: { message: 'filter: too deep' } });
  });
});

describe('backoffMs', () => {
  it('doubles up to its cap and keeps the jitter there', () => {
    expect(backoffMs(0, 1)).toBe(400);
    expect(backoffMs(3, 1)).toBe(3_200);
    expect(backoffMs(50, 1)).toBe(8_000);
    expect(backoffMs(50, 0)).toBe(4_000);
  });
});
