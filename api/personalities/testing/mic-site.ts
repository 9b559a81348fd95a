import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSiteStore, type SiteStore } from '../../../actors/control/site.js';
import { inventoryRows } from '../../../actors/inventory/testing/rows.js';
import type { HealthReport } from '../../../actors/plugins/sdk/plugin.types.js';
import { SystemClock } from '../../../engine/clock.js';
import type { EngineError } from '../../../engine/errors.js';
import { silentLog } from '../../../engine/log.js';
import { type Auth, openAuth } from '../../auth/auth.js';
import { hashOf, newSecret, TOKEN_PREFIX } from '../../auth/secrets.js';
import type { Row } from '../../contract/live.js';
import type { PluginPort } from '../../plugins/plugins.types.js';
import { createTables, type SiteTablesLive } from '../../site/tables.js';

export const PASSWORD = 'long enough for staff';

/** Writes down what is asked of the plugins; devices that are added get their record. */
export class WrittenPlugins
  implements
    Pick<
      PluginPort,
      'addDevice' | 'removeDevices' | 'watchMeters' | 'check' | 'scan' | 'descriptions'
    >
{
  readonly descriptions: PluginPort['descriptions'] = new Map();
  readonly added: Parameters<PluginPort['addDevice']>[0][] = [];
  readonly scans: Parameters<PluginPort['scan']>[0][] = [];
  readonly watched: (readonly string[])[] = [];
  watching = 0;
  health: HealthReport = { status: 'healthy', message: undefined, detail: { status_code: 200 } };
  /** The next search fails so. */
  failure: EngineError | undefined;
  readonly #rows: ReturnType<typeof inventoryRows>;
  readonly #store: SiteStore;

  constructor(store: SiteStore) {
    this.#store = store;
    this.#rows = inventoryRows(store);
  }

  async addDevice(wish: Parameters<PluginPort['addDevice']>[0]) {
    if (this.failure !== undefined) throw this.failure;
    this.added.push(wish);
    const { instanceId, externalId, address = null, port = null } = wish;
    const record = await this.#rows.device(instanceId, externalId, { address, port });
    return { deviceId: record.deviceId };
  }

  async removeDevices(deviceIds: readonly string[]): Promise<void> {
    await this.#store.devices.remove(deviceIds);
  }

  watchMeters(deviceIds: readonly string[]): () => void {
    this.watched.push(deviceIds);
    this.watching += 1;
    return () => {
      this.watching -= 1;
    };
  }

  check(): Promise<HealthReport> {
    return Promise.resolve(this.health);
  }

  scan(wish: Parameters<PluginPort['scan']>[0]) {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.scans.push(wish);
    return Promise.resolve({ scanId: `scan-${this.scans.length}` });
  }
}

/** A store, logins and live tables that a test fills by hand. */
export interface MicSite {
  readonly folder: string;
  readonly clock: SystemClock;
  readonly log: ReturnType<typeof silentLog>;
  readonly store: SiteStore;
  readonly auth: Auth;
  readonly tables: SiteTablesLive;
  readonly plugins: WrittenPlugins;
  readonly rows: ReturnType<typeof inventoryRows>;
  /** `Authorization` of a token with this role. */
  bearer(role: 'viewer' | 'operator'): Promise<string>;
  put(table: keyof SiteTablesLive, row: object): void;
  close(): Promise<void>;
}

export async function openMicSite(): Promise<MicSite> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-micboard-'));
  const clock = new SystemClock();
  const log = silentLog();
  const onError = (error: EngineError) => log.error({ err: error }, 'background');
  const store = await openSiteStore({ file: join(folder, 'control.db'), clock, onError });
  const passwordCost = { memoryKiB: 1_024, passes: 1 };
  const { auth } = await openAuth({ store, clock, onError, passwordCost });
  await auth.createUser('olga', PASSWORD, 'operator');
  await auth.createUser('victor', PASSWORD, 'viewer');
  const tables = createTables();
  return {
    folder,
    clock,
    log,
    store,
    auth,
    tables,
    plugins: new WrittenPlugins(store),
    rows: inventoryRows(store),
    async bearer(role) {
      const secret = newSecret(TOKEN_PREFIX);
      const name = role === 'operator' ? 'olga' : 'victor';
      const user = await store.users.byName(name);
      const token = {
        id: secret.slice(0, 8),
        name: `of ${name}`,
        role,
        userId: user?.id ?? '',
        createdAtUnixMs: clock.nowMs(),
        expiresAtUnixMs: undefined,
      };
      await store.tokens.create(token, hashOf(secret));
      return `Bearer ${secret}`;
    },
    put: (table, row) => tables[table].put(row as Row),
    async close() {
      auth.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const basic = (name: string, password = PASSWORD): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
