import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { openChromium } from '../../api/testing/chromium.js';
import { startServer, type TestServer } from '../../api/testing/server.js';
import { wav } from '../../media/synth/tools.js';
import { until, visit } from './browser.js';

/** Whole files through the operator's pages, with a real server behind them. */
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
    openChromium(),
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
});
