import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import type { TestServer } from '../../api/testing/server.js';
import { startSite, until, visit } from './browser.js';

let server: TestServer;
let browser: Browser;
let cookie: string;

beforeAll(async () => {
  [server, browser] = await Promise.all([startSite(), openChromium()]);
  cookie = await server.signIn();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

describe('the board of a running site', () => {
  it('shows the demo’s microphones, keeps a group that is made, and opens by a kiosk link without a login', async () => {
    const one = await visit(browser, server.url, '/', { cookie });
    const { page } = one;
    const tiles = page.locator('button.tile');
    await until('a stage', async () => (await tiles.count()) >= 8, 60_000);
    await until(
      'batteries',
      async () => /battery \d+ %/.test((await tiles.first().textContent()) ?? ''),
      60_000,
    );
    await page.keyboard.press('3');
    await page.getByRole('button', { name: 'Make group 3' }).click();
    const editor = page.getByRole('dialog', { name: 'Groups of the board' });
    await editor.getByLabel('Title').fill('Speech');
    for (const _ of [1, 2]) await editor.getByRole('button', { name: /^Add / }).first().click();
    await editor.getByRole('button', { name: 'Make group 3' }).click();
    await page.getByRole('heading', { name: 'Speech', level: 1 }).waitFor();
    await until('two tiles', async () => (await tiles.count()) === 2);
    await page.keyboard.press('q');
    await page.getByRole('button', { name: 'Make a kiosk link' }).click();
    const address = await until('a link', async () => {
      const words = (await page.getByRole('dialog').textContent()) ?? '';
      return /\/kiosk\/[\w-]{20,}/.exec(words)?.[0].replace(/Copy$/, '');
    });
    expect(one.faults).toEqual([]);
    await one.context.close();

    const guest = await visit(browser, server.url, address);
    await guest.page.getByRole('heading', { name: 'Speech' }).waitFor();
    await until(
      'the same two',
      async () => (await guest.page.locator('button.tile').count()) === 2,
    );
    expect(guest.faults).toEqual([]);
    await guest.context.close();
  }, 200_000);
});
