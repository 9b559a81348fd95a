import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../../engine/testing/free-port.js';
import { startMailServer } from '../../testing/mail-server.js';
import { ActionSite, soon } from '../testing/action-site.js';
import { startReceiver } from '../testing/site.js';

let site: ActionSite;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  site = new ActionSite();
});
afterEach(async () => {
  await site.stop();
  for (const end of ends.splice(0)) await end();
});

const delivery = (id: number) =>
  site.rows(`select public_id as key, state, attempts, last_error as error
    from automation_deliveries where public_id like 'rule:${id}:%'`);

test('a server that is killed while its receiver hangs delivers after the restart, under the same key', async () => {
  const receiver = await startReceiver([() => {}, (response) => response.end('ok')]);
  ends.push(() => receiver.stop());
  await site.start();
  await site.device('tank');
  const { body } = await site.ask('POST', 'targets', {
    name: 'hook',
    kind: 'webhook',
    config: { url: receiver.url, allowPrivate: true, timeoutMs: 60_000 },
    secret: { key: 'signing' },
  });
  const id = await site.fire({ type: 'notify', targetId: body['id'] });
  await soon(() => expect(receiver.heard).toHaveLength(1));
  await site.kill();
  expect(delivery(id)).toMatchObject([{ state: 'pending', attempts: 0 }]);
  await site.start();
  await soon(() => expect(delivery(id)).toMatchObject([{ state: 'delivered', attempts: 1 }]));
  const [first, second, ...more] = receiver.heard;
  expect(more).toEqual([]);
  expect(first?.headers['idempotency-key']).toBe(delivery(id)[0]?.['key']);
  expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
  expect(second?.body).toBe(first?.body);
  expect(JSON.parse(second?.body ?? '')).toMatchObject({ rule: 't1', value: 60 });
}, 240_000);

test('a server whose mail server is away at its start is ready, and its mail goes out when that is back', async () => {
  const port = await freePort();
  await site.start({ env: { EARSHOT_SMTP_URL: `smtp://127.0.0.1:${port}` } });
  await site.device('tank');
  const { body } = await site.ask('POST', 'targets', {
    name: 'desk',
    kind: 'email',
    config: { to: ['desk@example.org'], attempts: 20, retryMs: 500 },
  });
  const id = await site.fire({
    type: 'notify',
    targetId: body['id'],
    subject: 'The tank is hot',
    text: 'It has {{value}} degrees',
  });
  await soon(() => expect(delivery(id)).toMatchObject([{ state: 'failed' }]));
  const server = await startMailServer(port);
  ends.push(() => server.stop());
  await soon(() => expect(delivery(id)).toMatchObject([{ state: 'delivered', error: null }]));
  expect(server.messages).toHaveLength(1);
  const [mail] = server.messages;
  expect(mail?.to).toEqual(['desk@example.org']);
  expect(mail?.text).toContain('Subject: The tank is hot');
  expect(mail?.text).toContain('It has 60 degrees');
}, 240_000);
