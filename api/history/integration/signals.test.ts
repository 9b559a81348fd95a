import { afterAll, beforeAll, expect, test } from 'vitest';
import { Remote } from '../../personalities/webmacs/testing/remote.js';

let remote: Remote;
let cookie = '';
beforeAll(async () => {
  remote = await Remote.start({});
  cookie = await remote.server.signIn();
}, 120_000);
afterAll(async () => {
  await remote.server.stop();
});

async function call(method: string, path: string, body?: unknown) {
  const answer = await fetch(`${remote.server.url}${path}`, {
    method,
    headers: { cookie, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    body: (text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>,
  };
}

test('a signal of a channel is read, changed, taken away and made again, here and for WebMACS', async () => {
  await remote.simulated('Plant');
  const { body: list } = await call('GET', '/v1/signals?name=Plant%20%E2%80%93%20Humidity');
  const [humidity] = list['items'] as readonly Readonly<Record<string, unknown>>[];
  expect(humidity).toMatchObject({ minimum: 0, maximum: 100, unit: '%', type: 'sensor' });
  const path = `/v1/signals/${String(humidity?.['id'])}`;
  const names = async () =>
    (await remote.list('/events?page_size=100')).map((event) => event['name']);
  expect((await call('PATCH', path, { name: 'Damp', maximum: 90 })).body).toMatchObject({
    name: 'Damp',
    maximum: 90,
    parameter: humidity?.['parameter'],
  });
  expect(await names()).toContain('Damp');
  const wrong = await call('PATCH', path, { minimum: 91 });
  expect([wrong.status, JSON.stringify(wrong.body)]).toEqual([
    400,
    expect.stringContaining('must be at least minimum'),
  ]);
  expect((await call('DELETE', path)).status).toBe(204);
  expect(await names()).not.toContain('Damp');
  const again = {
    name: 'Humidity',
    minimum: 0,
    maximum: 100,
    unit: '%',
    deviceId: humidity?.['deviceId'],
    parameter: humidity?.['parameter'],
  };
  const nowhere = await call('POST', '/v1/signals', { ...again, parameter: 'nowhere' });
  expect([nowhere.status, JSON.stringify(nowhere.body)]).toEqual([
    400,
    expect.stringContaining('there is no channel'),
  ]);
  expect((await call('POST', '/v1/signals', again)).status).toBe(201);
  expect(await names()).toContain('Humidity');
});
