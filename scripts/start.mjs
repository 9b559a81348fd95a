// `npm start`: installs what is missing, builds what changed, runs the server in this process.
import { build, ensurePackages, ensureSystem, RUN_NEEDS, requireNode } from './lib/prepare.mjs';

requireNode();
ensurePackages();
ensureSystem(RUN_NEEDS);
build();
await import('../dist/run/api/main.js');
