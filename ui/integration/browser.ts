import axe from 'axe-core';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { startServer, type TestServer, type TestServerOptions } from '../../api/testing/server.js';

export const DESKTOP = { width: 1_440, height: 900 } as const;
export const PHONE = { width: 360, height: 740 } as const;

/** The real server with the demo site: its devices report, its listeners walk. */
export function startSite(options: TestServerOptions = {}): Promise<TestServer> {
  return startServer({
    ...options,
    env: {
      EARSHOT_DEMO: 'yes',
      // Sixty, with the five of the simulated stage.
      EARSHOT_DEMO_DEVICES: '55',
      EARSHOT_DEMO_WALKERS: '3',
      EARSHOT_DEVICE_SHARDS: '1',
      EARSHOT_MEDIA_SHARDS: '1',
      // The demo's devices do not wait for answers.
      EARSHOT_SERIES_GROUP_MS: '500',
      ...options.env,
    },
    readyWithinMs: 60_000,
  });
}

/** A page as a user has it; `faults` gathers what a user would never see but must not happen. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly faults: string[];
}

export interface VisitOptions {
  readonly size?: { readonly width: number; readonly height: number };
  /** `name=value`, as `signIn` of the server answers it. */
  readonly cookie?: string;
  readonly reducedMotion?: boolean;
  /** Where the device is; given: the page may know it. */
  readonly at?: {
    readonly latitude: number;
    readonly longitude: number;
    readonly accuracy: number;
  };
  readonly locale?: string;
}

export async function visit(
  browser: Browser,
  url: string,
  path: string,
  options: VisitOptions = {},
): Promise<Visit> {
  const size = options.size ?? DESKTOP;
  const context = await browser.newContext({
    viewport: { ...size },
    hasTouch: size.width < 700,
    reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference',
    ...(options.at ? { geolocation: options.at, permissions: ['geolocation'] } : {}),
    ...(options.locale === undefined ? {} : { locale: options.locale }),
  });
  if (options.cookie !== undefined) {
    const at = options.cookie.indexOf('=');
    const [name, value] = [options.cookie.slice(0, at), options.cookie.slice(at + 1)];
    await context.addCookies([{ name, value, url }]);
  }
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // A refused policy, a broken import: the console says so and the page may still look right.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource')) {
      faults.push(message.text());
    }
  });
  await page.goto(`${url}${path}`);
  return { page, context, faults };
}

/** What axe finds serious or worse in the theme that is shown, and of its colours in the other; as `rule (theme): where`. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run: typeof axe.run } }).axe.run;
    const root = document.documentElement;
    const theme = root.dataset['theme'] ?? 'dark';
    const other = theme === 'dark' ? 'light' : 'dark';
    // Colours on their way from one theme to the other are nobody's.
    const still = document.createElement('style');
    still.textContent = '*, *::before, *::after { transition: none !important }';
    document.head.append(still);
    const shown = await run(document, { resultTypes: ['violations'] });
    root.dataset['theme'] = other;
    const turned = await run(document, {
      resultTypes: ['violations'],
      runOnly: ['color-contrast', 'link-in-text-block'],
    });
    root.dataset['theme'] = theme;
    still.remove();
    return [
      ...shown.violations.map((one) => ({ ...one, in: theme })),
      ...turned.violations.map((one) => ({ ...one, in: other })),
    ].map(({ id, impact, nodes, in: name }) => ({
      id: `${id} (${name})`,
      impact: impact ?? 'minor',
      where: nodes.map((node) => node.target.join(' ')).slice(0, 5),
    }));
  });
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, where }) => `${id}: ${where.join(' | ')}`);
}

/** Text of a part of the page, hidden words too. */
export async function text(part: Locator): Promise<string> {
  return (await part.textContent()) ?? '';
}

/** What sticks out to the right of the screen when the page is wider than it; empty when it is not. */
export function widerThanScreen(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth + 1) return [];
    const wide = [`the page has ${scrollWidth} px of ${clientWidth}`];
    for (const element of document.body.querySelectorAll('*')) {
      const { right } = element.getBoundingClientRect();
      if (right > clientWidth + 1 && wide.length < 10) {
        wide.push(`${element.tagName}.${element.getAttribute('class')} to ${Math.round(right)} px`);
      }
    }
    return wide;
  });
}

/** Visible controls lower or narrower than 44 px, as their words. */
export function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const small: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>(
      'button, a[href], input:not([type=range]), select',
    )) {
      const box = element.getBoundingClientRect();
      if (
        box.width === 0 ||
        box.height === 0 ||
        getComputedStyle(element).visibility === 'hidden'
      ) {
        continue;
      }
      if (element.closest('.visually-hidden, .skip, [inert]') || element.matches('.skip')) continue;
      // A link inside of a sentence or a table is read, not aimed at.
      if (element instanceof HTMLAnchorElement && getComputedStyle(element).display === 'inline') {
        continue;
      }
      const reach = element.closest('label')?.getBoundingClientRect() ?? box;
      if (Math.max(box.height, reach.height) < 43.5 || Math.max(box.width, reach.width) < 43.5) {
        const words = element.getAttribute('aria-label') ?? element.textContent ?? element.tagName;
        small.push(
          `${words.trim().slice(0, 40)} ${Math.round(box.width)}×${Math.round(box.height)}`,
        );
      }
    }
    return small;
  });
}

/** Waits until `read` answers something else than undefined and false. */
export async function until<T>(
  what: string,
  read: () => Promise<T | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
