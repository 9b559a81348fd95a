import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { ANONYMOUS } from '../http/auth.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { LiveHub } from './hub.js';
import type { LiveLimits } from './limits.js';
import { MemoryTable } from './table.js';
import { TestLiveClient } from './testing.js';

interface World {
  readonly table: MemoryTable;
  readonly hub: LiveHub;
  readonly gateway: Gateway;
  connect(): Promise<TestLiveClient>;
}

const open: World[] = [];

async function world(limits: Partial<LiveLimits> = {}): Promise<World> {
  const table = new MemoryTable('devices');
  const hub = new LiveHub({
    tables: [table],
    clock: new SystemClock(),
    limits: { tickMs: 10, ...limits },
  });
  const gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    sockets: [hub.endpoint()],
    limits: { perAddressPerSecond: 0 },
    authenticate: (credentials) =>
      credentials.header('authorization') === undefined
        ? ANONYMOUS
        : { kind: 'user', id: 'u', name: 'u', role: 'viewer' },
  });
  hub.start((channel, message, isBinary) => {
    gateway.publish(channel, message, isBinary);
  });
  const url = `ws://127.0.0.1:${String(gateway.port)}/v1/live`;
  const made: World = {
    table,
    hub,
    gateway,
    connect: () => new TestLiveClient(url, { authorization: 'x' }).opened(),
  };
  open.push(made);
  return made;
}

let one: World;

beforeEach(async () => {
  one = await world();
  for (let i = 0; i < 20; i++) one.table.put({ id: `d${String(i)}`, level: i, state: 'online' });
});

afterEach(async () => {
  for (const { hub, gateway } of open.splice(0)) {
    hub.stop();
    await gateway.stop(50);
  }
});

describe('a client on a real socket', () => {
  it('is welcomed, gets the rows, then what changes', async () => {
    const client = await one.connect();
    const top = client.subscribe('top', {
      resource: 'devices',
      sort: [{ field: 'level', direction: 'desc' }],
      window: { limit: 3 },
    });
    await expect.poll(() => top.order).toEqual(['d19', 'd18', 'd17']);
    expect(client.ofType('welcome')[0]).toMatchObject({
      protocol: 1,
      epoch: one.hub.epoch,
      tickMs: 10,
    });
    expect(top.total).toBe(20);
    one.table.set('d0', 'level', 100);
    await expect.poll(() => top.order).toEqual(['d0', 'd19', 'd18']);
    one.table.remove('d19');
    await expect.poll(() => top.order).toEqual(['d0', 'd18', 'd17']);
    expect(top.list()[0]).toEqual({ id: 'd0', level: 100, state: 'online' });
    client.send({ type: 'ping', at: 5 });
    await expect.poll(() => client.ofType('pong')).toEqual([{ type: 'pong', at: 5 }]);
  });

  it('hears nothing more of what it unsubscribed', async () => {
    const client = await one.connect();
    const gone = client.subscribe('a', { resource: 'devices' });
    const kept = client.subscribe('b', { resource: 'devices', fields: ['level'] });
    await expect.poll(() => kept.total).toBe(20);
    client.send({ type: 'unsubscribe', id: 'a' });
    await expect.poll(() => client.ofType('unsubscribed')).toHaveLength(1);
    one.table.set('d0', 'level', -1);
    await expect.poll(() => kept.rows.get('d0')?.['level']).toBe(-1);
    expect(gone.rows.get('d0')?.['level']).toBe(0);
  });

  it('may ask the same query twice and drop one of them', async () => {
    const client = await one.connect();
    client.subscribe('a', { resource: 'devices' });
    const kept = client.subscribe('b', { resource: 'devices' });
    client.send({ type: 'unsubscribe', id: 'a' });
    await expect.poll(() => client.ofType('unsubscribed')).toHaveLength(1);
    one.table.set('d0', 'level', -1);
    await expect.poll(() => kept.rows.get('d0')?.['level']).toBe(-1);
    expect(one.hub.stats().topics).toBe(1);
  });

  it('is refused without a login, with a code that says not to come back', async () => {
    const url = `ws://127.0.0.1:${String(one.gateway.port)}/v1/live`;
    const client = new TestLiveClient(url);
    await expect.poll(() => client.closeCode).toBe(4501);
  });
});

describe('equal queries', () => {
  it('are one topic, one message and the same bytes for every client', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => one.connect()));
    const replicas = clients.map((client) => client.subscribe('x', { resource: 'devices' }));
    for (const replica of replicas) await expect.poll(() => replica.total).toBe(20);
    const before = one.hub.stats().messagesPublished;
    one.table.set('d3', 'level', 77);
    for (const replica of replicas) {
      await expect.poll(() => replica.rows.get('d3')?.['level']).toBe(77);
    }
    expect(one.hub.stats()).toMatchObject({ topics: 1, views: 1, messagesPublished: before + 1 });
    expect(new Set(clients.map((client) => JSON.stringify(client.ofType('patch')))).size).toBe(1);
  });
});

describe('a client that comes back', () => {
  it('gets only what it missed', async () => {
    const first = await one.connect();
    const seen = first.subscribe('x', { resource: 'devices' });
    await expect.poll(() => seen.total).toBe(20);
    // Answers come in order: what the rows of the start still had to say has arrived before this one.
    one.hub.tick();
    const fence = first.subscribe('z', { resource: 'devices', window: { offset: 0, limit: 1 } });
    await expect.poll(() => fence.total).toBe(20);
    const { topic, epoch } = seen;
    const at = seen.revision;
    first.close();
    await expect.poll(() => one.hub.stats().clients).toBe(0);
    one.table.set('d1', 'level', 50);
    one.hub.tick();
    one.table.set('d2', 'level', 51);
    one.hub.tick();
    const again = await one.connect();
    again.subscribe('y', { resource: 'devices' }, { topic, epoch, revision: at });
    await expect.poll(() => again.ofType('patch')).toHaveLength(2);
    expect(again.ofType('resumed')).toEqual([{ type: 'resumed', id: 'y', topic, revision: at }]);
    expect(again.ofType('snapshot')).toHaveLength(0);
    one.table.set('d3', 'level', 52);
    await expect.poll(() => again.ofType('patch').at(-1)?.revision).toBe(at + 3);
  });

  it.each([
    ['of another epoch', { epoch: 'other' }],
    ['with a revision that is not held', { revision: -5 }],
    ['with another topic', { topic: 999 }],
  ])('%s gets everything anew', async (_, change) => {
    const client = await one.connect();
    const seen = client.subscribe('x', { resource: 'devices' });
    await expect.poll(() => seen.total).toBe(20);
    const { topic, epoch, revision } = seen;
    client.subscribe('y', { resource: 'devices' }, { topic, epoch, revision, ...change });
    await expect.poll(() => client.ofType('snapshot')).toHaveLength(2);
  });
});

describe('a slow client', () => {
  const wide = 'w'.repeat(20_000);

  it('gets the latest state when it reads again, and delays nobody', async () => {
    const slow = await one.connect();
    const fast = await one.connect();
    const behind = slow.subscribe('s', { resource: 'devices' });
    const ahead = fast.subscribe('f', { resource: 'devices' });
    await expect.poll(() => [behind.total, ahead.total]).toEqual([20, 20]);
    slow.socket.pause();
    let round = 0;
    await expect
      .poll(
        () => {
          round++;
          for (let i = 0; i < 20; i++)
            one.table.set(`d${String(i)}`, 'text', `${String(round)}${wide}`);
          return one.hub.stats().clientsBehind;
        },
        { interval: 12, timeout: 20_000 },
      )
      .toBe(1);
    for (let i = 0; i < 20; i++) one.table.set(`d${String(i)}`, 'text', `last ${String(i)}`);
    await expect.poll(() => ahead.rows.get('d7')?.['text']).toBe('last 7');
    const published = one.hub.stats().messagesPublished;
    slow.socket.resume();
    await expect.poll(() => behind.rows.get('d7')?.['text'], { timeout: 10_000 }).toBe('last 7');
    expect(slow.ofType('snapshot').length).toBeGreaterThan(1);
    expect(slow.ofType('patch').length).toBeLessThan(published);
    one.table.set('d7', 'text', 'after');
    await expect.poll(() => behind.rows.get('d7')?.['text']).toBe('after');
    expect(slow.closeCode).toBeUndefined();
  });

  it('is closed at the hard limit with the code that says to come back', async () => {
    const small = await world({ softBufferBytes: 20_000, hardBufferBytes: 100_000 });
    for (let i = 0; i < 1_000; i++) small.table.put({ id: `d${String(i)}`, text: wide });
    const client = await small.connect();
    client.socket.pause();
    client.subscribe('x', { resource: 'devices', window: { limit: 1_000 } });
    await expect.poll(() => small.hub.stats().slowClosed, { timeout: 10_000 }).toBe(1);
    expect(small.hub.stats().clients).toBe(0);
    client.socket.resume();
    await expect.poll(() => client.closeCode, { timeout: 10_000 }).toBe(4008);
  });
});

describe('bad input', () => {
  it.each([
    ['text that is not JSON', '{"type":', 'input.invalid'],
    ['JSON of another shape', '{"type":"dance"}', 'input.invalid'],
    [
      'a wrong query',
      '{"type":"subscribe","id":"q","query":{"resource":"moons"}}',
      'input.invalid',
    ],
    ['a deep filter', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 'input.invalid'],
    ['an unknown subscription', '{"type":"unsubscribe","id":"nope"}', 'not-found'],
    [
      'a resource without rows',
      '{"type":"subscribe","id":"q","query":{"resource":"alarms"}}',
      'not-found',
    ],
  ])('is answered with an error: %s', async (_, text, code) => {
    const client = await one.connect();
    client.socket.send(text);
    await expect.poll(() => client.ofType('error')[0]?.code).toBe(code);
    const again = client.subscribe('ok', { resource: 'devices' });
    await expect.poll(() => again.total).toBe(20);
  });

  it('is answered with an error: a binary frame, an id in use, too many subscriptions', async () => {
    const small = await world({ subscriptionsPerSocket: 2 });
    const client = await small.connect();
    client.socket.send(new Uint8Array([1, 2]), { binary: true });
    client.subscribe('a', { resource: 'devices' });
    client.subscribe('a', { resource: 'devices' });
    client.subscribe('b', { resource: 'devices' });
    client.subscribe('c', { resource: 'devices' });
    await expect
      .poll(() => client.ofType('error').map((error) => error.code))
      .toEqual(['frame.malformed', 'conflict', 'server.busy']);
  });

  it('in a flood is answered for a while, then the socket is closed', async () => {
    const client = await one.connect();
    for (let i = 0; i < 200; i++) client.send({ type: 'ping' });
    await expect.poll(() => client.closeCode).toBe(4029);
    expect(client.ofType('pong').length).toBeGreaterThanOrEqual(100);
    expect(client.ofType('error')[0]?.code).toBe('rate.limited');
  });
});

describe('guests', () => {
  it('see only what their link shows, and are closed when it ends', async () => {
    const rf = new MemoryTable('rf');
    const devices = new MemoryTable('devices');
    let holds = true;
    const hub = new LiveHub({
      tables: [rf, devices],
      clock: new SystemClock(),
      limits: { tickMs: 10 },
      guestOf: (request) => {
        if (!request.query.includes('kiosk=')) return Promise.resolve(undefined);
        if (!request.query.includes('kiosk=right')) {
          return Promise.reject(new EngineError('auth.denied', 'this link does not hold'));
        }
        return Promise.resolve({
          resources: new Set(['rf'] as const),
          within: () => undefined,
          valid: () => holds,
        });
      },
    });
    const gateway = await createGateway({
      host: '127.0.0.1',
      port: 0,
      sockets: [hub.endpoint()],
      limits: { perAddressPerSecond: 0 },
      authenticate: () => ANONYMOUS,
    });
    hub.start((channel, message, isBinary) => gateway.publish(channel, message, isBinary));
    try {
      rf.put({ id: '7', name: 'Ada' });
      const url = `ws://127.0.0.1:${String(gateway.port)}/v1/live`;
      const guest = await new TestLiveClient(`${url}?kiosk=right`).opened();
      const replica = guest.subscribe('a', { resource: 'rf' });
      await expect.poll(() => replica.list()).toEqual([{ id: '7', name: 'Ada' }]);
      expect([...hub.watched('rf')]).toEqual(['7']);
      expect([...hub.watched('devices')]).toEqual([]);
      guest.subscribe('b', { resource: 'devices' });
      await expect
        .poll(() => guest.ofType('error').map(({ code }) => code))
        .toEqual(['auth.denied']);
      for (const [query, code] of [
        ['', 4501],
        ['?kiosk=wrong', 4503],
      ] as const) {
        const stranger = new TestLiveClient(url + query);
        await expect.poll(() => stranger.closeCode).toBe(code);
      }
      holds = false;
      await expect.poll(() => guest.closeCode).toBe(4503);
      await expect.poll(() => [...hub.watched('rf')]).toEqual([]);
    } finally {
      hub.stop();
      await gateway.stop(50);
    }
  });
});
