#!/usr/bin/env node
// `npx earshot …`: the command line. Runs what is built; prepares and builds it the first time.
import { existsSync } from 'node:fs';
import { build, ensurePackages, requireNode } from './lib/prepare.mjs';

const program = new URL('../dist/run/api/cli/main.js', import.meta.url);
if (!existsSync(program)) {
  requireNode();
  ensurePackages();
  build();
}
await import(program.href);
