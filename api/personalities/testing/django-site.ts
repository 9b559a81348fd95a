import type { AuditPort } from '../../automation/ports.js';
import { createGateway, type Gateway } from '../../http/server.js';
import { openDjangoMicboard } from '../django-micboard/index.js';
import { connectionRow, rfRow } from './mic-rows.js';
import { type MicSite, openMicSite } from './mic-site.js';

/** The personality on a real store and a real server, with tables that tests fill. */
export interface DjangoSite extends MicSite {
  readonly url: string;
  readonly gateway: Gateway;
  /** Asks below `/micboard/api/`. A new address each time, so that limits are far away, unless one is given. */
  ask(
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<Got>;
  stop(): Promise<void>;
}

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

let asked = 0;

export async function startDjangoSite(allowWrites = false, audit?: AuditPort): Promise<DjangoSite> {
  const site = await openMicSite();
  let gateway: Gateway | undefined;
  const django = openDjangoMicboard({
    ...site,
    prefix: '/micboard',
    allowWrites,
    audit,
    publish: (topic, text) => gateway?.publish(topic, text, false),
  });
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0, perPrincipalPerSecond: 0 },
    trustedProxies: ['127.0.0.1'],
    authenticate: site.auth.authenticate,
    raw: django.raw,
    sockets: django.sockets,
  });
  const url = `http://127.0.0.1:${gateway.port}`;
  const started = gateway;
  return {
    ...site,
    url,
    gateway: started,
    async ask(method, path, { body, headers = {} } = {}) {
      asked += 1;
      const answer = await fetch(`${url}/micboard/api/${path}`, {
        method,
        headers: {
          'x-forwarded-for': `10.9.${Math.floor(asked / 250)}.${(asked % 250) + 1}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      return {
        status: answer.status,
        headers: answer.headers,
        body: (text === '' ? {} : JSON.parse(text)) as Got['body'],
      };
    },
    async stop() {
      await started.stop(200);
      django.stop();
      await site.close();
    },
  };
}

export const SEEN_UNIX_MS = 1_800_000_000_000;

/** Two receivers and a charger of Shure, and a receiver of Sennheiser. */
export function fillDjango({ put }: Pick<MicSite, 'put'>): void {
  const plugin = (id: string, vendor: string): void => put('plugins', { id, name: id, vendor });
  plugin('shure-text', 'Shure');
  plugin('shure-system', 'Shure');
  plugin('sennheiser-ssc', 'Sennheiser');
  const instance = (id: string, of: string, health: string): void =>
    put('instances', {
      id,
      plugin: of,
      name: `Connection ${id}`,
      enabled: true,
      state: 'open',
      error: null,
      health,
      healthMessage: health === 'healthy' ? null : 'no answer',
      checkedUnixMs: SEEN_UNIX_MS,
      devices: 2,
      connected: 1,
    });
  instance('1', 'shure-text', 'healthy');
  instance('2', 'sennheiser-ssc', 'healthy');
  const device = (id: string, values: object): void => {
    put('devices', {
      id,
      name: id,
      protocol: id.split(':')[0],
      vendor: id.split(':')[0],
      instanceId: Number(id.split(':')[1]),
      role: 'receiver',
      state: 'connected',
      lastSeenUnixMs: SEEN_UNIX_MS,
      address: null,
      model: null,
      serial: null,
      firmware: null,
      lifecycle: 'online',
      health: 'healthy',
      ...values,
    });
  };
  device('shure-text:1:a', { name: 'Rack A', model: 'ULXD4D', firmware: '2.7.6' });
  device('shure-text:1:b', { name: 'Rack B', state: 'disconnected', health: 'offline' });
  device('shure-text:1:c', { name: 'Charger', role: 'charger', model: 'SBRC' });
  device('sennheiser-ssc:2:a', { name: 'EW', model: 'EW-DX EM 2' });
  put('connections', connectionRow('shure-text:1:a'));
  const transmitter = { vendor: 'shure-text', instanceId: 1, qualityPercent: 80, signal: 'good' };
  put('rf', { ...rfRow({ id: '1', deviceId: 'shure-text:1:a' }), ...transmitter });
  put('rf', {
    ...rfRow({ id: '2', deviceId: 'shure-text:1:a', number: 2, heardUnixMs: null }),
    ...transmitter,
  });
  put('rf', {
    ...rfRow({ id: '3', deviceId: 'sennheiser-ssc:2:a' }),
    vendor: 'sennheiser-ssc',
    instanceId: 2,
  });
  const slot = (number: number, values: object): void =>
    put('charger-slots', {
      id: `shure-text:1:c#${number}`,
      deviceId: 'shure-text:1:c',
      number,
      occupied: false,
      charging: null,
      unitName: null,
      batteryPercent: null,
      ...values,
    });
  slot(1, { occupied: true, charging: true, unitName: 'BP-1', batteryPercent: 64 });
  slot(2, {});
  const finding = (id: string, instanceId: number, values: object): void =>
    put('discoveries', {
      id,
      instanceId,
      address: `10.0.0.${id}`,
      role: 'receiver',
      model: 'QLXD4',
      channels: 1,
      state: 'pending',
      firstSeenUnixMs: SEEN_UNIX_MS,
      lastSeenUnixMs: SEEN_UNIX_MS,
      ...values,
    });
  finding('1', 1, {});
  finding('2', 2, { model: 'EW-DX' });
  finding('3', 1, { state: 'rejected' });
  put('groups', { id: '1', number: 1, title: 'Stage', slots: [1, 0, 2], hideCharts: true });
  put('stores', { id: 'series', state: 'up' });
}
