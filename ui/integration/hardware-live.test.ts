import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmulatorProcess as Receivers } from '../../actors/plugins/shure-text/testing/emulator.js';
import { EmulatorProcess as Vendor } from '../../actors/plugins/testing/emulator-process.js';
import { openChromium } from '../../api/testing/chromium.js';
import type { TestServer } from '../../api/testing/server.js';
import { PHONE, startSite, text, until, visit, widerThanScreen } from './browser.js';
import { stripOf } from './strips.js';

const WITHIN_MS = 60_000;
/** A net of its own on this machine: every address of it answers, and only the emulators' on the port. */
const NET = '127.88.4';
const PAGES = ['connections', 'discovery', 'vendors', 'chargers', 'hardware'] as const;

let server: TestServer;
let browser: Browser;
let cookie: string;
let receivers: Receivers;
let vendor: Vendor;

beforeAll(async () => {
  [server, browser, receivers, vendor] = await Promise.all([
    startSite({ env: { EARSHOT_DEMO: 'no' } }),
    openChromium(),
    Receivers.start(
      ...['--devices', '2', '--port', '2202'],
      ...['--set', 'models=ULXD4Q', '--set', `addresses=${NET}.1`],
    ),
    Vendor.start(['shure-system', '--devices', '3']),
  ]);
  cookie = await server.signIn();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await receivers?.stop();
  await vendor?.stop();
});

async function on(path: string, use: (page: Page) => Promise<void>, size?: typeof PHONE) {
  const one = await visit(browser, server.url, path, { cookie, ...(size ? { size } : {}) });
  one.page.setDefaultTimeout(WITHIN_MS);
  try {
    await use(one.page);
    expect(one.faults).toEqual([]);
  } finally {
    await one.context.close();
  }
}

const rows = (page: Page, grid: string) =>
  page.getByRole('grid', { name: grid }).locator('[role=row].row');

describe('devices of a running site, from an empty one to a board', () => {
  it('connects a vendor by the form of its plugin', async () => {
    await on('/devices/vendors', async (page) => {
      const card = page.locator('.plugins li').filter({ hasText: 'port 2202' }).first();
      const plugin =
        (await card.count()) > 0
          ? card
          : page.locator('.plugins li', { hasText: /Shure.*text/i }).first();
      await plugin.getByRole('button', { name: 'Connect' }).click();
      await page.getByLabel('Name', { exact: true }).fill('Hall');
      await page.getByRole('switch', { name: 'Listen for announcements' }).click();
      await page.getByLabel('Silence').fill('1');
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.getByText('Look at what is marked.').waitFor();
      await page.getByLabel('Silence').fill('10000');
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.getByText('Hall is connected. Now look for its devices.').waitFor();
    });
  }, 120_000);

  it('finds the devices by a search whose progress is seen, approves them, and they connect', async () => {
    await on('/devices/discovery', async (page) => {
      await page.getByRole('button', { name: 'Look for devices' }).first().click();
      const dialog = page.getByRole('dialog', { name: 'Look for devices' });
      await dialog.getByLabel('Addresses to ask').fill(`${NET}.0/26`);
      await dialog.getByText('64 addresses will be asked.').waitFor();
      const announced = dialog.getByLabel(/Listen for announcements/);
      if (await announced.count()) await announced.uncheck();
      await dialog.getByRole('button', { name: 'Start', exact: true }).click();
      const searches = page.getByRole('list', { name: 'Searches' });
      const seen = new Set<string>();
      await until(
        'the search to end',
        async () => {
          const words = await text(searches).catch(() => '');
          seen.add(/\d+ of \d+ addresses asked, \d+ found/.exec(words)?.[0] ?? '');
          return /Done.*Hall: 2 found, 62 of 62 addresses asked/s.test(words);
        },
        WITHIN_MS,
      );
      expect([...seen].some((words) => /^\d+ of 62 addresses asked/.test(words))).toBe(true);
      await until('both', async () => (await rows(page, 'Found devices').count()) === 2, WITHIN_MS);
      for (const { address } of receivers.devices) {
        await page.getByText(address, { exact: true }).waitFor();
      }
      await page.getByLabel('All shown').check();
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByText('2 devices added; they connect now.').waitFor();
    });
    await on('/devices/connections', async (page) => {
      await until(
        'both connected',
        async () => (await page.getByRole('button', { name: /^Connected 2 100 %/ }).count()) === 1,
        WITHIN_MS,
      );
    });
  }, 180_000);

  it('shows each channel as a tile whose values move', async () => {
    await on('/', async (page) => {
      const tiles = page.locator('button.tile');
      await until('eight tiles', async () => (await tiles.count()) === 8, WITHIN_MS);
      await until(
        'frequencies and batteries',
        async () => {
          const words = await tiles.allTextContents();
          return (
            words.every((one) => /\d{3}\.\d{3}/.test(one)) &&
            words.some((one) => /battery \d+ %/.test(one))
          );
        },
        WITHIN_MS,
      );
      const picture = async () => (await stripOf(tiles.first())).picture;
      const first = await picture();
      await until('a meter that moves', async () => (await picture()) !== first, WITHIN_MS);
    });
  }, 180_000);

  it('shows the photo of a performer on the tile, brought in the form of the performer', async () => {
    const send = async (path: string, body: object): Promise<{ readonly id: number }> => {
      const answer = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(answer.ok, `${path}: ${await answer.clone().text()}`).toBe(true);
      return (await answer.json()) as { readonly id: number };
    };
    const channels = (await (
      await fetch(`${server.url}/v1/rf-channels?limit=1`, { headers: { cookie } })
    ).json()) as { readonly items: readonly { readonly id: number }[] };
    const { id: performerId } = await send('/v1/performers', { name: 'Ada' });
    await send('/v1/assignments', { performerId, rfChannelId: channels.items[0]?.id });
    await on('/devices/people', async (page) => {
      const picture = await page.screenshot({ clip: { x: 0, y: 0, width: 90, height: 60 } });
      await page.getByRole('button', { name: /^Ada/ }).first().click();
      const photo = page.getByRole('region', { name: 'Photo of Ada' });
      const pick = photo.locator('input[type=file]');
      await pick.setInputFiles({
        name: 'words.png',
        mimeType: 'image/png',
        buffer: Buffer.from('these are words'),
      });
      await page.getByText(/cannot be shown.*bring a picture/).waitFor();
      await pick.setInputFiles({ name: 'ada.png', mimeType: 'image/png', buffer: picture });
      await photo.getByRole('img', { name: 'Photo of Ada' }).waitFor();
    });
    await on('/board', async (page) => {
      const seen = page.locator('img.photo').first();
      await seen.waitFor();
      await until('the photo has pixels', () =>
        seen.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth > 0),
      );
    });
  }, 120_000);

  it('stops and starts connections that are ticked, all at once', async () => {
    await on('/devices/connections', async (page) => {
      await until('both', async () => (await rows(page, 'Connections').count()) === 2, WITHIN_MS);
      await page.getByLabel('All shown').check();
      await page.getByRole('button', { name: 'Stop', exact: true }).click();
      const states = async () =>
        (await text(page.getByRole('grid', { name: 'Connections' }))) ?? '';
      await until(
        'stopped',
        async () => (await states()).match(/Stopped/g)?.length === 2,
        WITHIN_MS,
      );
      const stats = await receivers.control({ stats: true });
      expect(JSON.stringify(stats)).toContain('"connections":0');
      await page.getByLabel('All shown').check();
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      await until(
        'connected',
        async () => (await states()).match(/Connected/g)?.length === 2,
        WITHIN_MS,
      );
    });
  }, 180_000);

  it('says at the field what is wrong with an address, tests a wrong one and the right one', async () => {
    await on('/devices/vendors/new-shure-system', async (page) => {
      const address = page.getByLabel('Address', { exact: true });
      await page.getByLabel('Name', { exact: true }).fill('Tower');
      await address.fill('not an address');
      await page
        .getByLabel(/Shared key/)
        .first()
        .fill('emulated-shared-key');
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await until(
        'marked',
        async () => (await address.getAttribute('aria-invalid')) === 'true',
        WITHIN_MS,
      );
      // Nobody listens there.
      await address.fill('http://127.88.4.9:2203');
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.getByText('Tower is connected. Now look for its devices.').waitFor();
      await page.getByRole('button', { name: 'Test the connection' }).click();
      const health = page.getByRole('region', { name: 'Connection to the vendor' });
      await health.getByText('127.88.4.9:2203').first().waitFor();
      await health.getByText(/Look at “Address”/).waitFor();
      await address.fill(vendor.address);
      await page.getByRole('button', { name: /^Save/ }).click();
      await page.getByText('Saved; its devices connect anew.').waitFor();
      await page.getByRole('button', { name: 'Test the connection' }).click();
      await health.getByText('Healthy').waitFor();
      expect(await health.getByText(/Look at “Address”/).count()).toBe(0);
    });
  }, 180_000);

  it.each(PAGES)(
    '%s has no sideways scroll on a phone',
    async (name) => {
      await on(
        `/devices/${name}`,
        async (page) => {
          await page
            .getByText(/Hall|chargers?/i)
            .first()
            .waitFor();
          expect(await widerThanScreen(page)).toEqual([]);
        },
        PHONE,
      );
    },
    60_000,
  );
});
