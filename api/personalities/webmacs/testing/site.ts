import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSecretBox } from '../../../../actors/inventory/secrets.js';
import { type Clock, SystemClock } from '../../../../engine/clock.js';
import { silentLog } from '../../../../engine/log.js';
import { type Auth, openAuth } from '../../../auth/auth.js';
import { Experiments } from '../../../history/experiments.js';
import { createGateway, type Gateway } from '../../../http/server.js';
import { MemoryTable } from '../../../live/table.js';
import { type DeviceSite, startDeviceSite } from '../../../testing/device-site.js';
import { webmacsConfiguration } from '../config.js';
import { openWebmacs, type Webmacs, type WebmacsOptions } from '../index.js';

export const PASSWORD = 'long enough for staff';

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed; `{}` when it is not JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address the request seems to come from. */
  readonly from?: string;
}

/** WebMACS on a real gateway, with real device threads and stores, and nothing else. */
export interface WebmacsSite {
  readonly url: string;
  readonly wsUrl: string;
  readonly folder: string;
  readonly devices: DeviceSite;
  readonly auth: Auth;
  readonly stores: MemoryTable;
  readonly gateway: Gateway;
  /** Logs in; answers the token. */
  login(name: 'admin' | 'olga' | 'victor'): Promise<string>;
  /** `path` below `/api/v1`. `token` empty: nobody. */
  ask(token: string, method: string, path: string, options?: AskOptions): Promise<Got>;
  stop(): Promise<void>;
}

export async function startWebmacsSite(
  more: Partial<Omit<WebmacsOptions, 'store' | 'auth'>> & { readonly clock?: Clock } = {},
): Promise<WebmacsSite> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-webmacs-'));
  const devices = await startDeviceSite({ folder });
  const clock = more.clock ?? new SystemClock();
  const { store } = devices;
  const onFault = (error: Error): void => void devices.faults.push(error as never);
  const passwordCost = { memoryKiB: 1_024, passes: 1 };
  const { auth } = await openAuth({ store, clock, onError: onFault, passwordCost });
  const admin = await store.users.byName('admin');
  await auth.resetPassword(admin?.id ?? '', PASSWORD);
  await auth.createUser('olga', PASSWORD, 'operator');
  await auth.createUser('victor', PASSWORD, 'viewer');
  const stores = new MemoryTable('stores');
  const live = new MemoryTable('experiments');
  const experiments = await Experiments.open({ store, live, clock, onFault });
  let gateway: Gateway | undefined;
  const webmacs: Webmacs = await openWebmacs({
    store,
    auth,
    devices: devices.service,
    channels: devices.channels,
    stores,
    experiments,
    deliveries: undefined,
    sealing: await openSecretBox({ file: join(folder, 'secret.key') }),
    sso: webmacsConfiguration.parse({ enabled: true }).sso,
    allowPrivate: true,
    version: '0.1.0',
    series: devices.address,
    folder,
    publish: (topic, text) => gateway?.publish(topic, text, false),
    clock,
    log: silentLog(),
    onFault,
    ...more,
  });
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0, perPrincipalPerSecond: 0 },
    trustedProxies: ['127.0.0.1'],
    authenticate: auth.authenticate,
    raw: webmacs.raw,
    sockets: webmacs.sockets,
  });
  const started = gateway;
  const url = `http://127.0.0.1:${gateway.port}`;
  const ask: WebmacsSite['ask'] = async (token, method, path, options = {}) => {
    const { body, headers = {}, from } = options;
    const plain =
      typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
    const answer = await fetch(`${url}${path.startsWith('/') ? `/api/v1${path}` : `/${path}`}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(from === undefined ? {} : { 'x-forwarded-for': from }),
        ...(body === undefined || plain ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: plain ? (body as string) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = (answer.headers.get('content-type') ?? '').includes('json');
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: (json ? JSON.parse(text) : {}) as Got['body'],
    };
  };
  return {
    url,
    wsUrl: url.replace('http', 'ws'),
    folder,
    devices,
    auth,
    stores,
    gateway: started,
    ask,
    async login(name) {
      const got = await ask('', 'POST', '/auth/login', {
        body: { email: name, password: PASSWORD },
      });
      if (got.status !== 200) throw new Error(`no login: ${got.text}`);
      return String(got.body['access_token']);
    },
    async stop() {
      await started.stop(500);
      await webmacs.stop();
      await experiments.close();
      auth.close();
      await devices.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An event with a plugin that feeds it, straight in the store; answers the event's public id. */
export async function linkedEvents(
  site: WebmacsSite,
  token: string,
  count: number,
  name = 'Sensor',
): Promise<readonly string[]> {
  const { automation } = site.devices.store;
  const ids: string[] = [];
  const now = Date.now();
  const plugin = await automation.edgePlugins.create({
    publicId: crypto.randomUUID(),
    pluginId: 'simulated',
    name: `Plugin of ${name}`,
    demo: false,
    enabled: true,
    status: 'inactive',
    config: '{}',
    errorMessage: null,
    createdAtUnixMs: now,
    updatedAtUnixMs: now,
    ownerId: null,
  });
  for (let i = 0; i < count; i++) {
    const made = await site.ask(token, 'POST', '/events', {
      body: { name: `${name} ${i}`, min_value: 0, max_value: 100, unit: '°C', type: 'sensor' },
    });
    if (made.status !== 201) throw new Error(made.text);
    ids.push(String(made.body['public_id']));
  }
  const rows = await automation.signals.find({
    where: [{ field: 'publicId', op: 'in', value: ids }],
  });
  await automation.edgeChannels.createMany(
    rows.map((row) => ({
      publicId: crypto.randomUUID(),
      edgePluginId: plugin.id,
      channelId: `c${row.id}`,
      channelName: row.name,
      direction: 'input' as const,
      unit: row.unit,
      signalId: row.id,
      createdAtUnixMs: now,
    })),
  );
  return ids;
}
