import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import { startServer, type TestServer } from '../../api/testing/server.js';
import {
  PHONE,
  seriousFindings,
  text,
  until,
  type VisitOptions,
  visit,
  widerThanScreen,
} from './browser.js';
import { CENTER, plantGarden } from './garden.js';

let site: TestServer;
let browser: Browser;
let cookie = '';

beforeAll(async () => {
  [site, browser] = await Promise.all([
    startServer({ env: { EARSHOT_DEVICE_SHARDS: '1', EARSHOT_MEDIA_SHARDS: '1' } }),
    openChromium(),
  ]);
  cookie = await site.signIn();
  for (const id of ['tank-1', 'tank-2']) await send('POST', '/v1/devices', { id, name: id });
  await measure(21);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

async function send(
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${site.url}${path}`, {
    method,
    headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
  return (said === '' ? {} : JSON.parse(said)) as Record<string, unknown>;
}

/** A value of both tanks, now. */
async function measure(value: number): Promise<void> {
  for (const [at, deviceId] of ['tank-1', 'tank-2'].entries()) {
    await send('POST', '/v1/samples', {
      deviceId,
      samples: [
        { name: 'temp', value: value + at },
        { name: 'secret', value: 4_711 },
      ],
    });
  }
}

async function on(
  path: string,
  use: (page: Page) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  const one = await visit(browser, site.url, path, { cookie, ...options });
  try {
    await use(one.page);
    expect(one.faults).toEqual([]);
  } finally {
    await one.context.close();
  }
}

const gauge = (values: object = {}) => ({
  type: 'gauge',
  title: 'Water',
  x: 0,
  y: 0,
  w: 3,
  h: 3,
  config: { channel: 'tank-1/temp' },
  ...values,
});

async function dashboard(values: object = {}): Promise<number> {
  const { id } = await send('POST', '/v1/dashboards', { name: 'Tanks' });
  await send('PUT', `/v1/dashboards/${String(id)}`, {
    name: 'Tanks',
    widgets: [gauge()],
    ...values,
  });
  return Number(id);
}

const widget = (page: Page, title: string) =>
  page.getByRole('region', { name: title, exact: true });
const value = (page: Page, title: string) => widget(page, title).locator('[data-value]');

/** Runs in the browser: the middle of what is drawn in the colour of a token, CSS pixels of the page; undefined: nothing is. */
function middleOfColour(token: string): { readonly x: number; readonly y: number } | undefined {
  const canvas = document.querySelector('canvas');
  const paper = canvas?.getContext('2d');
  if (!canvas || !paper) return undefined;
  const hex = getComputedStyle(document.documentElement).getPropertyValue(token).trim().slice(1);
  const [red, green, blue] = [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const { data } = paper.getImageData(0, 0, canvas.width, canvas.height);
  let [count, x, y] = [0, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] !== red || data[at + 1] !== green || data[at + 2] !== blue) continue;
    count += 1;
    x += (at / 4) % canvas.width;
    y += Math.floor(at / 4 / canvas.width);
  }
  if (count < 12) return undefined;
  const box = canvas.getBoundingClientRect();
  const scale = box.width / canvas.width;
  return { x: box.left + (x / count) * scale, y: box.top + (y / count) * scale };
}

describe('dashboards', () => {
  it('are made, filled, moved by the mouse and are the same after a reload', async () => {
    await on('/dashboards', async (page) => {
      await page.getByLabel('New dashboard').fill('Aquarium');
      await page.getByRole('button', { name: 'Make' }).click();
      await page.getByRole('button', { name: 'Add a widget' }).click();
      await page.getByRole('button', { name: /^Gauge/ }).click();
      await page.getByLabel('Title').fill('Water');
      await page.getByLabel('Channel', { exact: true }).fill('tank-1 temp');
      await page.getByRole('button', { name: /tank-1\/temp/ }).click();
      await page.getByRole('button', { name: 'Take over' }).click();
      const before = await until(
        'the widget',
        async () => (await widget(page, 'Water').boundingBox()) ?? undefined,
      );
      const grip = page.getByRole('button', { name: /^Move Water/ });
      const at = await until('its handle', async () => (await grip.boundingBox()) ?? undefined);
      await page.mouse.move(at.x + 8, at.y + 8);
      await page.mouse.down();
      await page.mouse.move(at.x + 300, at.y + 90, { steps: 12 });
      await page.mouse.move(at.x + 640, at.y + 160, { steps: 12 });
      await page.mouse.up();
      await until(
        'it moved',
        async () => ((await widget(page, 'Water').boundingBox())?.x ?? 0) > before.x + 300,
      );
      await grip.focus();
      await page.keyboard.press('Shift+ArrowRight');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('button', { name: 'Edit' }).waitFor();
      await until('it lies still', () =>
        page.evaluate(() => document.getAnimations().length === 0),
      );
      const settled = await widget(page, 'Water').boundingBox();
      await page.reload();
      await until('the value', async () => (await text(value(page, 'Water'))) === '21');
      expect(await widget(page, 'Water').boundingBox()).toEqual(settled);
      const { items } = await send('GET', '/v1/dashboards');
      const id = (items as { id: number; name: string }[]).find(
        ({ name }) => name === 'Aquarium',
      )?.id;
      const stored = await send('GET', `/v1/dashboards/${id}`);
      expect(stored['widgets']).toMatchObject([{ type: 'gauge', w: 4 }]);
      expect((stored['widgets'] as { x: number }[])[0]?.x).toBeGreaterThan(2);
    });
  });

  it('take steps back and forth, and duplicate', async () => {
    await on(`/dashboards/${await dashboard()}`, async (page) => {
      await page.getByRole('button', { name: 'Edit' }).click();
      await page.getByRole('button', { name: 'Duplicate Water' }).click();
      await until('two', async () => (await page.locator('[data-widget]').count()) === 2);
      await page.getByRole('button', { name: 'Remove Water' }).first().click();
      await until('one', async () => (await page.locator('[data-widget]').count()) === 1);
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByRole('button', { name: 'Undo' }).click();
      await until('the first', async () => (await page.locator('[data-widget]').count()) === 1);
      await page.getByRole('button', { name: 'Redo' }).click();
      await until('two again', async () => (await page.locator('[data-widget]').count()) === 2);
    });
  });

  it('show values as they come, in gauges and charts, of the device that is chosen', async () => {
    const variables = [{ name: 'device', kind: 'device', value: 'tank-1', options: ['tank-2'] }];
    const widgets = [
      gauge({ config: { channel: '$device/temp' }, title: 'Water of $device' }),
      {
        type: 'line_chart',
        title: 'Course',
        x: 3,
        w: 9,
        h: 4,
        config: {
          channels: [
            { channel: 'tank-1/temp', label: 'One' },
            { channel: 'tank-2/temp', label: 'Two' },
          ],
        },
      },
    ];
    await on(`/dashboards/${await dashboard({ variables, widgets })}`, async (page) => {
      await widget(page, 'Water of tank-1').waitFor();
      await measure(33);
      await until('live', async () => (await text(value(page, 'Water of tank-1'))) === '33');
      await page.locator('canvas').first().waitFor();
      await until('the key', async () =>
        /One\s*33[\s\S]*Two\s*34/.test(await text(widget(page, 'Course'))),
      );
      await page.getByLabel('device', { exact: true }).selectOption('tank-2');
      await until('the other', async () => (await text(value(page, 'Water of tank-2'))) === '34');
      expect(new URL(page.url()).searchParams.get('var-device')).toBe('tank-2');
      await page.reload();
      await until('it stays', async () => (await text(value(page, 'Water of tank-2'))) === '34');
    });
  });

  it('open by a link without a login, live, and the link reads nothing else', async () => {
    const id = await dashboard();
    const { url } = await send('POST', `/v1/dashboards/${id}/share`);
    await on(
      String(url),
      async (page) => {
        await until('the value', async () => /^\d+$/.test(await text(value(page, 'Water'))));
        await measure(42);
        await until('live', async () => (await text(value(page, 'Water'))) === '42');
        const secret = String(url).split('/').at(-1) ?? '';
        const read = (path: string) =>
          page.evaluate(async (from) => (await fetch(from)).status, path);
        const series = `/v1/shared-dashboards/${secret}/series?from=1&to=2&channel=`;
        expect(await read(`${series}tank-1/temp`)).toBe(200);
        expect(await read(`${series}tank-1/secret`)).toBe(403);
        expect(await read('/v1/dashboards')).toBe(401);
        expect(await page.getByRole('navigation').count()).toBe(0);
      },
      { cookie: 'none=none' },
    );
  });

  it('show a site with who listens, without the map library; a drag moves it, a press on somebody leads to them', async () => {
    const { projectId } = await plantGarden(site, cookie);
    await send('POST', '/v1/sessions', { projectId, position: CENTER });
    const map = { type: 'map', title: 'Garden', x: 0, y: 0, w: 6, h: 5, config: { projectId } };
    await on(`/dashboards/${await dashboard({ widgets: [map] })}`, async (page) => {
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.reload();
      await widget(page, 'Garden').locator('[data-ready=true] canvas').waitFor();
      const listener = () =>
        until('the listener is drawn', () => page.evaluate(middleOfColour, '--line-2'));
      const before = await listener();
      await page.mouse.move(before.x + 60, before.y + 60);
      await page.mouse.down();
      await page.mouse.move(before.x + 100, before.y + 85, { steps: 4 });
      await page.mouse.up();
      await until('it moved', async () => {
        const now = await listener();
        return Math.abs(now.x - before.x - 40) <= 2 && Math.abs(now.y - before.y - 25) <= 2;
      });
      await widget(page, 'Garden').getByRole('button', { name: 'Whole site' }).click();
      await until('it is where it was', async () => {
        const now = await listener();
        return Math.abs(now.x - before.x) <= 1 && Math.abs(now.y - before.y) <= 1;
      });
      expect(await seriousFindings(page)).toEqual([]);
      expect(asked.filter((url) => url.includes('maplibre'))).toEqual([]);
      await page.mouse.click(before.x, before.y);
      await page.waitForURL(/\/map\?session=/);
    });
  });

  it('are readable by everybody, at any size, in both themes', async () => {
    const widgets = [
      gauge({
        config: {
          channel: 'tank-1/temp',
          thresholds: [{ value: 10, tone: 'attention', label: 'Warm' }],
        },
      }),
      {
        type: 'stat_card',
        title: 'Figure',
        x: 3,
        w: 3,
        h: 2,
        config: { channel: 'tank-2/temp', delta: true },
      },
      {
        type: 'line_chart',
        title: 'Course',
        x: 6,
        w: 6,
        h: 4,
        config: { channels: [{ channel: 'tank-1/temp' }] },
      },
      {
        type: 'table',
        title: 'Devices',
        y: 4,
        w: 6,
        h: 3,
        config: { query: { resource: 'devices', fields: ['name', 'state'] } },
      },
      {
        type: 'state_timeline',
        title: 'States',
        x: 6,
        y: 4,
        w: 6,
        h: 3,
        config: { channels: [{ channel: 'tank-1/temp' }] },
      },
      { type: 'alarm_list', title: 'Alarms', y: 7, w: 4, h: 3, config: {} },
      {
        type: 'actuator_toggle',
        title: 'Pump',
        x: 4,
        y: 7,
        w: 2,
        h: 2,
        config: { channel: 'tank-1/pump' },
      },
      {
        type: 'actuator_slider',
        title: 'Light',
        x: 6,
        y: 7,
        w: 3,
        h: 2,
        config: { channel: 'tank-1/light' },
      },
      {
        type: 'text',
        title: 'Note',
        x: 9,
        y: 7,
        w: 3,
        h: 2,
        config: { text: '# Hello\n<b>not bold</b> **bold**' },
      },
    ];
    const id = await dashboard({ widgets });
    for (const size of [undefined, PHONE]) {
      await on(
        `/dashboards/${id}`,
        async (page) => {
          await until('the value', async () => /^\d/.test(await text(value(page, 'Water'))));
          await page.locator('canvas').first().waitFor();
          expect(await seriousFindings(page)).toEqual([]);
          expect(await widerThanScreen(page)).toEqual([]);
          expect(await text(widget(page, 'Note'))).toContain('<b>not bold</b>');
          const folder = process.env['EARSHOT_SHOTS'];
          if (folder !== undefined) {
            await page.screenshot({
              path: `${folder}/view-${size ? 'phone' : 'desktop'}.png`,
            });
          }
          await page.getByRole('button', { name: 'Edit' }).click();
          await page.getByRole('button', { name: 'Edit Water' }).waitFor();
          expect(await seriousFindings(page)).toEqual([]);
          expect(await widerThanScreen(page)).toEqual([]);
          if (folder !== undefined) {
            await page.screenshot({
              path: `${folder}/edit-${size ? 'phone' : 'desktop'}.png`,
            });
          }
        },
        size === undefined ? {} : { size },
      );
    }
  }, 120_000);
});
