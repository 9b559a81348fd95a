import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const FOLDERS = '{engine,media,actors,api,bench,scripts,ui}';
const NEVER = ['**/node_modules/**', 'dist/**'];
/** Tests of whole servers, browsers and broken threads, and files that replace what all modules of a process share. */
const ALONE = [
  `${FOLDERS}/**/integration/**/*.test.ts`,
  'api/auth/auth.test.ts',
  'api/cli/*.test.ts',
  'engine/control/wal.test.ts',
  'media/engine/continuity.test.ts',
  'ui/data/{early,series-batch}.test.ts',
  '{bench,scripts}/**/*.test.ts',
];

const project = (
  name: string,
  isolate: boolean,
  include: string[],
  exclude: string[],
): TestProjectInlineConfiguration => ({
  test: {
    name,
    isolate,
    include,
    exclude: [...NEVER, ...exclude],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A busy machine answers late; what never comes still fails.
    expect: { poll: { timeout: 15_000 } },
    // Tests run real processes, browsers and clocks beside each other. What passed at the second attempt only is named at the end.
    retry: 1,
    pool: 'forks',
  },
});

export default defineConfig({
  test: {
    globalSetup: ['scripts/lib/bundle-setup.mjs', 'scripts/lib/memory-folder-setup.mjs'],
    // Many tests wait for sockets and processes: a third keeps two cores busy meanwhile.
    maxWorkers: 3,
    reporters: ['default'],
    projects: [
      project('alone', true, ALONE, []),
      // They replace nothing that others of their process use, so modules are read once for many files.
      project('together', false, [`${FOLDERS}/**/*.test.ts`], ALONE),
    ],
  },
});
