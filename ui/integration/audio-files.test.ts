import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { startServer, type TestServer } from '../../api/testing/server.js';
import { wav } from '../../media/synth/tools.js';
import { openBrowser, until, visit } from './browser.js';

/** Whole files through the operator's pages: a ZIP with its table, an archive out and in, a repair, a very full map. */
let server: TestServer;
let browser: Browser;
let cookie: string;
let projectId: number;
const folder = mkdtempSync(join(tmpdir(), 'earshot-files-'));

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({
      readyWithinMs: 60_000,
      env: { EARSHOT_DEVICE_SHARDS: '1', EARSHOT_MEDIA_SHARDS: '1' },
    }),
    openBrowser(),
  ]);
  cookie = await server.signIn();
  projectId = await make('/v1/projects', { name: 'Meadow', latitude: 48.2, longitude: 16.3 });
  const categoryId = await make('/v1/tag-categories', { name: 'Theme' });
  await make('/v1/tags', { projectId, categoryId, value: 'bees' });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function make(path: string, body: object): Promise<number> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status, `${path}: ${await response.clone().text()}`).toBe(201);
  return ((await response.json()) as { readonly id: number }).id;
}

interface AssetRow {
  readonly id: number;
  readonly description: string;
  readonly latitude: number | null;
  readonly tagIds: readonly number[];
  readonly ingest: string;
}
async function assetsOf(id: number): Promise<readonly AssetRow[]> {
  const response = await fetch(`${server.url}/v1/assets?projectId=${id}`, { headers: { cookie } });
  return ((await response.json()) as { readonly items: readonly AssetRow[] }).items;
}

async function on(path: string, use: (page: Page) => Promise<void>): Promise<void> {
  const one = await visit(browser, server.url, path, { cookie });
  try {
    await use(one.page);
    expect(one.faults).toEqual([]);
  } finally {
    await one.context.close();
  }
}

const tone = (seconds: number, hz: number): Buffer =>
  Buffer.from(
    wav([
      Float32Array.from(
        { length: seconds * 48_000 },
        (_, frame) => 0.3 * Math.sin((2 * Math.PI * hz * frame) / 48_000),
      ),
    ]),
  );

async function zipFile(
  name: string,
  files: Readonly<Record<string, Buffer | string>>,
): Promise<string> {
  const zip = new ZipFile();
  for (const [inside, bytes] of Object.entries(files))
    zip.addBuffer(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, inside);
  zip.end();
  const chunks: Uint8Array[] = [];
  for await (const chunk of zip.outputStream)
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}

const ready = (id: number, many: number) =>
  until(
    'everything is prepared',
    async () => {
      const rows = await assetsOf(id);
      return rows.length >= many && rows.every((row) => row.ingest === 'ready') && rows;
    },
    60_000,
  );

describe('a ZIP of recordings with a table', () => {
  it('is taken through the page: what is right arrives, what is wrong is named', async () => {
    const table = [
      'file,latitude,longitude,tags,description',
      'bees.wav,48.2001,16.3001,bees,Bees at work',
      'brook.wav,48.2002,16.3002,,The brook',
      'lost.wav,48.2003,16.3003,,Nowhere',
    ].join('\n');
    const path = await zipFile('walk.zip', {
      'table.csv': table,
      'bees.wav': tone(1, 330),
      'brook.wav': tone(1, 550),
    });
    await on(`/audio/${projectId}/recordings?dialog=upload`, async (page) => {
      await page.locator('input[type=file]').setInputFiles(path);
      const line = page.getByRole('list', { name: 'Uploads' }).getByRole('listitem');
      await line.getByText(/2 arrived, 1 did not: lost\.wav/).waitFor({ timeout: 60_000 });
      expect(await line.getByText('Arrived in part').count()).toBe(1);
    });
    const rows = await ready(projectId, 2);
    expect(rows.map((row) => row.description).toSorted()).toEqual(['Bees at work', 'The brook']);
    expect(rows.find((row) => row.description === 'Bees at work')?.tagIds).toHaveLength(1);
  }, 120_000);

  it('that holds nothing of use fails and says why', async () => {
    const path = await zipFile('empty.zip', { 'readme.txt.md': 'nothing here' });
    await on(`/audio/${projectId}/recordings?dialog=upload`, async (page) => {
      await page.locator('input[type=file]').setInputFiles(path);
      const line = page.getByRole('list', { name: 'Uploads' }).getByRole('listitem');
      await line.getByText('Failed').waitFor({ timeout: 60_000 });
    });
  }, 120_000);
});

describe('an archive', () => {
  it('goes out of one project and comes in as another, sound and all', async () => {
    const path = join(folder, 'meadow.zip');
    await on(`/audio/${projectId}/settings`, async (page) => {
      const coming = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Export an archive' }).click();
      await (await coming).saveAs(path);
    });
    let importedId = 0;
    await on('/audio?dialog=import', async (page) => {
      const dialog = page.getByRole('dialog', { name: 'Import' });
      await dialog.locator('input[type=file]').setInputFiles(path);
      await dialog.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByText(/is here with/).waitFor({ timeout: 60_000 });
      await until('its map', async () => /\/audio\/\d+\/map/.test(page.url()));
      importedId = Number(new URL(page.url()).pathname.split('/')[2]);
    });
    expect(importedId).not.toBe(projectId);
    const [before, after] = [await assetsOf(projectId), await assetsOf(importedId)];
    expect(after.map((row) => [row.description, row.latitude]).toSorted()).toEqual(
      before.map((row) => [row.description, row.latitude]).toSorted(),
    );
    await on(`/audio/${importedId}/recordings`, async (page) => {
      await page.getByRole('grid').getByText('Bees at work', { exact: true }).click();
      const detail = page.getByRole('article');
      await detail.getByRole('button', { name: 'Play' }).click();
      await until('sound', () =>
        detail
          .locator('audio')
          .evaluate((audio) => audio instanceof HTMLAudioElement && audio.currentTime > 0.2),
      );
    });
  }, 180_000);

  it('that is none is refused, and the file stays chosen', async () => {
    const path = join(folder, 'not-a.zip');
    writeFileSync(path, 'this is no archive');
    await on('/audio?dialog=import', async (page) => {
      const dialog = page.getByRole('dialog', { name: 'Import' });
      await dialog.locator('input[type=file]').setInputFiles(path);
      await dialog.getByRole('button', { name: 'Import', exact: true }).click();
      await dialog.getByRole('alert').waitFor();
      await dialog.getByText('not-a.zip').waitFor();
    });
  }, 60_000);
});

describe('a repair', () => {
  it('finds what is gone and what is left over, and mends it after asking', async () => {
    const media = join(server.data, 'media');
    const files = (await readdir(media, { recursive: true, withFileTypes: true })).filter(
      (one) => one.isFile() && /\.wav$/.test(one.name),
    );
    const gone = files[0];
    if (!gone) throw new Error(`no sound file in ${media}`);
    await rm(join(gone.parentPath, gone.name));
    await on(`/audio/${projectId}/checks`, async (page) => {
      await page.getByRole('button', { name: 'Look now' }).click();
      await page.getByRole('heading', { name: /^Missing files/ }).waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: /^Repair \d+ finding/ }).click();
      const dialog = page.getByRole('dialog', { name: /^Repair/ });
      await dialog.getByRole('button', { name: 'Repair' }).click();
      await page.getByText('Repaired', { exact: true }).first().waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: 'Look again' }).click();
      await page.getByText('All is well').waitFor({ timeout: 60_000 });
    });
  }, 180_000);
});

describe('a map with very many recordings', () => {
  const MANY = 5_600;
  it('shows them all, near ones as one point with their number that opens when pressed', async () => {
    const full = await make('/v1/projects', { name: 'Forest', latitude: 48.2, longitude: 16.3 });
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < MANY) {
        const index = next;
        next += 1;
        await make('/v1/assets', {
          projectId: full,
          mediaType: 'text',
          description: `Tree ${index}`,
          latitude: 48.2 + Math.floor(index / 75) * 0.00004,
          longitude: 16.3 + (index % 75) * 0.00006,
        });
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    await on(`/audio/${full}/map`, async (page) => {
      await page.locator('.map[data-ready=true]').waitFor({ timeout: 60_000 });
      await until(
        'all of them',
        async () => (await page.locator('.map').getAttribute('data-recordings')) === String(MANY),
      );
      const counts = page.locator('.map-label.count');
      await until('numbers on points', async () => (await counts.count()) > 0);
      const before = await counts.allTextContents();
      const box = await counts.first().boundingBox();
      if (!box) throw new Error('no number');
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      await until('nearer', async () => (await counts.allTextContents()).join() !== before.join());
    });
  }, 300_000);
});
