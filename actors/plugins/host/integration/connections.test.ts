import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { entryUrl } from '../../../../engine/entry.js';
import { PluginBench } from '../../conformance/bench.js';
import type { ConnectionSettings, InstanceLimits, PluginDevice } from '../../protocol.js';

let bench: PluginBench;
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  await bench.close();
  for (const end of ends.splice(0)) await end();
});

/** A device that accepts connections; it can vanish and return on its port. */
class Site {
  readonly sockets = new Set<Socket>();
  connections = 0;
  most = 0;
  #server: Server | undefined;
  port = 0;

  async open(): Promise<void> {
    const server = createServer((socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      this.most = Math.max(this.most, this.sockets.size);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.sockets.delete(socket));
      socket.resume();
    });
    await new Promise<void>((resolve) => {
      server.listen(this.port, '127.0.0.1', 4_096, () => resolve());
    });
    const address = server.address();
    if (address !== null && typeof address === 'object') this.port = address.port;
    this.#server = server;
  }

  async vanish(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }
}

async function site(): Promise<Site> {
  const made = new Site();
  await made.open();
  ends.push(() => made.vanish());
  return made;
}

async function start(limits: Partial<InstanceLimits> = {}): Promise<void> {
  const module = entryUrl('actors/plugins/host/testing/wild').href;
  bench = await PluginBench.open({ module, heartbeatMs: 100 });
  await bench.openInstance({}, limits);
}

const FAST: Partial<ConnectionSettings> = {
  backoffFirstMs: 50,
  backoffMaxMs: 200,
  holdDownMs: 500,
};

function device(
  port: number,
  settings: Partial<ConnectionSettings> = FAST,
  name = 'd',
): PluginDevice {
  const config = { connect: 'tcp' };
  return bench.device(name, { address: '127.0.0.1', port, config, settings });
}

function fleet(port: number, count: number, settings: Partial<ConnectionSettings>): PluginDevice[] {
  return Array.from({ length: count }, (_, n) => device(port, settings, `d${n}`));
}

const connected = (): number =>
  [...bench.facts.values()].filter(({ state }) => state === 'connected').length;

const ID = 'bench:1:d';

describe('a lost connection', () => {
  it('that is back within the hold-down is never announced as lost', async () => {
    await start();
    const place = await site();
    await bench.adopt([device(place.port, { ...FAST, holdDownMs: 10_000 })]);
    await bench.until('connected', () => bench.state(ID) === 'connected');
    for (const socket of place.sockets) socket.resetAndDestroy();
    await bench.until('held', () => bench.facts.get(ID)?.reconnects === 1);
    await bench.until('told', () => bench.states.get(ID)?.at(-1) === 'connected');
    expect(bench.states.get(ID)?.filter((state) => state !== 'connecting')).toEqual(
      expect.not.arrayContaining(['disconnected', 'error']),
    );
    expect(bench.facts.get(ID)).toMatchObject({ held: false, errorCount: 1, attempts: 0 });
  });

  it('is announced when the hold-down is over, as an error after so many attempts, and comes back by itself', async () => {
    await start();
    const place = await site();
    await bench.adopt([device(place.port, { ...FAST, maxAttempts: 3 })]);
    await bench.until('connected', () => bench.state(ID) === 'connected');
    await place.vanish();
    await bench.until('error', () => bench.state(ID) === 'error');
    expect(bench.facts.get(ID)?.errorMessage).toMatch(/ECONNREFUSED/);
    await place.open();
    await bench.until('back', () => bench.state(ID) === 'connected');
    const states = bench.states.get(ID) ?? [];
    expect(states.indexOf('disconnected')).toBeLessThan(states.indexOf('error'));
    expect(bench.facts.get(ID)?.errorCount).toBeGreaterThanOrEqual(3);
  });

  it('is stale when nothing is heard, and given up for it', async () => {
    await start();
    const place = await site();
    const settings = { backoffFirstMs: 60_000, staleAfterMs: 1_000, holdDownMs: 0 };
    await bench.adopt([device(place.port, settings)]);
    await bench.until('stale', () => (bench.facts.get(ID)?.errorCount ?? 0) > 0);
    expect(bench.facts.get(ID)?.errorMessage).toMatch(/stale/);
    await bench.until('announced', () => bench.state(ID) === 'disconnected');
    expect(place.connections).toBe(1);
  });
});

describe('an attempt', () => {
  it('that hangs is given up after its time', async () => {
    await start();
    const settings = { ...FAST, connectTimeoutMs: 200 };
    await bench.adopt([bench.device('d', { config: { connect: 'hangs' }, settings })]);
    await bench.until('given up', () => (bench.facts.get(ID)?.errorCount ?? 0) >= 2);
    expect(bench.facts.get(ID)?.errorMessage).toBe('no connection within 200 ms');
  });

  it('with a bad configuration is parked until the device is edited', async () => {
    await start();
    const config = { connect: 'throws', code: 'input.invalid', text: 'no such model' };
    await bench.adopt([bench.device('d', { config, settings: FAST })]);
    await bench.until('parked', () => bench.state(ID) === 'error');
    expect(bench.facts.get(ID)).toMatchObject({ errorCount: 1, errorMessage: 'no such model' });
    await bench.adopt([bench.device('d', { settings: FAST })]);
    await bench.until('edited', () => bench.state(ID) === 'connected');
    expect(bench.facts.get(ID)?.errorMessage).toBeUndefined();
  });

  it('with a refused login is an error at once, tried again after a long pause, and at once by hand', async () => {
    await start();
    const config = { connect: 'throws', code: 'auth.denied', text: 'wrong password' };
    const settings = { ...FAST, backoffMaxMs: 60_000 };
    await bench.adopt([bench.device('d', { config, settings })]);
    await bench.until('refused', () => bench.state(ID) === 'error');
    const { nextAttemptAtUnixMs = 0, lastErrorAtUnixMs = 0 } = bench.facts.get(ID) ?? {};
    expect(nextAttemptAtUnixMs - lastErrorAtUnixMs).toBeGreaterThan(60_000);
    await bench.link.call('connections.act', { ids: [ID], action: 'reconnect' });
    await bench.until('again', () => bench.facts.get(ID)?.errorCount === 2);
  });

  it('follows a device whose address moves', async () => {
    await start();
    const [first, second] = [await site(), await site()];
    await bench.adopt([device(first.port)]);
    await bench.until('first', () => first.sockets.size === 1);
    await bench.adopt([device(second.port)]);
    await bench.until('second', () => second.sockets.size === 1 && first.sockets.size === 0);
    await bench.until('connected', () => bench.state(ID) === 'connected');
    await bench.adopt([{ ...device(second.port), enabled: false }]);
    await bench.until('stopped', () => bench.state(ID) === 'stopped' && second.sockets.size === 0);
    expect(await bench.link.call('devices.release', { ids: [ID, 'unknown'] })).toBe(1);
  });
});

describe('many devices', () => {
  it('2,000 connect from cold without a storm, and a thousand dead ones do not hold them up', async () => {
    await start({ maxConnecting: 64 });
    const place = await site();
    const dead = Array.from({ length: 1_000 }, (_, n) =>
      bench.device(`dead${n}`, {
        config: { connect: 'hangs' },
        settings: { ...FAST, connectTimeoutMs: 400 },
      }),
    );
    await bench.adopt([...dead, ...fleet(place.port, 2_000, FAST)]);
    await bench.until('all connected', () => connected() === 2_000, 60_000);
    expect(place.connections).toBe(2_000);
  }, 90_000);

  it('1,000 that vanish and return at once are all back, spread over time', async () => {
    await start({ maxConnecting: 32 });
    const place = await site();
    const settings = { ...FAST, holdDownMs: 30_000, backoffMaxMs: 400 };
    await bench.adopt(fleet(place.port, 1_000, settings));
    await bench.until('all connected', () => connected() === 1_000, 30_000);
    await place.vanish();
    await bench.until('all lost', () => connected() === 0, 30_000);
    await place.open();
    await bench.until('all back', () => connected() === 1_000, 60_000);
    expect(place.sockets.size).toBe(1_000);
    const announced = [...bench.states.values()].filter((list) => list.includes('disconnected'));
    expect(announced).toEqual([]);
  }, 120_000);

  it('more than may be connected take turns', async () => {
    await start({ maxConnections: 10, maxConnecting: 5, rotationMs: 300 });
    const place = await site();
    await bench.adopt(fleet(place.port, 25, FAST));
    const seen = (): number =>
      [...bench.states.values()].filter((list) => list.includes('connected')).length;
    await bench.until('everybody had a turn', () => seen() === 25, 30_000);
    expect(place.most).toBeLessThanOrEqual(11);
    await bench.until('others wait', () =>
      [...bench.facts.values()].some(({ waiting }) => waiting),
    );
    const errors = [...bench.facts.values()].filter(({ errorCount }) => errorCount > 0);
    expect(errors).toEqual([]);
  }, 60_000);
});
