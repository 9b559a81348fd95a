import { EngineError } from '../../engine/errors.js';
import type { Filter, LiveQuery, LiveResource } from '../contract/live.js';
import { narrowedQuery } from './guest.js';
import { JsonBytes } from './json-bytes.js';
import type { LiveLimits } from './limits.js';
import { Projection } from './projection.js';
import { canonicalQuery, requireShort } from './query.js';
import type { MemoryTable, RowRecord } from './table.js';
import { Topic } from './topic.js';
import { View } from './view.js';

interface ViewEntry {
  readonly key: string;
  readonly view: View;
  readonly topics: Set<Topic>;
}

interface Resource {
  readonly table: MemoryTable;
  readonly views: Map<string, ViewEntry>;
  readonly projections: Map<string, Projection>;
}

/** Every distinct query in use: finds equal ones, shares views and columns, and turns changes into messages. */
export class TopicRegistry {
  readonly #resources = new Map<LiveResource, Resource>();
  readonly #byKey = new Map<string, Topic>();
  /** Topics without clients, longest first. */
  readonly #idle = new Set<Topic>();
  readonly #limits: LiveLimits;
  /** Fragments of a tick, and the message that is made of them now. */
  readonly #out = new JsonBytes();
  #nextId = 1;

  /** Takes over the tables' changes: a table belongs to one registry. */
  constructor(tables: readonly MemoryTable[], limits: LiveLimits) {
    this.#limits = limits;
    for (const table of tables) {
      table.track();
      this.#resources.set(table.resource, { table, views: new Map(), projections: new Map() });
    }
  }

  get size(): number {
    return this.#byKey.size;
  }

  get views(): number {
    let count = 0;
    for (const resource of this.#resources.values()) count += resource.views.size;
    return count;
  }

  /**
   * The topic of a query, made when nobody asked it yet; count the subscription with `join`. Of the rows it finds
   * only those `within` are in it.
   * @throws EngineError `input.invalid`, `not-found` for a resource without rows here, `server.busy` at the bound.
   */
  topicOf(asked: LiveQuery, within?: Filter): Topic {
    requireShort(asked.filter, this.#limits.filterNodes);
    const canonical = canonicalQuery(narrowedQuery({ asked, within }));
    const known = this.#byKey.get(canonical.key);
    if (known !== undefined) return known;
    const resource = this.#resources.get(asked.resource);
    if (resource === undefined) {
      throw new EngineError('not-found', `there is no live resource "${asked.resource}" here`);
    }
    this.#makeRoom();
    const { query, viewKey, fieldsKey, key } = canonical;
    let entry = resource.views.get(viewKey);
    if (entry === undefined) {
      const view = new View(resource.table.records(), query.filter, query.sort);
      entry = { key: viewKey, view, topics: new Set() };
      resource.views.set(viewKey, entry);
      resource.table.views = resource.views.size;
    }
    let projection = resource.projections.get(fieldsKey);
    if (projection === undefined) {
      projection = new Projection(query.fields);
      resource.projections.set(fieldsKey, projection);
    }
    projection.topics++;
    const topic = new Topic({ id: this.#nextId++, key, query, view: entry.view, projection });
    entry.topics.add(topic);
    this.#byKey.set(key, topic);
    return topic;
  }

  join(topic: Topic): void {
    topic.subscribers++;
    topic.idleSinceMonoMs = undefined;
    this.#idle.delete(topic);
  }

  /** The last one to leave starts the linger time. */
  leave(topic: Topic, nowMonoMs: number): void {
    topic.subscribers--;
    if (topic.subscribers > 0) return;
    topic.idleSinceMonoMs = nowMonoMs;
    this.#idle.add(topic);
  }

  /** Ids of rows in the windows that somebody looks at; rows of two windows come twice. */
  *watched(resource: LiveResource): IterableIterator<string> {
    for (const topic of this.#byKey.values()) {
      if (topic.subscribers === 0 || topic.query.resource !== resource) continue;
      for (const record of topic.shown) yield record.id;
    }
  }

  /** Forgets topics that nobody came back to. */
  sweep(nowMonoMs: number): void {
    for (const topic of this.#idle) {
      if ((topic.idleSinceMonoMs ?? nowMonoMs) + this.#limits.lingerMs > nowMonoMs) break;
      this.#drop(topic);
    }
  }

  /** See `Topic.snapshot`. Not to be asked while a tick hands over messages. */
  snapshot(topic: Topic, id: string, epoch: string): Buffer {
    return topic.snapshot(id, epoch, this.#out);
  }

  /**
   * Looks at every table once and hands over each topic's message, if it has one: bytes that are good during the call
   * only.
   */
  tick(send: (topic: Topic, message: Uint8Array) => void): void {
    for (const resource of this.#resources.values()) {
      resource.table.drain((changed, removed) => {
        this.#collect(resource, changed, removed, send);
      });
    }
  }

  /** Bytes of recent messages one topic may keep, so that all together stay in their bound. */
  get ringBytes(): number {
    const share = Math.floor(this.#limits.resumeBytes / Math.max(1, this.#byKey.size));
    return Math.min(this.#limits.resumeBytesPerTopic, share);
  }

  #collect(
    resource: Resource,
    changed: readonly RowRecord[],
    removed: readonly RowRecord[],
    send: (topic: Topic, message: Uint8Array) => void,
  ): void {
    const out = this.#out;
    out.clear();
    for (const projection of resource.projections.values()) projection.begin(removed);
    // Boards look at different places by the same columns: what does not touch those is looked at once, not once a board.
    const touched = new Map<string, readonly RowRecord[]>();
    for (const { view, topics } of resource.views.values()) {
      const known = touched.get(view.reads);
      const some = known ?? view.touched(changed);
      if (known === undefined) touched.set(view.reads, some);
      const moved = view.apply(some, removed);
      for (const topic of topics) {
        topic.forget();
        const from = topic.collect(moved, out);
        if (from === undefined) continue;
        send(topic, out.view(from));
        out.cut(from);
      }
    }
  }

  #makeRoom(): void {
    if (this.#byKey.size < this.#limits.topics) return;
    for (const oldest of this.#idle) {
      this.#drop(oldest);
      return;
    }
    throw new EngineError(
      'server.busy',
      `${String(this.#limits.topics)} different queries are in use: ask one that others ask too`,
    );
  }

  #drop(topic: Topic): void {
    this.#idle.delete(topic);
    this.#byKey.delete(topic.key);
    const resource = this.#resources.get(topic.query.resource);
    if (resource === undefined) return;
    for (const [key, entry] of resource.views) {
      if (entry.view !== topic.view) continue;
      entry.topics.delete(topic);
      if (entry.topics.size === 0) resource.views.delete(key);
    }
    resource.table.views = resource.views.size;
    topic.projection.topics--;
    if (topic.projection.topics > 0) return;
    for (const [key, projection] of resource.projections) {
      if (projection === topic.projection) resource.projections.delete(key);
    }
  }
}
