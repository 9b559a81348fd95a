import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import { type BoardSite, startBoardSite } from './board-site.js';
import { until, visit } from './browser.js';
import { changesOf, stripOf } from './strips.js';

let site: BoardSite;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([startBoardSite(24), openChromium()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

const tiles = (page: Page) => page.locator('button.tile');
const tile = (page: Page, id: string) => page.locator(`button.tile[data-id="${id}"]`);
const count = (page: Page, wanted: number) =>
  until(`${wanted} tiles`, async () => (await tiles(page).count()) === wanted);
const drawn = (page: Page, id: string) =>
  until(`the strip of ${id}`, async () => (await stripOf(tile(page, id))).painted || undefined);

describe('the strips of a board', () => {
  it('are drawn on one canvas a row, wherever a tile comes to be', async () => {
    const stop = site.play();
    const { page, faults, context } = await visit(browser, site.url, '/board');
    await count(page, 24);
    await tile(page, '24').scrollIntoViewIfNeeded();
    await drawn(page, '24');
    const canvases = await page.locator('.drawn canvas').count();
    const rows = await tiles(page).evaluateAll(
      (all) => new Set(all.map((one) => one.getBoundingClientRect().top)).size,
    );
    expect(canvases).toBeGreaterThan(0);
    expect(canvases).toBeLessThanOrEqual(rows);
    // Alone it stands at another place, and nothing is left where others were.
    await page.keyboard.press('/');
    await page.getByLabel('Search', { exact: true }).fill('HH-24');
    await count(page, 1);
    await drawn(page, '24');
    await until('one canvas', async () => (await page.locator('.drawn canvas').count()) === 1);
    const beside = await page.locator('.drawn canvas').evaluate((canvas) => {
      const strip = document.querySelector('button.tile .strip')?.getBoundingClientRect();
      const whole = canvas.getBoundingClientRect();
      if (!(canvas instanceof HTMLCanvasElement) || strip === undefined) return undefined;
      const from = Math.ceil(((strip.right - whole.left + 4) * canvas.width) / whole.width);
      const data = canvas
        .getContext('2d')
        ?.getImageData(from, 0, canvas.width - from, canvas.height).data;
      return data?.some((value) => value > 0);
    });
    expect(beside).toBe(false);
    expect(faults).toEqual([]);
    await context.close();
    stop();
  });

  it('keep still for who wants no movement', async () => {
    const stop = site.play();
    const { page, context } = await visit(browser, site.url, '/board', { reducedMotion: true });
    await count(page, 24);
    await drawn(page, '1');
    expect(await changesOf(tile(page, '1'), 3_000)).toBeLessThanOrEqual(3);
    await context.close();
    stop();
  });

  it('move for everybody else', async () => {
    const stop = site.play();
    const { page, context } = await visit(browser, site.url, '/board');
    await count(page, 24);
    await drawn(page, '1');
    await until(
      'four changes in a second',
      async () => (await changesOf(tile(page, '1'), 1_000)) >= 4 || undefined,
    );
    await context.close();
    stop();
  });
});
