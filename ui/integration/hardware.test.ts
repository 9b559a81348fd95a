import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import {
  PHONE,
  seriousFindings,
  smallTargets,
  text,
  until,
  visit,
  widerThanScreen,
} from './browser.js';
import { type HardwareSite, startHardwareSite } from './hardware-site.js';

let browser: Browser;
let site: HardwareSite;

beforeAll(async () => {
  browser = await openChromium();
}, 60_000);
afterAll(async () => {
  await browser?.close();
});
beforeEach(async () => {
  site = await startHardwareSite();
});
afterEach(async () => {
  await site.stop();
});

async function on(path: string, use: (page: Page) => Promise<void>): Promise<void> {
  const one = await visit(browser, site.url, path);
  try {
    await use(one.page);
    expect(one.faults).toEqual([]);
  } finally {
    await one.context.close();
  }
}
const asked = (what: string) => site.asked.filter((one) => one.what === what);
const names = (page: Page, grid: string) =>
  page.getByRole('grid', { name: grid }).locator('[role=row].row .name').allTextContents();

describe('connections', () => {
  it('puts trouble first, says why and when it is tried again, and filters by the address', async () => {
    await on('/devices/connections', async (page) => {
      await until('all five', async () => (await names(page, 'Connections')).length === 5);
      expect(await names(page, 'Connections')).toEqual(['RX 3', 'RX 4', 'RX 1', 'RX 2', 'RX 5']);
      const first = page
        .getByRole('grid', { name: 'Connections' })
        .locator('[role=row].row')
        .first();
      expect(await text(first)).toMatch(/Error.*in \d+ s.*connection refused/s);
      await page.getByRole('button', { name: /^Connected/ }).click();
      expect(page.url()).toContain('show=connected');
      await until('the two', async () => (await names(page, 'Connections')).length === 2);
      await page.getByRole('button', { name: /^Error 1 20 %/ }).waitFor();
    });
  });

  it('starts, stops and reconnects those that are ticked, and a stop can be taken back', async () => {
    await on('/devices/connections', async (page) => {
      await page.getByLabel('Tick RX 3').check();
      await page.getByLabel('Tick RX 4').check();
      await page.getByRole('button', { name: 'Reconnect', exact: true }).click();
      await page.getByText('2 connections connecting anew.').waitFor();
      expect(asked('POST /v1/connections/actions')[0]?.body).toEqual({
        ids: ['shure-system:1:3', 'shure-system:1:4'],
        action: 'reconnect',
      });
      await page.getByLabel('Tick RX 1').check();
      await page.getByRole('button', { name: 'Stop', exact: true }).click();
      await page.getByRole('button', { name: 'Start again' }).click();
      await until('started again', async () => asked('POST /v1/connections/actions').length === 3);
      expect(asked('POST /v1/connections/actions')[2]?.body).toMatchObject({ action: 'start' });
    });
  });

  it('lets a viewer look only', async () => {
    site.role = 'viewer';
    await on('/devices/connections', async (page) => {
      await until('rows', async () => (await names(page, 'Connections')).length === 5);
      expect(await page.getByRole('button', { name: 'Reconnect', exact: true }).count()).toBe(0);
    });
  });
});

describe('discovery', () => {
  it('approves what was found, and shows what a duplicate is', async () => {
    await on('/devices/discovery', async (page) => {
      await page.getByLabel('Tick New RX 1').check();
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByText('1 device added; it connects now.').waitFor();
      await until('one left', async () => (await names(page, 'Found devices')).length === 1);
      await page.getByRole('tab', { name: /Known already/ }).click();
      await page.getByRole('link', { name: 'RX 1' }).waitFor();
    });
  });

  it('starts a scan, shows how far it is, and cancels it', async () => {
    await on('/devices/discovery', async (page) => {
      await page.getByRole('button', { name: 'Look for devices' }).click();
      await page.getByLabel('Addresses to ask').fill('10.0.0.0/40');
      await page.getByText('is no range').waitFor();
      await page.getByLabel('Addresses to ask').fill('10.0.0.0/24');
      await page.getByText('256 addresses will be asked.').waitFor();
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      await page.getByText('64 of 256 addresses asked, 1 found').waitFor();
      site.tables.scans.set('s1', 'asked', 128);
      await page.getByText('128 of 256 addresses asked, 1 found').waitFor();
      await page.getByRole('button', { name: /^Cancel/ }).click();
      await page.getByText('Cancelled').waitFor();
      expect(asked('POST /v1/scans')[0]?.body).toEqual({
        instanceId: 1,
        cidrs: ['10.0.0.0/24'],
        multicast: true,
        server: true,
      });
    });
  });

  it('tries a CSV first, tells problems row by row, then imports the rest', async () => {
    await on('/devices/discovery', async (page) => {
      await page.getByRole('button', { name: 'Import a CSV' }).click();
      await page.locator('input[type=file]').setInputFiles({
        name: 'devices.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from('vendor,address\nShure hall,10.0.0.7\nShure hall,nowhere\n'),
      });
      await page.getByText('2 rows: 1 can be added, 0 known already, 1 problem').waitFor();
      await page.getByRole('cell', { name: 'is no address' }).waitFor();
      expect(asked('import real')).toHaveLength(0);
      await page.getByRole('button', { name: 'Import 1 device' }).click();
      await until('imported', async () => asked('import real').length === 1);
    });
  });

  it('adds a device by hand, keeps what was typed and says what is wrong', async () => {
    await on('/devices/discovery', async (page) => {
      await page.getByRole('button', { name: 'Add by hand' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await dialog.getByText('Type its address or host name.').waitFor();
      await dialog.getByLabel('Address or host name').fill('10.0.0.1');
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await dialog.getByText(/known already/).waitFor();
      await dialog.getByLabel('Address or host name').fill('10.0.0.8');
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByText('10.0.0.8 is added and connects now.').waitFor();
      expect(asked('POST /v1/devices')[1]?.body).toEqual({
        instanceId: 1,
        address: '10.0.0.8',
      });
    });
  });
});

describe('hardware and chargers', () => {
  it('draws vendor, place, device and channel with frequency and performer, folds and finds', async () => {
    await on('/devices/hardware', async (page) => {
      const tree = page.getByRole('treegrid', { name: 'Hardware' });
      await until('a channel in trouble', async () =>
        (await text(tree)).includes('Battery critical'),
      );
      expect(await text(tree)).toMatch(/512\.125 MHz.*Ada/s);
      await tree.getByText('Shure hall').click();
      await until('folded', async () => (await tree.locator('[role=row].row').count()) === 1);
      expect(page.url()).toContain('fold=');
      await page.getByLabel('Find hardware').fill('640.5');
      await until('one channel', async () => (await text(tree)).includes('640.500 MHz'));
      expect(await text(tree)).not.toContain('512.125');
    });
  });

  it('shows each slot with battery, time to full and health', async () => {
    await on('/devices/chargers', async (page) => {
      await page.getByText('1 charger, 4 slots: 1 full, 1 charging, 1 empty').waitFor();
      await page.getByText('Full in 1 h 35 min').waitFor();
      await page.getByText('battery fault').waitFor();
    });
  });
});

describe('vendors', () => {
  it('makes a form of the schema, checks it, and never shows a secret again', async () => {
    await on('/devices/vendors', async (page) => {
      await page.getByText('configuration is missing').waitFor();
      await page.getByRole('link', { name: /Shure hall/ }).click();
      await page.getByRole('heading', { name: 'Shure hall' }).waitFor();
      const key = page.getByRole('group', { name: /API key/ });
      expect(await text(key)).toContain('Set');
      await page.getByLabel('Poll every ms').fill('5');
      await page.getByText('Type a number from 100 to 60000.').first().waitFor();
      await page.getByLabel('Poll every ms').fill('250');
      await key.getByRole('button', { name: 'Replace' }).click();
      await page.getByLabel(/API key/).fill('new key');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved; its devices connect anew.').waitFor();
      expect(asked('PATCH /v1/plugin-instances/1')[0]?.body).toMatchObject({
        config: { url: 'https://10.0.0.2', apiKey: 'new key', pollEveryMs: 250 },
      });
      await page.getByRole('button', { name: 'Test the connection' }).click();
      await page.getByText('no answer from 10.0.0.2').waitFor();
    });
  });

  it('connects a new vendor, and says at the fields what is missing', async () => {
    await on('/devices/vendors/new-shure-system', async (page) => {
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.getByText('API key is needed.').waitFor();
      await page.getByLabel(/Address of the server/).fill('https://10.0.0.5');
      await page.getByLabel(/API key/).fill('secret');
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await until('made', async () => asked('POST /v1/plugin-instances').length === 1);
      expect(asked('POST /v1/plugin-instances')[0]?.body).toMatchObject({
        plugin: 'shure-system',
        config: { url: 'https://10.0.0.5', apiKey: 'secret', region: 'EU' },
      });
    });
  });
});

describe('people, places and settings', () => {
  it('gives a performer a channel', async () => {
    await on('/devices/people', async (page) => {
      await page.getByRole('button', { name: 'Add a performer' }).click();
      await page.getByRole('dialog').getByLabel('Name').fill('Grace');
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await page.getByText('no channel yet').waitFor();
      await page.getByRole('button', { name: 'Add an assignment' }).click();
      await page.getByRole('dialog').getByLabel('Performer').selectOption({ label: 'Grace' });
      await page.getByRole('dialog').getByLabel('Channel').selectOption('3');
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await until('assigned', async () => asked('POST /v1/assignments').length === 1);
      expect(asked('POST /v1/assignments')[0]?.body).toMatchObject({ rfChannelId: 3 });
    });
  });

  it('says where a setting comes from, sets it for the vendor and takes it back', async () => {
    await on('/devices/settings?instance=1', async (page) => {
      await page.getByText('usual value').waitFor();
      await page.getByRole('button', { name: 'Change Hold-down' }).click();
      await page.getByLabel('Hold-down', { exact: true }).fill('30000');
      await page.getByRole('button', { name: 'Set', exact: true }).click();
      await page.getByText('set for the vendor').waitFor();
      await page.getByText('30 s').waitFor();
      expect(asked('POST /v1/setting-overrides')[0]?.body).toEqual({
        scope: 'instance',
        scopeId: '1',
        key: 'connection.holdDownMs',
        value: 30_000,
      });
      await page.getByRole('button', { name: /^Hold-down back to/ }).click();
      await page.getByText('usual value').waitFor();
    });
  });
});

const DEVICE = '/devices/shure-system%3A1%3A1';

describe('the page of a device', () => {
  it('sets a parameter by its own kind of field, within its range, and keeps what is wanted', async () => {
    await on(DEVICE, async (page) => {
      await page.getByText('Range -18 to 42 dB').waitFor();
      const tabs = await page.locator('.tabs:has([role=tablist])').first().boundingBox();
      expect(tabs?.height).toBeGreaterThan(24);
      await page.getByLabel('New value').fill('99');
      await page.getByText('Type a number from -18 to 42.').waitFor();
      await page.getByLabel('New value').fill('6');
      await page.getByRole('button', { name: 'Set', exact: true }).click();
      await until('asked', async () => asked('PUT desired 1.gain').length === 1);
      expect(asked('PUT desired 1.gain')[0]?.body).toMatchObject({ value: 6 });
      await page.getByText('Sent when the device is back').waitFor();
      await page.getByRole('button', { name: 'Safe: 0 dB' }).click();
      await until('safe', async () => asked('PUT desired 1.gain').length === 2);
      await page.getByRole('button', { name: /Mute/ }).click();
      await until('nothing to set', async () => (await page.getByLabel('New value').count()) === 0);
      await page.getByRole('tab', { name: 'Commands' }).click();
      const row = page.getByRole('row', { name: /Gain/ });
      expect(await text(row)).toMatch(/0 dB.*12 dB.*Differs/s);
      await page.getByRole('button', { name: /^Want no longer/ }).click();
      await page.getByText('Nothing is wanted of it.').waitFor();
    });
  });

  it('says who it is, takes a name beside the one it reports, and moves as it may', async () => {
    await on(`${DEVICE}?tab=identity`, async (page) => {
      await page.getByText('It calls itself “ULXD-7”').waitFor();
      await page.getByLabel('Name given here').fill('Pulpit');
      await page.getByRole('button', { name: 'Save' }).click();
      await until('named', async () => asked('PATCH /v1/device-records/1').length === 1);
      expect(asked('PATCH /v1/device-records/1')[0]?.body).toEqual({ givenName: 'Pulpit' });
      expect(await page.getByRole('button', { name: 'Retire' }).count()).toBe(0);
      await page.getByRole('button', { name: 'Into maintenance' }).click();
      await page.getByText('In maintenance').waitFor();
      await page.getByRole('button', { name: 'Retire' }).click();
      await page.getByText('Retired is for good').waitFor();
      expect(asked('POST lifecycle')).toHaveLength(1);
    });
  });

  it('shows its radio channels and what happened to its connection', async () => {
    await on(`${DEVICE}?tab=channels`, async (page) => {
      await page.getByText('512.125 MHz').first().waitFor();
      await page.getByRole('button', { name: 'Change channel 1' }).click();
      await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Lead');
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await until('named', async () => asked('PATCH /v1/rf-channels/1').length === 1);
      expect(asked('PATCH /v1/rf-channels/1')[0]?.body).toEqual({ givenName: 'Lead' });
      await page.getByRole('tab', { name: 'Connection' }).click();
      await page.getByText('refused by 10.0.0.1').waitFor();
      await page.getByRole('button', { name: 'Reconnect now' }).click();
      await until('asked', async () => asked('POST /v1/connections/actions').length === 1);
    });
  });
});

const PATHS = [
  'shure-system%3A1%3A1?tab=values',
  'shure-system%3A1%3A1?tab=channels',
  'shure-system%3A1%3A1?tab=commands',
  'shure-system%3A1%3A1?tab=connection',
  'shure-system%3A1%3A1?tab=identity',
  'shure-system%3A1%3A1?tab=settings',

  'connections',
  'discovery',
  'hardware',
  'chargers',
  'vendors',
  'vendors/1',
  'people',
  'places',
  'settings',
];

describe('the health of the devices', () => {
  it('stands on every page with its words and leads to the trouble', async () => {
    await on('/audio', async (page) => {
      await page.getByRole('link', { name: 'Some devices are away' }).click();
      await page.getByRole('grid', { name: 'Connections' }).waitFor();
      expect(page.url()).toContain('/devices/connections?show=trouble');
    });
  });
});

describe.each(PATHS)('/devices/%s', (path) => {
  it('has nothing serious for axe, in both themes', async () => {
    await on(`/devices/${path}`, async (page) => {
      await page.locator('h1, h2').first().waitFor({ state: 'attached' });
      await page.waitForLoadState('networkidle');
      expect(await seriousFindings(page)).toEqual([]);
    });
  });

  it('fits a phone, with targets for thumbs', async () => {
    const one = await visit(browser, site.url, `/devices/${path}`, { size: PHONE });
    await one.page.locator('h1, h2').first().waitFor({ state: 'attached' });
    await one.page.waitForLoadState('networkidle');
    expect(await widerThanScreen(one.page)).toEqual([]);
    expect(await smallTargets(one.page)).toEqual([]);
    await one.context.close();
  });
});
