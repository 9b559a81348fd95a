import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import { startServer, type TestServer } from '../../api/testing/server.js';
import { PHONE, seriousFindings, visit, widerThanScreen } from './browser.js';

let site: TestServer;
let browser: Browser;
let cookie = '';

beforeAll(async () => {
  [site, browser] = await Promise.all([
    startServer({ env: { EARSHOT_DEVICE_SHARDS: '1', EARSHOT_MEDIA_SHARDS: '1' } }),
    openChromium(),
  ]);
  cookie = await site.signIn();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

async function on(
  path: string,
  use: (page: Page) => Promise<void>,
  size = { width: 1_440, height: 900 },
): Promise<void> {
  const one = await visit(browser, site.url, path, { cookie, size });
  try {
    await use(one.page);
    expect(one.faults).toEqual([]);
  } finally {
    await one.context.close();
  }
}

describe('pages of history and system', () => {
  it.each([
    ['/history', 'History'],
    ['/history/experiments', 'Experiments'],
    ['/history/journal', 'Journal'],
    ['/system', 'System'],
    ['/system/users', 'Users'],
    ['/system/tokens', 'Tokens'],
    ['/system/audit', 'Audit'],
  ])(
    '%s is readable by everybody on a screen and a phone',
    async (path, title) => {
      for (const size of [undefined, PHONE]) {
        await on(
          path,
          async (page) => {
            await page.getByRole('heading', { name: title, level: 1 }).waitFor();
            expect(await seriousFindings(page)).toEqual([]);
            expect(await widerThanScreen(page)).toEqual([]);
            const folder = process.env['EARSHOT_SHOTS'];
            if (folder !== undefined) {
              await page.screenshot({
                path: `${folder}/${title}-${size ? 'phone' : 'desktop'}.png`,
              });
            }
          },
          size,
        );
      }
    },
    60_000,
  );

  it('a user and a token are made, and the token is shown once', async () => {
    await on('/system/users', async (page) => {
      await page.getByLabel('Name', { exact: true }).fill('stagehand');
      await page.getByLabel(/^Password/).fill('a long password');
      await page.getByRole('button', { name: 'Make' }).click();
      await page.getByRole('rowheader', { name: 'stagehand' }).waitFor();
      await page.goto(`${site.url}/system/tokens`);
      await page.getByLabel('What it is for').fill('script');
      await page.getByRole('button', { name: 'Make' }).click();
      expect(await page.getByLabel(/shown this once/).inputValue()).toMatch(/^ear_/);
      await page.getByRole('button', { name: 'Revoke script' }).click();
      await page.getByText('No tokens').waitFor();
    });
  }, 60_000);
});
