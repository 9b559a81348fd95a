// `npm run check`: format, lint, types, dead code, tests. Everything runs; the first failure decides the exit code.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensurePackages, ensureSystem, requireNode, root, TEST_NEEDS } from './lib/prepare.mjs';

requireNode();
ensurePackages();
ensureSystem(TEST_NEEDS);

const bin = (name) => join(root, 'node_modules', '.bin', name);
/** One group after the other; the steps of a group side by side. */
const groups = [
  [['types', bin('tsc'), ['-b']]],
  [
    ['typed lint', bin('eslint'), ['--max-warnings', '0', '.']],
    ['format and lint', bin('biome'), ['ci', '--error-on-warnings', '.']],
    ['page types', bin('svelte-check'), ['--tsconfig', 'ui/tsconfig.json', '--fail-on-warnings']],
    ['dead code', bin('knip'), []],
  ],
  [['tests', process.execPath, [join(root, 'scripts', 'test.mjs')]]],
  // After the tests: it reads what they noted.
  [['conformance', process.execPath, [join(root, 'scripts', 'conformance.mjs'), '--check']]],
];

/** Says at once what a step alone says, and as a whole what several say side by side. */
function run([name, command, args], alone) {
  const head = `\n== ${name}\n`;
  if (alone) process.stdout.write(head);
  return new Promise((resolve) => {
    const stdio = alone ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd: root, stdio });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        said += text;
      });
    }
    child.on('error', (error) => {
      said += `${error.message}\n`;
    });
    child.on('close', (code) => {
      if (!alone) process.stdout.write(`${head}${said}`);
      resolve(code === 0 ? [] : [name]);
    });
  });
}

const failed = [];
for (const group of groups) {
  failed.push(...(await Promise.all(group.map((step) => run(step, group.length === 1)))).flat());
}
process.stdout.write(
  failed.length === 0 ? '\ncheck: clean\n' : `\ncheck: failed: ${failed.join(', ')}\n`,
);
process.exit(failed.length === 0 ? 0 : 1);
