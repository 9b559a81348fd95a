import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import { startServer, type TestServer } from '../../api/testing/server.js';
import {
  PHONE,
  seriousFindings,
  smallTargets,
  until,
  type VisitOptions,
  visit,
  widerThanScreen,
} from './browser.js';

/** The smaller forms of a project: each is filled in, refused, corrected, stored, changed and taken away. */
let server: TestServer;
let browser: Browser;
let cookie: string;
let projectId: number;
let assetId: number;

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({
      readyWithinMs: 60_000,
      env: { EARSHOT_DEVICE_SHARDS: '1', EARSHOT_MEDIA_SHARDS: '1' },
    }),
    openChromium(),
  ]);
  cookie = await server.signIn();
  const languages = await list<{ id: number; code: string }>('/v1/languages');
  const english = languages.find((one) => one.code === 'en')?.id ?? 1;
  const german = (await make('/v1/languages', { name: 'Schwäbisch', code: 'sw' })).id;
  projectId = (
    await make('/v1/projects', {
      name: 'Garden',
      latitude: 48.2,
      longitude: 16.3,
      languageIds: [english, german],
    })
  ).id;
  const categoryId = (await make('/v1/tag-categories', { name: 'Theme' })).id;
  for (const value of ['Sea', 'Waves', 'Gulls'])
    await make('/v1/tags', { projectId, categoryId, value });
  assetId = (await make('/v1/assets', { projectId, description: 'A note', mediaType: 'text' })).id;
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function list<T>(path: string): Promise<readonly T[]> {
  const response = await fetch(`${server.url}${path}`, { headers: { cookie } });
  expect(response.status, path).toBe(200);
  return ((await response.json()) as { readonly items: readonly T[] }).items;
}

async function make(path: string, body: object): Promise<{ readonly id: number }> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status, `${path}: ${await response.clone().text()}`).toBe(201);
  return (await response.json()) as { readonly id: number };
}

async function on(
  path: string,
  use: (page: Page) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  const one = await visit(browser, server.url, path, { cookie, ...options });
  try {
    await use(one.page);
    expect(one.faults).toEqual([]);
  } finally {
    await one.context.close();
  }
}

const save = (page: Page) =>
  page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
const closed = (page: Page) =>
  until('the dialog closes', async () => (await page.getByRole('dialog').count()) === 0);

describe('the tree of tags', () => {
  it('takes tags under each other, refuses a ring, and lets the lower ones live on', async () => {
    const rows = () =>
      list<{ id: number; tagId: number; parentId: number | null }>('/v1/tag-relationships');
    await on(`/audio/${projectId}/tags`, async (page) => {
      const panel = page.getByRole('region', { name: 'Tree of tags' });
      const add = panel.getByRole('button', { name: 'Add a place in the tree' });
      await add.click();
      await save(page);
      await page.getByText('Choose one: Tag is needed.').waitFor();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Tag', { exact: true }).selectOption({ label: 'Sea' });
      await save(page);
      await closed(page);
      for (const [tag, under] of [
        ['Waves', 'Sea'],
        ['Gulls', 'Sea › Waves'],
      ] as const) {
        await add.click();
        await dialog.getByLabel('Tag', { exact: true }).selectOption({ label: tag });
        await dialog.getByLabel('Under').selectOption({ label: under });
        await save(page);
        await closed(page);
      }
      expect(await panel.getByRole('listitem').allTextContents()).toEqual([
        expect.stringContaining('Sea'),
        expect.stringContaining('Waves'),
        expect.stringContaining('Gulls'),
      ]);
      await panel.getByRole('button', { name: 'Sea' }).click();
      await dialog.getByLabel('Under').selectOption({ label: 'Sea › Waves › Gulls' });
      await save(page);
      await page.getByText(/cannot be under itself/).waitFor();
      await page.keyboard.press('Escape');
      await page.getByText(/This is not saved yet/).waitFor();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await panel.getByRole('button', { name: 'Waves' }).click();
      await dialog.getByRole('button', { name: 'Delete' }).click();
      await until('one less', async () => (await panel.getByRole('listitem').count()) === 2);
      // What was not taken back goes when the page is left.
      await page.goto('about:blank');
    });
    const left = await until('deleted', async () => {
      const now = await rows();
      return now.length === 2 && now;
    });
    expect(left.map((row) => row.parentId)).toEqual([null, null]);
  }, 120_000);
});

describe('groups of projects', () => {
  it('are made with their projects, and a wrong address is said at its field', async () => {
    await on('/audio', async (page) => {
      const panel = page.getByRole('region', { name: 'Groups of projects' });
      await panel.getByRole('button', { name: 'Add a group' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Picture').fill('picture.png');
      await save(page);
      await dialog.getByText('Name is needed.').waitFor();
      await dialog.getByText(/begins with https/).waitFor();
      expect(await dialog.getByLabel('Picture').getAttribute('aria-invalid')).toBe('true');
      await dialog.getByLabel('Name').fill('All gardens');
      await dialog.getByLabel('Picture').fill('https://example.org/garden.png');
      await dialog.getByRole('checkbox', { name: 'Garden' }).check();
      await save(page);
      await closed(page);
      await panel.getByText('All gardens').waitFor();
      await panel.getByRole('button', { name: /All gardens/ }).click();
      await dialog.getByRole('switch', { name: 'Offered to visitors' }).click();
      await save(page);
      await panel.getByText('Not offered').waitFor();
    });
    expect(await list('/v1/project-groups')).toMatchObject([
      { name: 'All gardens', projectIds: [projectId], active: false },
    ]);
  }, 120_000);
});

describe('messages', () => {
  it('name who is told of what; the server’s refusal stands at the field', async () => {
    await on(`/audio/${projectId}/settings`, async (page) => {
      const panel = page.getByRole('region', { name: 'Messages' });
      await panel.getByRole('button', { name: 'Add a message' }).click();
      const dialog = page.getByRole('dialog');
      await save(page);
      await dialog.getByText(/nobody would be told/).waitFor();
      await dialog.getByLabel('To', { exact: true }).fill('team@example.org\nnobody');
      await save(page);
      await dialog.getByText(/“nobody” is no e-mail address/).waitFor();
      expect(await dialog.getByLabel('To', { exact: true }).inputValue()).toContain('nobody');
      await dialog.getByLabel('To', { exact: true }).fill('team@example.org\n');
      await dialog.getByRole('checkbox', { name: 'is deleted' }).check();
      await dialog.getByLabel('Subject').fill('News from the garden');
      await save(page);
      await closed(page);
      await panel.getByText('e-mail when a recording arrives or is deleted').waitFor();
      await panel.getByRole('button', { name: /team@example/ }).click();
      await dialog.getByLabel('By').selectOption({ label: 'Webhook' });
      await save(page);
      await dialog.getByText(/no address of a webhook/).waitFor();
      await dialog.getByLabel('To', { exact: true }).fill('https://example.org/hook');
      await save(page);
      await closed(page);
    });
    expect(await list(`/v1/notifications?projectId=${projectId}`)).toMatchObject([
      { channel: 'webhook', to: ['https://example.org/hook'], on: ['add', 'delete'] },
    ]);
  }, 120_000);

  it('say why they could not be sent', async () => {
    await make('/v1/notifications', { projectId, channel: 'email', to: ['late@example.org'] });
    await make('/v1/assets', { projectId, description: 'Told to nobody', mediaType: 'text' });
    await on(`/audio/${projectId}/settings`, async (page) => {
      const panel = page.getByRole('region', { name: 'Messages' });
      await until('a failure', async () => {
        await page.reload();
        await panel.getByText('late@example.org').waitFor();
        return (await panel.getByText('Not sent').count()) > 0;
      });
      await panel.getByRole('button', { name: /late@example/ }).click();
      await page
        .getByRole('dialog')
        .getByText(/no mail server/)
        .waitFor();
    });
  }, 120_000);
});

describe('pictures and labels of apps', () => {
  it('are made of kinds, with words in each language', async () => {
    await on(`/audio/${projectId}/settings`, async (page) => {
      const panel = page.getByRole('region', { name: 'Pictures and labels of apps' });
      await panel.getByText('Make a kind first: see below.').waitFor();
      await panel.getByText('Kinds of pictures and labels').click();
      await panel.getByRole('button', { name: 'Add a kind' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('listen button');
      await dialog.getByLabel('Screen').fill('home');
      await save(page);
      await closed(page);
      await panel.getByRole('button', { name: 'Add a picture or label' }).click();
      await dialog.getByLabel('Which').selectOption({ label: 'listen button (home)' });
      await dialog.getByLabel('Kind of file').fill('png');
      await dialog.getByLabel('Colour of the label').fill('#ffffff');
      await save(page);
      await closed(page);
      await panel.getByRole('button', { name: /^listen button home · png/ }).click();
      const words = dialog.getByLabel('Words on it, English');
      await words.fill('Listen');
      await words.blur();
      await dialog.getByText('Saved', { exact: true }).waitFor();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await panel.getByText('home · png · Listen').waitFor();
    });
    const [element] = await list<{ labelTextLocIds: number[]; labelTextColor: string }>(
      `/v1/ui-elements?projectId=${projectId}`,
    );
    expect(element?.labelTextColor).toBe('#ffffff');
    expect(element?.labelTextLocIds).toHaveLength(1);
  }, 120_000);
});

describe('a recording', () => {
  it('has a description and words for those who cannot hear it, in each language', async () => {
    await on(`/audio/${projectId}/recordings?asset=${assetId}`, async (page) => {
      const detail = page.getByRole('article');
      await detail.getByText('Texts in languages').click();
      for (const [label, words] of [
        ['Description for visitors, English', 'A note about bees'],
        ['In words, English', 'Bees hum.'],
        ['In words, Schwäbisch', 'Bienen summen.'],
      ] as const) {
        const area = detail.getByLabel(label);
        await area.fill(words);
        const stored = page.waitForResponse((one) => one.url().includes(`/v1/assets/${assetId}`));
        await area.blur();
        await stored;
      }
      await page.reload();
      await detail.getByText('Texts in languages').click();
      await until(
        'what was stored',
        async () =>
          (await detail.getByLabel('In words, Schwäbisch').inputValue()) === 'Bienen summen.',
      );
    });
    const response = await fetch(`${server.url}/v1/assets/${assetId}`, { headers: { cookie } });
    const asset = (await response.json()) as Record<string, readonly number[]>;
    expect(asset['descriptionLocIds']).toHaveLength(1);
    expect(asset['altTextLocIds']).toHaveLength(2);
  }, 120_000);
});

describe('the open forms', () => {
  const forms = [
    [() => `/audio/${projectId}/tags`, 'Add a place in the tree'],
    [() => '/audio', 'Add a group'],
    [() => `/audio/${projectId}/settings`, 'Add a message'],
    [() => `/audio/${projectId}/settings`, 'Add a picture or label'],
  ] as const;
  it('are free of serious findings in both themes, and fit a phone', async () => {
    const found: Record<string, unknown> = {};
    for (const [path, word] of forms) {
      await on(
        path(),
        async (page) => {
          await page.getByRole('button', { name: word }).click();
          await page.getByRole('dialog').waitFor();
          const small = await smallTargets(page);
          if ((await widerThanScreen(page)).length > 0) found[word] = 'too wide';
          else if (small.length > 0) found[word] = small;
          const serious = await seriousFindings(page);
          if (serious.length > 0) found[`${word}, axe`] = serious;
        },
        { size: PHONE },
      );
    }
    expect(found).toEqual({});
  }, 120_000);
});
