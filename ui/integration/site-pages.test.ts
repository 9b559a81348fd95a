import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import { startServer, type TestServer } from '../../api/testing/server.js';
import { PHONE, seriousFindings, until, visit, widerThanScreen } from './browser.js';

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
    ['/system/settings', 'Settings'],
    ['/system/users', 'Users'],
    ['/system/logins', 'Signed in'],
    ['/system/tokens', 'Tokens'],
    ['/system/configuration', 'Configuration'],
    ['/system/backups', 'Backups'],
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

  it('a user gets a password that is shown once, and is signed out everywhere', async () => {
    await on('/system/users', async (page) => {
      await page.getByLabel('Name', { exact: true }).fill('stagehand');
      await page.getByLabel(/^Password/).fill('a long password');
      await page.getByRole('button', { name: 'Add the user' }).click();
      await page.getByRole('button', { name: 'New password for stagehand' }).waitFor();
      await site.signIn('stagehand', 'a long password');

      await page.goto(`${site.url}/system/logins?user=stagehand`);
      await page.getByRole('button', { name: /^Sign out .* of stagehand$/ }).click();
      await page.getByText(/of stagehand is signed out/).waitFor();
      await page.getByText('Nobody of that name is signed in').waitFor();

      await page.goto(`${site.url}/system/users`);
      await page.getByRole('button', { name: 'New password for stagehand' }).click();
      await page.getByRole('button', { name: 'Make one' }).click();
      const made = await page.getByLabel(/^Shown this once/).inputValue();
      expect(made.length).toBeGreaterThan(15);
      await site.signIn('stagehand', made);
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('button', { name: 'Sign out stagehand everywhere' }).click();
      await page.getByRole('button', { name: 'Sign out everywhere' }).click();
      await page.getByText('1 browser of stagehand signed out.').waitFor();
    });
  }, 60_000);

  it('a token for some parts is made, shown once, and revoked', async () => {
    await on('/system/tokens', async (page) => {
      await page.getByLabel('What it is for').fill('script');
      await page.getByLabel('It may').selectOption('yes');
      expect(await page.getByRole('button', { name: 'Make the token' }).isDisabled()).toBe(true);
      await page.getByLabel('Read everything').check();
      await page.getByRole('button', { name: 'Make the token' }).click();
      const secret = await page.getByLabel(/shown this once/).inputValue();
      expect(secret).toMatch(/^ear_/);
      await page.getByText(/viewer, only: read everything/).waitFor();
      await page.getByRole('button', { name: 'Revoke script' }).click();
      await page.getByRole('button', { name: 'Revoke it' }).click();
      await page.getByText('No tokens').waitFor();
      expect(await page.content()).not.toContain(secret);
    });
  }, 60_000);

  it('a configuration says what it would change, is applied whole, and gone back from', async () => {
    const yaml = (tables: string) => ({
      name: 'site.yaml',
      mimeType: 'application/yaml',
      buffer: Buffer.from(`format: earshot-configuration\nversion: 1\ntables:\n${tables}`),
    });
    await on('/system/configuration', async (page) => {
      const file = page.locator('input[type=file]');
      await file.setInputFiles(
        yaml('  variables:\n    - id: 1\n      name: limit\n      kind: number\n      value: 4\n'),
      );
      await page.getByText('What site.yaml changes').waitFor();
      await page.getByRole('region', { name: 'Variables' }).getByText('limit').first().waitFor();
      await page.getByRole('button', { name: 'Apply all of it' }).click();
      await page.getByText('What was before is the newest version').waitFor();

      const bad = '  rules:\n    - id: 1\n      name: x\n      actions: [{ type: notify }]\n';
      await file.setInputFiles(yaml(bad));
      const faults = page.getByRole('list', { name: 'What is wrong' });
      await faults.getByText('actions.0.targetId').waitFor();

      const versions = page.getByRole('list', { name: 'Versions' });
      await versions.getByRole('button', { name: 'What changed then' }).click();
      await page.getByText(/^What changed from .* until now$/).waitFor();
      await page.getByText('1 added', { exact: true }).waitFor();
      await versions.getByRole('button', { name: 'Go back to it' }).click();
      await page.getByText('1 removed', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Apply all of it' }).click();
      await page.getByRole('button', { name: 'Apply it' }).click();
      await until('two versions', async () => (await versions.getByRole('listitem').count()) === 2);
    });
  }, 60_000);

  it('a backup is made with its progress and can be saved', async () => {
    await on('/system/backups', async (page) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Make a backup' }).click(),
      ]);
      expect(download.suggestedFilename()).toMatch(/^earshot-.*\.zip$/);
      await page.getByText(/Done [\d.]+ [kM]?B, \d+ files,/).waitFor();
      await download.cancel();
    });
  }, 60_000);

  it('figures of history come from every value, and a file of them is made', async () => {
    const headers = { cookie, 'content-type': 'application/json' };
    const put = (value: number) =>
      fetch(`${site.url}/v1/variables/depth`, {
        method: 'PUT',
        headers,
        body: JSON.stringify({ value }),
      });
    const body = JSON.stringify({ name: 'depth', kind: 'number', value: 1 });
    await fetch(`${site.url}/v1/variables`, { method: 'POST', headers, body });
    for (const value of [2, 3, 10]) await put(value);
    await on('/history?channel=site:variables/depth&range=300000&low=9', async (page) => {
      const figures = page.getByRole('group', { name: 'Figures of the channels' });
      await until('the highest of all values', async () => {
        await page.reload();
        await figures.getByRole('rowheader', { name: 'site:variables/depth' }).waitFor();
        return (await figures.textContent())?.includes('10');
      });
      await figures.getByRole('columnheader', { name: 'In range' }).waitFor();
      await page.getByLabel('As', { exact: true }).selectOption('json');
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      const link = page.getByRole('link', { name: /^Download site:variables\/depth as JSON/ });
      await link.waitFor();
      const file = await fetch(`${site.url}${await link.getAttribute('href')}`, { headers });
      expect(await file.text()).toContain('10');
      await page.getByRole('button', { name: /^Remove the export/ }).click();
      await link.waitFor({ state: 'detached' });
    });
  }, 60_000);
});
