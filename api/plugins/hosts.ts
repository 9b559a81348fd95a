import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { PluginDescription, PluginThreadOptions } from '../../actors/plugins/protocol.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { ActorInfo } from '../../engine/supervisor.types.js';
import type { PluginRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';
import type { ActorSource } from '../site/inspector.js';
import { describeTogether } from './describe-together.js';
import {
  PluginHost,
  type PluginHostOptions,
  type PluginLink,
  type PluginPool,
} from './plugin-host.js';
import { builtInSources, folderSources, type PluginSource, packageSource } from './sources.js';

export interface PluginHostsOptions {
  readonly clock: Clock;
  /** Plugins of the site; made when it is not there. */
  readonly folder: string;
  /** npm packages that are plugins. */
  readonly packages: readonly string[];
  readonly dataFolder: string;
  readonly live: { readonly plugins: LiveTable; readonly shards: LiveTable };
  readonly threadOptions: Omit<PluginThreadOptions, 'shard' | 'module'>;
  readonly pool: Omit<PluginHostOptions['pool'], 'adopt'>;
  readonly adopt: (
    host: PluginHost,
    link: PluginLink,
    ids: readonly string[],
    snapshots: Readonly<Record<string, string>>,
  ) => Promise<void>;
  readonly wire: (host: PluginHost, link: PluginLink) => void;
  /** A plugin can be used: it was added, changed, or its thread is back. */
  readonly ready: (host: PluginHost) => Promise<void>;
  /** Its thread is gone for longer than a restart takes, or for good. */
  readonly lost: (host: PluginHost, reason: string) => void;
  readonly counts: (code: string) => { readonly instances: number; readonly devices: number };
  readonly onFault: (error: EngineError) => void;
}

/** A lost thread whose replacement is up within this is not told as lost devices. */
const LOST_AFTER_MS = 15_000;
/** Files of a folder change one after the other while they are copied. */
const SETTLE_MS = 300;

/** What a look at the folder and the packages came to, by code or name. */
export interface Reloaded {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

/** All plugins there are, each in a thread of its own, and their rows in `plugins` and `shards`. */
export class PluginHosts {
  readonly #options: PluginHostsOptions;
  /** By source: `folder:rack`. */
  readonly #all = new Map<string, PluginHost>();
  readonly #byCode = new Map<string, PluginHost>();
  readonly #rowOf = new Map<PluginHost, string>();
  readonly #lost = new Map<PluginHost, TimerHandle>();
  readonly #actorListeners = new Set<Parameters<ActorSource['onActors']>[0]>();
  readonly #descriptions = new Map<string, PluginDescription>();
  #turn: Promise<unknown> = Promise.resolve();
  #watching: { close(): void } | undefined;
  #settle: TimerHandle | undefined;
  #stopped = false;

  constructor(options: PluginHostsOptions) {
    this.#options = options;
  }

  /** Of those that were described. */
  get descriptions(): ReadonlyMap<string, PluginDescription> {
    return this.#descriptions;
  }

  all(): IterableIterator<PluginHost> {
    return this.#byCode.values();
  }

  get(code: string): PluginHost | undefined {
    return this.#byCode.get(code);
  }

  /** @throws EngineError `not-found` */
  require(code: string): PluginHost {
    const host = this.#byCode.get(code);
    if (host !== undefined) return host;
    throw new EngineError('not-found', `there is no plugin ${code}; GET /v1/plugins lists them`);
  }

  /** @throws EngineError `not-found`, or why it cannot be described */
  async describe(code: string): Promise<PluginDescription> {
    const description = await this.require(code).describe();
    this.#descriptions.set(code, description);
    return description;
  }

  /** Takes in the built-in ones; those of the folder and the packages follow with `reload`. */
  async start(): Promise<void> {
    const { folder, onFault } = this.#options;
    for (const source of builtInSources()) {
      const host = this.#make(source);
      this.#byCode.set(source.name, host);
      this.#show(host);
    }
    await mkdir(folder, { recursive: true });
    try {
      const watching = watch(folder, { recursive: true }, () => this.#changedSoon());
      watching.on('error', (error) => onFault(EngineError.from(error)));
      this.#watching = watching;
    } catch (thrown) {
      // Where files cannot be watched, `POST /v1/plugins/reload` is the way.
      onFault(EngineError.from(thrown));
    }
  }

  /** Describes all: ours in one thread, others one after the other in their own. Failures are in the rows. */
  async describeAll(): Promise<void> {
    const ours = [...this.#byCode].filter(
      ([, { source, description }]) => source.origin === 'built-in' && description === undefined,
    );
    const told = await describeTogether(ours.map(([, { source }]) => source.module));
    for (const [code, host] of ours) {
      const description = told.get(host.source.module);
      if (description === undefined) continue;
      host.described(description);
      this.#descriptions.set(code, description);
    }
    for (const [code, host] of [...this.#byCode]) {
      if (this.#stopped) return;
      if (host.description === undefined) await this.describe(code).catch(() => undefined);
      this.#show(host);
    }
  }

  /** Looks at the folder and the packages, and takes in what is new, changed or gone. */
  reload(): Promise<Reloaded> {
    const done = this.#turn.then(() => this.#reload());
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopped = true;
    this.#watching?.close();
    const { clock } = this.#options;
    clock.clearTimeout(this.#settle);
    for (const timer of this.#lost.values()) clock.clearTimeout(timer);
    await Promise.all([...this.#all.values()].map((host) => host.stop(deadlineMs)));
  }

  /** Rows show how many instances and devices there are. */
  refresh(): void {
    for (const host of this.#all.values()) this.#show(host);
  }

  pools(): readonly PluginPool[] {
    return [...this.#all.values()].flatMap((host) => host.pool ?? []);
  }

  /** Connections of all plugins, as the inspector sees them. */
  get actors(): ActorSource {
    const holder = (id: string): PluginPool => {
      const pool = this.pools().find((one) => one.registry.row(id) !== undefined);
      if (pool !== undefined) return pool;
      throw new EngineError('thread.lost', `the plugin of ${id} is being replaced: try again`);
    };
    return {
      rows: () => this.pools().flatMap((pool) => [...pool.registry.rows()]),
      row: (id) =>
        this.pools()
          .map((pool) => pool.registry.row(id))
          .find((row) => row !== undefined),
      onActors: (listener) => {
        this.#actorListeners.add(listener);
        return () => this.#actorListeners.delete(listener);
      },
      park: (id) => holder(id).park(id),
      restart: (id) => holder(id).restart(id),
      stop: (id) => holder(id).stopActor(id),
    };
  }

  #make(source: PluginSource): PluginHost {
    const { clock, pool, threadOptions, adopt, wire, onFault } = this.#options;
    const host: PluginHost = new PluginHost({
      source,
      kind: this.#kindOf(source),
      clock,
      pool: {
        ...pool,
        adopt: ({ link }, ids, snapshots) => adopt(host, link, ids, snapshots),
      },
      threadOptions,
      wire: (link) => wire(host, link),
      recovered: () => {
        this.#options.ready(host).catch((thrown: unknown) => onFault(EngineError.from(thrown)));
      },
      changed: () => this.#changed(host),
      onPool: (made) => this.#follow(made),
    });
    this.#all.set(keyOf(source), host);
    return host;
  }

  /** Writers and spools have the name of the thread: it must be the same after a restart of the engine. */
  #kindOf({ name, origin }: PluginSource): string {
    const plain = name.replaceAll(/[^a-zA-Z0-9-]/g, '-').slice(0, 48);
    return origin === 'built-in' ? `plugin-${plain}` : `plugin-${origin}-${plain}`;
  }

  #follow(pool: PluginPool): () => void {
    const { shards } = this.#options.live;
    const tell = (changed: readonly ActorInfo[], removed: readonly string[]): void => {
      for (const listener of this.#actorListeners) listener(changed, removed);
    };
    const ends = [
      pool.onShard((row) =>
        shards.put({ ...row, kind: 'plugin', lastError: row.lastError ?? null }),
      ),
      pool.registry.onActors(tell),
    ];
    return () => {
      for (const end of ends) end();
      for (const row of pool.shards()) shards.remove(row.id);
      tell(
        [],
        [...pool.registry.rows()].map(({ id }) => id),
      );
    };
  }

  #changed(host: PluginHost): void {
    const { clock, lost } = this.#options;
    if (
      host.description !== undefined &&
      this.#byCode.get(host.description.manifest.code) === host
    ) {
      this.#descriptions.set(host.description.manifest.code, host.description);
    }
    this.#show(host);
    const timer = this.#lost.get(host);
    if (host.state !== 'lost' && host.state !== 'starting') {
      clock.clearTimeout(timer);
      this.#lost.delete(host);
    } else if (host.state === 'lost' && timer === undefined) {
      this.#lost.set(
        host,
        clock.setTimeout(() => {
          this.#lost.delete(host);
          if (!this.#stopped) lost(host, `the plugin's thread is lost: ${host.error ?? ''}`);
        }, LOST_AFTER_MS),
      );
    }
  }

  #show(host: PluginHost): void {
    const { plugins } = this.#options.live;
    if (this.#all.get(keyOf(host.source)) !== host) return;
    const manifest = host.description?.manifest;
    const code = manifest?.code ?? host.source.name;
    // One that was refused does not take the row of the one that has the code.
    const owner = this.#byCode.get(code);
    const id = owner === host || owner === undefined ? code : keyOf(host.source);
    const before = this.#rowOf.get(host);
    if (before !== undefined && before !== id) plugins.remove(before);
    this.#rowOf.set(host, id);
    const row: PluginRow = {
      id,
      name: manifest?.name ?? host.source.name,
      version: manifest?.version ?? '',
      vendor: manifest?.vendor ?? '',
      description: manifest?.description ?? '',
      source: host.source.origin,
      reach: manifest?.reach ?? 'devices',
      discovers: manifest?.discovers ?? [],
      state: host.state,
      error: host.error ?? null,
      ...(owner === host ? this.#options.counts(code) : { instances: 0, devices: 0 }),
      restarts: host.restarts,
      heapBytes: host.heapBytes,
    };
    plugins.put({ ...row });
  }

  #changedSoon(): void {
    const { clock, onFault } = this.#options;
    clock.clearTimeout(this.#settle);
    this.#settle = clock.setTimeout(() => {
      this.reload().catch((thrown: unknown) => onFault(EngineError.from(thrown)));
    }, SETTLE_MS);
  }

  async #reload(): Promise<Reloaded> {
    const { folder, packages, dataFolder } = this.#options;
    const failed: { name: string; reason: string }[] = [];
    const sources = new Map<string, PluginSource>();
    for (const source of await folderSources(folder)) sources.set(keyOf(source), source);
    for (const name of packages) {
      const source = await packageSource(name, [folder, dataFolder]);
      if (source !== undefined) sources.set(keyOf(source), source);
      else failed.push({ name, reason: 'the package is not installed' });
    }
    const removed: string[] = [];
    const before = new Map<string, string>();
    for (const [key, host] of [...this.#all]) {
      if (host.source.origin === 'built-in') continue;
      const now = sources.get(key);
      if (now?.stamp === host.source.stamp) {
        sources.delete(key);
        continue;
      }
      const code = host.code ?? host.source.name;
      await this.#remove(host, now === undefined ? 'the plugin was removed' : undefined);
      if (now === undefined) removed.push(code);
      else before.set(key, code);
    }
    const added: string[] = [];
    const changed: string[] = [];
    for (const [key, source] of sources) {
      const result = await this.#add(source);
      if (result.error !== undefined) failed.push({ name: source.name, reason: result.error });
      else (before.has(key) ? changed : added).push(result.code);
    }
    return { added, changed, removed, failed };
  }

  async #remove(host: PluginHost, why: string | undefined): Promise<void> {
    const { live, clock, lost } = this.#options;
    this.#all.delete(keyOf(host.source));
    const { code } = host;
    if (code !== undefined && this.#byCode.get(code) === host) {
      this.#byCode.delete(code);
      this.#descriptions.delete(code);
      if (why !== undefined) lost(host, why);
    }
    clock.clearTimeout(this.#lost.get(host));
    this.#lost.delete(host);
    await host.stop(3_000);
    live.plugins.remove(this.#rowOf.get(host) ?? '');
    this.#rowOf.delete(host);
  }

  async #add(
    source: PluginSource,
  ): Promise<{ readonly code: string; readonly error?: string | undefined }> {
    const host = this.#make(source);
    this.#show(host);
    try {
      const { manifest } = await host.describe();
      const { code } = manifest;
      const owner = this.#byCode.get(code);
      if (owner !== undefined) {
        throw new EngineError(
          'conflict',
          `there is a plugin with the code ${code} already (${owner.source.origin}): give it another`,
        );
      }
      this.#byCode.set(code, host);
      this.#changed(host);
      await this.#options.ready(host);
      return { code };
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (host.error === undefined) host.refuse(error);
      return { code: host.code ?? source.name, error: error.message };
    }
  }
}

const keyOf = ({ origin, name }: PluginSource): string => `${origin}:${name}`;
