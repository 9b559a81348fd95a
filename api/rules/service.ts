// Over 400 lines: one state, what sources of rules there are and what threads and the store know of each.
import type { RuleRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { RuleEdge, RuleValues } from '../../actors/rule/protocol.js';
import type { RuleChannel, RuleDefinition } from '../../actors/rule/rule.types.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { AlarmPort, DeliveryPort } from '../automation/ports.js';
import type { LiveTable } from '../live/table.types.js';
import { cyclesOf, cycleText } from './cycles.js';
import { type DefinitionWorld, definitionKey, definitionOf, instanceId } from './definition.js';
import { EdgeTaker } from './edge-taker.js';
import { aboutSource, FactNames } from './facts.js';
import type { GoneSource } from './gone.js';
import { goneAtStart, pruneGone } from './gone-at-start.js';
import { RuleRows, type SourceStand } from './live-rows.js';
import { deviceOf, fullName, type Glob, globOf, matchesAny, type Named, namesOf } from './names.js';
import type { Schedules } from './schedules.js';
import { Slices } from './slices.js';
import { TableBook } from './table-book.js';
import type { RuleThreads } from './threads.types.js';
import type { Variables } from './variables.js';

export interface RuleServiceOptions {
  readonly store: Pick<SiteStore, 'automation' | 'control' | 'snapshots'>;
  readonly tables: Readonly<Record<'rules' | 'rule-sources' | 'devices' | 'channels', LiveTable>>;
  readonly schedules: Schedules;
  readonly variables: Variables;
  readonly alarms: AlarmPort;
  readonly deliveries: DeliveryPort;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
  /** Stored snapshots of these are to be removed. */
  readonly forget: (ids: readonly string[]) => void;
}

/** A rule with what follows from its row. */
interface Ruled {
  row: RuleRow;
  named: Named;
  globs: readonly Glob[] | null;
  readonly sources: Set<string>;
}

interface Instance {
  definition: RuleDefinition;
  /** Of what the thread was told last; undefined: nothing yet. */
  key: string | undefined;
  /** Its thread has it: what it stood at is no news there. */
  placed: boolean;
  stand: SourceStand;
}

/** Sources of one rule, and of all: bounds against a glob that means everything. */
const MOST_SOURCES = 100_000;
const FLUSH_MS = 100;
/** Of one message to the threads, and one stretch of the main thread. */
const PLACE_AT_ONCE = 250;
const WATCHED_RULES = 100;
const WATCHED_SOURCES = 10_000;

/**
 * The main thread's side of all rules: their rows in step with the control store, one definition for each source, what threads are
 * told, and what their edges do. Nothing here sees a sample. Made by the composition, ended by `stop`.
 */
export class RuleService {
  readonly rows: RuleRows;
  readonly #options: RuleServiceOptions;
  readonly #book: TableBook<RuleRow>;
  readonly #taker: EdgeTaker;
  readonly #rules = new Map<number, Ruled>();
  readonly #instances = new Map<string, Instance>();
  /** Ids of instances by the full names of the channels in their conditions, there or not. */
  readonly #byChannel = new Map<string, Set<string>>();
  readonly #snapshots = new Map<string, string>();
  readonly #slices: Slices;
  readonly #factNames = new FactNames();
  readonly #world: DefinitionWorld;
  #threads: RuleThreads | undefined;
  #cycles: ReadonlyMap<number, readonly string[]> = new Map();
  #due = new Set<string>();
  #released = new Map<string, GoneSource>();
  #placing: Promise<void> = Promise.resolve();
  #timer: TimerHandle | undefined;
  #watched: ReadonlySet<number> = new Set();
  #watching: ((resource: 'rules' | 'rule-sources') => Iterable<string>) | undefined;
  #releases: (() => void)[] = [];
  #stopped = false;

  constructor(options: RuleServiceOptions) {
    this.#options = options;
    const { store, tables, alarms, deliveries, onFault, schedules, variables } = options;
    this.rows = new RuleRows(tables);
    this.#slices = new Slices(onFault);
    this.#world = {
      channel: (name) => channelOf(tables.channels, name),
      variable: (name) => variables.get(name),
      scheduleOpen: (id) => schedules.isOpen(id),
      cycleOf: (id) => {
        const names = this.#cycles.get(id);
        return names === undefined ? undefined : cycleText(names);
      },
    };
    this.#taker = new EdgeTaker({
      store,
      alarms,
      deliveries,
      rule: (id) => this.#rules.get(id)?.row,
      about: (rule, source, value) =>
        aboutSource(tables.devices, rule, source, value, this.#factNames),
      taken: (edges) => this.#taken(edges),
    });
    this.#book = new TableBook({
      feed: store.control.feed,
      domain: 'automation.rules',
      table: store.automation.rules,
      changed: (rows, gone) => this.#changed(rows, gone),
      onFault,
    });
  }

  /** Rules of the store, with the threads that run them; `start` of the threads is before. */
  async start(threads: RuleThreads): Promise<void> {
    const { store, schedules, variables, onFault } = this.#options;
    this.#threads = threads;
    await this.#load(store);
    threads.schedules(schedules.all());
    threads.variables(Array.from(variables.all(), ({ name, value }) => ({ name, value })));
    this.#releases = [
      schedules.onChange((changed) => {
        threads.schedules(changed);
        this.#scheduled(new Set(changed.map(({ id }) => id)));
      }),
      variables.onChange(({ name, value }) => {
        threads.variables([{ name, value }]);
        this.#variable(name);
      }),
      variables.onGone((name) => this.#variable(name)),
    ];
    await this.#book.start();
    await this.#slices.done();
    await this.#sweep().catch((thrown: unknown) => onFault(EngineError.from(thrown)));
    await this.#tell();
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#timer);
    for (const release of this.#releases.splice(0)) release();
    await this.#book.close();
    this.#slices.close();
    await this.#placing;
    await this.#taker.settled();
  }

  /** Resolves when everything that is known by now was told to the threads. */
  async settled(): Promise<void> {
    await this.#slices.done();
    await this.#tell();
    this.rows.flush();
  }

  /** Who looks at which rows; asked once a second. */
  watch(watching: (resource: 'rules' | 'rule-sources') => Iterable<string>): void {
    this.#watching = watching;
  }

  rule(id: number): RuleRow | undefined {
    return this.#rules.get(id)?.row;
  }

  all(): RuleRow[] {
    return Array.from(this.#rules.values(), ({ row }) => row);
  }

  sourcesOf(ruleId: number): SourceStand[] {
    const sources = this.#rules.get(ruleId)?.sources ?? [];
    return Array.from(
      sources,
      (source) => this.#instances.get(instanceId(ruleId, source))?.stand,
    ).filter((stand) => stand !== undefined);
  }

  /** A rule that need not be stored, for a source; for a test-run and checks. */
  definition(row: RuleRow, source: string | undefined): RuleDefinition {
    let chosen = source ?? '';
    if (row.each !== null && source === undefined) {
      const globs = row.each.map(globOf);
      for (const channel of this.#options.tables.channels.written()) {
        if (!matchesAny(globs, channel.id)) continue;
        chosen = channel.id;
        break;
      }
    }
    return definitionOf({ ...row, scheduleId: null }, chosen, namesOf(row.condition), this.#world);
  }

  /** Reads a rule that was just written, so that its answer is true at once. */
  async written(id: number): Promise<void> {
    await this.#book.read([id]);
  }

  /** A rule that stands in error is started again, with all its sources. */
  again(ruleId: number): void {
    for (const source of this.#rules.get(ruleId)?.sources ?? []) {
      const id = instanceId(ruleId, source);
      const instance = this.#instances.get(id);
      if (instance === undefined) continue;
      instance.key = undefined;
      this.#due.add(id);
    }
  }

  definitionsOf(ids: readonly string[]): RuleDefinition[] {
    return ids.flatMap((id) => {
      const definition = this.#instances.get(id)?.definition;
      if (definition?.variables === undefined) return definition ?? [];
      const variables = Object.fromEntries(
        Object.entries(definition.variables).map(([name, value]) => [
          name,
          this.#options.variables.get(name)?.value ?? value,
        ]),
      );
      return { ...definition, variables };
    });
  }

  /** Edges of the threads: resolves when they are stored. */
  takeEdges(edges: readonly RuleEdge[]): Promise<void> {
    return this.#taker.take(edges);
  }

  /** How far rules have come. A source that goes away keeps it, for when it is back. */
  snapshots(rows: readonly { readonly id: string; readonly snapshot: string | undefined }[]): void {
    for (const { id, snapshot } of rows) {
      if (snapshot !== undefined) this.#snapshots.set(id, snapshot);
    }
  }

  /** From now on edges are told by another; rules start before everything that tells. */
  tellBy(deliveries: DeliveryPort): void {
    this.#taker.tellBy(deliveries);
  }

  values(values: RuleValues): void {
    this.rows.values(values);
  }

  /** Channels that came, went, or have another unit. */
  channelsChanged(changed: ReadonlyMap<string, boolean>): void {
    for (const [name, present] of changed) {
      for (const id of this.#byChannel.get(name) ?? []) this.#later(() => this.#refresh(id));
      this.#later(() => this.#channel(name, present));
    }
  }

  #channel(name: string, present: boolean): void {
    for (const [id, { globs, sources }] of this.#rules) {
      if (globs === null) continue;
      if (!present) {
        if (sources.has(name)) this.#drop(id, name);
      } else if (!sources.has(name) && matchesAny(globs, name)) this.#add(id, name);
    }
  }

  async #load(store: RuleServiceOptions['store']): Promise<void> {
    for await (const some of store.automation.ruleStates.each()) {
      for (const row of some) {
        const id = instanceId(row.ruleId, row.source);
        this.#snapshots.set(id, row.snapshot);
        this.#stored.set(id, {
          ruleId: row.ruleId,
          source: row.source,
          state: row.state,
          value: null,
          sinceUnixMs: row.atUnixMs,
          error: null,
        });
      }
    }
    const kept = await store.snapshots.load('rule');
    for (const [id, snapshot] of Object.entries(kept)) {
      const before = this.#snapshots.get(id);
      if (edgeIn(snapshot) >= (before === undefined ? -1 : edgeIn(before))) {
        this.#snapshots.set(id, snapshot);
      }
    }
  }
  readonly #stored = new Map<string, SourceStand>();

  #changed(rows: readonly RuleRow[], gone: readonly number[]): void {
    for (const id of gone) {
      const ruled = this.#rules.get(id);
      if (ruled === undefined) continue;
      for (const source of [...ruled.sources]) this.#drop(id, source);
      this.#rules.delete(id);
      this.rows.removed(id);
    }
    for (const row of rows) this.#put(row);
    this.#circles();
  }

  #put(row: RuleRow): void {
    const known = this.#rules.get(row.id);
    const named = namesOf(row.condition);
    const globs = row.each === null ? null : row.each.map(globOf);
    if (known?.row.enabled === false && row.enabled) this.again(row.id);
    if (known === undefined) this.#rules.set(row.id, { row, named, globs, sources: new Set() });
    else Object.assign(known, { row, named, globs });
    this.rows.rule(row);
    this.#later(() => this.#expand(row.id));
  }

  /** Compares the sources of a rule with the channels there are, a slice at a time. */
  #expand(ruleId: number): void {
    const ruled = this.#rules.get(ruleId);
    if (ruled === undefined) return;
    const { globs, sources } = ruled;
    for (const source of sources) {
      const stays = globs === null ? source === '' : matchesAny(globs, source);
      if (!stays) this.#drop(ruleId, source);
      else this.#later(() => this.#refresh(instanceId(ruleId, source)));
    }
    if (globs === null) {
      this.#add(ruleId, '');
      return;
    }
    const names: string[] = [];
    for (const channel of this.#options.tables.channels.written()) names.push(channel.id);
    this.#slices.each(names, (name) => {
      if (!sources.has(name) && matchesAny(globs, name)) this.#add(ruleId, name);
    });
  }

  #add(ruleId: number, source: string): void {
    const ruled = this.#rules.get(ruleId);
    if (ruled === undefined || ruled.sources.has(source)) return;
    if (this.#instances.size >= MOST_SOURCES) {
      this.#options.onFault(
        new EngineError(
          'input.too-large',
          `rule ${ruled.row.name}: more than ${MOST_SOURCES} sources of all rules: make its each narrower`,
        ),
      );
      return;
    }
    const id = instanceId(ruleId, source);
    ruled.sources.add(source);
    const definition = definitionOf(ruled.row, source, ruled.named, this.#world);
    const stored = this.#stored.get(id);
    const stand: SourceStand = {
      ruleId,
      source,
      state: stateOf(definition, stored?.state),
      value: null,
      sinceUnixMs: stored?.sinceUnixMs ?? this.#options.clock.nowMs(),
      error: definition.fault ?? null,
    };
    this.#instances.set(id, { definition, key: undefined, placed: false, stand });
    this.rows.moved(undefined, stand);
    this.#index(id, ruled, source);
    this.#released.delete(id);
    this.#due.add(id);
  }

  #drop(ruleId: number, source: string): void {
    const id = instanceId(ruleId, source);
    const instance = this.#instances.get(id);
    const ruled = this.#rules.get(ruleId);
    ruled?.sources.delete(source);
    if (instance === undefined) return;
    this.rows.moved(instance.stand, undefined);
    this.#instances.delete(id);
    this.#due.delete(id);
    this.#released.set(id, { id, ruleId, source });
    for (const name of ruled?.named.channels ?? []) {
      const full = fullName(name, source);
      if (full !== undefined) this.#byChannel.get(full)?.delete(id);
    }
  }

  /** The definition again; its thread is told when it differs. */
  #refresh(id: string): void {
    const instance = this.#instances.get(id);
    const ruled = instance && this.#rules.get(instance.stand.ruleId);
    if (instance === undefined || ruled === undefined) return;
    const { source } = instance.stand;
    instance.definition = definitionOf(ruled.row, source, ruled.named, this.#world);
    this.#index(id, ruled, source);
    const error = instance.definition.fault ?? null;
    const state = stateOf(instance.definition, instance.stand.state);
    if (error !== instance.stand.error || state !== instance.stand.state) {
      this.#stand(instance, { ...instance.stand, state, error });
    }
    this.#due.add(id);
  }

  #index(id: string, { named }: Ruled, source: string): void {
    for (const name of named.channels) {
      const full = fullName(name, source);
      if (full === undefined) continue;
      const ids = this.#byChannel.get(full);
      if (ids === undefined) this.#byChannel.set(full, new Set([id]));
      else ids.add(id);
    }
  }

  #stand(instance: Instance, after: SourceStand): void {
    const before = instance.stand;
    instance.stand = after;
    this.rows.moved(before, after);
  }

  #circles(): void {
    const before = this.#cycles;
    this.#cycles = cyclesOf(Array.from(this.#rules.values(), ({ row }) => row));
    for (const id of new Set([...before.keys(), ...this.#cycles.keys()])) {
      if (before.get(id)?.join() === this.#cycles.get(id)?.join()) continue;
      this.#refreshAll(id);
    }
  }

  #refreshAll(ruleId: number): void {
    for (const source of this.#rules.get(ruleId)?.sources ?? []) {
      this.#later(() => this.#refresh(instanceId(ruleId, source)));
    }
  }

  #scheduled(ids: ReadonlySet<number>): void {
    for (const [id, { row }] of this.#rules) {
      const { scheduleId, condition } = row;
      const named = condition.type === 'schedule' ? condition.scheduleId : undefined;
      if (ids.has(scheduleId ?? -1) || ids.has(named ?? -1)) this.#refreshAll(id);
    }
  }

  #variable(name: string): void {
    for (const [id, { named }] of this.#rules) {
      if (named.variables.includes(name)) this.#refreshAll(id);
    }
  }

  #taken(edges: readonly RuleEdge[]): void {
    for (const edge of edges) {
      const instance = this.#instances.get(edge.id);
      this.#snapshots.set(edge.id, edge.snapshot);
      if (edge.kind === 'firing') this.rows.triggered(edge.ruleId, edge.atUnixMs);
      if (instance === undefined) continue;
      const { ruleId, source } = instance.stand;
      this.#stand(instance, {
        ruleId,
        source,
        state: edge.state,
        value: edge.value,
        sinceUnixMs: edge.atUnixMs,
        error: edge.error ?? instance.definition.fault ?? null,
      });
    }
  }

  #later(work: () => void): void {
    this.#slices.add(work);
  }

  #tick(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      void this.#tell().catch((thrown: unknown) => this.#options.onFault(EngineError.from(thrown)));
      this.rows.flush();
      this.#look();
      this.#tick();
    }, FLUSH_MS);
  }

  #tell(): Promise<void> {
    const told = this.#placing.then(() => this.#tellNow());
    this.#placing = told.catch(() => undefined);
    return told;
  }

  async #tellNow(): Promise<void> {
    const threads = this.#threads;
    if (threads === undefined) return;
    await this.#release(threads);
    const due = [...this.#due];
    this.#due = new Set();
    for (let from = 0; from < due.length; from += PLACE_AT_ONCE) {
      const some = due.slice(from, from + PLACE_AT_ONCE);
      try {
        await this.#place(threads, some);
      } catch (thrown) {
        for (const id of due.slice(from)) this.#due.add(id);
        for (const id of some) {
          const instance = this.#instances.get(id);
          if (instance !== undefined) instance.key = undefined;
        }
        throw thrown;
      }
      // Sources of many rules are looked at after each change of a schedule: others have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Those whose definition is another than their thread was told. */
  async #place(threads: RuleThreads, some: readonly string[]): Promise<void> {
    const ids: string[] = [];
    const snapshots: Record<string, string> = {};
    for (const id of some) {
      const instance = this.#instances.get(id);
      if (instance === undefined) continue;
      const key = definitionKey(instance.definition);
      if (key === instance.key) continue;
      instance.key = key;
      ids.push(id);
      if (instance.placed) continue;
      instance.placed = true;
      const snapshot = this.#snapshots.get(id);
      if (snapshot !== undefined) snapshots[id] = snapshot;
    }
    if (ids.length > 0) await threads.place(ids, snapshots);
  }

  /** Threads let go of sources that are gone, and only then is ended what they had begun: no edge of theirs comes after it. */
  async #release(threads: RuleThreads): Promise<void> {
    if (this.#released.size === 0) return;
    const released = this.#released;
    this.#released = new Map();
    try {
      await threads.release([...released.keys()]);
      await this.#forget([...released.values()]);
    } catch (thrown) {
      // A thread was lost, or the store is away: next time again, unless it is back by then.
      for (const [id, gone] of released) {
        if (!this.#instances.has(id)) this.#released.set(id, gone);
      }
      throw thrown;
    }
  }

  async #forget(gone: readonly GoneSource[]): Promise<void> {
    if (gone.length === 0) return;
    const rested = await this.#taker.forget(gone, this.#options.clock.nowMs());
    for (const { id } of gone) {
      this.#stored.delete(id);
      const snapshot = rested.get(id);
      if (snapshot === undefined) this.#snapshots.delete(id);
      else this.#snapshots.set(id, snapshot);
    }
    this.#options.forget(gone.map(({ id }) => id));
  }

  /**
   * At a start: ends what sources had begun that went while nobody looked. A channel of a device that is there may come
   * later, with its plugin, and is waited for.
   */
  async #sweep(): Promise<void> {
    const { store, tables, forget } = this.#options;
    const stays = (ruleId: number, source: string): boolean => {
      const ruled = this.#rules.get(ruleId);
      if (ruled === undefined) return false;
      if (ruled.sources.has(source)) return true;
      const fits = ruled.globs === null ? source === '' : matchesAny(ruled.globs, source);
      return fits && (source === '' || tables.devices.get(deviceOf(source)) !== undefined);
    };
    await this.#forget(await goneAtStart(store, this.#stored, stays));
    const orphans = await pruneGone(store, this.#snapshots.keys(), stays);
    for (const id of orphans) this.#snapshots.delete(id);
    if (orphans.length > 0) forget(orphans);
  }

  /** Rules that somebody looks at have rows for all their sources, with values. */
  #look(): void {
    if (this.#watching === undefined) return;
    const wanted = new Set<number>();
    for (const id of this.#watching('rule-sources')) wanted.add(Number.parseInt(id, 10));
    for (const id of this.#watching('rules')) {
      if (wanted.size < WATCHED_RULES) wanted.add(Number(id));
    }
    if (wanted.size === this.#watched.size && [...wanted].every((id) => this.#watched.has(id))) {
      return;
    }
    const before = this.#watched;
    this.#watched = wanted;
    const ids: string[] = [];
    for (const id of new Set([...before, ...wanted])) {
      const stands = this.sourcesOf(id);
      const fits = wanted.has(id) && ids.length + stands.length <= WATCHED_SOURCES;
      this.rows.watch(id, fits, stands);
      if (fits) for (const { source } of stands) ids.push(instanceId(id, source));
    }
    this.#threads?.watch(ids);
  }
}

/** Until its thread says something else. */
function stateOf(
  { enabled, fault }: RuleDefinition,
  known: SourceStand['state'] | undefined,
): SourceStand['state'] {
  if (!enabled) return 'disabled';
  if (fault !== undefined) return 'error';
  return known === undefined || known === 'disabled' || known === 'error' ? 'normal' : known;
}

function channelOf(channels: Pick<LiveTable, 'get'>, name: string): RuleChannel | undefined {
  const row = channels.get(name) as unknown as
    | { channel: number; kind: RuleChannel['kind']; unit: string | null }
    | undefined;
  return row === undefined ? undefined : { channel: row.channel, kind: row.kind, unit: row.unit };
}

/** Of a snapshot as rule threads write it; −1 when it is none. */
function edgeIn(snapshot: string): number {
  const found = /"edge":(\d+)/.exec(snapshot);
  return found === null ? -1 : Number(found[1]);
}
