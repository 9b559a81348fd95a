import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EAST_HZ, place, TEST_PROJECT, WEST_HZ } from '../api/testing/audio-site.js';
import { openChromium } from '../api/testing/chromium.js';
import { servePlayerPage } from '../api/testing/player-page.js';
import { startServer } from '../api/testing/server.js';
import { type Bench, percentile, ratio } from './harness.js';
import { measureInPage, type PageFigures, type PageTask } from './low-latency-page.js';
import { seedTones } from './tones-site.js';

const TARGET_P95_MS = 400;

function figuresOf({ delaysMs, concealedMs, bufferMs, outputMs }: PageFigures) {
  const heard = delaysMs.filter((delay) => delay !== null);
  return {
    p50Ms: percentile(heard, 0.5),
    p95Ms: percentile(heard, 0.95),
    maxMs: percentile(heard, 1),
    changes: delaysMs.length,
    unheard: delaysMs.length - heard.length,
    concealedMs,
    bufferMs,
    outputMs,
  };
}

export const bench: Bench = {
  name: 'low-latency',
  question: 'How long after a listener moved does a browser put the new sound out?',
  async run(context) {
    const data = mkdtempSync(join(tmpdir(), 'earshot-low-latency-'));
    context.onEnd(() => rmSync(data, { recursive: true, force: true }));
    await seedTones(context, data);
    const host = await servePlayerPage();
    context.onEnd(() => host.stop());
    const server = await startServer({ data });
    context.onEnd(async () => void (await server.stop()));
    const browser = await openChromium({ autoplay: true });
    context.onEnd(() => browser.close());
    const measure = async (changes: number, element: boolean): Promise<PageFigures> => {
      const page = await browser.newPage();
      await page.goto(host.url);
      await page.waitForFunction("'createPlayer' in globalThis");
      const task: PageTask = {
        serverUrl: server.url,
        wsUrl: server.wsUrl,
        streamUrl: server.streamUrl,
        projectId: TEST_PROJECT,
        places: [place(0), place(100)],
        tonesHz: [WEST_HZ, EAST_HZ],
        changes,
        restMs: element ? 2_000 : 1_200,
        limitMs: 10_000,
        element,
      };
      const figures = await page.evaluate(measureInPage, task);
      await page.close();
      return figures;
    };
    context.say('Opus packets over a WebSocket into the page');
    const ours = figuresOf(await measure(context.quick ? 8 : 60, false));
    context.say('the same in an audio element, MP3');
    const element = figuresOf(await measure(context.quick ? 2 : 10, true));
    return {
      metrics: { ...ours, targetP95Ms: TARGET_P95_MS },
      peers: { audioElement: element },
      ratios: { p95OverAudioElement: ratio(ours.p95Ms, element.p95Ms) },
      notes: [
        'one listener in headless Chromium jumps between two zones of one tone each; server, browser and page are on one machine',
        'from sending the PATCH until the new tone leaves the page’s audio graph at a tenth of its level, plus the output latency that the browser states',
      ],
    };
  },
};
