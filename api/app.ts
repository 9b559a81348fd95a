import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSiteStore } from '../actors/control/site.js';
import type { Clock } from '../engine/clock.js';
import { projectRoot } from '../engine/entry.js';
import type { Log } from '../engine/log.js';
import { Metrics } from '../engine/metrics.js';
import { openAuth } from './auth/auth.js';
import type { Config } from './config.js';
import type { Route } from './http/route.types.js';
import { createGateway } from './http/server.js';
import { LiveHub } from './live/hub.js';
import { actorRoutes } from './routes/actors.js';
import { authRoutes } from './routes/auth.js';
import { healthRoutes } from './routes/health.js';
import { openapiRoutes } from './routes/openapi.js';
import { Inspector } from './site/inspector.js';
import { MainActors } from './site/main-actors.js';
import { openSeriesHome } from './site/series-home.js';
import { ShardsWatch } from './site/shards-watch.js';
import { createTables } from './site/tables.js';

/** A running Earshot. */
export interface App {
  readonly url: string;
  readonly streamUrl: string;
  /** On the first start with this data folder only. */
  readonly adminPassword: string | undefined;
  /** Stops everything in reverse order of start; safe to call twice. */
  stop(): Promise<void>;
}

/** What was started, in order; stopped in reverse. */
class Stack {
  readonly #stops: { readonly name: string; readonly stop: () => void | Promise<void> }[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  push(name: string, stop: () => void | Promise<void>): void {
    this.#stops.push({ name, stop });
  }

  /** A part that fails to stop is logged and does not keep the others. */
  async unwind(): Promise<void> {
    for (const { name, stop } of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        this.#log.error({ err: error, part: name }, 'a part did not stop cleanly');
      }
    }
  }
}

/**
 * Starts everything: stores, threads, doors, demo site. The only composition root.
 * @throws EngineError of the part that could not start; what was started before it is stopped again.
 */
export async function startApp(config: Config, clock: Clock, log: Log): Promise<App> {
  const stack = new Stack(log);
  try {
    return await compose(config, clock, log, stack);
  } catch (error) {
    await stack.unwind();
    throw error;
  }
}

async function compose(config: Config, clock: Clock, log: Log, stack: Stack): Promise<App> {
  const startedMonoMs = clock.monoMs();
  const onError = (error: Error) => log.error({ err: error }, 'a background failure');
  const metrics = new Metrics();
  const tables = createTables();
  const mainActors = new MainActors();
  const inspector = new Inspector(tables.actors);
  inspector.add(mainActors);
  stack.push('inspector', () => inspector.close());

  const [store, series] = await Promise.all([
    openSiteStore({
      url: config.databaseUrl,
      file: join(config.data, 'control.db'),
      clock,
      onError,
    }),
    openSeriesHome({
      url: config.clickhouseUrl,
      folder: join(config.data, 'series'),
      retention: config.series,
      clock,
      log,
      actors: mainActors,
    }),
  ]);
  stack.push('control store', () => store.close());
  stack.push('series store', () => series.stop());

  const { auth, adminPassword } = await openAuth({ store, clock, onError });
  stack.push('auth', () => auth.close());

  const shards = new ShardsWatch(tables.shards, clock);
  stack.push('shards watch', () => shards.stop());
  shards.start();

  const hub = new LiveHub({
    tables: Object.values(tables),
    clock,
    log,
    limits: { tickMs: config.live.tickMs, hardBufferBytes: config.live.slowLimitBytes },
  });
  stack.push('live hub', () => hub.stop());

  const version = packageVersion();
  const routes: Route[] = [
    ...authRoutes({ auth, store, clock }),
    ...actorRoutes(inspector),
    ...healthRoutes({
      version,
      uptimeS: () => Math.round((clock.monoMs() - startedMonoMs) / 1_000),
      ready: () => ({ ready: series.prepared(), checks: [] }),
      stores: () => [],
      shards: () => [],
      rates: () => ({}),
      metrics: () => metrics.text(),
    }),
  ];
  const gateway = await createGateway({
    host: config.host,
    port: config.port,
    routes: [...routes, ...openapiRoutes(routes, { version })],
    sockets: [hub.endpoint()],
    files: [{ prefix: '/', folder: join(projectRoot(), 'dist', 'ui'), fallback: 'index.html' }],
    authenticate: auth.authenticate,
    trustedProxies: config.trustedProxies,
    clock,
    log,
  });
  stack.push('gateway', () => gateway.stop(2_000));
  hub.start((channel, message, isBinary) => gateway.publish(channel, message, isBinary));

  const shown = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host;
  return {
    url: `http://${shown}:${gateway.port}`,
    streamUrl: `http://${shown}:${gateway.port}`,
    adminPassword,
    stop: () => stack.unwind(),
  };
}

function packageVersion(): string {
  const text = readFileSync(join(projectRoot(), 'package.json'), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? '0.0.0';
}
