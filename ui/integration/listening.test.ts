import type { Browser, Page } from 'playwright-core';
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

const heard = (page: Page) => page.locator('.hears li').allTextContents();
const playedS = (page: Page) =>
  page.evaluate(() => document.querySelector('audio')?.currentTime ?? 0);

describe('the map', () => {
  it('plays what is near, and what is heard changes when the listener is dragged', async () => {
    const { page, context, faults } = await visit(browser, server.url, '/map', { cookie });
    await page.locator('.map[data-ready=true]').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Listen here' }).click();
    await page.getByText('Playing', { exact: true }).waitFor({ timeout: 30_000 });
    const from = await playedS(page);
    await until('the sound goes on', async () => (await playedS(page)) > from + 1);
    const first = await until('something is heard', async () => {
      const names = await heard(page);
      return names.length > 0 && names;
    });
    const marker = page.locator('.map-me');
    const box = await marker.boundingBox();
    const map = await page.locator('.map').boundingBox();
    if (!box || !map) throw new Error('the listener is not on the map');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(map.x + 40, map.y + 40, { steps: 12 });
    await page.mouse.up();
    const then = await until('something else is heard', async () => {
      const names = await heard(page);
      return names.join() !== first.join() && { names };
    });
    expect(then.names).not.toEqual(first);
    const later = await playedS(page);
    await until('the same stream goes on', async () => (await playedS(page)) > later + 1);
    expect(faults).toEqual([]);
    await context.close();
  }, 120_000);

  it('can be used by the list alone: go somewhere, walk, change the volume, stop', async () => {
    const { page, context, faults } = await visit(browser, server.url, '/map?list=speakers', {
      cookie,
    });
    const go = page.getByRole('button', { name: /^Listen at / });
    await go.first().waitFor();
    await go.first().press('Enter');
    await page.getByText('Playing', { exact: true }).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Walk 5 m north' }).press('ArrowUp');
    const volume = page.getByRole('slider', { name: 'Volume' });
    await volume.fill('0.3');
    expect(await page.evaluate(() => document.querySelector('audio')?.volume)).toBeCloseTo(0.3, 5);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Not playing').waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByText('Playing', { exact: true }).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Listen here' }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  }, 120_000);

  it('shows the others walking', async () => {
    const { page, context } = await visit(browser, server.url, '/map', { cookie });
    await until('walkers in the list', async () => (await page.locator('.who').count()) >= 3);
    await page.locator('.who').first().click();
    await page.getByRole('button', { name: 'Listen there' }).waitFor();
    expect(page.url()).toContain('session=');
    await context.close();
  });
});
