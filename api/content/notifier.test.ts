import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOTIFICATION_DEFAULTS } from '../../actors/content/defaults.js';
import { contentRows } from '../../actors/content/testing/rows.js';
import { openSiteStore, type SiteStore } from '../../actors/control/site.js';
import { TestClock } from '../../engine/clock.js';
import { silentLog } from '../../engine/log.js';
import { type MailServer, startMailServer } from '../testing/mail-server.js';
import { Notifier } from './notifier.js';
import { callOutside, isPrivateAddress } from './outside.js';

let folder = '';
let store: SiteStore;
let clock: TestClock;
let mail: MailServer;
let notifier: Notifier;
let projectId = 0;

const start = async (smtpUrl: string | undefined, allowPrivate = true) => {
  notifier = await Notifier.start({
    store,
    clock,
    log: silentLog(),
    smtpUrl,
    from: 'site@example.org',
    siteUrl: 'https://site.example',
    allowPrivate,
  });
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-notify-'));
  clock = new TestClock();
  store = await openSiteStore({ file: join(folder, 'c.db'), clock, onError: () => undefined });
  mail = await startMailServer();
  projectId = (await contentRows(store).project({ name: 'River' })).id;
});
afterEach(async () => {
  await notifier.stop();
  await mail.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const notification = async (values: object = {}) =>
  await store.content.notifications.create({
    ...NOTIFICATION_DEFAULTS,
    projectId,
    on: ['add', 'edit', 'delete'],
    to: ['boss@example.org', 'desk@example.org'],
    ...values,
  });

const asset = async (values: object = {}) => {
  const nowUnixMs = clock.nowMs();
  const times = { createdAtUnixMs: nowUnixMs, updatedAtUnixMs: nowUnixMs };
  return await contentRows(store).asset({ projectId, ...times, ...values });
};

/** Lets what was set off go on until `done`, with the clock going on a little. */
const until = async (done: () => boolean | Promise<boolean>) => {
  await expect
    .poll(
      async () => {
        clock.advance(1);
        return await done();
      },
      { timeout: 10_000, interval: 5 },
    )
    .toBe(true);
};

describe('a notification by e-mail', () => {
  it('tells at once of what arrives, then gathers for half a minute', async () => {
    const { id } = await notification({ subject: 'News', message: 'Please listen' });
    await start(mail.url);
    const one = await asset({ description: 'a bird\r\nBcc: evil@example.org' });
    await until(() => mail.messages.length === 1);
    expect(mail.messages[0]?.to).toEqual(['boss@example.org', 'desk@example.org']);
    expect(mail.messages[0]?.text).toContain('Subject: News');
    expect(mail.messages[0]?.text).toContain('Please listen');
    expect(mail.messages[0]?.text).toContain('new: audio 1 "a bird Bcc: evil@example.org"');
    await until(async () => (await store.content.notifications.get(id))?.lastSentAtUnixMs !== null);

    // The engine's own notes and an edit right after the upload are none.
    await store.content.assets.update(one.id, { ingest: 'ready', lengthS: 2, startS: 0, endS: 2 });
    await store.content.assets.update(one.id, { description: 'bird' });
    clock.advance(3_000);
    await asset({ description: 'two' });
    const three = await asset({ description: 'three' });
    await store.content.assets.update(one.id, { submitted: true });
    await store.content.assets.remove(three.id);
    await store.control.feed.poll();
    clock.advance(20_000);
    expect(mail.messages.length).toBe(1);
    clock.advance(10_000);
    await until(() => mail.messages.length === 2);
    const text = mail.messages[1]?.text ?? '';
    expect(text).toContain('new: audio 2 "two"');
    expect(text).toContain('changed: audio 1 "bird"');
    expect(text).toContain('deleted: recording 3');
    expect(text.split('recording 3').length).toBe(2);
  });

  it('is tried again, and says in its row why nothing came', async () => {
    const { id } = await notification();
    await start(mail.url);
    mail.refuse(2);
    await asset();
    const row = async () => await store.content.notifications.get(id);
    await until(async () => (await row())?.lastError?.includes('come back later') === true);
    await until(() => {
      clock.advance(500);
      return mail.messages.length === 1;
    });
    await until(async () => (await row())?.lastError === null);
  });

  it('without a mail server says so in its row', async () => {
    const { id } = await notification();
    await start(undefined);
    await asset();
    await until(
      async () =>
        (await store.content.notifications.get(id))?.lastError?.includes('mail.smtpUrl') === true,
    );
  });

  it('hears only of its own kinds, its own project and while it is active', async () => {
    await notification({ on: ['delete'] });
    await notification({ active: false });
    const { id: other } = await contentRows(store).project();
    await notification({ projectId: other, to: ['other@example.org'] });
    await start(mail.url);
    const one = await asset();
    await asset({ createdAtUnixMs: 1, description: 'imported' });
    await store.content.assets.remove(one.id);
    await until(() => mail.messages.length === 1);
    expect(mail.messages[0]?.text).toContain('deleted: recording 1');
  });
});

describe('a notification by webhook', () => {
  let server: Server;
  let bodies: string[] = [];
  let url = '';
  beforeEach(async () => {
    bodies = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        bodies.push(body);
        response.end('ok');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('carries the changes as JSON', async () => {
    await notification({ channel: 'webhook', to: [url] });
    await start(undefined);
    await asset({ description: 'a frog' });
    await until(() => bodies.length === 1);
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({
      project: 'River',
      changes: [{ kind: 'add', assetId: 1 }],
    });
  });

  it('does not reach inside unless it may, by address or by name', async () => {
    const { id } = await notification({ channel: 'webhook', to: [url] });
    await start(undefined, false);
    await asset();
    await until(
      async () =>
        (await store.content.notifications.get(id))?.lastError?.includes('private') === true,
    );
    expect(bodies).toEqual([]);
    const named = url.replace('127.0.0.1', 'localhost');
    await expect(
      callOutside(named, { method: 'GET', timeoutMs: 1_000, allowPrivate: false }),
    ).rejects.toMatchObject({ code: 'input.invalid' });
  });

  it.each([
    ['127.0.0.1', true],
    ['10.1.2.3', true],
    ['169.254.169.254', true],
    ['::1', true],
    ['::ffff:10.0.0.1', true],
    ['::ffff:a00:1', true],
    ['fd00::1', true],
    ['0.0.0.0', true],
    ['not an address', true],
    ['93.184.216.34', false],
    ['2606:2800:220:1::1', false],
  ])('counts %s as private: %s', (address, is) => {
    expect(isPrivateAddress(address)).toBe(is);
  });
});
