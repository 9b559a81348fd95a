import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { openSiteStore, type SiteStore } from '../../actors/control/site.js';
import { openSecretBox } from '../../actors/inventory/secrets.js';
import { SystemClock } from '../../engine/clock.js';
import { projectRoot } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import { silentLog } from '../../engine/log.js';
import { EmbeddedStore } from '../../engine/series/embedded.js';
import { migrateSeries } from '../../engine/series/migrations.js';
import { StoreReader } from '../../engine/series/reader.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import { DeviceService } from '../devices/service.js';
import { createGateway } from '../http/server.js';
import { connectionRoutes } from '../plugins/routes/connections.js';
import { pluginDeviceRoutes } from '../plugins/routes/devices.js';
import { pluginRoutes } from '../plugins/routes/plugins.js';
import { PluginService } from '../plugins/service.js';
import { deviceRoutes } from '../routes/devices.js';
import { createTables, type SiteTablesLive } from '../site/tables.js';

/** The plugins' half of the engine, with real threads, stores and routes, and nothing else. */
export interface PluginSite {
  readonly plugins: PluginService;
  readonly devices: DeviceService;
  readonly reader: StoreReader;
  readonly address: SeriesAddress;
  readonly store: SiteStore;
  readonly tables: SiteTablesLive;
  readonly faults: readonly EngineError[];
  /** Folder that plugins are loaded from; `zod` can be imported there. */
  readonly folder: string;
  /** As an administrator. */
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly json: unknown }>;
  stop(): Promise<void>;
}

export async function startPluginSite(options: {
  readonly data: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly heapMb?: number;
}): Promise<PluginSite> {
  const { data } = options;
  const clock = new SystemClock();
  const faults: EngineError[] = [];
  const onFault = (error: Error): void => {
    faults.push(EngineError.from(error));
  };
  const folder = join(data, 'plugins');
  mkdirSync(folder, { recursive: true });
  try {
    symlinkSync(join(projectRoot(), 'node_modules'), join(folder, 'node_modules'));
  } catch (thrown) {
    if (!String(thrown).includes('EEXIST')) throw thrown;
  }
  const series = new EmbeddedStore({ folder: join(data, 'series'), clock });
  const address = await series.start();
  await migrateSeries(address, { rawDays: 0, minuteDays: 0, hourDays: 0, dayDays: 0 });
  const store = await openSiteStore({ file: join(data, 'control.db'), clock, onError: onFault });
  const tables = createTables();
  const retention = { rawDays: 0, minuteDays: 0, hourDays: 0, dayDays: 0 };
  const reader = new StoreReader({ address, clock, retention });
  const shared = {
    series: address,
    spoolLimitBytes: 268_435_456,
    rawDays: 0,
    whenSpoolFull: 'refuse',
    changeTickMs: 25,
  } as const;
  const devices = new DeviceService({
    clock,
    devices: store.devices,
    commands: store.commands,
    snapshots: store.snapshots,
    feed: store.control.feed,
    latest: () => Promise.resolve([]),
    tables,
    shards: 1,
    shardOptions: {
      ...shared,
      spoolFolder: join(data, 'spool'),
      groupMs: 40,
      silentAfterMs: 60_000,
      autoRegister: true,
    },
    requireToken: false,
    onFault,
    faults: true,
  });
  const log = silentLog();
  const plugins = new PluginService({
    clock,
    log,
    store,
    tables: devices.tables,
    live: tables,
    sealing: await openSecretBox({ file: join(data, 'secret.key') }),
    environment: (name) => options.environment?.[name],
    folder,
    packages: [],
    ...(options.heapMb === undefined ? {} : { heapMb: options.heapMb }),
    dataFolder: data,
    threadOptions: { ...shared, spoolFolder: join(data, 'spool-plugins') },
    onFault,
    faults: true,
  });
  devices.delegate(plugins);
  await devices.start();
  await plugins.start();
  const nowUnixMs = (): number => clock.nowMs();
  const gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0, perPrincipalPerSecond: 0 },
    authenticate: () => ({ kind: 'user', id: '1', name: 'root', role: 'admin' }),
    routes: [
      ...pluginRoutes({ plugins, table: tables.plugins }),
      ...connectionRoutes({ plugins, tables, reader, nowUnixMs }),
      ...pluginDeviceRoutes({
        ...{ plugins, devices, commands: store.commands, channels: tables.channels },
        desired: store.inventory.desired,
        nowUnixMs,
      }),
      ...deviceRoutes({
        ...{ service: devices, commands: store.commands, plugins },
        ...{ devices: tables.devices, channels: tables.channels },
      }),
    ],
  });
  return {
    ...{ plugins, devices, reader, address, store, tables, faults, folder },
    call: async (method, path, body) => {
      const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
        method,
        ...(body === undefined
          ? {}
          : {
              body: typeof body === 'string' ? body : JSON.stringify(body),
              headers: {
                'content-type': typeof body === 'string' ? 'text/csv' : 'application/json',
              },
            }),
      });
      const text = await answer.text();
      return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
    },
    async stop() {
      await gateway.stop(2_000);
      await plugins.stop(5_000);
      await devices.stop(5_000);
      await reader.close();
      await store.close();
      await series.stop();
    },
  };
}

/** Source of a plugin that speaks lines: `KEY …` to the device; `ID serial name`, `LEVEL n`, `GAIN n` from it. */
export function linePlugin(options: { readonly code: string; readonly version?: string }): string {
  return `
import { z } from 'zod';
const ask = (net, host, signal) => net.tcp({ host: '127.0.0.1', port: Number(host), timeoutMs: 2000, signal });
export const plugin = {
  manifest: { sdk: 1, code: '${options.code}', name: 'Lines', version: '${options.version ?? '1.0.0'}',
    description: 'Lines over TCP.', vendor: 'Test', roles: ['receiver'], reach: 'devices', discovers: ['scan'] },
  configuration: z.strictObject({
    key: z.string().meta({ title: 'Key', secret: true }).optional(),
    room: z.string().default('hall').meta({ title: 'Room' }),
  }),
  open: ({ config, net }) => ({
    connect: async ({ externalId, address, port }, session) => {
      const socket = await net.tcp({ host: '127.0.0.1', port: port ?? Number(externalId), signal: session.signal });
      let rest = '';
      let gainAnswer;
      const handles = {};
      return await new Promise((resolve, reject) => {
        const end = (error) => { socket.destroy(); reject(error); session.lost(error); };
        socket.setEncoding('utf8');
        socket.on('error', () => end(new Error('the socket broke')));
        socket.on('close', () => end(new Error('the device closed the connection')));
        socket.on('data', (text) => {
          rest += text;
          for (let at = rest.indexOf('\\n'); at >= 0; at = rest.indexOf('\\n')) {
            const [word, first, ...more] = rest.slice(0, at).split(' ');
            rest = rest.slice(at + 1);
            if (word === 'CRASH') setTimeout(() => { throw new Error('crashed on purpose'); }, 0);
            if (word === 'ID') {
              session.identify({ serial: first, name: more.join(' '), model: 'L1',
                parts: [{ number: 1, kind: 'rf' }] });
              handles.level = session.channel({ id: '1.level', name: 'Level', kind: 'number', unit: '%',
                direction: 'input', part: 1, meter: true });
              handles.gain = session.channel({ id: 'gain', name: 'Gain', kind: 'number', unit: 'dB', min: 0,
                max: 60, direction: 'bidirectional' });
              resolve({
                command: (id, value) => new Promise((done) => {
                  gainAnswer = done;
                  socket.write('SET ' + value + '\\n');
                }),
                close: () => { socket.destroy(); },
              });
            }
            if (word === 'HANG') for (;;);
            if (word === 'LEVEL') session.read(handles.level, first === '?' ? null : Number(first));
            if (word === 'GAIN') { session.read(handles.gain, Number(first)); gainAnswer?.(); }
          }
        });
        socket.write('KEY ' + (config.key ?? '') + '\\n');
      });
    },
    discover: async ({ hosts, asked }, found, signal) => {
      for (const host of hosts) {
        try {
          const port = host.split('.').at(-1).replace('p', '');
          const socket = await ask(net, port, signal);
          const line = await new Promise((resolve, reject) => {
            socket.setEncoding('utf8');
            socket.once('data', resolve);
            socket.once('error', reject);
            socket.once('close', () => reject(new Error('closed')));
            socket.write('KEY ' + (config.key ?? '') + '\\n');
          });
          socket.destroy();
          const [, serial, ...name] = line.split('\\n')[0].split(' ');
          found({ externalId: host, address: host, port: Number(port), role: 'receiver', serial, name: name.join(' ') });
        } catch {
          // Nobody there: an address that was asked and found nothing.
        } finally { asked(host); }
      }
    },
    close: () => {},
  }),
};
`;
}

/** A device that speaks lines, on a port of its own. */
export class LineDevice {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly key: string;
  serial: string;
  name: string;
  port = 0;
  /** Values that were set. */
  readonly set: string[] = [];

  constructor(options: { readonly serial: string; readonly name?: string; readonly key?: string }) {
    this.serial = options.serial;
    this.name = options.name ?? options.serial;
    this.key = options.key ?? '';
    this.#server = createServer((socket) => this.#serve(socket));
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    return this;
  }

  say(line: string): void {
    for (const socket of this.#sockets) socket.write(`${line}\n`);
  }

  /** Ends its connections; it can be reached again at once. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (text: string) => {
      for (const line of text.split('\n')) {
        const [word, value = ''] = line.split(' ');
        if (word === 'KEY' && value !== this.key) socket.destroy();
        else if (word === 'KEY') socket.write(`ID ${this.serial} ${this.name}\nLEVEL 42\n`);
        else if (word === 'SET') {
          this.set.push(value);
          socket.write(`GAIN ${value}\n`);
        }
      }
    });
  }
}

/** A plugin's file, as an operator puts it into the folder. */
export function putPlugin(site: PluginSite, file: string, source: string): void {
  writeFileSync(join(site.folder, file), source);
}
