import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import { type BoardSite, startBoardSite } from './board-site.js';
import {
  PHONE,
  seriousFindings,
  smallTargets,
  text,
  until,
  type Visit,
  type VisitOptions,
  visit,
  widerThanScreen,
} from './browser.js';
import { stripOf } from './strips.js';

let site: BoardSite;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([startBoardSite(24), openChromium()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

/** Opens a page, and demands afterwards that nothing went wrong unseen. */
async function on(
  path: string,
  use: (page: Page, one: Visit) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  const one = await visit(browser, site.url, path, options);
  try {
    await use(one.page, one);
    expect(one.faults).toEqual([]);
  } finally {
    await one.context.close();
  }
}

const tiles = (page: Page) => page.locator('button.tile');
const tile = (page: Page, id: string) => page.locator(`button.tile[data-id="${id}"]`);
const count = (page: Page, wanted: number) =>
  until(`${wanted} tiles`, async () => (await tiles(page).count()) === wanted);
const ids = (page: Page): Promise<(string | null)[]> =>
  tiles(page).evaluateAll((all) => all.map((one) => one.getAttribute('data-id')));
const painted = async (page: Page, id: string): Promise<number> =>
  (await stripOf(tile(page, id))).painted;

describe('the board', () => {
  it('is the first page, and shows a tile a channel with what crews look for', async () => {
    await on('/', async (page) => {
      await count(page, 24);
      expect(new URL(page.url()).pathname).toBe('/board');
      const words = await text(tile(page, '3'));
      for (const word of ['HH-03', 'Singer 3', 'Good', '80 %', '5:10', '471.325']) {
        expect(words).toContain(word);
      }
    });
  });

  it('moves with the levels, without a login page or a reload', async () => {
    await on('/board', async (page) => {
      await count(page, 24);
      const stop = site.play();
      try {
        const before = await until('a strip', async () => (await painted(page, '1')) || undefined);
        await until('a longer strip', async () => (await painted(page, '1')) > before + 50);
      } finally {
        stop();
      }
    });
  });

  it('says by colour, shape and word what is wrong, as soon as it is', async () => {
    await on('/board', async (page) => {
      await count(page, 24);
      site.patch('2', { status: 'critical', battery: 'critical', batteryPercent: 7 });
      await until('critical', async () =>
        (await text(tile(page, '2'))).includes('Battery critical'),
      );
      await page
        .getByRole('button', { name: /^HH-02 (Battery c|C)ritical Singer 2 battery 7 %/ })
        .waitFor();
      site.patch('5', { status: 'com-error', deviceState: 'error' });
      await until('lost', async () => (await text(tile(page, '5'))).includes('Receiver lost'));
      expect(await text(tile(page, '5'))).toMatch(/Values from/);
      await page.getByText('2 need somebody').click();
      await count(page, 2);
      expect(new URL(page.url()).searchParams.get('status')).toBe('trouble');
      site.patch('5', { status: 'good', deviceState: 'connected' });
      await count(page, 1);
      site.patch('2', { status: 'good', battery: 'good', batteryPercent: 80 });
      await page.getByText('Nothing needs anybody').waitFor();
      await page.getByRole('button', { name: 'Show all of them' }).click();
      await count(page, 24);
    });
  });

  it('searches, filters and sorts, and the address holds it', async () => {
    await on('/board', async (page) => {
      await count(page, 24);
      await page.keyboard.press('/');
      await page.getByLabel('Search', { exact: true }).fill('singer 21');
      await count(page, 1);
      await page.getByLabel('Search', { exact: true }).fill('');
      await count(page, 24);
      await page.getByLabel('Place').selectOption('Hall');
      await count(page, 12);
      await page.getByLabel('Order').selectOption('battery');
      site.patch('8', { batteryPercent: 31 });
      await until('the weakest first', async () => (await ids(page))[0] === '8');
      const address = page.url();
      await page.goto('about:blank');
      await page.goto(address);
      await until('the same from the address', async () => (await ids(page))[0] === '8');
      expect(await tiles(page).count()).toBe(12);
      site.patch('8', { batteryPercent: 80 });
    });
  });

  it('opens all about a channel by Enter, and moves between tiles by arrows', async () => {
    await on('/board', async (page) => {
      await count(page, 24);
      await tiles(page).first().focus();
      for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'Home', 'ArrowRight']) {
        await page.keyboard.press(key);
      }
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: /HH-02/ });
      await dialog.getByText('Frequency').waitFor();
      expect(await text(dialog)).toContain('470.925 MHz');
      await page.keyboard.press('Escape');
    });
  });
});

describe('groups', () => {
  it('are chosen by figures, keep their order and their blanks', async () => {
    await on('/board', async (page) => {
      await count(page, 24);
      await page.keyboard.press('1');
      await count(page, 4);
      expect(await ids(page)).toEqual(['4', '2', '1', '3']);
      expect(await page.locator('.surface > li.blank').count()).toBe(1);
      expect(page.url()).toContain('group=1');
      await page.keyboard.press('0');
      await count(page, 24);
      await page.keyboard.press('6');
      await page.getByRole('button', { name: 'Make group 6' }).waitFor();
    });
  });

  it('are edited by keyboard and by dragging, with undo', async () => {
    await on('/board?group=1', async (page) => {
      await count(page, 4);
      await page.keyboard.press('e');
      const dialog = page.getByRole('dialog', { name: 'Groups of the board' });
      const slots = () =>
        dialog
          .locator('.cell')
          .evaluateAll((all) => all.map((one) => one.getAttribute('data-slot')));
      await dialog.getByRole('button', { name: 'HH-02: earlier' }).click();
      await dialog.getByRole('button', { name: 'Add HH-09' }).click();
      await dialog.getByRole('button', { name: 'Blank', exact: true }).click();
      expect(await slots()).toEqual(['4', '2', '0', '1', '3', '9', '0']);
      await dialog.getByRole('button', { name: /^Undo/ }).click();
      expect(await slots()).toEqual(['4', '2', '0', '1', '3', '9']);
      const grip = await dialog.locator('[data-slot="9"] .grip').boundingBox();
      const top = await dialog.locator('[data-slot="4"]').boundingBox();
      if (!grip || !top) throw new Error('nothing to drag');
      await page.mouse.move(grip.x + 10, grip.y + 10);
      await page.mouse.down();
      await page.mouse.move(grip.x + 10, grip.y - 40, { steps: 8 });
      await page.mouse.move(top.x + 15, top.y + 4, { steps: 12 });
      await until('carried to the top', async () => (await slots())[0] === '9');
      await page.mouse.up();
      await dialog.getByLabel('Title').fill('Choir');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { name: 'Choir', level: 1 }).waitFor();
      await count(page, 5);
      expect(site.writes.at(-1)).toEqual({
        call: 'PATCH /v1/board-groups/1',
        body: { title: 'Choir', slots: [9, 4, 2, 0, 1, 3], hideCharts: false },
      });
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByRole('heading', { name: 'Band', level: 1 }).waitFor();
      await count(page, 4);
    });
  });
});

describe('names and pictures', () => {
  it('names channels one by one and by pasting, and sends only what changed', async () => {
    await on('/board?group=2', async (page) => {
      await count(page, 4);
      await page.keyboard.press('n');
      const dialog = page.getByRole('dialog', { name: 'Names of the channels' });
      await dialog.getByLabel('Name of slot 6').fill('Berta');
      await dialog.getByRole('button', { name: 'Paste many' }).click();
      await dialog.getByLabel('Names').fill('HH-05 Anna\n8 Dora\n77 Nobody');
      await dialog.getByText('2 names found, not understood: 77 Nobody').waitFor();
      await dialog.getByRole('button', { name: 'Take over 2 names' }).click();
      const before = site.writes.length;
      await dialog.getByRole('button', { name: 'Save 3 names' }).click();
      await until('saved', async () => (await dialog.count()) === 0);
      expect(site.writes.slice(before)).toEqual([
        { call: 'PATCH /v1/rf-channels/5', body: { givenName: 'Anna' } },
        { call: 'PATCH /v1/rf-channels/6', body: { givenName: 'Berta' } },
        { call: 'PATCH /v1/rf-channels/8', body: { givenName: 'Dora' } },
      ]);
    });
  });

  it('shows photos and films behind the tiles when asked, and does without what cannot be loaded', async () => {
    site.patch('7', { backgroundUrl: '/icon.svg' });
    site.patch('8', { photoUrl: '/v1/there-is-no-such-picture' });
    await on('/board?group=2', async (page) => {
      await count(page, 4);
      await page.keyboard.press('g');
      await tile(page, '7').locator('.back img').waitFor();
      expect(new URL(page.url()).searchParams.get('bg')).toBe('image');
      await until('nothing broken', async () => {
        return (await tile(page, '8').locator('.back > *').count()) === 0;
      });
      site.patch('7', { backgroundUrl: '/film.mp4', photoUrl: '/icon.svg' });
      await page.keyboard.press('v');
      await until('the film was tried', async () => {
        const back = tile(page, '7').locator('.back');
        return (
          (await back.count()) === 1 && (await back.locator('img[src="/film.mp4"]').count()) === 0
        );
      });
      await page.keyboard.press('g');
      await tile(page, '7').locator('.back img[src="/icon.svg"]').waitFor();
      await page.keyboard.press('g');
      await until('no background', async () => (await page.locator('.back').count()) === 0);
    });
    site.patch('8', { photoUrl: null });
    site.patch('7', { photoUrl: null, backgroundUrl: null });
  });
});

describe('on a wall, on a phone', () => {
  it('fills the screen in TV mode and tells more or less', async () => {
    await on('/board?group=2', async (page) => {
      await count(page, 4);
      await page.keyboard.press('t');
      await until(
        'nothing else',
        async () => !(await page.getByRole('navigation').first().isVisible()),
      );
      await until('tiles that share the screen', async () => {
        const box = await tiles(page).first().boundingBox();
        return box !== null && box.width > 500 && box.height > 250;
      });
      for (const level of ['all', 'name', 'battery', 'radio']) {
        await page.keyboard.press('i');
        await until(level, async () => new URL(page.url()).searchParams.get('tv') === level);
        const words = await text(tiles(page).first());
        expect(words.includes('80 %')).toBe(level !== 'name');
        expect(words.includes('472.125')).toBe(level === 'all');
      }
      await page.keyboard.press('Escape');
      await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    });
  });

  it('opens by a link without a login', async () => {
    await on('/kiosk/opensesame', async (page) => {
      await page.getByRole('heading', { name: 'Band' }).waitFor();
      await count(page, 4);
      expect(await page.getByRole('button', { name: /Edit|Names|Share/ }).count()).toBe(0);
      expect(await seriousFindings(page)).toEqual([]);
    });
  });

  it('draws a QR code and makes kiosk links', async () => {
    await on('/board?group=1', async (page) => {
      await count(page, 4);
      await page.keyboard.press('q');
      await page.getByRole('img', { name: 'QR code: Address of this board' }).waitFor();
      await page.getByRole('button', { name: 'Make a kiosk link' }).click();
      await page.getByRole('img', { name: /^QR code: Kiosk link/ }).waitFor();
      expect(site.writes.at(-1)?.body).toMatchObject({ groupId: 1, name: '1 Band' });
      await page.getByText(`${site.url}/kiosk/opensesame`).waitFor();
    });
  });

  it('is free of serious findings in both themes', async () => {
    site.patch('2', { status: 'critical', battery: 'critical' });
    site.patch('5', { status: 'com-error', deviceState: 'error' });
    site.patch('6', { status: 'prev-replace', active: false });
    for (const key of ['', '?', 'e', 'n', 'q']) {
      await on('/board', async (page) => {
        await count(page, 24);
        if (key !== '') {
          await page.keyboard.press(key);
          await page.getByRole('dialog').waitFor();
        }
        expect(await seriousFindings(page), key).toEqual([]);
      });
    }
    for (const [id, status] of [
      ['2', 'good'],
      ['5', 'good'],
      ['6', 'good'],
    ] as const) {
      site.patch(id, { status, deviceState: 'connected', active: true, battery: 'good' });
    }
  }, 120_000);

  it('fits a phone: nothing is too wide, every target is 44 px', async () => {
    for (const path of ['/board', '/board?group=1&q=a', '/board?tv=all', '/kiosk/opensesame']) {
      await on(
        path,
        async (page) => {
          await until('tiles', async () => (await tiles(page).count()) > 3);
          expect(await widerThanScreen(page), path).toEqual([]);
          expect(await smallTargets(page), path).toEqual([]);
        },
        { size: PHONE },
      );
    }
  }, 120_000);
});

describe('an honest page', () => {
  it('leads on when there is nothing yet', async () => {
    const empty = await startBoardSite(0);
    const one = await visit(browser, empty.url, '/board');
    await one.page.getByText('No microphones yet').waitFor();
    await one.page.getByRole('button', { name: 'Add a vendor' }).waitFor();
    expect(await seriousFindings(one.page)).toEqual([]);
    await one.context.close();
    await empty.stop();
  });

  it('says that the connection is lost, dims the tiles and draws a gap', async () => {
    const brief = await startBoardSite(8);
    const one = await visit(browser, brief.url, '/board');
    await until('tiles', async () => (await tiles(one.page).count()) === 8);
    await brief.stop();
    await one.page.getByText(/Connection lost: everything here is from/).waitFor();
    await one.page.locator('.surface.stale').waitFor();
    await one.context.close();
  });

  it('offers viewers nothing they may not do', async () => {
    const watched = await startBoardSite(8, 'viewer');
    const one = await visit(browser, watched.url, '/board');
    await until('tiles', async () => (await tiles(one.page).count()) === 8);
    expect(await one.page.getByRole('button', { name: /Groups|Names/ }).count()).toBe(0);
    await one.page.keyboard.press('e');
    await one.page.getByText(/needs the role operator/).waitFor();
    await one.context.close();
    await watched.stop();
  });
});
