import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import type { TestServer } from '../../api/testing/server.js';
import {
  DESKTOP,
  PHONE,
  seriousFindings,
  smallTargets,
  startSite,
  text,
  until,
  type Visit,
  type VisitOptions,
  visit,
  widerThanScreen,
} from './browser.js';

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

/** Opens a page signed in, and demands afterwards that nothing went wrong unseen. */
async function on(
  path: string,
  use: (page: Page, one: Visit) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  const one = await visit(browser, server.url, path, { cookie, ...options });
  try {
    await use(one.page, one);
    expect(one.faults).toEqual([]);
  } finally {
    await one.context.close();
  }
}

const rows = (page: Page) => page.getByRole('grid', { name: 'Devices' }).locator('[role=row].row');
const total = async (page: Page): Promise<number> => {
  const text = (await page.locator('.results').textContent()) ?? '';
  const digits = text.replace(/\D/g, '');
  return digits === '' ? -1 : Number(digits);
};
const ready = (page: Page) =>
  until('devices with values', async () => {
    if ((await rows(page).count()) <= 10 || (await total(page)) < 60) return false;
    // Asked only then: an address that asks too often is refused.
    return (await total(page)) === (await allDevices());
  });

describe('sign-in', () => {
  it('keeps what was typed when it is wrong, says why, and leads back to where one wanted to go', async () => {
    const one = await visit(browser, server.url, '/actors?kind=device');
    const { page } = one;
    await page.getByLabel('Name').fill('admin');
    await page.getByLabel('Password').fill('not this one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('admin');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Password').fill(server.adminPassword ?? '');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Actors', level: 1 }).waitFor();
    expect(new URL(page.url()).search).toContain('kind=device');
    await page.getByRole('button', { name: /^Account of/ }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(one.faults).toEqual([]);
    await one.context.close();
  });
});

describe('devices', () => {
  it('shows all devices with the columns they report, and their values move', async () => {
    await on('/devices', async (page) => {
      await ready(page);
      const header = page.getByRole('columnheader');
      await until('columns of values', async () => (await header.count()) > 4);
      const before = await text(page.getByRole('grid'));
      await until('a change', async () => (await text(page.getByRole('grid'))) !== before);
    });
  });

  it('filters and sorts on the server while typing, and the address holds it', async () => {
    await on('/devices', async (page) => {
      await ready(page);
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.getByRole('button', { name: 'Add filter' }).click();
      await page.getByLabel('Column of filter 1').selectOption({ label: 'Power income' });
      await page.getByLabel('Comparison of filter 1').selectOption('>');
      await page.getByLabel('Value of filter 1').fill('100000');
      await page.getByText('No device matches').waitFor();
      await page.getByRole('button', { name: 'Remove the filters' }).click();
      await ready(page);
      await page.getByRole('button', { name: 'Add filter' }).click();
      await page.getByLabel('Column of filter 1').selectOption({ label: 'Id' });
      await page.getByLabel('Comparison of filter 1').selectOption('startsWith');
      const id = await firstId();
      await page.getByLabel('Value of filter 1').fill(id);
      await until('one result', async () => (await total(page)) === 1);
      const address = page.url();
      await page.goto('about:blank');
      await page.goto(address);
      await until('the same result from the address', async () => (await total(page)) === 1);
      await page.getByLabel('Remove filter 1').click();
      await ready(page);
      await page.getByRole('button', { name: 'Name', exact: true }).click();
      const ascending = await until('sorted', async () => text(rows(page).first()));
      await page.getByRole('button', { name: 'Name', exact: true }).click();
      await until('sorted the other way', async () => {
        return (await text(rows(page).first())) !== ascending;
      });
      expect(page.url()).toContain('s=name');
    });
  });

  it('pages, with a size to choose, and draws only the rows that are seen', async () => {
    await on('/devices?size=20', async (page) => {
      await ready(page);
      const all = await allDevices();
      expect(all).toBeGreaterThanOrEqual(60);
      await page.getByText(`1–20 of ${all}`).waitFor();
      await page.getByRole('button', { name: 'Next page' }).click();
      await page.getByText(`21–40 of ${all}`).waitFor();
      expect(new URL(page.url()).searchParams.get('page')).toBe('2');
      await page.getByLabel('Rows a page').selectOption('1000');
      await page.getByText(`1–${all} of ${all}`).waitFor();
      expect(await rows(page).count()).toBeLessThan(45);
    });
  });

  it('flashes a change, unless that is switched off or motion is unwelcome', async () => {
    const running = (page: Page) =>
      page.evaluate(() =>
        document
          .getAnimations()
          .some(
            (one) =>
              one.effect instanceof KeyframeEffect &&
              one.effect.target?.closest('[role=gridcell]') !== null,
          ),
      );
    await on('/devices', async (page) => {
      await ready(page);
      await until('a flash', () => running(page));
      await page.getByRole('switch', { name: 'Flash changes' }).click();
      expect(page.url()).toContain('flash=off');
      await until('no flash left', async () => !(await running(page)));
      const before = await text(page.getByRole('grid'));
      await until('a change', async () => {
        expect(await running(page)).toBe(false);
        return (await text(page.getByRole('grid'))) !== before;
      });
    });
    await on(
      '/devices',
      async (page) => {
        await ready(page);
        const before = await text(page.getByRole('grid'));
        await until('a change', async () => {
          expect(await running(page)).toBe(false);
          return (await text(page.getByRole('grid'))) !== before;
        });
      },
      { reducedMotion: true },
    );
  });

  it('moves by arrow keys, opens by Enter, closes by Escape', async () => {
    await on('/devices', async (page) => {
      await ready(page);
      await page.getByRole('grid', { name: 'Devices' }).focus();
      for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
      await page.getByRole('article', { name: /^Device / }).waitFor();
      expect(new URL(page.url()).pathname).toMatch(/^\/devices\/./);
      await page.keyboard.press('Escape');
      await until('the list alone', async () => new URL(page.url()).pathname === '/devices');
    });
  });

  it('shows the trend of thirty seconds and the history of a value', async () => {
    await on('/devices', async (page) => {
      await ready(page);
      await rows(page).first().locator('[data-field="values.power_income"]').click();
      const trend = page.locator('.trend');
      await until(
        'a growing trend',
        async () => Number(await trend.getAttribute('data-points')) > 2,
      );
      await page.locator('.uplot canvas').waitFor();
      expect(await page.getByText(/points from/).textContent()).toMatch(/\d+ points/);
      await page.getByRole('tab', { name: '1 h' }).click();
      expect(page.url()).toContain('range=1h');
    });
  });

  it('chooses and orders columns', async () => {
    await on('/devices', async (page) => {
      await ready(page);
      await page.getByRole('button', { name: 'Columns' }).click();
      await page.getByRole('checkbox', { name: 'Address' }).check();
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('columnheader', { name: 'Address' }).waitFor();
      expect(new URL(page.url()).searchParams.get('cols')).toContain('address');
    });
  });

  it('sets a parameter and says what became of it', async () => {
    await on(`/devices/${await firstId()}`, async (page) => {
      await page.getByLabel('New value').fill('42');
      await page.getByRole('button', { name: 'Set', exact: true }).click();
      await page
        .getByText(/Confirmed by the device|The device did not answer|The device is offline/)
        .waitFor();
    });
  });
});

describe('actors', () => {
  it('shows the tree and a restart as it happens, after saying what is lost', async () => {
    await on('/actors?kind=device', async (page) => {
      const grid = page.getByRole('treegrid', { name: 'Supervision tree' });
      await until('the tree', async () => (await grid.locator('.row').count()) >= 3);
      const group = grid.locator('[aria-level="3"]').first();
      if ((await group.getAttribute('aria-expanded')) === 'false') await group.click();
      await grid.locator('[aria-level="4"]').first().click();
      await page.getByRole('article', { name: /^Actor / }).waitFor();
      await page.getByRole('button', { name: 'Restart' }).click();
      const dialog = page.getByRole('dialog');
      expect(await text(dialog)).toMatch(/is lost/);
      await dialog.getByRole('button', { name: 'Restart' }).click();
      await page.locator('.news li a').first().waitFor();
      expect(await text(page.locator('.news'))).toMatch(/restarted|→/);
    });
  });

  it('parks an actor and brings it back', async () => {
    await on('/actors?kind=device', async (page) => {
      const grid = page.getByRole('treegrid', { name: 'Supervision tree' });
      await until('the tree', async () => (await grid.locator('.row').count()) >= 3);
      const group = grid.locator('[aria-level="3"]').first();
      if ((await group.getAttribute('aria-expanded')) === 'false') await group.click();
      await grid.locator('[aria-level="4"]').nth(1).click();
      const detail = page.getByRole('article', { name: /^Actor / });
      await detail.getByRole('button', { name: 'Park' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Park' }).click();
      await detail.getByText('Parked', { exact: true }).first().waitFor();
      await detail.getByRole('button', { name: 'Restart' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
      await until('not parked', async () => !(await text(detail)).includes('Parked'));
    });
  });
});

describe('health', () => {
  it('shows stores, threads and rates, here and at the foot of every page', async () => {
    await on('/health', async (page) => {
      await page.getByRole('rowheader', { name: 'History' }).waitFor();
      await page.getByRole('rowheader', { name: /^Devices 0/ }).waitFor();
      await until('rates', async () => (await page.locator('.tile').count()) >= 4);
      for (const path of ['/devices', '/map', '/actors', '/health']) {
        await page.goto(`${server.url}${path}`);
        await page
          .getByRole('contentinfo')
          .getByText(/All running|away|lost|stuck|starting/i)
          .first()
          .waitFor();
      }
    });
  });
});

describe('everywhere', () => {
  it('searches by /, lists shortcuts by ?, changes the theme by t', async () => {
    await on('/devices', async (page) => {
      await ready(page);
      await page.keyboard.press('/');
      const id = await firstId();
      await page.getByRole('combobox', { name: 'Search everything' }).fill(id);
      await page.getByRole('option').filter({ hasText: id }).first().waitFor();
      await page.keyboard.press('Enter');
      await until('the device', async () => new URL(page.url()).pathname.startsWith('/devices/'));
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('t');
      expect(await page.locator('html').getAttribute('data-theme')).toBe('light');
      expect(page.url()).toContain('theme=light');
    });
  });

  it('says that it is paused, and goes on', async () => {
    await on('/devices', async (page) => {
      await ready(page);
      await page.getByRole('button', { name: 'Live' }).click();
      await page.getByText(/Paused: values are from/).waitFor();
      await page.getByRole('button', { name: /^Paused since/ }).click();
      await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
    });
  });

  const PATHS = ['/devices', '/devices?f=name~contains~a', '/map', '/actors', '/health', '/_parts'];

  it('is free of serious findings in both themes', async () => {
    const detail = `/devices/${await firstId()}`;
    for (const path of [...PATHS, detail]) {
      await on(path, async (page) => {
        await page.getByRole('heading', { level: 1 }).first().waitFor();
        await page.waitForLoadState('networkidle').catch(() => undefined);
        expect(await seriousFindings(page), path).toEqual([]);
      });
    }
  }, 120_000);

  it('fits a phone: nothing is too wide, every target is 44 px, detail is a page of its own', async () => {
    const detail = `/devices/${await firstId()}`;
    for (const path of [...PATHS, detail, '/sign-in']) {
      await on(
        path,
        async (page) => {
          await page.getByRole('heading').first().waitFor();
          await page.waitForLoadState('networkidle').catch(() => undefined);
          expect(await widerThanScreen(page), path).toEqual([]);
          expect(await smallTargets(page), path).toEqual([]);
          if (path === detail) expect(await page.locator('.list').isVisible()).toBe(false);
        },
        { size: PHONE },
      );
    }
  }, 120_000);

  it('fills a 4K screen without being stretched out of shape', async () => {
    await on(
      '/devices',
      async (page) => {
        await ready(page);
        expect(await widerThanScreen(page)).toEqual([]);
        expect(await rows(page).count()).toBeGreaterThan(50);
      },
      { size: { width: 3_840, height: 2_160 } },
    );
  });

  it('shows every part in every state, in both themes', async () => {
    for (const size of [DESKTOP, PHONE]) {
      await on(
        '/_parts',
        async (page) => {
          await page.locator('.uplot canvas').waitFor();
          expect(await widerThanScreen(page)).toEqual([]);
          const colours = () =>
            page.evaluate(() =>
              [...document.querySelectorAll('.badge')].map((one) => getComputedStyle(one).color),
            );
          const dark = await colours();
          expect(new Set(dark).size).toBe(5);
          await page.getByRole('button', { name: /theme \(t\)/ }).click();
          const light = await colours();
          expect(new Set(light).size).toBe(5);
          expect(light).not.toEqual(dark);
        },
        { size },
      );
    }
  });
});

/** Those of the demo, and what the site says of itself as devices. */
async function allDevices(): Promise<number> {
  const answer = await fetch(`${server.url}/v1/devices?limit=1`, { headers: { cookie } });
  const { total: count } = (await answer.json()) as { total: number };
  return count;
}

let knownId: string | undefined;

/** A device that is there, as the table's rows say. */
async function firstId(): Promise<string> {
  knownId ??= await until('a device', async () => {
    const answer = await fetch(`${server.url}/v1/devices?limit=1`, { headers: { cookie } });
    if (!answer.ok) return undefined;
    const body = (await answer.json()) as { items?: { id: string }[]; rows?: { id: string }[] };
    return (body.items ?? body.rows)?.[0]?.id;
  });
  return knownId;
}
