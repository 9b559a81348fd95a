import { MessageChannel } from 'node:worker_threads';
import type { Clock } from '../../engine/clock.js';
import { entryUrl } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import type { Link, LinkContract } from '../../engine/link.types.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import type { ThreadRow } from '../../engine/thread.types.js';
import type { SnapshotRow } from '../host.protocol.js';
import { type Shard, ShardPool } from '../shard-pool.js';
import type {
  FeedAttachment,
  FromRuleShard,
  KnownValue,
  RuleCheckpoint,
  RuleEdge,
  RuleShardOptions,
  RuleValues,
  RuleWaits,
  ToRuleShard,
} from './protocol.js';
import type { RuleDefinition } from './rule.types.js';
import { NO_WAITS, WaitBook } from './wait-book.js';

const ADOPT_DEADLINE_MS = 30_000;
const TEST_DEADLINE_MS = 120_000;
/** After a start devices have this long to come back before their silence counts. */
const GRACE_MS = 30_000;

interface SourceContract extends LinkContract {
  readonly posts: { readonly 'feed.attach': FeedAttachment };
}

/** A pool whose threads take samples: device shards, plugin threads. */
export interface FeedSources {
  readonly size: number;
  linkAt(slot: number): unknown;
  shards(): readonly ThreadRow[];
  onShard(listener: (row: ThreadRow) => void): () => void;
}

export interface RulePoolOptions {
  /** Threads, from 1. */
  readonly size: number;
  readonly series: SeriesAddress;
  readonly tickMs: number;
  readonly clock: Clock;
  /** Of ids that were placed; those it does not know are left out. */
  readonly definitionsOf: (ids: readonly string[]) => readonly RuleDefinition[];
  readonly latestOf: (channels: readonly number[]) => readonly KnownValue[];
  /** Resolves when they are stored. The same edge may come again. */
  readonly onEdges: (edges: readonly RuleEdge[]) => Promise<void>;
  readonly onValues: (values: RuleValues) => void;
  /** For the control store: the newest of each id counts, and is never ahead of the edges in it. Undefined forgets. */
  readonly onSnapshots: (rows: readonly SnapshotRow[]) => void;
  /** All waits that no machine knows of yet, for the control store, when one began or ended. */
  readonly onWaits?: ((waits: RuleWaits) => void) | undefined;
  /** What `onWaits` was told last before the start. */
  readonly waits?: RuleWaits | undefined;
  readonly onFault: (error: EngineError) => void;
  readonly onShard?: ((row: ThreadRow) => void) | undefined;
  readonly graceMs?: number;
  readonly hangMs?: number;
  readonly backoffMs?: (n: number) => number;
  /** Tests only. */
  readonly faults?: boolean;
}

type Pool = ShardPool<RuleShardOptions, ToRuleShard, FromRuleShard>;
type RuleLink = Link<ToRuleShard, FromRuleShard>;
interface Stand {
  readonly on: number;
  readonly count: number;
  readonly seen: Float64Array;
}

/** The main thread's side of rule threads: placement, checkpoints, feeds from the threads that take samples. */
export class RulePool {
  readonly pool: Pool;
  readonly #options: RulePoolOptions;
  readonly #stands = new Map<string, Stand>();
  readonly #waits: WaitBook;
  readonly #schedules = new Map<number, boolean>();
  readonly #variables = new Map<string, number | string | boolean>();
  readonly #sources = new Map<FeedSources, () => void>();
  /** Ends of feeds by source thread and slot: the link that each was made for. */
  readonly #joined = new Map<string, readonly [unknown, unknown]>();
  readonly #greeted = new WeakSet<RuleLink>();
  readonly #opened = new WeakSet<RuleLink>();
  #watched: readonly string[] = [];
  #started = false;

  constructor(options: RulePoolOptions) {
    this.#options = options;
    this.#waits = new WaitBook(options.waits ?? NO_WAITS);
    this.pool = new ShardPool<RuleShardOptions, ToRuleShard, FromRuleShard>({
      kind: 'rule',
      size: options.size,
      entry: entryUrl('actors/rule/shard.worker'),
      clock: options.clock,
      maxPosts: 100_000,
      ...(options.hangMs === undefined ? {} : { hangMs: options.hangMs }),
      ...(options.backoffMs === undefined ? {} : { backoffMs: options.backoffMs }),
      ...(options.faults === undefined ? {} : { faults: options.faults }),
      options: (_, shard) => ({ shard, series: options.series, tickMs: options.tickMs }),
      wire: (shard) => this.#wire(shard),
      adopt: (shard, ids, snapshots) => this.#adopt(shard, ids, snapshots),
      onSnapshots: options.onSnapshots,
      onRecovered: (slot) => this.#openAt(slot),
      onFault: options.onFault,
    });
    this.pool.onShard((row) => {
      if (row.state === 'running') this.#joinAll();
      options.onShard?.(row);
    });
  }

  /** Threads run; rules are placed by `place`, and samples flow after the first call of it. */
  start(): Promise<void> {
    return this.pool.start();
  }

  async stop(deadlineMs: number): Promise<number> {
    for (const leave of this.#sources.values()) leave();
    this.#sources.clear();
    return await this.pool.stop(deadlineMs);
  }

  /** New rules, changed ones, and those to be started again after an error. */
  async place(
    ids: readonly string[],
    snapshots: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.pool.place(ids, snapshots);
    this.#started = true;
    for (let slot = 0; slot < this.pool.size; slot++) this.#openAt(slot);
  }

  /** @returns how many there were. Ids in a thread that is being replaced are not adopted again. */
  async release(ids: readonly string[]): Promise<number> {
    const bySlot = new Map<number, string[]>();
    for (const id of ids) {
      this.#stands.delete(id);
      const slot = this.pool.ownerOf(id);
      const list = bySlot.get(slot);
      if (list === undefined) bySlot.set(slot, [id]);
      else list.push(id);
    }
    // Definitions are gone too, so a thread that is down does not get them again.
    this.pool.registry.changed([], ids);
    this.pool.registry.snapshots(ids.map((id) => ({ id, kind: '', snapshot: undefined })));
    const counts = await Promise.all(
      [...bySlot].map(([slot, list]) =>
        this.pool
          .linkAt(slot)
          ?.call('rules.release', { ids: list }, { deadlineMs: ADOPT_DEADLINE_MS }),
      ),
    );
    return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  }

  /** @throws EngineError of `rules.test`, `thread.lost`. */
  async test(
    rule: RuleDefinition,
    fromUnixMs: number,
    toUnixMs: number,
  ): Promise<ToRuleShard['requests']['rules.test']['result']> {
    return await this.pool
      .linkTo(rule.id)
      .call('rules.test', { rule, fromUnixMs, toUnixMs }, { deadlineMs: TEST_DEADLINE_MS });
  }

  schedules(changed: ToRuleShard['posts']['schedules.changed']): void {
    for (const { id, open } of changed) this.#schedules.set(id, open);
    for (const link of this.pool.links()) link.post('schedules.changed', changed);
  }

  variables(changed: ToRuleShard['posts']['variables.changed']): void {
    for (const { name, value } of changed) this.#variables.set(name, value);
    for (const link of this.pool.links()) link.post('variables.changed', changed);
  }

  /** Rules whose values somebody looks at; replaces the earlier ones. */
  watch(ids: readonly string[]): void {
    this.#watched = ids;
    for (const link of this.pool.links()) link.post('rules.watched', { ids });
  }

  /** Threads that take samples: each is joined to each rule thread now, and again when either is replaced. */
  addSources(sources: FeedSources): () => void {
    const leave = sources.onShard((row) => {
      if (row.state === 'running') this.#joinAll();
    });
    const end = (): void => {
      leave();
      this.#sources.delete(sources);
    };
    this.#sources.set(sources, leave);
    this.#joinAll();
    return end;
  }

  #wire({ link, slot }: Shard<ToRuleShard, FromRuleShard>): void {
    link.handle('rules.edges', async (edges) => {
      // A thread that is lost after this goes on from what its edges said, whatever else it could tell. They are stored with the edges.
      this.pool.registry.remember(edges);
      await this.#options.onEdges(edges);
      return { taken: edges.length };
    });
    link.handle('rules.checkpoint', ({ snapshots, columns, waits }) => {
      this.#keep(columns);
      if (waits !== null) this.#options.onWaits?.(this.#waits.replace(slot, waits));
      if (snapshots.length > 0) this.pool.registry.snapshots(snapshots);
      return { taken: columns.id.length };
    });
    link.on('rules.values', this.#options.onValues);
  }

  async #adopt(
    { link }: Shard<ToRuleShard, FromRuleShard>,
    ids: readonly string[],
    snapshots: Readonly<Record<string, string>>,
  ): Promise<void> {
    this.#greet(link);
    const rules = this.#options.definitionsOf(ids);
    if (rules.length === 0) return;
    const channels = new Set<number>();
    for (const rule of rules) {
      for (const { channel } of Object.values(rule.channels)) channels.add(channel);
    }
    await link.call(
      'rules.adopt',
      {
        rules,
        snapshots,
        // A thread that took the place of another hears what its sources kept: the newest value first would make that late.
        latest:
          this.#started && !this.#opened.has(link) ? [] : this.#options.latestOf([...channels]),
        checkpoint: this.#checkpointOf(rules),
        waits: this.#waits.of(rules.map(({ id }) => id)),
        graceMs: this.#started ? 0 : (this.#options.graceMs ?? GRACE_MS),
      },
      { deadlineMs: ADOPT_DEADLINE_MS },
    );
  }

  /** What a thread has to know before its first rule. */
  #greet(link: RuleLink): void {
    if (this.#greeted.has(link)) return;
    this.#greeted.add(link);
    link.post(
      'schedules.changed',
      Array.from(this.#schedules, ([id, open]) => ({ id, open })),
    );
    link.post(
      'variables.changed',
      Array.from(this.#variables, ([name, value]) => ({ name, value })),
    );
    link.post('rules.watched', { ids: this.#watched });
  }

  #openAt(slot: number): void {
    const link = this.pool.linkAt(slot);
    if (link === undefined || !this.#started || this.#opened.has(link)) return;
    this.#greet(link);
    this.#opened.add(link);
    link.post('feed.open', {});
  }

  #keep({ id, on, count, channels, seenUnixMs }: RuleCheckpoint): void {
    let row = 0;
    for (const [i, one] of id.entries()) {
      const many = channels[i] ?? 0;
      // A copy, or each would keep the columns of all alive.
      const seen = seenUnixMs.slice(row, row + many);
      row += many;
      this.#stands.set(one, { on: on[i] ?? 0, count: count[i] ?? 0, seen });
    }
  }

  #checkpointOf(rules: readonly RuleDefinition[]): RuleCheckpoint | null {
    const id: string[] = [];
    const stands: Stand[] = [];
    for (const rule of rules) {
      const stand = this.#stands.get(rule.id);
      if (stand === undefined) continue;
      id.push(rule.id);
      stands.push(stand);
    }
    if (id.length === 0) return null;
    return {
      id,
      on: Uint8Array.from(stands, ({ on }) => on),
      count: Uint32Array.from(stands, ({ count }) => count),
      channels: Uint8Array.from(stands, ({ seen }) => seen.length),
      seenUnixMs: Float64Array.from(stands.flatMap(({ seen }) => [...seen])),
    };
  }

  #joinAll(): void {
    for (const sources of this.#sources.keys()) {
      for (const [slot, { id }] of sources.shards().entries()) {
        const source = sources.linkAt(slot) as Link<SourceContract, LinkContract> | undefined;
        if (source === undefined) continue;
        for (let at = 0; at < this.pool.size; at++) this.#join(id, source, at);
      }
    }
  }

  #join(name: string, source: Link<SourceContract, LinkContract>, slot: number): void {
    const rule = this.pool.linkAt(slot);
    if (rule === undefined) return;
    const key = `${name}:${slot}`;
    const before = this.#joined.get(key);
    if (before?.[0] === source && before[1] === rule) return;
    const { port1, port2 } = new MessageChannel();
    const sink = this.pool.shards()[slot]?.id ?? `rule-${slot}`;
    if (!source.post('feed.attach', { name: sink, port: port1 }, [port1])) {
      this.#options.onFault(new EngineError('link.full', `${name} could not be joined to ${sink}`));
      port1.close();
      return;
    }
    rule.post('feed.attach', { name, port: port2 }, [port2]);
    this.#joined.set(key, [source, rule]);
  }
}
