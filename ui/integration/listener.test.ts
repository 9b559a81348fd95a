import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../api/contract/sessions.js';
import { openChromium } from '../../api/testing/chromium.js';
import { startServer, type TestServer } from '../../api/testing/server.js';
import {
  DESKTOP,
  PHONE,
  seriousFindings,
  smallTargets,
  until,
  type Visit,
  type VisitOptions,
  visit,
  widerThanScreen,
} from './browser.js';
import { AGREEMENT, at, CENTER, EINVERSTANDEN, type Garden, plantGarden } from './garden.js';

let server: TestServer;
let browser: Browser;
let garden: Garden;
const HERE = { ...CENTER, accuracy: 8 };

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({
      env: { EARSHOT_DEVICE_SHARDS: '1', EARSHOT_MEDIA_SHARDS: '1' },
      readyWithinMs: 60_000,
    }),
    openChromium({
      more: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    }),
  ]);
  garden = await plantGarden(server, await server.signIn());
  await until(
    'the recordings are ready',
    async () => {
      const { items } = await garden.get<{ items: { ingest: string }[] }>('/v1/assets');
      return items.length === 3 && items.every(({ ingest }) => ingest === 'ready');
    },
    60_000,
  );
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens the page as a visitor has it: no login, a phone. Nothing may go wrong unseen. */
async function on(
  path: string,
  use: (page: Page, one: Visit) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  const one = await visit(browser, server.url, path, {
    size: PHONE,
    at: HERE,
    locale: 'en-GB',
    ...options,
  });
  try {
    await use(one.page, one);
    expect(one.faults).toEqual([]);
  } finally {
    await one.context.close();
  }
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const playing = (page: Page) =>
  page.getByText('Playing', { exact: true }).waitFor({ timeout: 30_000 });
const title = (page: Page) => page.locator('.now .title').first();

async function listenOnMap(page: Page): Promise<void> {
  await page.getByText('On the map').click();
  await page.locator('button.listen').click();
  await playing(page);
}

/** The session that is open now: each test ends its own with its page. */
async function session(): Promise<Session> {
  return await until('a session', async () => {
    const { items } = await garden.get<{ items: Session[] }>('/v1/sessions?limit=1000');
    return items.filter(({ state }) => state === 'streaming' || state === 'paused').at(-1);
  });
}

const close = (a: number | null | undefined, b: number): boolean =>
  typeof a === 'number' && Math.abs(a - b) < 3e-5;

describe('the door', () => {
  it('leads to the only project, in the visitor’s language, and asks for the agreement once', async () => {
    await on(
      '/listen',
      async (page) => {
        await page.getByRole('heading', { name: 'The listening garden' }).waitFor();
        await page.getByText(EINVERSTANDEN).waitFor();
        expect(await page.getAttribute('html', 'lang')).toBe('de');
        await page.getByLabel('Sprache').selectOption('en');
        await page.getByText(AGREEMENT).waitFor();
        expect(await page.getAttribute('html', 'lang')).toBe('en');
        await button(page, 'Agree and listen').click();
        await playing(page);
        await page.goto(`${server.url}/listen`);
        await button(page, 'Listen').waitFor();
        expect(await page.getByText(AGREEMENT).count()).toBe(0);
        // The same text in another language was not read yet.
        await page.getByLabel('Language').selectOption('de');
        await page.getByText(EINVERSTANDEN).waitFor();
      },
      { locale: 'de-DE' },
    );
  }, 90_000);

  it('says so when there is no such place, and leads to those that are there', async () => {
    await on('/listen/999', async (page) => {
      await page.getByText('This place does not exist any more.').waitFor();
      await page.getByRole('link', { name: 'Where do you want to listen?' }).click();
      await page.getByRole('heading', { name: 'The listening garden' }).waitFor();
    });
  });
});

describe('listening on the map', () => {
  it('sounds after one press, goes on elsewhere when the map is pressed, and the link opens the same place', async () => {
    await on('/listen', async (page, { context }) => {
      await listenOnMap(page);
      await title(page)
        .getByText(/grandmother|gate/i)
        .waitFor({ timeout: 30_000 });
      await page.locator('.map[data-ready=true]').waitFor({ timeout: 30_000 });
      await button(page, 'Places').click();
      await page.getByRole('button', { name: /Rose garden/ }).click();
      const west = at(-90, 0);
      await until('the server knows the place', async () => {
        const { position } = await session();
        return close(position?.longitude, west.longitude);
      });
      await title(page).getByText(/frogs/i).waitFor({ timeout: 30_000 });
      await button(page, 'Share').click();
      const link = await page.getByRole('textbox', { name: 'Share this place' }).inputValue();
      expect(link).toContain(`project=${garden.projectId}`);
      const other = await context.newPage();
      await other.goto(link);
      await other.locator('button.listen').click();
      await other.locator('.now .title').getByText(/frogs/i).waitFor({ timeout: 30_000 });
    });
  }, 150_000);

  it('moves where the map is pressed', async () => {
    await on('/listen', async (page) => {
      await listenOnMap(page);
      await page.locator('.map[data-ready=true]').waitFor({ timeout: 30_000 });
      const box = await page.locator('.map canvas').boundingBox();
      if (!box) throw new Error('no map');
      const before = new URL(page.url()).searchParams.get('lon');
      await page.mouse.click(box.x + box.width * 0.3, box.y + box.height * 0.7);
      await until('the address has the place', async () => {
        const now = new URL(page.url()).searchParams.get('lon');
        return now !== null && now !== before;
      });
    });
  }, 90_000);

  it('pauses, goes on, skips, likes, and leaves out what is chosen away', async () => {
    await on('/listen', async (page) => {
      await listenOnMap(page);
      await title(page).waitFor({ timeout: 30_000 });
      await button(page, 'Like').first().click();
      await button(page, 'You like this').first().waitFor();
      await until('the vote is kept', async () => {
        const { items } = await garden.get<{ items: { kind: string }[] }>('/v1/votes');
        return items.some(({ kind }) => kind === 'like');
      });
      await button(page, 'Pause').click();
      await page.getByText('Paused', { exact: true }).waitFor();
      await until('the server pauses', async () => (await session()).state === 'paused');
      await button(page, 'Play').click();
      await playing(page);
      const first = await title(page).textContent();
      await button(page, 'Next recording').click();
      await until('another recording', async () => (await title(page).textContent()) !== first);
      await button(page, 'More about this recording').first().click();
      await page.getByRole('button', { name: /Report it/ }).click();
      await page.getByText('Reported. Thank you.').waitFor();
      await button(page, 'Tune').click();
      await page.getByRole('button', { name: 'Children' }).click();
      await page.getByRole('slider', { name: /How far you hear/ }).fill('40');
      await page.keyboard.press('Escape');
      await until(
        'the choice is in the address',
        async () => new URL(page.url()).searchParams.get('tags') === String(garden.tags.children),
      );
      await page.getByText('Nothing near you now').waitFor({ timeout: 30_000 });
    });
  }, 150_000);
});

describe('the sound', () => {
  it('comes at once while somebody looks, and goes on in an element when the page is hidden', async () => {
    const one = await visit(browser, '', 'about:blank', { size: PHONE, locale: 'en-GB' });
    const { page } = one;
    let packets = 0;
    page.on('websocket', (socket) => {
      if (!socket.url().endsWith('/listen')) return;
      socket.on('framereceived', () => {
        packets += 1;
      });
    });
    await page.goto(`${server.url}/listen`);
    await listenOnMap(page);
    const playedS = () => page.evaluate(() => document.querySelector('audio')?.currentTime ?? 0);
    await until('packets of sound', async () => packets > 50);
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await until('the element sounds', async () => (await playedS()) > 1);
    await until('the lock screen has a title', () =>
      page.evaluate(() => navigator.mediaSession.metadata?.artist === 'The listening garden'),
    );
    await playing(page);
    expect(one.faults).toEqual([]);
    await one.context.close();
  }, 90_000);
});

describe('walking', () => {
  it('follows the device, and shows how well its place is known', async () => {
    await on('/listen', async (page, { context }) => {
      await page.getByText('Walk', { exact: true }).click();
      await page.locator('button.listen').click();
      await playing(page);
      await page.getByText('Your position is good to 8 m').waitFor();
      const west = at(-90, 4);
      await context.setGeolocation({ ...west, accuracy: 65 });
      await page.getByText(/only good to 65 m/).waitFor();
      await title(page).getByText(/frogs/i).waitFor({ timeout: 30_000 });
      await context.setGeolocation({ latitude: 48.3, longitude: 11.9, accuracy: 10 });
      await page.getByText(/^You are \d+ km away/).waitFor();
      await button(page, 'Use the map').click();
      await page.getByText(/^You are \d+ km away/).waitFor({ state: 'detached' });
    });
  }, 120_000);

  it('explains a refused position, plays on, and offers the map', async () => {
    const one = await visit(browser, server.url, '/listen', { size: PHONE, locale: 'en-GB' });
    const { page } = one;
    await page.getByText('Walk', { exact: true }).click();
    await page.locator('button.listen').click();
    await page.getByText('This page may not know where you are').waitFor();
    await playing(page);
    expect(await seriousFindings(page)).toEqual([]);
    await button(page, 'Use the map').click();
    await page.getByText('This page may not know where you are').waitFor({ state: 'detached' });
    expect(one.faults).toEqual([]);
    await one.context.close();
  }, 90_000);
});

describe('contributing', () => {
  it('records, asks what is still open, sends, and plays the own voice', async () => {
    await on('/listen', async (page) => {
      await listenOnMap(page);
      await button(page, 'Contribute').click();
      await page.getByText('Record something or choose a file first.').waitFor();
      expect(await button(page, 'Send').isDisabled()).toBe(true);
      await button(page, 'Record').click();
      const level = page.getByRole('meter', { name: 'Level of the microphone' });
      await until(
        'the microphone is heard',
        async () => Number(await level.getAttribute('aria-valuenow')) > 3,
      );
      await page.getByText('Paused', { exact: true }).waitFor();
      await page.getByText('17 s left').waitFor();
      await button(page, 'Stop').click();
      await page.getByLabel('Your recording').waitFor();
      await page.getByText('Still open: What do you tell?').waitFor();
      expect(await page.getByRole('button', { name: 'Long ago' }).count()).toBe(0);
      await page.getByRole('button', { name: 'A memory' }).click();
      await page.getByRole('button', { name: 'Long ago' }).click();
      await page.getByLabel('A few words (optional)').fill('My first word here');
      await page.setInputFiles('input[accept="image/*"]', {
        name: 'well.png',
        mimeType: 'image/png',
        buffer: Buffer.from(
          'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC',
          'base64',
        ),
      });
      await button(page, 'Send').click();
      await page.getByText('Thank you. You hear it next.').waitFor({ timeout: 60_000 });
      await page.getByText('Others hear it from now on.').waitFor();
      await button(page, 'Hear it').click();
      await title(page).getByText('My first word here').waitFor({ timeout: 30_000 });
      await page.getByText(/Yours/).waitFor();
      const { items } = await garden.get<{
        items: {
          mediaType: string;
          tagIds: number[];
          description: string;
          envelopeIds: number[];
        }[];
      }>('/v1/assets?order=-id');
      const mine = items.find(({ description }) => description === 'My first word here');
      expect(mine?.tagIds.length).toBe(2);
      const mates = items.filter(({ envelopeIds }) => envelopeIds[0] === mine?.envelopeIds[0]);
      expect(mates.map(({ mediaType }) => mediaType).sort()).toEqual(['audio', 'photo', 'text']);
    });
  }, 180_000);

  it('says why a file is refused and keeps the rest', async () => {
    await on('/listen', async (page) => {
      await listenOnMap(page);
      await button(page, 'Contribute').click();
      await page.setInputFiles('input[accept^="audio/*"]', {
        name: 'song.mp3',
        mimeType: 'audio/mpeg',
        buffer: Buffer.from('this is no music at all, and it never was'.repeat(40)),
      });
      await page.getByRole('button', { name: 'A sound', exact: true }).click();
      await page.getByLabel('A few words (optional)').fill('Still here');
      await button(page, 'Send').click();
      await page.getByText(/^The file could not be used/).waitFor({ timeout: 60_000 });
      expect(await page.getByLabel('A few words (optional)').inputValue()).toBe('Still here');
      await page.keyboard.press('Escape');
      await page.getByText('Throw this recording away?').waitFor();
      await button(page, 'Throw away').click();
      await playing(page);
    });
  }, 120_000);
});

describe('without a network', () => {
  it('says so at once, and plays on by itself when it is back', async () => {
    await on('/listen', async (page, { context }) => {
      await listenOnMap(page);
      await context.setOffline(true);
      await page.getByText(/^No network for \d+ s$/).waitFor();
      await context.setOffline(false);
      await playing(page);
    });
  }, 90_000);

  it('opens from the device and says what is missing', async () => {
    await on('/listen', async (page, { context }) => {
      await button(page, 'Agree and listen').waitFor();
      await until('the page is kept', () =>
        page.evaluate(async () => {
          const cache = await caches.open('earshot-listen-1');
          return (
            navigator.serviceWorker.controller !== null &&
            (await cache.match('/listen')) !== undefined
          );
        }),
      );
      await context.setOffline(true);
      await page.reload();
      await page.getByText('No network. This page is here, the sound is not.').waitFor();
      await context.setOffline(false);
      await button(page, 'Agree and listen').waitFor();
    });
  }, 60_000);
});

describe.each([
  ['a phone', PHONE],
  ['a desk', DESKTOP],
] as const)('on %s', (_, size) => {
  it('everything can be used by everybody, in both themes', async () => {
    await on(
      '/listen',
      async (page) => {
        await button(page, 'Agree and listen').waitFor();
        expect(await seriousFindings(page)).toEqual([]);
        expect(await widerThanScreen(page)).toEqual([]);
        await listenOnMap(page);
        await page.locator('.map[data-ready=true]').waitFor({ timeout: 30_000 });
        for (const sheet of ['', 'Places', 'Tune', 'Share', 'Contribute', 'Menu']) {
          if (sheet !== '') await button(page, sheet).click();
          expect(await seriousFindings(page), sheet).toEqual([]);
          expect(await widerThanScreen(page), sheet).toEqual([]);
          if (size === PHONE) expect(await smallTargets(page), sheet).toEqual([]);
          if (sheet !== '') await page.keyboard.press('Escape');
        }
      },
      { size, reducedMotion: true },
    );
  }, 120_000);
});
