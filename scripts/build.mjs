// `npm run build`: packages and a build, nothing is started.
import { build, ensurePackages, requireNode } from './lib/prepare.mjs';

requireNode();
ensurePackages();
build();
