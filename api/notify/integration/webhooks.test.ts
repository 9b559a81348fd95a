import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { answering, NotifySite, type Receiver, startReceiver } from '../testing/site.js';

const ends: (() => Promise<void>)[] = [];
const site = async (options: Parameters<typeof NotifySite.start>[0] = {}) => {
  const started = await NotifySite.start(options);
  ends.push(() => started.stop());
  return started;
};
const receiver = async (...script: Parameters<typeof startReceiver>): Promise<Receiver> => {
  const started = await startReceiver(...script);
  ends.push(() => started.stop());
  return started;
};
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('webhooks', () => {
  it('come with a signature that an independent computation finds right, and an idempotency key', async () => {
    const one = await site();
    const to = await receiver();
    await one.tell(await one.webhook(to.url, { headers: { 'X-Site': 'hall' } }), ['k1']);
    await expect.poll(() => [...one.live.rows()][0]?.['state']).toBe('delivered');
    const [heard] = to.heard;
    const timestamp = String(heard?.headers['x-webhook-timestamp']);
    expect(timestamp).toMatch(/^\d{10}$/);
    const expected = createHmac('sha256', 'signing').update(`${timestamp}.${heard?.body}`);
    expect(heard?.headers['x-webhook-signature']).toBe(expected.digest('hex'));
    expect(heard?.headers['idempotency-key']).toBe('k1');
    expect(heard?.headers['x-site']).toBe('hall');
    expect(JSON.parse(heard?.body ?? '')).toEqual({ type: 'alarm.raised', value: 31.5 });
  });

  it('are tried again after 500 under the same key, and the log says how often', async () => {
    const one = await site();
    const to = await receiver([answering(500), answering(500), answering(200)]);
    await one.tell(await one.webhook(to.url), ['k1']);
    await expect.poll(async () => (await one.row('k1'))?.state).toBe('delivered');
    expect(await one.row('k1')).toMatchObject({ attempts: 3, responseCode: 200, lastError: null });
    expect(new Set(to.heard.map(({ headers }) => headers['idempotency-key']))).toEqual(
      new Set(['k1']),
    );
  });

  it('are given up after their tries, and replayed by hand under the same key', async () => {
    const one = await site();
    const to = await receiver([answering(503), answering(503), answering(503), answering(200)]);
    await one.tell(await one.webhook(to.url), ['k1']);
    await expect.poll(async () => (await one.row('k1'))?.state).toBe('dead');
    const row = await one.row('k1');
    expect(row).toMatchObject({ attempts: 3, responseCode: 503, lastError: 'answered 503' });
    const replay = one.notify.routes.find(({ path }) => path.endsWith('/replay'));
    await replay?.handler({ params: { id: row?.id } } as never);
    await expect.poll(async () => (await one.row('k1'))?.state).toBe('delivered');
    expect(to.heard.map(({ headers }) => headers['idempotency-key'])).toEqual(Array(4).fill('k1'));
  });

  it('wait as long as the target asks for', async () => {
    const one = await site();
    const to = await receiver([answering(429, { 'retry-after': '1' }), answering(200)]);
    await one.tell(await one.webhook(to.url), ['k1']);
    await expect.poll(async () => (await one.row('k1'))?.state).toBe('failed');
    const failed = await one.row('k1');
    expect(failed?.responseCode).toBe(429);
    await expect.poll(async () => (await one.row('k1'))?.state).toBe('delivered');
    const waitedMs =
      Number((await one.row('k1'))?.deliveredAtUnixMs) - Number(failed?.createdAtUnixMs);
    expect(waitedMs).toBeGreaterThanOrEqual(1_000);
  });

  it('do not follow redirects', async () => {
    const one = await site();
    const elsewhere = await receiver();
    const to = await receiver([answering(302, { location: elsewhere.url })]);
    await one.tell(await one.webhook(to.url, { attempts: 1 }), ['k1']);
    await expect.poll(async () => (await one.row('k1'))?.state).toBe('dead');
    expect((await one.row('k1'))?.lastError).toContain('redirects are not followed');
    expect(elsewhere.heard).toEqual([]);
  });

  it('that hang, cut or refuse fail with the reason, and slow no other target', async () => {
    const one = await site();
    const good = await receiver();
    const hangs = await receiver([() => {}]);
    const cuts = await receiver([(response) => response.socket?.destroy()]);
    const gone = await receiver();
    await gone.stop();
    const config = { attempts: 1, timeoutMs: 500 };
    const bad = await Promise.all([hangs, cuts, gone].map(({ url }) => one.webhook(url, config)));
    const goodId = await one.webhook(good.url);
    const many = (name: string) => Array.from({ length: 200 }, (_, at) => `${name}${at}`);
    for (const id of bad) await one.tell(id, many(`bad${id}-`));
    await one.tell(goodId, many('good'));
    await expect.poll(() => good.heard.length).toBe(200);
    // The good one is done while the first of the bad ones still hang.
    expect(hangs.heard.length).toBeLessThan(200);
    for (const id of bad) {
      await expect.poll(async () => (await one.row(`bad${id}-0`))?.state).toBe('dead');
    }
    expect((await one.row(`bad${bad[0]}-0`))?.lastError).toBe('no answer in 500 ms');
    expect((await one.row(`bad${bad[2]}-0`))?.lastError).toContain('ECONNREFUSED');
  });

  it('leave a target alone that fails again and again, and deliver all when it is back', async () => {
    const one = await site({ breaker: { after: 5, forMs: 300, mostMs: 300 } });
    const to = await receiver([
      ...Array<ReturnType<typeof answering>>(20).fill(answering(500)),
      answering(200),
    ]);
    const id = await one.webhook(to.url, { attempts: 20 });
    await one.tell(
      id,
      Array.from({ length: 30 }, (_, at) => `k${at}`),
    );
    const circuit = () => {
      const list = one.notify.routes.find(({ path }) => path === '/v1/targets');
      const answer = list?.handler({} as never) as { items: { circuit: string }[] } | undefined;
      return answer?.items[0]?.circuit;
    };
    await expect.poll(circuit).toBe('open');
    await expect
      .poll(
        async () =>
          await one.store.automation.deliveries.count({
            where: [{ field: 'state', op: '=', value: 'delivered' }],
          }),
        { timeout: 20_000 },
      )
      .toBe(30);
    expect(circuit()).toBe('closed');
  });

  it.each([
    'http://127.0.0.1:1/',
    'http://10.1.2.3/',
    'http://169.254.169.254/latest',
    'http://[::1]:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://localhost:1/',
    'http://2130706433/',
  ])('to %s are refused unless the target allows it', async (url) => {
    const one = await site();
    await one.tell(await one.webhook(url, { allowPrivate: false }), ['k1']);
    await expect.poll(async () => (await one.row('k1'))?.state).toBe('dead');
    expect(await one.row('k1')).toMatchObject({ attempts: 1, responseCode: null });
    expect((await one.row('k1'))?.lastError).toContain('allowPrivate');
  });

  it('are spread over those that listen; readings of a sensor at most every five seconds', async () => {
    const one = await site();
    const to = await receiver();
    await one.webhook(to.url, {}, ['sensor.reading', 'experiment.*']);
    const port = one.notify.deliveries;
    await port.event('sensor.reading', { sensor: 'tank', value: 1 }, 'r1');
    await port.event('sensor.reading', { sensor: 'tank', value: 2 }, 'r2');
    await port.event('sensor.reading', { sensor: 'pump', value: 3 }, 'r3');
    await port.event('experiment.started', { sensor: '', value: null, experiment: 'e' }, 'e1');
    await port.event('system.health_changed', { value: 'degraded' }, 'h1');
    await expect.poll(() => to.heard.length).toBe(3);
    const told = to.heard.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(told.map(({ type, value }) => [type, value]).sort()).toEqual([
      ['experiment.started', null],
      ['sensor.reading', 1],
      ['sensor.reading', 3],
    ]);
  });

  it('go out again, under their keys, when their thread is lost', async () => {
    const one = await site();
    const held: (() => void)[] = [];
    const to = await receiver([
      (response) => held.push(() => response.end()),
      (response) => held.push(() => response.end()),
      answering(200),
    ]);
    await one.tell(await one.webhook(to.url), ['k1', 'k2']);
    await expect.poll(() => to.heard.length).toBe(2);
    // A message that it cannot read ends the thread as any fault of its own would.
    one.notify.outbox.pool.link(0)?.post('notify.send', null as never);
    await expect.poll(() => to.heard.length).toBe(4);
    await expect.poll(async () => (await one.row('k2'))?.state).toBe('delivered');
    expect(to.heard.map(({ headers }) => headers['idempotency-key']).sort()).toEqual([
      'k1',
      'k1',
      'k2',
      'k2',
    ]);
    expect(one.faults.some(({ message }) => message.includes('notify-0'))).toBe(true);
  });

  it('are refused under a taken name by the name, also where another target has the address, else by the address', async () => {
    const one = await site();
    const first = await one.webhook('http://127.0.0.1:9/a');
    await one.webhook('http://127.0.0.1:9/b');
    const make = (name: string, url: string) =>
      one.notify.targets.create(
        { name, kind: 'webhook', enabled: true, config: { url }, events: [] },
        null,
      );
    const [a, b] = ['http://127.0.0.1:9/a', 'http://127.0.0.1:9/b'];
    await expect(make(b, a)).rejects.toMatchObject({
      code: 'conflict',
      message: `name: there is a target ${b} already`,
    });
    await expect(make('new', b)).rejects.toThrow(`config.url: target ${b} has this address`);
    await expect(one.notify.targets.change(first, { name: b })).rejects.toThrow('name: there is');
    // Two at once pass the first look: the store refuses one, and names the field as well.
    const both = await Promise.allSettled([
      make('twin', 'http://127.0.0.1:9/c'),
      make('twin', 'http://127.0.0.1:9/d'),
    ]);
    const refused = both.filter((one) => one.status === 'rejected');
    expect(refused.map(({ reason }) => String(reason))).toEqual([
      expect.stringContaining('name: it exists already'),
    ]);
  });
});
