import { createSocket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import { announce } from '../testing/mdns-responder.js';
import { PluginNetwork } from './net.js';
import type { FoundService } from './net.types.js';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const network = (port: number): PluginNetwork => {
  const servicesAt = { address: '127.0.0.1', port };
  const net = new PluginNetwork({ clock: new SystemClock(), servicesAt });
  ends.push(() => net.close());
  return net;
};

test.each([false, true])(
  'a service is found once with its address, port and texts (terse: %s)',
  async (terse) => {
    const device = await announce({
      ...{ service: '_ssc._tcp.local', name: 'Rack 1', address: '10.1.2.3', port: 8_443, terse },
      texts: ['Model=EW-DX EM 4', 'ready'],
    });
    ends.push(() => device.close());
    const net = network(device.port);
    const found: FoundService[] = [];
    const stop = new AbortController();
    const services = ['_other._tcp.local', '_SSC._tcp.local', '_ssc._tcp.local'];
    const search = net.services({ services, forMs: 60_000, signal: stop.signal }, (one) =>
      found.push(one),
    );
    await expect
      .poll(() => found)
      .toEqual([
        {
          ...{ service: '_ssc._tcp.local', name: 'rack 1', address: '10.1.2.3', port: 8_443 },
          texts: { model: 'EW-DX EM 4', ready: '' },
        },
      ]);
    // Asked again a second later, and answered again.
    await net.services({ services, forMs: 300 }, () => undefined);
    stop.abort();
    await search;
    expect(found).toHaveLength(1);
    await expect.poll(() => net.openCount).toBe(0);
  },
);

test('what cannot be read is left out, and the search ends with its time or its instance', async () => {
  const noise = createSocket('udp4');
  await new Promise<void>((resolve) => {
    noise.bind(0, '127.0.0.1', resolve);
  });
  ends.push(
    () =>
      new Promise((resolve) => {
        noise.close(() => resolve());
      }),
  );
  let asked = 0;
  noise.on('message', (_, { address, port }) => {
    asked += 1;
    noise.send(Buffer.from([0, 0, 0x84, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]), port, address);
  });
  const net = network(noise.address().port);
  const services = ['_ssc._tcp.local'];
  const found: FoundService[] = [];
  await net.services({ services, forMs: 300 }, (one) => found.push(one));
  expect([asked, found]).toEqual([1, []]);
  const search = net.services({ services, forMs: 600_000 }, (one) => found.push(one));
  await expect.poll(() => asked).toBeGreaterThan(1);
  await net.close();
  await search;
});
