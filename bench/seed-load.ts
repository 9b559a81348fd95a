import { argv } from 'node:process';
import { seedSite } from './sounding-site.js';

/** Seeds a site in a process of its own, so that it costs the measuring one nothing: `node seed-load DATA ASSETS POLYGONS`. */
const [, , data = '', assets, polygons] = argv;
const big = { assets: Number(assets), polygons: Number(polygons) };
process.stdout.write(JSON.stringify(await seedSite(data, big)));
