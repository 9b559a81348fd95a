import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { build } from 'vite';
import { projectRoot } from '../../engine/entry.js';

/** A page of its own, on a port of its own, that holds nothing but the player as `globalThis.createPlayer`. */
export interface PlayerPage {
  readonly url: string;
  stop(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Builds the player as the pages do, and serves it on the own machine, which browsers take for a secure place. */
export async function servePlayerPage(): Promise<PlayerPage> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-player-'));
  const player = JSON.stringify(join(projectRoot(), 'ui', 'player', 'player.ts'));
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>player</title><script type="module" src="./main.ts"></script>',
  );
  writeFileSync(
    join(folder, 'main.ts'),
    `import { createPlayer } from ${player};\nglobalThis.createPlayer = createPlayer;\n`,
  );
  const outDir = join(folder, 'out');
  await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    build: { outDir, target: 'es2022', assetsInlineLimit: 0 },
  });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    const file = join(outDir, path === '/' ? 'index.html' : path);
    readFile(file).then(
      (bytes) => {
        response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' });
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
