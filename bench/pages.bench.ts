import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { TEST_PROJECT } from '../api/testing/audio-site.js';
import { openChromium } from '../api/testing/chromium.js';
import { startServer, type TestServer } from '../api/testing/server.js';
import { entryUrl } from '../engine/entry.js';
import { EngineError } from '../engine/errors.js';
import { connected, json, pause } from './devices-calls.js';
import { seedDevices } from './devices-site.js';
import {
  type Bench,
  type BenchContext,
  type BenchResult,
  median,
  percentile,
  type Spawned,
  spawnReady,
} from './harness.js';
import {
  countFrames,
  framesFigures,
  type Opening,
  readOpening,
  watchOpening,
} from './pages-browser.js';
import { DEVICES, makeDashboard, thirtyWidgets, twentyLines } from './pages-site.js';
import { seedTones } from './tones-site.js';

const HISTORY_MS = 900_000;
const RECEIVERS = 25;
const CHANNELS = 4;
const WIDGETS = 30;
const SCREEN = { width: 1_440, height: 900 } as const;
/** All thirty widgets are on it: what is not seen is not drawn. */
const TALL = { width: 1_440, height: 1_600 } as const;
/** All hundred tiles are on it at once. */
const WALL = { width: 1_920, height: 1_080 } as const;
const OPENS = 3;

interface Screen {
  readonly width: number;
  readonly height: number;
}

interface Site {
  readonly server: TestServer;
  readonly cookie: string;
  readonly browser: Browser;
}

const node = (entry: string, args: readonly string[], ready: RegExp): Promise<Spawned> =>
  spawnReady({
    command: process.execPath,
    args: [fileURLToPath(entryUrl(entry)), ...args],
    ready,
    withinMs: 60_000,
  });

/** A site with a project on the map, 25 receivers and four devices with their past. */
async function openSite(context: BenchContext): Promise<Site> {
  const data = mkdtempSync(join(tmpdir(), 'earshot-pages-'));
  context.onEnd(() => rmSync(data, { recursive: true, force: true }));
  const emulator = await node(
    'actors/emulate/main',
    ['shure-text', '--devices', String(RECEIVERS), '--set', 'models=ULXD4Q'],
    /^(\{"ready".*\})\n/m,
  );
  context.onEnd(() => emulator.stop());
  const { devices } = JSON.parse(emulator.ready[1] ?? '{}') as {
    readonly devices: readonly { readonly address: string; readonly port: number }[];
  };
  await seedTones(context, data);
  const { instanceId } = await seedDevices(data, {
    plugin: 'shure-text',
    config: { announcements: false },
    rfChannels: CHANNELS,
    devices: devices.map(({ address, port }) => ({
      externalId: `${address}:${port}`,
      address,
      port,
      config: {},
    })),
  });
  const server = await startServer({ data, env: { EARSHOT_REQUESTS_PER_ADDRESS: '0' } });
  context.onEnd(async () => void (await server.stop()));
  const [cookie, browser] = await Promise.all([server.signIn(), openChromium()]);
  context.onEnd(() => browser.close());
  await connected(server, cookie, instanceId, RECEIVERS, 30_000);
  for (const id of DEVICES) {
    await json(server, cookie, '/v1/devices', 'POST', { id, name: id, protocol: 'native' });
  }
  context.say('storing a quarter of an hour of 20 channels');
  const load = await node(
    'bench/pages-load',
    [new URL(server.url).port, cookie, String(HISTORY_MS)],
    /^ready$/m,
  );
  context.onEnd(() => load.stop());
  await json(server, cookie, '/v1/rules', 'POST', {
    name: 'Cellar above its floor',
    condition: { type: 'threshold', channel: 'cellar/c0', op: '>', value: -100 },
  });
  return { server, cookie, browser };
}

/** A browser without a cache, signed in. */
async function newContext(site: Site, viewport: Screen) {
  const context = await site.browser.newContext({ viewport });
  const at = site.cookie.indexOf('=');
  const [name, value] = [site.cookie.slice(0, at), site.cookie.slice(at + 1)];
  await context.addCookies([{ name, value, url: site.server.url }]);
  return context;
}

interface Opened extends Opening {
  /** CPU of the page's main thread until all was drawn. */
  readonly mainThreadMs: number;
}

/** Task time of the page's main thread so far, ms. */
async function taskMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000;
}

async function metered(context: BrowserContext, page: Page): Promise<CDPSession> {
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'timeTicks' });
  return session;
}

async function openOnce(site: Site, context: BrowserContext, path: string): Promise<Opened> {
  const page = await context.newPage();
  await page.addInitScript(watchOpening, WIDGETS);
  const session = await metered(context, page);
  const before = await taskMs(session);
  await page.goto(`${site.server.url}${path}`, { waitUntil: 'commit' });
  const until = performance.now() + 20_000;
  for (;;) {
    const found = await page.evaluate(readOpening);
    if ('readyMs' in found) {
      const mainThreadMs = (await taskMs(session)) - before;
      await page.close();
      return { ...found, mainThreadMs };
    }
    if (performance.now() > until) {
      throw new EngineError('internal', `not drawn in 20 s: ${found.missing.join(', ')}`);
    }
    // Looking takes time from the page that is looked at.
    await pause(250);
  }
}

async function openings(site: Site, path: string): Promise<{ cold: Opened[]; warm: Opened[] }> {
  const [cold, warm]: [Opened[], Opened[]] = [[], []];
  for (let i = 0; i < OPENS; i++) {
    const context = await newContext(site, TALL);
    cold.push(await openOnce(site, context, path));
    if (i > 0) warm.push(await openOnce(site, context, path));
    await context.close();
  }
  return { cold, warm };
}

interface Smoothness {
  readonly fps: number | null;
  readonly frameP95Ms: number | null;
  readonly longTasks: number;
  readonly longestTaskMs: number;
  readonly mainThreadShare: number;
}

/** Looks at a page for a while once what it shows is there. */
async function smoothness(
  site: Site,
  viewport: Screen,
  path: string,
  ready: (page: Page) => Promise<unknown>,
  forMs: number,
): Promise<Smoothness> {
  const context = await newContext(site, viewport);
  const page = await context.newPage();
  await page.goto(`${site.server.url}${path}`);
  await ready(page);
  // What opening it costs is another figure.
  await pause(1_500);
  const session = await metered(context, page);
  const before = await taskMs(session);
  const began = performance.now();
  const frames = await page.evaluate(countFrames, forMs);
  const mainThreadShare = ((await taskMs(session)) - before) / (performance.now() - began);
  await context.close();
  return {
    ...framesFigures(frames),
    longTasks: frames.longTasksMs.length,
    longestTaskMs: Math.max(0, ...frames.longTasksMs),
    mainThreadShare,
  };
}

const middle = (all: readonly Opened[], key: Exclude<keyof Opened, 'last'>): number =>
  median(all.map((one) => one[key]));

async function run(context: BenchContext): Promise<BenchResult> {
  const site = await openSite(context);
  const make = (name: string, widgets: Parameters<typeof makeDashboard>[3]) =>
    makeDashboard(site.server, site.cookie, name, widgets);
  const whole = await make('House', thirtyWidgets(TEST_PROJECT));
  const lines = await make('Everything', twentyLines());
  context.say('opening a dashboard of 30 widgets');
  const { cold, warm } = await openings(site, whole);
  context.say('looking at 20 series');
  const forMs = context.quick ? 5_000 : 20_000;
  const chart = await smoothness(
    site,
    SCREEN,
    lines,
    (page) => page.locator('figure:not([aria-busy=true]) canvas').first().waitFor(),
    forMs,
  );
  context.say('looking at 100 tiles');
  const board = await smoothness(
    site,
    WALL,
    '/board?tv=all',
    async (page) => {
      const strips = page.locator('button.tile .strip');
      await strips.nth(RECEIVERS * CHANNELS - 1).waitFor({ state: 'attached' });
      await page.locator('.drawn canvas').first().waitFor({ state: 'attached' });
    },
    forMs,
  );
  const openMs = cold.map(({ readyMs }) => readyMs);
  return {
    metrics: {
      dashboardOpenMs: median(openMs),
      dashboardOpenWorstMs: percentile(openMs, 1),
      dashboardButMapMs: middle(cold, 'butMapMs'),
      dashboardWarmMs: middle(warm, 'readyMs'),
      dashboardDocumentMs: middle(cold, 'documentMs'),
      dashboardScriptsMs: middle(cold, 'scriptsMs'),
      dashboardAnswersMs: middle(cold, 'answersMs'),
      dashboardMainThreadMs: middle(cold, 'mainThreadMs'),
      dashboardRequests: middle(cold, 'requests'),
      chartFps: chart.fps,
      chartFrameP95Ms: chart.frameP95Ms,
      chartLongTasks: chart.longTasks,
      chartLongestTaskMs: chart.longestTaskMs,
      chartMainThreadShare: chart.mainThreadShare,
      boardFps: board.fps,
      boardFrameP95Ms: board.frameP95Ms,
      boardLongTasks: board.longTasks,
      boardLongestTaskMs: board.longestTaskMs,
      boardMainThreadShare: board.mainThreadShare,
    },
    peers: {},
    ratios: {},
    notes: [
      'server, store, browser, devices and emulator share the cores; the browser draws without a graphics card',
      `dashboardOpenMs: ${WIDGETS} widgets of all kinds, from the start of the navigation in a browser without a cache to the frame after which each has drawn its data; median of ${OPENS}, on a screen of ${TALL.width} × ${TALL.height} that shows them all`,
      'of that, ms after the navigation began: the document was there at dashboardDocumentMs, the last script at dashboardScriptsMs, the last answer of the API at dashboardAnswersMs; the page’s main thread worked dashboardMainThreadMs until the bench had looked, which is up to 250 ms later',
      `drawn last: ${[...new Set(cold.flatMap(({ last }) => last))].join(', ')}`,
      `chart: 20 series at 10 Hz over ${HISTORY_MS / 60_000} minutes in one chart, ${SCREEN.width} × ${SCREEN.height}; board: ${RECEIVERS * CHANNELS} tiles, all on a screen of ${WALL.width} × ${WALL.height}, receivers at 10 Hz; ${forMs / 1_000} s each`,
    ],
  };
}

export const bench: Bench = {
  name: 'pages',
  question: 'How soon is a large dashboard there, and how smoothly do charts and boards move?',
  run,
};
