import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { groups, preloadStart } from './chunks.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const server = process.env['EARSHOT_DEV_SERVER'] ?? 'http://127.0.0.1:8080';

/** Assets are hashed and self-contained: the gateway serves `dist/ui` under a policy without inline scripts. */
export default defineConfig({
  root: at('.'),
  base: '/',
  plugins: [svelte({ configFile: false }), preloadStart],
  build: {
    outDir: at('../dist/ui'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // A busy machine makes the compiler slow; that is not worth a warning.
    rolldownOptions: {
      checks: { pluginTimings: false },
      // The operator's pages, the visitor's page, and what keeps the latter on a phone.
      input: {
        main: at('./index.html'),
        listen: at('./listen.html'),
        'listen-worker': at('./listen/shell.worker.ts'),
      },
      output: {
        // Else the first script's own parts would go where who needs them goes.
        codeSplitting: { groups: [...groups], includeDependenciesRecursively: false },
        // A service worker is known by its address; it must stay the same.
        entryFileNames: ({ name }) =>
          name === 'listen-worker' ? '[name].js' : 'assets/[name]-[hash].js',
      },
    },
    reportCompressedSize: false,
    // The map library is one lazily loaded file of about a megabyte; the first page has a test of its own.
    chunkSizeWarningLimit: 1_300,
  },
  server: {
    proxy: { '/v1': { target: server, ws: true }, '/stream': { target: server } },
  },
});
