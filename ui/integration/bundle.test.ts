import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = join(root, 'dist', 'ui');
const FIRST_PAGE_LIMIT_BYTES = 150 * 1_024;

/** Names of files that a script loads before it runs, and theirs. */
function staticImports(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const text = readFileSync(join(dist, 'assets', name), 'utf8');
  for (const found of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) {
    if (found[1] !== undefined) staticImports(found[1], seen);
  }
  return seen;
}

/** The scripts that a page names, which the browser loads before anything is shown, and what they import. */
function firstScripts(html: string): readonly string[] {
  const all = new Set<string>();
  for (const found of html.matchAll(/(?:src|href)="\/assets\/([\w.-]+\.js)"/g)) {
    if (found[1] !== undefined) staticImports(found[1], all);
  }
  return [...all];
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'integration' ? [] : sources(path);
    return /\.(ts|svelte)$/.test(entry.name) ? [path] : [];
  });
}

describe.each(['index.html', 'listen.html'])('the built page %s', (page) => {
  let html = '';

  beforeAll(async () => {
    if (!existsSync(join(dist, page))) {
      await build({ configFile: join(root, 'ui', 'vite.config.ts'), logLevel: 'error' });
    }
    html = readFileSync(join(dist, page), 'utf8');
  });

  it('needs no more than 150 KB of JavaScript for the first page', () => {
    const files = firstScripts(html);
    const bytes = files.reduce(
      (sum, name) => sum + gzipSync(readFileSync(join(dist, 'assets', name))).length,
      0,
    );
    expect(files.length).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThanOrEqual(FIRST_PAGE_LIMIT_BYTES);
  });

  it('loads charts and the map only when they are looked at', () => {
    expect(firstScripts(html).join(' ')).not.toMatch(
      /maplibre|uPlot|map-(?!layers)|parts-|actors-|health-|speak-/,
    );
  });

  it('is asked for in few files', () => {
    expect(firstScripts(html).length).toBeLessThanOrEqual(8);
  });

  it('keeps the gateway’s policy: no inline script, nothing from another host', () => {
    for (const script of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)) {
      expect(script[1]).toContain('src="/');
      expect(script[2]?.trim()).toBe('');
    }
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });
});

describe('the built operator’s page', () => {
  it('begins with a script of a few kilobytes that waits for no other large one', () => {
    const html = readFileSync(join(dist, 'index.html'), 'utf8');
    const entry = /<script[^>]+src="\/assets\/([\w.-]+\.js)"/.exec(html)?.[1] ?? '';
    const bytes = [...staticImports(entry)].reduce(
      (sum, name) => sum + readFileSync(join(dist, 'assets', name)).length,
      0,
    );
    expect(bytes).toBeGreaterThan(500);
    expect(bytes).toBeLessThanOrEqual(12 * 1_024);
  });
});

describe('the built visitor’s page', () => {
  it('keeps itself on the device by one script that stands alone', () => {
    const text = readFileSync(join(dist, 'listen-worker.js'), 'utf8');
    expect(text).not.toMatch(/^\s*(?:import|export)\b/m);
    const manifest = JSON.parse(readFileSync(join(dist, 'listen.webmanifest'), 'utf8')) as {
      readonly start_url: string;
      readonly icons: readonly { readonly src: string }[];
    };
    expect(manifest.start_url).toBe('/listen');
    for (const { src } of manifest.icons) expect(existsSync(join(dist, src)), src).toBe(true);
  });
});

describe('the sources of the pages', () => {
  it('import nothing of the engine but the contract and its client', () => {
    for (const path of sources(join(root, 'ui'))) {
      const text = readFileSync(path, 'utf8');
      for (const found of text.matchAll(
        /from\s+'((?:\.\.\/)+(?:engine|media|actors|api|bench)\/[^']*)'/g,
      )) {
        expect(found[1], path).toMatch(/(^|\/)api\/(contract|client)\//);
      }
    }
  });

  it('take only types from the contract, so that no schema library is loaded', () => {
    for (const path of sources(join(root, 'ui')).filter((one) => !one.endsWith('.test.ts'))) {
      const text = readFileSync(path, 'utf8');
      for (const found of text.matchAll(
        /^import (?!type)[^;]*?from\s+'[^']*api\/contract\/[^']*'/gm,
      )) {
        expect.fail(`${path}: ${found[0]}`);
      }
    }
  });
});
