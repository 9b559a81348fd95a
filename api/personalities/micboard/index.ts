/**
 * Micboard on a port of its own: `/data.json`, `/ws`, `/api/…` and the pages of the operator's own Micboard build.
 * Translates live rows and the inventory; holds no state and no rules of its own. Every field is in
 * `docs/conformance-micboard.md`.
 */
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Log } from '../../../engine/log.js';
import type { Auth } from '../../auth/auth.js';
import type { AuditPort } from '../../automation/ports.js';
import { nameOf } from '../../http/auth.types.js';
import type { RawRequest, RawRoute } from '../../http/dispatch.js';
import { acceptsGzip } from '../../http/encode.js';
import type { Exchange, Headers } from '../../http/exchange.js';
import { parseJson } from '../../http/json.js';
import { createGateway, type Gateway, type GatewayOptions } from '../../http/server.js';
import { type GatewaySocket, socketEndpoint } from '../../http/socket.types.js';
import type { PluginPort } from '../../plugins/plugins.types.js';
import { traced } from '../traced.js';
import { openWriters, type Writers } from '../writers.js';
import { type BoardTables, placedChannels, sorted } from './board.js';
import { changedIn } from './changed.js';
import { type ConfigTree, ConfigTrees } from './config-tree.js';
import { DataJson } from './data-json.js';
import { readConfigFile, readConfigSlots, readGroup, readSlots } from './inputs.js';
import { Pages } from './pages.js';
import { Updates } from './updates.js';
import { importConfig, writeConfig, writeGroup, writeNames } from './writes.js';

export interface MicboardOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly allowWrites: boolean;
  /** Folder of the operator's Micboard build. */
  readonly app?: string | undefined;
  /** Folder of pictures and films behind the tiles; default: `backgrounds` in `app`. */
  readonly backgrounds?: string | undefined;
  readonly store: Pick<SiteStore, 'inventory' | 'settings' | 'control'>;
  readonly auth: Pick<Auth, 'authenticate' | 'verify'>;
  readonly tables: BoardTables;
  readonly plugins: Pick<PluginPort, 'addDevice' | 'removeDevices' | 'watchMeters'>;
  /** Undefined: nobody keeps a log of changes. */
  readonly audit?: AuditPort | undefined;
  readonly trustedProxies?: readonly string[];
  readonly limits?: GatewayOptions['limits'];
  readonly clock: Clock;
  readonly log: Log;
}

export interface Micboard {
  readonly port: number;
  stop(): Promise<void>;
}

const TOPIC = 'board';
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** The devices whose meters are wanted are looked up again this often while somebody listens. */
const WATCH_MS = 2_000;

/** Starts its server. @throws EngineError `conflict` when the port is taken. */
export async function openMicboard(options: MicboardOptions): Promise<Micboard> {
  const board = new Board(options);
  const gateway = await createGateway({
    host: options.host,
    port: options.port,
    raw: board.routes(),
    sockets: [board.endpoint],
    trustedProxies: options.trustedProxies ?? [],
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    clock: options.clock,
    log: options.log,
  });
  board.began(gateway);
  return {
    port: gateway.port,
    async stop() {
      await board.stop();
      await gateway.stop(1_000);
    },
  };
}

class Board {
  readonly endpoint = socketEndpoint<null>({
    path: '/ws',
    access: 'open',
    maxMessageBytes: 1_024,
    // A slow app loses batches and reads them again from `/data.json`, once a second.
    maxBufferedBytes: 4 * 1024 * 1024,
    accept: () => null,
    open: (socket) => this.#opened(socket),
    // The app says nothing; what anybody says is not for us.
    message: () => undefined,
    close: (socket) => this.#closed(socket),
  });
  readonly #options: MicboardOptions;
  readonly #trees: ConfigTrees;
  readonly #data: DataJson;
  readonly #pages: Pages;
  readonly #updates: Updates;
  readonly #requireWriter: Writers['requireWriter'];
  readonly #sockets = new Set<GatewaySocket<null>>();
  #gateway: Gateway | undefined;
  #watched = '';
  #unwatch: () => void = () => undefined;
  #watchTimer: unknown;

  constructor(options: MicboardOptions) {
    this.#options = options;
    const { store, auth, tables, clock, allowWrites } = options;
    const setting = 'personalities.micboard.allowWrites';
    this.#requireWriter = openWriters({ auth, allowWrites, setting }).requireWriter;
    this.#trees = new ConfigTrees(store, () => this.#gateway?.port ?? options.port);
    this.#pages = new Pages(options.app, options.backgrounds);
    const backgrounds = () => this.#pages.backgrounds();
    this.#data = new DataJson({ tables, trees: this.#trees, clock, backgrounds });
    this.#updates = new Updates({
      tables,
      clock,
      send: (text) => this.#gateway?.publish(TOPIC, text, false),
    });
  }

  began(gateway: Gateway): void {
    this.#gateway = gateway;
  }

  async stop(): Promise<void> {
    this.#updates.stop();
    this.#watch(false);
    await this.#trees.close();
  }

  routes(): readonly RawRoute[] {
    const { store, plugins } = this.#options;
    const parts = { store, plugins };
    return [
      get('/data.json', (exchange, request) => this.#sendData(exchange, request)),
      get('/config.json', async (exchange, { headers }) => {
        const tree = sorted(await this.#trees.get());
        json(exchange, headers, 200, JSON.stringify(tree, null, 2));
      }),
      this.#post('/config.json', async (bytes) => {
        await importConfig(parts, readConfigFile(bytes));
        this.#closeAll();
        return {};
      }),
      hi('/api/group', 'hi - group'),
      this.#post('/api/group', async (bytes) => {
        await writeGroup(parts, readGroup(bytes));
        return parseJson(bytes);
      }),
      hi('/api/slot', 'hi - slot'),
      this.#post('/api/slot', async (bytes) => {
        await writeNames(parts, readSlots(bytes));
        return {};
      }),
      hi('/api/config', 'hi - config'),
      this.#post('/api/config', async (bytes) => {
        await writeConfig(parts, readConfigSlots(bytes));
        // The app waits for this: it reads everything anew when it is connected again.
        this.#closeAll();
        return {};
      }),
      get('/', (exchange, { headers }) => this.#pages.page(exchange, headers, 'index')),
      get('/about', (exchange, { headers }) => this.#pages.page(exchange, headers, 'about')),
      get('/static/{path...}', (exchange, request) => this.#file(exchange, request)),
      get('/bg/{path...}', (exchange, request) => this.#file(exchange, request)),
    ];
  }

  #post(path: string, write: (bytes: Uint8Array) => Promise<unknown>): RawRoute {
    return {
      method: 'POST',
      path,
      maxBodyBytes: MAX_BODY_BYTES,
      handler: async (exchange, { address, body, headers }) => {
        try {
          const who = await this.#requireWriter(exchange, address);
          const chunks: Uint8Array[] = [];
          for await (const chunk of body ?? []) chunks.push(chunk);
          const answer = await traced(
            this.#options.audit,
            {
              address,
              action: `POST ${path}`,
              requestId: exchange.requestId,
              look: () => this.#trees.now(),
              told: () => ({ by: nameOf(who), subject: `micboard${path}`, after: undefined }),
              narrow: (before, after) => changedIn(before as ConfigTree, after as ConfigTree),
            },
            () => write(Buffer.concat(chunks)),
          );
          this.#data.forget();
          json(exchange, headers, 200, JSON.stringify(answer));
        } catch (thrown) {
          this.#refuse(exchange, headers, EngineError.from(thrown));
        }
      },
    };
  }

  #refuse(exchange: Exchange, headers: Headers, error: EngineError): void {
    // The gateway logs it, and tells who asked no more than that.
    if (error.httpStatus >= 500) throw error;
    const ask = error.httpStatus === 401 ? { 'www-authenticate': 'Basic realm="earshot"' } : {};
    const body = JSON.stringify({ error: error.message });
    json(exchange, { ...headers, ...ask }, error.httpStatus, body, error.httpStatus === 413);
  }

  async #sendData(exchange: Exchange, { origin, headers }: RawRequest): Promise<void> {
    const encoded = await this.#data.get(origin);
    const out: Record<string, string> = {
      ...headers,
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      vary: 'Accept-Encoding',
    };
    const packed = acceptsGzip(exchange) ? encoded.packed : undefined;
    if (packed !== undefined) out['content-encoding'] = 'gzip';
    const body = packed === undefined ? encoded.plain : await packed();
    // In pieces as the client takes them: the bytes of all clients are the same ones.
    await exchange.sendSized(200, out, body.length, once(body));
  }

  async #file(exchange: Exchange, { headers }: RawRequest): Promise<void> {
    if (await this.#pages.file(exchange, headers)) return;
    throw new EngineError('not-found', `there is no ${exchange.head.path}`);
  }

  #opened(socket: GatewaySocket<null>): void {
    socket.subscribe(TOPIC);
    this.#sockets.add(socket);
    if (this.#sockets.size > 1) return;
    this.#updates.start();
    this.#watch(true);
  }

  #closed(socket: GatewaySocket<null>): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size > 0) return;
    this.#updates.stop();
    this.#watch(false);
  }

  #closeAll(): void {
    for (const socket of [...this.#sockets]) socket.end(1000, 'the configuration changed');
  }

  /** Meters are read fast while somebody looks at them. */
  #watch(on: boolean): void {
    const { clock, tables, plugins } = this.#options;
    clock.clearTimeout(this.#watchTimer);
    const ids = on ? [...placedChannels(tables.rf).keys()].sort() : [];
    const key = ids.join('\n');
    if (key !== this.#watched) {
      this.#unwatch();
      this.#unwatch = ids.length === 0 ? () => undefined : plugins.watchMeters(ids);
      this.#watched = key;
    }
    if (on) this.#watchTimer = clock.setTimeout(() => this.#watch(true), WATCH_MS);
  }
}

function get(
  path: string,
  handler: (exchange: Exchange, request: RawRequest) => void | Promise<void>,
): RawRoute {
  return { method: 'GET', path, handler };
}

/** What the first server says to who looks at the API with a browser. */
function hi(path: string, text: string): RawRoute {
  return get(path, (exchange, { headers }) => {
    exchange.send(200, { ...headers, 'content-type': 'text/html; charset=utf-8' }, text);
  });
}

function json(
  exchange: Exchange,
  headers: Headers,
  status: number,
  body: string,
  closeAfter = false,
): void {
  const type = { 'content-type': 'application/json', 'cache-control': 'no-cache' };
  exchange.send(status, { ...headers, ...type }, body, closeAfter);
}

async function* once(body: Uint8Array): AsyncIterable<Uint8Array> {
  yield body;
}
