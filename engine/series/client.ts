import { type ClickHouseClient, type ClickHouseSettings, createClient } from '@clickhouse/client';
import type { SeriesAddress } from './series.types.js';

export interface ClientOptions {
  readonly requestTimeoutMs?: number;
  readonly maxConnections?: number;
  /** Of every statement that does not say otherwise. */
  readonly settings?: ClickHouseSettings;
}

/** @returns a client of the store at `address`; the caller closes it. */
export function connectSeries(
  address: SeriesAddress,
  options: ClientOptions = {},
): ClickHouseClient {
  return createClient({
    url: address.url,
    database: address.database,
    application: 'earshot',
    request_timeout: options.requestTimeoutMs ?? 30_000,
    max_open_connections: options.maxConnections ?? 8,
    ...(options.settings === undefined ? {} : { clickhouse_settings: options.settings }),
    keep_alive: { enabled: true, idle_socket_ttl: 15_000 },
    log: { LoggerClass: SilentLogger },
  });
}

/** Every failure reaches the caller as a rejection; a second telling would only be noise. */
class SilentLogger {
  trace(): void {}
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}
}
