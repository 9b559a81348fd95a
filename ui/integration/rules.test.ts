import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import { startServer, type TestServer } from '../../api/testing/server.js';
import {
  PHONE,
  seriousFindings,
  until,
  type Visit,
  type VisitOptions,
  visit,
  widerThanScreen,
} from './browser.js';
import { RULE_FORMS } from './rule-forms.js';

/** From a sentence in the builder to an acknowledged alarm on the desk, on one real server. */
let server: TestServer;
let browser: Browser;
let cookie: string;
let known: { readonly schedule: number; readonly target: number };

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({
      readyWithinMs: 120_000,
      env: { EARSHOT_DEVICE_SHARDS: '1', EARSHOT_MEDIA_SHARDS: '1' },
    }),
    openChromium(),
  ]);
  cookie = await server.signIn();
  await send('POST', '/v1/variables', { name: 'level', kind: 'number', value: 5 });
  await send('POST', '/v1/variables', { name: 'seen', kind: 'number', value: 0 });
  const opening = await send('POST', '/v1/schedules', {
    name: 'Opening hours',
    timeZone: 'Europe/Berlin',
    weekly: [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }],
  });
  const desk = await send('POST', '/v1/targets', {
    name: 'Desk',
    kind: 'webhook',
    config: { url: 'http://127.0.0.1:9/hook', allowPrivate: true },
  });
  known = { schedule: opening.id, target: desk.id };
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function send(method: string, path: string, body?: object): Promise<{ id: number }> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { cookie, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok, `${path}: ${await response.clone().text()}`).toBe(true);
  return (await response.json()) as { id: number };
}

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

const PAGES = [
  '/alarms',
  '/alarms/silences',
  '/alarms/routes',
  '/alarms/mine',
  '/rules',
  '/rules/new',
  '/rules/schedules',
  '/rules/targets',
  '/rules/deliveries',
];

describe('rules and alarms on the pages', () => {
  it('makes a rule in the builder, counts its alarm, and takes its acknowledgement', async () => {
    await on('/rules/new', async (page) => {
      await page.getByRole('button', { name: 'Make the rule' }).waitFor();
      await page.getByLabel('Name').first().fill('Level too high');
      await page.getByLabel('Channel', { exact: true }).fill('site:variables/level');
      await page.getByText('Now 5').waitFor();
      await page.getByLabel('Limit').fill('20');
      await page.getByText('When site:variables/level is above 20').waitFor();
      await page.getByRole('button', { name: 'Make the rule' }).click();
      await page.getByRole('heading', { name: 'Level too high' }).waitFor();
      await send('PUT', '/v1/variables/level', { value: 25 });
      await page.getByText('Firing').first().waitFor();

      await page.getByRole('button', { name: 'Try it on the last week' }).click();
      await page.getByText(/It would (not )?have fired/).waitFor({ timeout: 60_000 });
      await page.getByRole('img', { name: /States of the rule/ }).waitFor();
    });
    await on('/alarms', async (page) => {
      const rows = page.getByRole('grid', { name: 'Alarms' }).locator('[role=row].row');
      await rows.first().waitFor();
      await until('the count in the title', async () => /^\(\d+\) Alarms/.test(await page.title()));
      const before = Number(/\d+/.exec(await page.title())?.[0]);
      await page.locator('nav .count').waitFor();
      await rows.first().click();
      await page
        .getByRole('complementary', { name: 'Detail' })
        .getByText('Raised')
        .first()
        .waitFor();
      await page.getByPlaceholder('Say what you know').fill('On my way');
      await page.getByRole('button', { name: 'Comment', exact: true }).click();
      await page.getByText('On my way').first().waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('grid', { name: 'Alarms' }).focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('a');
      await page.getByText('1 alarm acknowledged.').waitFor();
      await until('one less in the title', async () => {
        const now = /^\((\d+)\)/.exec(await page.title())?.[1];
        return Number(now ?? 0) === before - 1;
      });
    });
  }, 180_000);

  it('makes a rule of each kind in the builder as it is meant, and says it again in a sentence', async () => {
    await on('/rules', async (page) => {
      for (const form of RULE_FORMS) {
        await page.goto(`${server.url}/rules/new`);
        await page.getByLabel('Name', { exact: true }).fill(form.name);
        await page.getByLabel('When', { exact: true }).first().selectOption({ label: form.kind });
        await form.fill(page);
        await page.getByText(form.sentence, { exact: true }).waitFor();
        await page.getByRole('button', { name: 'Make the rule' }).click();
        await page.getByRole('heading', { name: form.name }).waitFor();
        const id = Number(/\/rules\/(\d+)$/.exec(page.url())?.[1]);
        expect(await send('GET', `/v1/rules/${id}`), form.name).toMatchObject({
          name: form.name,
          ...form.meant(known),
        });
        // What is read back, not what was typed.
        await page.reload();
        await page.getByText(form.sentence, { exact: true }).waitFor();
        const does = page.getByLabel('What it does, in words');
        for (const words of form.does ?? []) await does.getByText(words).waitFor();
      }
    });
  }, 180_000);

  it('says where an expression cannot be read', async () => {
    await on('/rules/new', async (page) => {
      await page.getByLabel('When', { exact: true }).first().selectOption('expression');
      await page.getByLabel('Expression', { exact: true }).fill('$level > > 3');
      await page.getByRole('list', { name: 'Problems of the expression' }).waitFor();
      await page.getByLabel('Expression', { exact: true }).fill('$level > 3');
      await page.getByText('It can be read').waitFor();
    });
  }, 60_000);

  it('makes a target whose secret is never on the page again', async () => {
    await on('/rules/targets', async (page) => {
      await page.getByRole('button', { name: 'Add a target' }).click();
      await page.getByLabel('Name').fill('Mixer');
      await page.getByLabel('Address').fill('http://127.0.0.1:9/mixer');
      await page.getByLabel('Key that signs the calls').fill('very-secret-key');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('has a secret').waitFor();
      await page.getByRole('button', { name: /^Mixer/ }).click();
      await page.getByText('It is set and never shown').waitFor();
      expect(await page.content()).not.toContain('very-secret-key');
    });
  }, 60_000);

  it('has nothing that axe finds serious, and no sideways scroll on a phone', async () => {
    for (const path of PAGES) {
      await on(path, async (page) => {
        await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
        expect(await seriousFindings(page), path).toEqual([]);
      });
      await on(
        path,
        async (page) => {
          await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
          expect(await widerThanScreen(page), path).toEqual([]);
        },
        { size: PHONE },
      );
    }
  }, 240_000);
});
