import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{engine,media,actors,api,bench,scripts,ui}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**'],
    globalSetup: ['scripts/lib/bundle-setup.mjs'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A busy machine answers late; what never comes still fails.
    expect: { poll: { timeout: 15_000 } },
    // Tests run real processes, browsers and clocks beside each other. What passed at the second attempt only is named at the end.
    retry: 1,
    pool: 'forks',
    // Many tests wait for sockets and processes: a third keeps two cores busy meanwhile.
    maxWorkers: 3,
    reporters: ['default'],
  },
});
