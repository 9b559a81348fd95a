import { isDeepStrictEqual } from 'node:util';
import type { ContentTable } from '../../actors/content/store.types.js';
import type { PluginInstanceRow } from '../../actors/inventory/inventory.types.js';
import type { PluginDescription } from '../../actors/plugins/protocol.js';
import type { HealthReport } from '../../actors/plugins/sdk/plugin.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { InstanceRow } from '../contract/rows.js';
import { type FieldError, InvalidRequest } from '../http/problem.js';
import type { LiveTable } from '../live/table.types.js';
import {
  type Sealing,
  type SplitConfig,
  secretPaths,
  secretsSaid,
  secretsSet,
  splitConfig,
  wholeConfig,
} from './instance-config.js';

type Config = Readonly<Record<string, unknown>>;

export interface InstancesOptions {
  readonly table: ContentTable<PluginInstanceRow>;
  readonly live: LiveTable;
  readonly sealing: Sealing;
  /** Values that secrets of the form `{"env": "NAME"}` name. */
  readonly environment: (name: string) => string | undefined;
  readonly clock: Clock;
  /** @throws EngineError `not-found`, or why the plugin cannot be described */
  readonly describe: (code: string) => Promise<PluginDescription>;
  /** Problems with a whole configuration, by field. */
  readonly validate: (code: string, config: Config) => Promise<readonly FieldError[]>;
}

/** An instance as REST shows it. */
export interface ShownInstance {
  readonly id: number;
  readonly plugin: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly config: Config;
  /** Paths of secrets that are set; their values are never shown. */
  readonly secretsSet: readonly string[];
}

export interface InstanceWish {
  readonly name: string;
  readonly enabled: boolean;
  readonly config: Config;
}

/** Instances of one site, at most. */
const MAX_INSTANCES = 1_000;

/** Vendor connections: their rows, configurations and secrets. What runs of them is the service's. */
export class Instances {
  readonly #options: InstancesOptions;
  readonly #rows = new Map<number, PluginInstanceRow>();

  constructor(options: InstancesOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    for (const row of await this.#options.table.find()) this.#put(row);
  }

  get(id: number): PluginInstanceRow | undefined {
    return this.#rows.get(id);
  }

  /** @throws EngineError `not-found` */
  require(id: number): PluginInstanceRow {
    const row = this.#rows.get(id);
    if (row !== undefined) return row;
    throw new EngineError('not-found', `there is no plugin instance ${id}`);
  }

  all(): readonly PluginInstanceRow[] {
    return [...this.#rows.values()];
  }

  of(code: string): readonly PluginInstanceRow[] {
    return this.all().filter((row) => row.plugin === code);
  }

  /** @throws EngineError `not-found` */
  async shown(id: number): Promise<ShownInstance> {
    const row = this.require(id);
    const { plugin, name, enabled, config } = row;
    // A plugin that cannot be described now hides nothing: its secrets are not in `config`.
    const paths = await this.#paths(plugin).catch(() => this.sealedPaths(row));
    const set = secretsSet({ config, secrets: this.#secrets(row, 'lenient') }, paths);
    return { id, plugin, name, enabled, config, secretsSet: set };
  }

  /**
   * What a plugin is opened with.
   * @throws EngineError `input.invalid` when the environment lacks a secret, `store.refused` when it cannot be read
   */
  async wholeConfig(id: number): Promise<Config> {
    const row = this.require(id);
    const paths = await this.#paths(row.plugin);
    const split = { config: row.config, secrets: this.#secrets(row, 'strict') };
    const { config, problems } = wholeConfig(split, paths, this.#environment);
    const [first] = problems;
    if (first === undefined) return config;
    throw new EngineError('input.invalid', `${first.field}: ${first.message}`);
  }

  /** @throws EngineError `not-found` for an unknown plugin, InvalidRequest naming fields of `body` */
  async create(plugin: string, wish: InstanceWish): Promise<PluginInstanceRow> {
    if (this.#rows.size >= MAX_INSTANCES) {
      throw new EngineError('conflict', `a site has ${MAX_INSTANCES} plugin instances at most`);
    }
    const split = await this.#checked(plugin, wish.config, { config: {}, secrets: {} });
    const nowUnixMs = this.#options.clock.nowMs();
    const row = await this.#options.table.create({
      plugin,
      name: wish.name,
      enabled: wish.enabled,
      config: split.config,
      sealed: this.#sealed(plugin, split.secrets),
      createdAtUnixMs: nowUnixMs,
      updatedAtUnixMs: nowUnixMs,
    });
    return this.#put(row);
  }

  /** Absent fields stay; a `config` is whole, but for secrets, which stay when they are absent. @throws as `create` */
  async update(id: number, wish: Partial<InstanceWish>): Promise<PluginInstanceRow> {
    const row = this.require(id);
    const before = { config: row.config, secrets: this.#secrets(row, 'lenient') };
    const split =
      wish.config === undefined ? before : await this.#checked(row.plugin, wish.config, before);
    const isSame =
      isDeepStrictEqual(split, before) && (row.sealed === null || this.#isReadable(row));
    const after = await this.#options.table.update(id, {
      name: wish.name ?? row.name,
      enabled: wish.enabled ?? row.enabled,
      // Sealed anew, the same secrets would look like others.
      ...(wish.config === undefined || isSame
        ? {}
        : { config: split.config, sealed: this.#sealed(row.plugin, split.secrets) }),
      updatedAtUnixMs: this.#options.clock.nowMs(),
    });
    if (after === undefined)
      throw new EngineError('not-found', `there is no plugin instance ${id}`);
    return this.#put(after);
  }

  /** Paths of the secrets that are kept of a row; those it names in the environment are none of them. */
  sealedPaths(row: PluginInstanceRow): readonly string[] {
    return Object.keys(this.#secrets(row, 'lenient')).sort();
  }

  /**
   * What is wrong with a configuration that comes from a file, by field; `''` is all of it.
   * @param known the row whose secrets are kept; undefined for a new one
   * @param lacking paths of secrets that are still to be given: that they are missing is no problem yet
   * @throws EngineError `not-found` for an unknown plugin
   */
  async problems(
    plugin: string,
    config: Config,
    known: PluginInstanceRow | undefined,
    lacking: readonly string[],
  ): Promise<readonly FieldError[]> {
    const paths = await this.#paths(plugin);
    const said = secretsSaid(config, paths);
    if (said.length > 0) {
      const message =
        'is a secret: leave it out, or name a variable of the environment: {env: NAME}';
      return said.map((field) => ({ field, message }));
    }
    const secrets = known === undefined ? {} : this.#secrets(known, 'lenient');
    const whole = wholeConfig({ config, secrets }, paths, this.#environment);
    if (whole.problems.length > 0) return whole.problems;
    const wrong = await this.#options.validate(plugin, whole.config);
    return wrong.filter(({ field }) => !lacking.includes(field));
  }

  async remove(id: number): Promise<void> {
    await this.#options.table.remove(id);
    this.#rows.delete(id);
    this.#options.live.remove(String(id));
  }

  /** Reads rows that were changed elsewhere. @returns those that are new, changed or gone. */
  async refresh(
    ids: readonly number[],
  ): Promise<readonly { readonly id: number; readonly reopens: boolean }[]> {
    const rows = new Map((await this.#options.table.many(ids)).map((row) => [row.id, row]));
    return ids.flatMap((id) => {
      const before = this.#rows.get(id);
      const after = rows.get(id);
      if (JSON.stringify(before) === JSON.stringify(after)) return [];
      if (after !== undefined) this.#put(after);
      else {
        this.#rows.delete(id);
        this.#options.live.remove(String(id));
      }
      return [
        { id, reopens: before === undefined || after === undefined || opensAnew(before, after) },
      ];
    });
  }

  /** @param error undefined: none */
  state(id: number, state: InstanceRow['state'], error?: string): void {
    this.#options.live.patch(String(id), { state, error: error ?? null });
  }

  checked(id: number, report: HealthReport): void {
    this.#options.live.patch(String(id), {
      health: report.status,
      healthMessage: report.message ?? null,
      checkedUnixMs: this.#options.clock.nowMs(),
    });
  }

  counts(id: number, devices: number, connected: number): void {
    this.#options.live.patch(String(id), { devices, connected });
  }

  #put(row: PluginInstanceRow): PluginInstanceRow {
    const before = this.#options.live.get(String(row.id)) as InstanceRow | undefined;
    this.#rows.set(row.id, row);
    const live: InstanceRow = {
      id: String(row.id),
      plugin: row.plugin,
      name: row.name,
      enabled: row.enabled,
      state: before?.state ?? 'closed',
      error: before?.error ?? null,
      health: before?.health ?? 'unknown',
      healthMessage: before?.healthMessage ?? null,
      checkedUnixMs: before?.checkedUnixMs ?? null,
      devices: before?.devices ?? 0,
      connected: before?.connected ?? 0,
    };
    this.#options.live.put({ ...live });
    return row;
  }

  async #checked(plugin: string, given: Config, before: SplitConfig): Promise<SplitConfig> {
    const paths = await this.#paths(plugin);
    const split = splitConfig(given, paths, before);
    const { config, problems } = wholeConfig(split, paths, this.#environment);
    const wrong = problems.length > 0 ? problems : await this.#options.validate(plugin, config);
    if (wrong.length === 0) return split;
    throw new InvalidRequest(
      wrong.map(({ field, message }) => ({
        field: field === '' ? 'body.config' : `body.config.${field}`,
        message,
      })),
    );
  }

  /** The engine's own settings, and its passwords, are none of a plugin's business. */
  readonly #environment = (name: string): string | undefined =>
    name.startsWith('EARSHOT_') ? undefined : this.#options.environment(name);

  async #paths(plugin: string): Promise<readonly string[]> {
    return secretPaths((await this.#options.describe(plugin)).configurationSchema);
  }

  #sealed(plugin: string, secrets: Config): string | null {
    return Object.keys(secrets).length === 0 ? null : this.#options.sealing.seal(secrets, plugin);
  }

  #isReadable(row: PluginInstanceRow): boolean {
    try {
      this.#secrets(row, 'strict');
      return true;
    } catch {
      // Sealed with another key: what is given now takes its place.
      return false;
    }
  }

  #secrets(row: PluginInstanceRow, how: 'strict' | 'lenient'): Config {
    if (row.sealed === null) return {};
    try {
      return this.#options.sealing.open(row.sealed, row.plugin);
    } catch (thrown) {
      if (how === 'strict') throw thrown;
      // Shown as not set: they have to be given again, which is what the error of the instance says.
      return {};
    }
  }
}

/** Whether its connections depend on what changed: a new name alone drops none. */
export function opensAnew(before: PluginInstanceRow, after: PluginInstanceRow): boolean {
  return (
    before.enabled !== after.enabled ||
    before.sealed !== after.sealed ||
    !isDeepStrictEqual(before.config, after.config)
  );
}
