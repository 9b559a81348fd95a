import type { Clock } from '../../engine/clock.js';
import { ICY_INTERVAL_BYTES } from '../../media/mounts/icy.js';
import type { Mount, MountTable } from '../../media/mounts/mount.js';
import { iceStatus } from '../../media/mounts/status.js';
import type { RawRoute } from '../http/dispatch.js';
import type { Exchange } from '../http/exchange.js';
import type { RateLimits } from '../http/limits.js';
import type { GatewayLog } from '../http/log.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { DEMO_PATH, type DemoFinder } from './demo.js';

export interface MountServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly table: MountTable;
  readonly clock: Clock;
  readonly log: GatewayLog;
  readonly trustedProxies: readonly string[];
  /** Default: as everywhere, 200 connects a second of one address. */
  readonly limits?: RateLimits;
  /** Listeners of a mount changed. */
  readonly onListeners: (mount: Mount) => void;
  /** Where `/demo_stream.mp3` sends players. Default: it is answered with 404. */
  readonly demo?: DemoFinder;
}

const OPEN_TO_PAGES = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'Icy-MetaData, Range, Content-Type',
  'access-control-expose-headers': 'icy-metaint, icy-name, icy-br, icy-genre, icy-pub',
} as const;

/** Proxies must neither keep nor gather a sound that is made for one listener now. */
const LIVE = {
  'cache-control': 'no-cache, no-store, no-transform',
  pragma: 'no-cache',
  expires: 'Mon, 26 Jul 1997 05:00:00 GMT',
  'x-accel-buffering': 'no',
  'accept-ranges': 'none',
} as const;

/**
 * The built-in mounts, compatible with players of Icecast: `GET` and `HEAD /stream<id>.mp3|.ogg`, ICY
 * metadata for those who ask, `/status-json.xsl`, `/demo_stream.mp3`. Answers are HTTP/1.1 in chunks; the HTTP server underneath
 * refuses HTTP/1.0 with 505, so players of that age need a real Icecast or a proxy in front.
 */
export async function openMountServer(options: MountServerOptions): Promise<Gateway> {
  const { table, clock } = options;
  table.watch(options.onListeners);
  const startedUnixMs = clock.nowMs();
  const status: RawRoute = {
    method: 'GET',
    path: '/status-json.xsl',
    handler: (exchange, { origin }) => {
      const body = JSON.stringify(iceStatus(table, origin, startedUnixMs));
      exchange.send(
        200,
        {
          ...OPEN_TO_PAGES,
          'content-type': 'application/json; charset=utf-8',
          'cache-control': 'no-store',
        },
        body,
      );
    },
  };
  return await createGateway({
    host: options.host,
    port: options.port,
    raw: [status, mountRoute('/', table, clock, options.demo)],
    trustedProxies: options.trustedProxies,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    clock,
    log: options.log,
  });
}

/** Where the main port has the mounts as well: a proxy that ends TLS there needs no second host or port. */
export const MOUNTS_PREFIX = '/mounts/';

/**
 * The mounts below a prefix that ends with a slash. A `Range` is answered with 200 and everything from now on, as
 * players expect that send `bytes=0-` to each address.
 */
export function mountRoute(
  prefix: string,
  table: MountTable,
  clock: Clock,
  demo: DemoFinder = () => Promise.resolve(undefined),
): RawRoute {
  return {
    method: 'GET',
    path: `${prefix}{mount}`,
    handler: async (exchange, { params, origin }) => {
      const path = `/${params['mount'] ?? ''}`;
      const mount = table.get(path);
      if (mount === undefined && path === DEMO_PATH) await toDemo(exchange, demo, origin);
      else if (mount === undefined) refuse(exchange, 404, noMount(path));
      else if (mount.options.hidden === true) refuse(exchange, 404, ELSEWHERE);
      else if (exchange.head.method === 'HEAD') exchange.send(200, headersOf(mount, false));
      else if (!table.hasRoom) refuse(exchange, 503, 'The site has its limit of listeners.');
      else listen(exchange, mount, clock);
    },
  };
}

async function toDemo(exchange: Exchange, demo: DemoFinder, origin: string): Promise<void> {
  const location = await demo(origin);
  if (location === undefined) refuse(exchange, 404, NO_DEMO);
  else exchange.send(302, { ...OPEN_TO_PAGES, location, 'cache-control': 'no-store' });
}

function listen(exchange: Exchange, mount: Mount, clock: Clock): void {
  const icy = exchange.header('icy-metadata') === '1' && mount.options.contentType === 'audio/mpeg';
  if (!exchange.start(200, headersOf(mount, icy))) return;
  const sink = {
    write: (bytes: Uint8Array): boolean => exchange.write(bytes),
    close: (): void => exchange.destroy(),
  };
  const listener = mount.attach(sink, icy, clock.monoMs());
  exchange.onDrain(() => listener.drained(clock.monoMs()));
  exchange.onClose(() => {
    listener.gone();
    mount.detach(listener);
  });
}

function headersOf(mount: Mount, icy: boolean): Record<string, string> {
  const { name, contentType, bitrateKbps } = mount.options;
  return {
    'content-type': contentType,
    ...LIVE,
    ...OPEN_TO_PAGES,
    'icy-name': name.replace(/[^\x20-\x7e]/g, '?'),
    'icy-br': String(bitrateKbps),
    'icy-genre': 'various',
    'icy-pub': '0',
    ...(icy ? { 'icy-metaint': String(ICY_INTERVAL_BYTES) } : {}),
  };
}

const ELSEWHERE = 'This project leaves by Icecast: use the streamUrl of the session.';

const NO_DEMO =
  'There is no demo: no open project has both its demo enabled and a published sound. Enable one, or give the project an address of its own.';

const noMount = (path: string): string =>
  `There is no stream at ${path.slice(0, 200)}. It may have ended: open a new session and use its address.`;

function refuse(exchange: Exchange, status: number, text: string): void {
  exchange.send(
    status,
    {
      ...OPEN_TO_PAGES,
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      ...(status === 503 ? { 'retry-after': '10' } : {}),
    },
    `${text}\n`,
  );
}
