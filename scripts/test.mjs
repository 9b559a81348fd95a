// `npm test`: installs what the tests need, builds, runs all of them (or those named) and sums up.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  build,
  ensurePackages,
  ensureSystem,
  requireNode,
  root,
  TEST_NEEDS,
} from './lib/prepare.mjs';

requireNode();
ensurePackages();
ensureSystem(TEST_NEEDS);
build();
const done = spawnSync(
  join(root, 'node_modules', '.bin', 'vitest'),
  [
    'run',
    '--reporter=default',
    '--reporter=./scripts/lib/summary-reporter.mjs',
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);
process.exit(done.status ?? 1);
