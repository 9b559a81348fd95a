// `npm run check`: format, lint, types, dead code, tests. Everything runs; the first failure decides the exit code.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensurePackages, ensureSystem, requireNode, root, TEST_NEEDS } from './lib/prepare.mjs';

requireNode();
ensurePackages();
ensureSystem(TEST_NEEDS);

const bin = (name) => join(root, 'node_modules', '.bin', name);
const steps = [
  ['types', bin('tsc'), ['-b']],
  ['format and lint', bin('biome'), ['ci', '--error-on-warnings', '.']],
  ['typed lint', bin('eslint'), ['--max-warnings', '0', '.']],
  ['page types', bin('svelte-check'), ['--tsconfig', 'ui/tsconfig.json', '--fail-on-warnings']],
  ['dead code', bin('knip'), []],
  ['tests', process.execPath, [join(root, 'scripts', 'test.mjs')]],
  // After the tests: it reads what they noted.
  ['conformance', process.execPath, [join(root, 'scripts', 'conformance.mjs'), '--check']],
];

const failed = [];
for (const [name, command, args] of steps) {
  process.stdout.write(`\n== ${name}\n`);
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) failed.push(name);
}
process.stdout.write(
  failed.length === 0 ? '\ncheck: clean\n' : `\ncheck: failed: ${failed.join(', ')}\n`,
);
process.exit(failed.length === 0 ? 0 : 1);
