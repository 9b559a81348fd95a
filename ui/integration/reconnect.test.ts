import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import type { TestServer } from '../../api/testing/server.js';
import { freePort } from '../../engine/testing/free-port.js';
import { startSite, text, until, visit } from './browser.js';

let server: TestServer;
let browser: Browser;
let port: string;
const data = mkdtempSync(join(tmpdir(), 'earshot-pages-'));

beforeAll(async () => {
  port = String(await freePort());
  [server, browser] = await Promise.all([
    startSite({ data, env: { EARSHOT_PORT: port } }),
    openChromium(),
  ]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
});

describe('a server that is killed and comes back', () => {
  it('is told at once, with the age of the values, and the page goes on by itself', async () => {
    const cookie = await server.signIn();
    const { page, context } = await visit(browser, server.url, '/devices', { cookie });
    const rows = page.getByRole('grid', { name: 'Devices' }).locator('.row');
    await until('devices', async () => (await rows.count()) > 10);
    await server.kill();
    await page.getByText(/Connection lost: values are from/).waitFor();
    await page.getByRole('button', { name: /^Reconnecting for/ }).waitFor();
    expect(await rows.count()).toBeGreaterThan(10);
    server = await startSite({ data, env: { EARSHOT_PORT: port } });
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor({ timeout: 30_000 });
    await until(
      'the note is gone',
      async () => (await page.getByText(/Connection lost/).count()) === 0,
    );
    await until('devices again', async () => (await rows.count()) > 10, 30_000);
    const before = await text(rows.first());
    await until('values move again', async () => (await text(rows.first())) !== before, 30_000);
    await context.close();
  }, 180_000);
});
