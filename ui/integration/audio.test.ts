// Over 400 lines: one browser and one server serve all of these, and starting them costs most of the time.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../../api/testing/chromium.js';
import { startServer, type TestServer } from '../../api/testing/server.js';
import {
  PHONE,
  seriousFindings,
  smallTargets,
  until,
  type Visit,
  type VisitOptions,
  visit,
  widerThanScreen,
} from './browser.js';

/**
 * What an operator does with a project, from nothing to a site that sounds. Longer than 400 lines because it is one
 * story: each step goes on from what the one before has made on the same server.
 */
let server: TestServer;
let browser: Browser;
let cookie: string;
let projectId: number;
const folder = mkdtempSync(join(tmpdir(), 'earshot-sounds-'));

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({
      readyWithinMs: 60_000,
      env: { EARSHOT_DEVICE_SHARDS: '1', EARSHOT_MEDIA_SHARDS: '1' },
    }),
    openChromium(),
  ]);
  cookie = await server.signIn();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

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

interface Listed<T> {
  readonly total: number;
  readonly items: readonly T[];
}
async function list<T>(path: string): Promise<readonly T[]> {
  const response = await fetch(`${server.url}${path}`, { headers: { cookie } });
  expect(response.status, path).toBe(200);
  return ((await response.json()) as Listed<T>).items;
}

async function make<T>(path: string, body: object): Promise<T> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status, `${path}: ${await response.clone().text()}`).toBe(201);
  return (await response.json()) as T;
}

/** A sine of some seconds as a WAV file, mono, 16 bit. */
function wavFile(name: string, seconds: number, frequencyHz: number): string {
  const rateHz = 16_000;
  const frames = seconds * rateHz;
  const bytes = Buffer.alloc(44 + frames * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + frames * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rateHz, 24);
  bytes.writeUInt32LE(rateHz * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(frames * 2, 40);
  for (let at = 0; at < frames; at += 1) {
    bytes.writeInt16LE(
      Math.round(12_000 * Math.sin((2 * Math.PI * frequencyHz * at) / rateHz)),
      44 + at * 2,
    );
  }
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const mapReady = (page: Page) => page.locator('.map[data-ready=true]').waitFor({ timeout: 30_000 });

async function corner(page: Page, x: number, y: number): Promise<void> {
  const box = await page.locator('.map').boundingBox();
  if (!box) throw new Error('no map');
  await page.mouse.move(box.x + box.width * x, box.y + box.height * y, { steps: 4 });
  await page.mouse.down();
  await page.mouse.up();
  // Presses close together would be one double press.
  await new Promise((resolve) => setTimeout(resolve, 350));
}

interface SpeakerRow {
  readonly id: number;
  readonly name: string;
  readonly shape: readonly (readonly (readonly (readonly [number, number])[])[])[];
  readonly attenuationM: number;
}
interface AssetRow {
  readonly id: number;
  readonly description: string;
  readonly submitted: boolean;
  readonly weight: number;
  readonly latitude: number | null;
  readonly ingest: string;
  readonly tagIds: readonly number[];
}
const speakers = () => list<SpeakerRow>(`/v1/speakers?projectId=${projectId}`);
const assets = () => list<AssetRow>(`/v1/assets?projectId=${projectId}`);

describe('a project', () => {
  it('is made, and a wrong name keeps what was typed', async () => {
    await on('/audio', async (page) => {
      await page.getByRole('button', { name: 'New project' }).first().click();
      const dialog = page.getByRole('dialog', { name: 'New project' });
      await dialog.getByLabel('Latitude').fill('48.2255');
      await dialog.getByLabel('Longitude').fill('16,3792');
      await dialog.getByRole('button', { name: 'Make the project' }).click();
      await dialog.getByText('A name is needed.').waitFor();
      expect(await dialog.getByLabel('Latitude').inputValue()).toBe('48.2255');
      await dialog.getByLabel('Name').fill('Garden');
      await dialog.getByRole('button', { name: 'Make the project' }).click();
      await until('the map editor', async () =>
        /\/audio\/\d+\/map$/.test(new URL(page.url()).pathname),
      );
      projectId = Number(new URL(page.url()).pathname.split('/')[2]);
    });
    expect(projectId).toBeGreaterThan(0);
  });

  it('has settings that are explained, saved, and not lost by going elsewhere', async () => {
    await on(`/audio/${projectId}/settings`, async (page) => {
      const radius = page.getByLabel('Radius of a recording (m)');
      await radius.fill('many');
      await page.getByText(/“many” is not a number/).waitFor();
      expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0);
      await radius.fill('33');
      await page.getByLabel('Level recordings to (LUFS)').fill('-18');
      await page.getByText('2 unsaved changes').waitFor();
      await page.getByRole('link', { name: 'Recordings' }).click();
      await page.getByRole('link', { name: 'Settings' }).click();
      expect(await page.getByLabel('Radius of a recording (m)').inputValue()).toBe('33');
      await page.keyboard.press('Control+s');
      await page.getByText(/The settings were saved/).waitFor();
      const description = page.getByLabel('Description, English');
      await description.fill('A garden that remembers.');
      await description.blur();
      await page.getByText('Saved', { exact: true }).waitFor();
    });
    const project = (
      await list<{
        id: number;
        recordingRadiusM: number;
        targetLufs: number;
        descriptionLocIds: number[];
      }>('/v1/projects')
    ).find((one) => one.id === projectId);
    expect(project).toMatchObject({ recordingRadiusM: 33, targetLufs: -18 });
    expect(project?.descriptionLocIds).toHaveLength(1);
  });
});

describe('the map editor', () => {
  it('draws a speaker with a hole by hand, undoes, saves', async () => {
    await on(`/audio/${projectId}/map`, async (page) => {
      await mapReady(page);
      await page.getByRole('button', { name: 'Draw a speaker' }).first().click();
      await page.getByText(/Press corner by corner/).waitFor();
      for (const [x, y] of [
        [0.2, 0.2],
        [0.6, 0.2],
        [0.6, 0.7],
        [0.2, 0.7],
        [0.2, 0.2],
      ] as const)
        await corner(page, x, y);
      await page.getByText('Area 1', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Cut a hole' }).click();
      for (const [x, y] of [
        [0.35, 0.35],
        [0.45, 0.35],
        [0.45, 0.5],
        [0.35, 0.35],
      ] as const)
        await corner(page, x, y);
      await page.getByText('Hole 1 of area 1').waitFor();
      await page.getByRole('button', { name: /^Undo/ }).click();
      await until('no hole', async () => (await page.getByText('Hole 1 of area 1').count()) === 0);
      await page.getByRole('button', { name: /^Redo/ }).click();
      await page.getByText('Hole 1 of area 1').waitFor();
      await page.getByLabel('Name').fill('Fountain');
      await page.getByLabel('Border (m)').fill('3');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText(/listeners hear it within two seconds/).waitFor();
      expect(await page.getByRole('region', { name: 'Unsaved changes' }).count()).toBe(0);
    });
    const [fountain, ...others] = await speakers();
    expect(others).toEqual([]);
    expect(fountain).toMatchObject({ name: 'Fountain', attenuationM: 3 });
    expect(fountain?.shape[0]).toHaveLength(2);
    expect(fountain?.shape[0]?.[0]).toHaveLength(5);
  }, 180_000);

  it('drags a corner, and works by keys alone', async () => {
    const before = (await speakers())[0]?.shape[0]?.[0];
    await on(`/audio/${projectId}/map`, async (page) => {
      await mapReady(page);
      await page.getByRole('button', { name: /Fountain/ }).press('Enter');
      await page.getByRole('button', { name: '1 m east' }).press('Shift+ArrowRight');
      await page.getByRole('button', { name: 'Round area here' }).press('Enter');
      await page.getByText('Area 2', { exact: true }).waitFor();
      await page.keyboard.press('Control+z');
      await until(
        'the round area is gone',
        async () => (await page.getByText('Area 2', { exact: true }).count()) === 0,
      );
      await page.keyboard.press('Control+s');
      await page.getByText(/listeners hear it within two seconds/).waitFor();
    });
    const after = (await speakers())[0]?.shape[0]?.[0];
    expect(after?.[0]?.[0]).toBeGreaterThan(before?.[0]?.[0] ?? 999);
    expect(after?.[0]?.[1]).toBeCloseTo(before?.[0]?.[1] ?? 0, 6);
  });

  it('takes a sound at a place, and shows where what is heard', async () => {
    const file = wavFile('bees.wav', 4, 330);
    await on(`/audio/${projectId}/map?heat=on`, async (page) => {
      await mapReady(page);
      await page.getByText('Heard at once').waitFor();
      await corner(page, 0.9, 0.85);
      await page.getByText('Nothing is heard at this place.').waitFor();
      await page.getByRole('button', { name: 'Upload here' }).click();
      await page.locator('input[type=file]').setInputFiles(file);
      await page.getByText('Arrived', { exact: true }).waitFor({ timeout: 30_000 });
      await page.keyboard.press('Escape');
      await page.getByRole('list', { name: 'Heard at this place' }).getByText('bees').waitFor();
    });
    const asset = await until(
      'a playable recording',
      async () => (await assets()).find((one) => one.ingest === 'ready'),
      60_000,
    );
    expect(asset).toMatchObject({ description: 'bees', submitted: true });
    expect(asset.latitude).not.toBeNull();
  }, 180_000);
});

describe('recordings', () => {
  it('are heard and seen, moderated in place, and edits can be taken back', async () => {
    await on(`/audio/${projectId}/recordings`, async (page) => {
      const row = page.getByRole('grid', { name: 'Recordings' }).locator('.row').first();
      await row.getByRole('switch').click();
      await until('withdrawn', async () => (await assets())[0]?.submitted === false);
      const weight = row.getByRole('textbox', { name: /^Weight/ });
      await weight.fill('120');
      expect(await weight.getAttribute('aria-invalid')).toBe('true');
      await weight.fill('77');
      await weight.press('Enter');
      await until('weighed', async () => (await assets())[0]?.weight === 77);
      await row.getByText('bees', { exact: true }).click();
      const detail = page.getByRole('article', { name: /^Recording bees/ });
      await detail.getByRole('slider').waitFor();
      await until('a waveform', () =>
        detail.locator('canvas').evaluate((canvas) => {
          if (!(canvas instanceof HTMLCanvasElement)) return false;
          const data =
            canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
          let drawn = 0;
          for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 0) drawn += 1;
          return drawn > canvas.width * canvas.height * 0.2;
        }),
      );
      await detail.getByRole('button', { name: 'Play' }).click();
      await until('sound', () =>
        detail
          .locator('audio')
          .evaluate((audio) => audio instanceof HTMLAudioElement && audio.currentTime > 0.3),
      );
      await detail.getByLabel('Description', { exact: true }).fill('Bees in the lime tree');
      await detail.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('grid').getByText('Bees in the lime tree', { exact: true }).waitFor();
    });
    expect((await assets())[0]?.description).toBe('Bees in the lime tree');
  }, 180_000);

  it('are filtered by the address, submitted together, deleted and brought back', async () => {
    for (let index = 0; index < 3; index += 1) {
      await make('/v1/assets', { projectId, description: `Note ${index}`, mediaType: 'text' });
    }
    await on(`/audio/${projectId}/recordings?submitted=no&type=text`, async (page) => {
      const rows = page.getByRole('grid', { name: 'Recordings' }).locator('.row');
      await until('three notes', async () => (await rows.count()) === 3);
      await page.getByRole('checkbox', { name: 'All on this page' }).check();
      await page.getByRole('button', { name: 'Submit', exact: true }).click();
      await page.getByText('3 recordings submitted.').waitFor();
      await page.getByText('No recording matches').waitFor();
      await page.getByRole('button', { name: 'Undo' }).click();
      await until('three again', async () => (await rows.count()) === 3);
      await rows.first().getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await until('two left', async () => (await rows.count()) === 2);
      await page.getByRole('button', { name: 'Undo' }).last().click();
      await until('three once more', async () => (await rows.count()) === 3);
    });
    expect((await assets()).length).toBe(4);
  }, 180_000);

  it('that are no sound say so', async () => {
    const path = join(folder, 'broken.wav');
    writeFileSync(path, Buffer.concat([Buffer.from('RIFF....WAVEfmt '), Buffer.alloc(4_000, 7)]));
    await on(`/audio/${projectId}/recordings?dialog=upload`, async (page) => {
      await page.locator('input[type=file]').setInputFiles(path);
      await page.getByText(/^(Arrived|Failed)$/).waitFor({ timeout: 30_000 });
      await page.keyboard.press('Escape');
    });
    const found = await until(
      'an answer',
      async () =>
        (await assets()).find((one) => one.description === 'broken' && one.ingest === 'failed') ??
        ((await assets()).every((one) => one.description !== 'broken') && 'refused'),
      60_000,
    );
    if (found === 'refused') return;
    await on(`/audio/${projectId}/recordings?asset=${found.id}`, async (page) => {
      await page.getByRole('article').getByRole('alert').waitFor();
    });
  }, 180_000);
});

describe('tags and choices', () => {
  it('are made by lines, asked as a question, ordered by keys and by hand, and seen as a visitor sees them', async () => {
    await on(`/audio/${projectId}/tags`, async (page) => {
      await page.getByLabel('New category').fill('Mood of the day');
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('button', { name: 'Add tags to Mood of the day' }).click();
      await page.getByLabel('One tag a line').fill('calm = Very calm\nwild\nfunny\ncalm');
      await page.getByText('Makes 3 tags').waitFor();
      await page.getByRole('button', { name: 'Make 3 tags' }).click();
      await page.getByRole('button', { name: 'Add a question' }).first().click();
      await page
        .getByRole('dialog', { name: 'Question' })
        .getByRole('button', { name: 'Done' })
        .click();
      const answers = page.getByRole('list', { name: /^Answers of/ });
      for (const word of ['Very calm', 'wild', 'funny']) {
        await page.getByLabel(/^Add an answer to/).selectOption({ label: word });
        await answers.getByText(word).waitFor();
      }
      const order = () =>
        answers
          .locator('.item')
          .evaluateAll((items) => items.map((item) => item.getAttribute('aria-label')));
      expect(await order()).toEqual(['Very calm', 'wild', 'funny']);
      await page.getByRole('button', { name: 'funny up' }).click();
      await until('stepped', async () => (await order()).join() === 'Very calm,funny,wild');
      await answers.getByLabel('Move wild', { exact: true }).focus();
      for (const key of ['Enter', 'ArrowUp', 'ArrowUp', 'Enter']) await page.keyboard.press(key);
      await until('carried by keys', async () => (await order()).join() === 'wild,Very calm,funny');
      const from = await answers.getByLabel('Move funny', { exact: true }).boundingBox();
      const to = await answers.getByLabel('Move wild', { exact: true }).boundingBox();
      if (!from || !to) throw new Error('nothing to drag');
      await page.mouse.move(from.x + 10, from.y + 10);
      await page.mouse.down();
      await page.mouse.move(from.x + 10, from.y - 8, { steps: 6 });
      await page.mouse.move(to.x + 10, to.y + 2, { steps: 12 });
      await new Promise((resolve) => setTimeout(resolve, 400));
      await page.mouse.up();
      await until('dragged', async () => (await order()).join() === 'funny,wild,Very calm');
      const preview = page.getByRole('group', { name: 'Preview' });
      await until(
        'the preview follows',
        async () =>
          (await preview.getByRole('button').allTextContents()).join() === 'funny,wild,Very calm',
      );
      expect(await preview.getByRole('button', { name: 'wild' }).getAttribute('aria-pressed')).toBe(
        'true',
      );
      await preview.getByRole('button', { name: 'wild' }).click();
      expect(await preview.getByRole('button', { name: 'wild' }).getAttribute('aria-pressed')).toBe(
        'false',
      );
    });
    const items = await list<{ index: number; tagId: number }>('/v1/ui-items');
    const tags = await list<{ id: number; value: string }>(`/v1/tags?projectId=${projectId}`);
    const stored = items
      .toSorted((a, b) => a.index - b.index)
      .map((item) => tags.find((tag) => tag.id === item.tagId)?.value);
    expect(stored).toEqual(['funny', 'wild', 'calm']);
  }, 180_000);
});

describe('voices and the timeline', () => {
  it('explain themselves and refuse a range that is upside down', async () => {
    await on(`/audio/${projectId}/tracks`, async (page) => {
      await page.getByRole('button', { name: 'Add a voice' }).first().click();
      await page
        .getByText(
          'Begins with a pause. Plays 5 to 30 s of a recording, then is silent for 1 to 3 s.',
        )
        .first()
        .waitFor();
      await page.getByLabel('Plays at least (s)').fill('40');
      await page.getByText('The least of a range is above its most: see the numbers.').waitFor();
      expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
      await page.getByLabel('Plays at most (s)').fill('50');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText(/listeners hear it within two seconds/).waitFor();
    });
    expect(await list(`/v1/tracks?projectId=${projectId}`)).toMatchObject([
      { minDurationS: 40, maxDurationS: 50 },
    ]);
  });

  it('puts a recording on the timeline, moves it by keys, stretches it by hand', async () => {
    const windows = () =>
      list<{ startS: number; endS: number }>(`/v1/timed-assets?projectId=${projectId}`);
    await on(`/audio/${projectId}/timeline`, async (page) => {
      await page.getByLabel('Add a recording').selectOption({ label: 'Bees in the lime tree' });
      const bar = page.getByRole('button', { name: /^Bees in the lime tree, from/ });
      await bar.focus();
      for (const key of ['ArrowRight', 'ArrowRight', 'Shift+ArrowRight'])
        await page.keyboard.press(key);
      await until('moved', async () => {
        const [one] = await windows();
        return one?.startS === 2 && one.endS === 33;
      });
      const box = await bar.boundingBox();
      if (!box) throw new Error('no window');
      await page.mouse.move(box.x + box.width - 4, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width + 150, box.y + 20, { steps: 8 });
      await page.mouse.up();
      await until('stretched', async () => {
        const [one] = await windows();
        return one?.startS === 2 && one.endS > 36;
      });
      await page.getByRole('button', { name: 'Undo' }).click();
      await until('taken back', async () => (await windows())[0]?.endS === 33);
    });
  }, 180_000);
});

describe('listeners', () => {
  it('are seen live, with what they hear and why not the rest, and can be ended', async () => {
    const [fountain] = await speakers();
    const [longitude = 0, latitude = 0] = fountain?.shape[0]?.[0]?.[0] ?? [];
    const bees = (await assets()).find((one) => one.description === 'Bees in the lime tree');
    const submitted = await fetch(`${server.url}/v1/assets/${bees?.id}`, {
      method: 'PATCH',
      headers: { cookie, 'content-type': 'application/json' },
      body: JSON.stringify({ submitted: true }),
    });
    expect(submitted.status).toBe(200);
    const session = await make<{ id: string; number: number }>('/v1/sessions', {
      projectId,
      position: { latitude, longitude: longitude + 0.02 },
    });
    await on(`/audio/${projectId}/sessions`, async (page) => {
      await mapReady(page);
      await page.getByRole('button', { name: new RegExp(`Listener ${session.number}\\b`) }).click();
      const detail = page.getByRole('article', { name: `Listener ${session.number}` });
      await detail.getByRole('region', { name: 'Hears now' }).getByText('Voice 1').waitFor();
      const why = detail.getByRole('region', { name: 'Why not' });
      await why.getByRole('link', { name: 'Bees in the lime tree' }).waitFor();
      await why
        .getByText(/too far away/)
        .first()
        .waitFor();
      await detail.getByRole('button', { name: 'End', exact: true }).click();
      const dialog = page.getByRole('dialog', { name: /^End Listener/ });
      await dialog.getByText(/The stream stops at once/).waitFor();
      await dialog.getByRole('button', { name: 'End the session' }).click();
      // Pages of earlier tests may still be listening.
      await page
        .getByRole('button', { name: new RegExp(`Listener ${session.number}\\b`) })
        .waitFor({ state: 'detached' });
    });
    const response = await fetch(`${server.url}/v1/sessions/${session.id}`, {
      headers: { cookie },
    });
    expect([404, 410]).toContain(response.status);
  }, 180_000);
});

describe('every page of a project', () => {
  const SECTIONS = [
    'map',
    'recordings',
    'tracks',
    'tags',
    'timeline',
    'sessions',
    'statistics',
    'checks',
    'settings',
  ];
  const paths = () => ['/audio', ...SECTIONS.map((section) => `/audio/${projectId}/${section}`)];
  const settled = async (page: Page): Promise<void> => {
    await page.getByRole('heading').first().waitFor();
    await page.waitForLoadState('networkidle').catch(() => undefined);
    await until(
      'what is there',
      async () => (await page.getByRole('status', { name: 'Loading' }).count()) === 0,
    );
  };

  it('is free of serious findings in both themes', async () => {
    const found: Record<string, readonly string[]> = {};
    for (const path of [
      ...paths(),
      `/audio/${projectId}/recordings?dialog=upload`,
      `/audio/${projectId}/recordings?asset=1`,
      `/audio/${projectId}/map?speaker=1`,
      '/audio?dialog=new',
    ]) {
      await on(path, async (page) => {
        await settled(page);
        const serious = await seriousFindings(page);
        if (serious.length > 0) found[path] = serious;
      });
    }
    expect(found).toEqual({});
  }, 240_000);

  it('fits a phone: nothing is too wide, every target is 44 px', async () => {
    const found: Record<string, unknown> = {};
    for (const path of paths()) {
      await on(
        path,
        async (page) => {
          await settled(page);
          const small = await smallTargets(page);
          if ((await widerThanScreen(page)).length > 0) found[path] = 'too wide';
          else if (small.length > 0) found[path] = small;
        },
        { size: PHONE },
      );
    }
    expect(found).toEqual({});
  }, 240_000);

  it('says what is wrong with an address, and leads on', async () => {
    for (const path of ['/audio/999/map', '/audio/nowhere', `/audio/${projectId}/cellar`]) {
      await on(path, async (page) => {
        await page.getByRole('button', { name: 'All projects' }).click();
        await page.getByRole('link', { name: /Garden/ }).waitFor();
      });
    }
  });
});
