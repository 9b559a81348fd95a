import { createTwoFilesPatch } from 'diff';
import { sql } from 'kysely';
import { columnOf, toStored } from '../../../actors/content/columns.js';
import { note, type SiteScope } from '../../../actors/control/scope.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { ConfigurationApplied, ConfigurationDiff } from '../../contract/configuration.js';
import { changesOf, rowChanges, shown } from './changes.js';
import { type Channels, checkConfiguration } from './check.js';
import {
  type Configuration,
  type ConfigurationRow,
  parseConfiguration,
  printConfiguration,
} from './document.js';
import { checkInstances, type InstancesPort, withOwnSecrets } from './instances.js';
import { type ConfigurationTable, configurationTables } from './tables.js';

const MOST_ROWS = 10_000;
/** Tables of which plugins know more than the store. */
const ASKED = ['instances', 'overrides'] as const;

interface Wanted {
  readonly wanted: Configuration;
  readonly secretsNeeded: string[];
}

export interface ConfigurationOptions {
  readonly store: Pick<SiteStore, 'control' | 'automation' | 'inventory'>;
  readonly channels: Channels;
  /** Of vendor connections; asked when a configuration is. */
  readonly instances: () => InstancesPort;
  readonly clock: Clock;
  /** Keeps what was before a change. Called before the change is committed. @returns the name of what it kept. */
  readonly keep: (text: string, atUnixMs: number) => Promise<string>;
}

/** The small tables that make a site, as one text. */
export class ConfigurationBook {
  readonly #options: ConfigurationOptions;
  readonly #tables: ReadonlyMap<string, ConfigurationTable>;

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.#tables = configurationTables(options.store, (row) =>
      options.instances().sealedPaths(row),
    );
  }

  /** All of one moment. */
  async text(): Promise<string> {
    return printConfiguration(this.#tables, await this.#current());
  }

  /** What `apply` would change. @throws InvalidRequest as `apply`. */
  async diff(text: string): Promise<ConfigurationDiff> {
    const said = parseConfiguration(this.#tables, text);
    await this.#askPlugins(said);
    const current = await this.#current();
    const { wanted, secretsNeeded } = await this.#wanted(current, said);
    return { ...this.#difference(current, wanted, 'site'), secretsNeeded };
  }

  /** How a text differs from another, as texts: what the site has does not count. @throws InvalidRequest as `apply`. */
  compare(before: string, after: string): ConfigurationDiff {
    const old = parseConfiguration(this.#tables, before);
    const wanted = new Map([...old, ...parseConfiguration(this.#tables, after)]);
    return { ...this.#difference(old, wanted, 'before'), secretsNeeded: [] };
  }

  #difference(from: Configuration, to: Configuration, name: string) {
    const changes = changesOf(this.#tables, from, to);
    const [before, after] = [from, to].map((one) => printConfiguration(this.#tables, one));
    return {
      changes: shown(changes),
      rows: rowChanges(changes),
      text:
        before === after
          ? ''
          : createTwoFilesPatch(name, 'wanted', before ?? '', after ?? '', '', ''),
    };
  }

  /**
   * Makes the site as the text says, in one transaction: all or nothing. What the text does not say of a row that
   * stays, its secrets too, stays; so do tables that it does not name.
   * @throws InvalidRequest with each problem as `table/id/field`; EngineError `conflict` for a row that others use.
   */
  async apply(text: string, by: string): Promise<ConfigurationApplied> {
    const { store, clock, keep } = this.#options;
    const said = parseConfiguration(this.#tables, text);
    // Before the transaction: their threads may take longer than others shall wait to write.
    await this.#askPlugins(said);
    return await store.control.write(async (scope) => {
      const current = await this.#read(scope);
      const { wanted, secretsNeeded } = await this.#wanted(current, said);
      const changes = changesOf(this.#tables, current, wanted);
      if (changes.length === 0) {
        return { changes: {}, version: null, restartNeeded: [], secretsNeeded };
      }
      const nowUnixMs = clock.nowMs();
      const version = await keep(printConfiguration(this.#tables, current), nowUnixMs);
      // What refers to others goes first and comes last.
      const removeAll = async (last: boolean) => {
        for (const { of, name, removed } of [...changes].reverse()) {
          if ((of.removedLast === true) !== last) continue;
          for (const { id } of childrenFirst(removed)) await remove(scope, of, name, id);
        }
      };
      await removeAll(false);
      for (const { of, added, changed } of changes) {
        for (const row of childrenFirst(added).reverse()) {
          await insert(scope, of, { ...of.made(nowUnixMs, by), ...row });
        }
        if (added.length > 0) await this.#countOn(scope, of);
        for (const [, { id, ...values }] of changed) {
          const whole = { ...values, ...of.touched?.(nowUnixMs, by) };
          await update(scope, of, id, whole);
        }
      }
      await removeAll(true);
      return { changes: shown(changes), version, restartNeeded: [], secretsNeeded };
    });
  }

  async #wanted(current: Configuration, said: Configuration): Promise<Wanted> {
    const { wanted, secretsNeeded } = withOwnSecrets(current, new Map([...current, ...said]));
    await checkConfiguration(this.#tables, wanted, this.#options.channels);
    return { wanted, secretsNeeded };
  }

  /** What only plugins can say of a text. @throws InvalidRequest */
  async #askPlugins(said: Configuration): Promise<void> {
    const { instances, store } = this.#options;
    if (!ASKED.some((name) => said.has(name))) return;
    const current = await store.control.write((scope) => this.#read(scope, ASKED));
    const told = withOwnSecrets(current, new Map([...current, ...said]));
    await checkInstances(instances(), store.inventory.instances, { current, ...told });
  }

  /** Within a transaction, so that no table is of another moment than the rest. */
  async #current(): Promise<Configuration> {
    return await this.#options.store.control.write((scope) => this.#read(scope));
  }

  async #read(scope: SiteScope, only?: readonly string[]): Promise<Configuration> {
    const configuration = new Map<string, readonly ConfigurationRow[]>();
    for (const [name, { table, input, spec, shown: shows }] of this.#tables) {
      if (only?.includes(name) === false) continue;
      const rows = await table.findIn(scope, { limit: MOST_ROWS });
      if (rows.length >= MOST_ROWS) {
        throw new EngineError('conflict', `${name} has too many rows for one configuration`);
      }
      const fields = Object.keys(spec.columns).filter((field) => Object.hasOwn(input, field));
      configuration.set(
        name,
        rows.map((row) => {
          const stored = row as ConfigurationRow;
          const said = fields.map((field) => [field, stored[field]] as const);
          return { id: row.id, ...Object.fromEntries(said), ...shows?.(row) } as ConfigurationRow;
        }),
      );
    }
    return configuration;
  }

  /** Ids are given here, which the counter of Postgres does not see. */
  async #countOn(scope: SiteScope, { spec }: ConfigurationTable): Promise<void> {
    if (this.#options.store.control.dialect !== 'postgres') return;
    await sql`select setval(pg_get_serial_sequence(${spec.table}, 'id'),
      (select max(id) from ${sql.table(spec.table)}))`.execute(scope.db);
  }
}

/** Rows that have a parent among them before it. */
function childrenFirst(rows: readonly ConfigurationRow[]): ConfigurationRow[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const depth = (row: ConfigurationRow): number => {
    const parent = byId.get(Number(row['parentId']));
    return parent === undefined ? 0 : 1 + depth(parent);
  };
  return [...rows].sort((a, b) => depth(b) - depth(a) || b.id - a.id);
}

type Stored = readonly [column: string, value: string | number | null];

function storedOf(
  { spec }: ConfigurationTable,
  values: Readonly<Record<string, unknown>>,
): Stored[] {
  const kinds = spec.columns as Readonly<Record<string, Parameters<typeof toStored>[0]>>;
  return Object.entries(kinds).flatMap(([field, kind]) =>
    values[field] === undefined
      ? []
      : [[columnOf(field), toStored(kind, field, values[field])] as const],
  );
}

async function insert(
  scope: SiteScope,
  of: ConfigurationTable,
  row: ConfigurationRow,
): Promise<void> {
  const stored: Stored[] = [['id', row.id], ...storedOf(of, row)];
  await sql`insert into ${sql.table(of.spec.table)}
    (${sql.join(stored.map(([column]) => sql.ref(column)))})
    values (${sql.join(stored.map(([, value]) => value))})`.execute(scope.db);
  note(scope, of.spec.domain, String(row.id), 'put');
}

async function update(
  scope: SiteScope,
  of: ConfigurationTable,
  id: number,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const set = storedOf(of, values).map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
  await sql`update ${sql.table(of.spec.table)} set ${sql.join(set)} where id = ${id}`.execute(
    scope.db,
  );
  note(scope, of.spec.domain, String(id), 'put');
}

async function remove(
  scope: SiteScope,
  of: ConfigurationTable,
  name: string,
  id: number,
): Promise<void> {
  try {
    await sql`delete from ${sql.table(of.spec.table)} where id = ${id}`.execute(scope.db);
  } catch (cause) {
    throw new EngineError(
      'conflict',
      `${name}/${id} is still in use: remove what refers to it first`,
      { cause },
    );
  }
  note(scope, of.spec.domain, String(id), 'delete');
}
