import { z } from 'zod';
import { healthAnswer, type ReadyAnswer, type Role, readyAnswer } from '../contract/rest.js';
import type { ShardRow, StoreRow } from '../contract/rows.js';
import { Reply, type Route, route } from '../http/route.types.js';

/** What the health calls read; given by the composition root. */
export interface HealthSources {
  readonly version: string;
  uptimeS(): number;
  /** The process may take traffic. */
  ready(): ReadyAnswer | Promise<ReadyAnswer>;
  stores(): Iterable<StoreRow>;
  shards(): Iterable<ShardRow>;
  /** Things a second by name, e.g. `samples`, `frames`, `liveMessages`. */
  rates(): Readonly<Record<string, number>>;
  /** Prometheus text of all metrics. */
  metrics(): Promise<string>;
  /** Lowest role for `/metrics`. Default `open`. */
  readonly metricsAccess?: 'open' | Role;
}

/** `/healthz`, `/readyz`, `/metrics` and `/v1/health`. */
export function healthRoutes(sources: HealthSources): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      summary: 'The process answers',
      tag: 'health',
      access: 'open',
      response: z.object({ status: z.literal('ok') }),
      handler: () =>
        new Reply({ headers: { 'cache-control': 'no-store' }, body: { status: 'ok' } }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      summary: 'The process may take traffic: 200, or 503 with what is missing',
      tag: 'health',
      access: 'open',
      response: readyAnswer,
      handler: async () => {
        const body = await sources.ready();
        const status = body.ready ? 200 : 503;
        return new Reply({ status, headers: { 'cache-control': 'no-store' }, body });
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      summary: 'Metrics for Prometheus, as text',
      tag: 'health',
      access: sources.metricsAccess ?? 'open',
      handler: async () =>
        new Reply({
          headers: {
            'content-type': 'text/plain; version=0.0.4; charset=utf-8',
            'cache-control': 'no-store',
          },
          body: await sources.metrics(),
        }),
    }),
    route({
      method: 'GET',
      path: '/v1/health',
      summary: 'Stores, shards and rates',
      tag: 'health',
      access: 'viewer',
      response: healthAnswer,
      handler: () => {
        const stores = [...sources.stores()];
        const shards = [...sources.shards()];
        const bad =
          stores.some((store) => store.state === 'away') ||
          shards.some((shard) => shard.state === 'stuck' || shard.state === 'lost');
        return {
          status: bad ? 'degraded' : 'ok',
          version: sources.version,
          uptimeS: sources.uptimeS(),
          stores,
          shards,
          rates: sources.rates(),
        };
      },
    }),
  ];
}
