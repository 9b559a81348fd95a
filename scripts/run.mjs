// `npm run simulate`, `npm run emulate`, `npm run plugin:check`, `npm run plugin:new`, `npm run bench`, `npm run soak`, `npm run content`: prepares, then runs one compiled program in this process.
import { build, ensurePackages, ensureSystem, RUN_NEEDS, requireNode } from './lib/prepare.mjs';

const PROGRAMS = {
  simulate: '../dist/run/actors/simulate/main.js',
  emulate: '../dist/run/actors/emulate/main.js',
  'plugin-check': '../dist/run/actors/plugins/conformance/check.main.js',
  'plugin-new': '../dist/run/actors/plugins/conformance/new.main.js',
  bench: '../dist/bench/run.js',
  soak: '../dist/bench/soak.js',
  content: '../dist/api/content/cli.js',
};

const [name, ...args] = process.argv.slice(2);
const program = PROGRAMS[name];
if (program === undefined) {
  process.stderr.write(`earshot: "${name}" is not one of ${Object.keys(PROGRAMS).join(', ')}\n`);
  process.exit(1);
}
requireNode();
ensurePackages();
ensureSystem(RUN_NEEDS);
build();
process.argv.splice(1, process.argv.length, new URL(program, import.meta.url).pathname, ...args);
await import(program);
