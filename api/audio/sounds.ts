import type { Project } from '../../actors/content/content.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { FeedEvent } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';
import type { AssetChanges, AssetDefinition, ProjectDefinition } from '../../media/ports.js';
import { assetSound, projectSound } from './project-sound.js';
import { isSoundTable, SoundRowStore } from './sound-rows.js';

export interface SoundEvents {
  /** Anything of a project but its assets. */
  changed(project: ProjectDefinition): void;
  removed(projectId: number): void;
  assets(changes: AssetChanges): void;
  /** The bytes of a media changed or are gone. */
  mediaChanged(mediaId: string): void;
  /** Whose votes blocked something; undefined: a vote was taken back, by whom is not known. */
  blocks(by: readonly Blocker[] | undefined): void;
  failed(error: EngineError): void;
}

export interface Blocker {
  readonly userId: number | null;
  /** Number of the session that voted. */
  readonly sessionId: number;
}

interface SoundProject {
  readonly row: Project;
  readonly definition: ProjectDefinition;
  readonly assets: Map<number, AssetDefinition>;
}

/** Changes are gathered for this long: a mass edit becomes a few messages. */
const GATHER_MS = 50;
/** Likes that were taken back are counted anew, all at once, at most this often. */
const RECOUNT_MS = 1_000;
const RETRY_MS = 1_000;
const READ_AT_ONCE = 2_000;
const PATH = '/media/';

/**
 * What there is to hear in all projects, in memory, kept in step with the content store: definitions, and
 * assets by id. An edit costs as much as what was edited. `open` once, `close` at the end.
 */
export class SoundDirectory {
  readonly #store: SiteStore;
  readonly #clock: Clock;
  readonly #events: SoundEvents;
  readonly #rows: SoundRowStore;
  readonly #projects = new Map<number, SoundProject>();
  readonly #projectOf = new Map<number, number>();
  #likes = new Map<number, number>();
  /** Media id → file below the media folder, and back. */
  readonly #files = new Map<string, string>();
  readonly #mediaIds = new Map<string, string>();
  /** Ids that changed, by content table, until they are read. */
  #dirty = new Map<string, Set<number>>();
  #media = new Set<string>();
  #unvoted = false;
  #recountedMonoMs = Number.NEGATIVE_INFINITY;
  #everything = false;
  #timer: TimerHandle | undefined;
  #recountTimer: TimerHandle | undefined;
  #work: Promise<void> = Promise.resolve();
  #unfollow: (() => void) | undefined;
  #closed = false;

  constructor(store: SiteStore, clock: Clock, events: SoundEvents) {
    this.#store = store;
    this.#clock = clock;
    this.#events = events;
    this.#rows = new SoundRowStore(store.content);
  }

  async open(): Promise<void> {
    const seq = await this.#store.control.feed.head();
    await this.#readAll();
    this.#unfollow = this.#store.control.feed.follow(seq, (event) => this.#heard(event));
  }

  close(): void {
    this.#closed = true;
    this.#unfollow?.();
    for (const timer of [this.#timer, this.#recountTimer]) {
      if (timer !== undefined) this.#clock.clearTimeout(timer);
    }
  }

  get(projectId: number): ProjectDefinition | undefined {
    return this.#projects.get(projectId)?.definition;
  }

  /** As it is kept. */
  row(projectId: number): Project | undefined {
    return this.#projects.get(projectId)?.row;
  }

  ids(): IterableIterator<number> {
    return this.#projects.keys();
  }

  asset(id: number): AssetDefinition | undefined {
    return this.#projects.get(this.#projectOf.get(id) ?? 0)?.assets.get(id);
  }

  /** File of a media, below the media folder. */
  file(mediaId: string): string | undefined {
    return this.#files.get(mediaId);
  }

  assetsOf(projectId: number): ReadonlyMap<number, AssetDefinition> {
    return this.#projects.get(projectId)?.assets ?? new Map<number, AssetDefinition>();
  }

  /** Settles when changes heard so far were told. */
  async settled(): Promise<void> {
    // Once: what failed is tried again in its own time, and nobody waits for that.
    if (this.#timer !== undefined) this.#flush();
    await this.#work;
  }

  #heard(event: FeedEvent): void {
    if (event.type === 'reset') {
      this.#everything = true;
      this.#later(0);
      return;
    }
    let any = false;
    for (const { domain, id, op } of event.changes) {
      if (domain === 'media') {
        this.#events.mediaChanged(id);
        this.#media.add(id);
        any = true;
      }
      if (!domain.startsWith('content.')) continue;
      const table = domain.slice('content.'.length);
      if (table === 'votes' && op === 'delete') this.#unvoted = true;
      else if (!isSoundTable(table) && table !== 'assets' && table !== 'votes') continue;
      else this.#note(table, Number(id));
      any = true;
    }
    if (any) this.#later(GATHER_MS);
  }

  #note(table: string, id: number): void {
    const ids = this.#dirty.get(table);
    if (ids === undefined) this.#dirty.set(table, new Set([id]));
    else ids.add(id);
  }

  #later(delayMs: number): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = this.#clock.setTimeout(() => this.#flush(), delayMs);
  }

  // One after the other: an older reading must not overtake a newer one.
  #flush(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#work = this.#work.then(async () => {
      const dirty = this.#dirty;
      const everything = this.#everything;
      const media = this.#media;
      this.#media = new Set();
      this.#dirty = new Map();
      this.#everything = false;
      try {
        if (everything) await this.#readAll();
        else {
          await this.#readMedia(media);
          await this.#apply(dirty);
        }
      } catch (thrown) {
        if (this.#closed) return;
        this.#events.failed(EngineError.from(thrown));
        this.#everything ||= everything;
        for (const [table, ids] of dirty) for (const id of ids) this.#note(table, id);
        for (const id of media) this.#media.add(id);
        this.#later(RETRY_MS);
      }
    });
  }

  async #apply(dirty: ReadonlyMap<string, ReadonlySet<number>>): Promise<void> {
    const projects = new Set<number>();
    for (const [table, ids] of dirty) {
      if (!isSoundTable(table)) continue;
      for (const id of await this.#rows.refresh(table, [...ids])) projects.add(id);
    }
    this.#define(projects);
    await this.#voted(dirty.get('votes'));
    const assets = dirty.get('assets');
    if (assets !== undefined) await this.#readAssets([...assets]);
    if (!this.#unvoted) return;
    const waitMs = this.#recountedMonoMs + RECOUNT_MS - this.#clock.monoMs();
    if (waitMs <= 0) await this.#recount();
    else this.#recountTimer ??= this.#clock.setTimeout(() => this.#recountLater(), waitMs);
  }

  /** A timer of its own: edits do not wait for it. */
  #recountLater(): void {
    this.#recountTimer = undefined;
    if (!this.#closed) this.#later(0);
  }

  #define(projectIds: Iterable<number>): void {
    for (const id of projectIds) {
      const rows = this.#rows.of(id);
      const before = this.#projects.get(id);
      if (rows === undefined) {
        if (before === undefined) continue;
        for (const assetId of before.assets.keys()) this.#projectOf.delete(assetId);
        this.#projects.delete(id);
        this.#events.removed(id);
        continue;
      }
      const definition = projectSound(rows, (url) => this.#mediaIds.get(fileOf(url) ?? ''));
      const assets = before?.assets ?? new Map<number, AssetDefinition>();
      this.#projects.set(id, { row: rows.project, definition, assets });
      this.#events.changed(definition);
    }
  }

  async #readAssets(ids: readonly number[]): Promise<void> {
    const changes = new Map<number, { put: AssetDefinition[]; removed: number[] }>();
    const of = (projectId: number) => {
      const known = changes.get(projectId);
      if (known !== undefined) return known;
      const made = { put: [], removed: [] };
      changes.set(projectId, made);
      return made;
    };
    const gone = new Set<number>();
    for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
      const some = ids.slice(at, at + READ_AT_ONCE);
      const rows = new Map((await this.#store.content.assets.many(some)).map((r) => [r.id, r]));
      for (const id of some) {
        const row = rows.get(id);
        if (row === undefined) gone.add(id);
        const sound = row === undefined ? undefined : assetSound(row, this.#likes.get(id) ?? 0);
        const before = this.#projectOf.get(id);
        if (before !== undefined && before !== sound?.projectId) {
          this.#projects.get(before)?.assets.delete(id);
          this.#projectOf.delete(id);
          of(before).removed.push(id);
        }
        if (sound === undefined) continue;
        this.#keep(sound);
        of(sound.projectId).put.push(sound);
      }
    }
    for (const [projectId, { put, removed }] of changes) {
      this.#events.assets({ projectId, reset: false, put, removed });
    }
    this.#define(this.#rows.timedOf(gone, true));
  }

  #keep(sound: AssetDefinition): boolean {
    const project = this.#projects.get(sound.projectId);
    if (project === undefined) return false;
    project.assets.set(sound.id, sound);
    this.#projectOf.set(sound.id, sound.projectId);
    return true;
  }

  async #voted(ids: ReadonlySet<number> | undefined): Promise<void> {
    if (ids === undefined) return;
    const votes = await this.#store.content.votes.many([...ids]);
    const blockers: Blocker[] = [];
    const liked = new Set<number>();
    for (const { kind, userId, sessionId, assetId } of votes) {
      if (kind === 'like') liked.add(assetId);
      if (kind === 'block_asset' || kind === 'block_user') blockers.push({ userId, sessionId });
    }
    if (blockers.length > 0) this.#events.blocks(blockers);
    if (liked.size === 0) return;
    const sums = await this.#store.content.voteSums([...liked]);
    const likes = new Map([...liked].map((id) => [id, 0]));
    for (const { assetId, kind, count } of sums) if (kind === 'like') likes.set(assetId, count);
    this.#setLikes(likes);
  }

  /** Votes that are gone do not say whose they were. */
  async #recount(): Promise<void> {
    this.#unvoted = false;
    this.#recountedMonoMs = this.#clock.monoMs();
    this.#events.blocks(undefined);
    const likes = await this.#allLikes();
    for (const id of this.#likes.keys()) if (!likes.has(id)) likes.set(id, 0);
    this.#setLikes(likes);
  }

  #setLikes(likes: ReadonlyMap<number, number>): void {
    const put = new Map<number, AssetDefinition[]>();
    for (const [id, count] of likes) {
      if (count === 0) this.#likes.delete(id);
      else this.#likes.set(id, count);
      const asset = this.asset(id);
      if (asset === undefined || asset.likes === count) continue;
      const changed = { ...asset, likes: count };
      this.#keep(changed);
      const list = put.get(asset.projectId);
      if (list === undefined) put.set(asset.projectId, [changed]);
      else list.push(changed);
    }
    for (const [projectId, changed] of put) {
      this.#events.assets({ projectId, reset: false, put: changed, removed: [] });
    }
  }

  async #allLikes(): Promise<Map<number, number>> {
    const likes = new Map<number, number>();
    for (const { assetId, kind, count } of await this.#store.content.voteSums([])) {
      if (kind === 'like') likes.set(assetId, count);
    }
    return likes;
  }

  async #readAll(): Promise<void> {
    this.#files.clear();
    this.#mediaIds.clear();
    for (const { id, file } of await this.#store.media.list()) {
      this.#files.set(id, file);
      this.#mediaIds.set(file, id);
    }
    await this.#rows.readAll();
    this.#likes = await this.#allLikes();
    const known = new Set([...this.#rows.projectIds(), ...this.#projects.keys()]);
    this.#define(known);
    const found = new Map<number, AssetDefinition[]>();
    for await (const rows of this.#store.content.assets.each()) {
      for (const row of rows) {
        const sound = assetSound(row, this.#likes.get(row.id) ?? 0);
        if (sound === undefined) continue;
        const list = found.get(sound.projectId);
        if (list === undefined) found.set(sound.projectId, [sound]);
        else list.push(sound);
      }
    }
    this.#projectOf.clear();
    for (const [projectId, { assets }] of this.#projects) {
      assets.clear();
      const put = found.get(projectId) ?? [];
      for (const sound of put) this.#keep(sound);
      this.#events.assets({ projectId, reset: true, put, removed: [] });
    }
  }

  async #readMedia(ids: ReadonlySet<string>): Promise<void> {
    for (const id of ids) {
      const media = await this.#store.media.get(id);
      this.#mediaIds.delete(this.#files.get(id) ?? '');
      this.#files.delete(id);
      if (media === undefined) continue;
      this.#files.set(id, media.file);
      this.#mediaIds.set(media.file, id);
    }
  }
}

/** Path below the media folder of an address of ours, `/media/…`; undefined for others. */
function fileOf(url: string): string | undefined {
  const path = /^https?:\/\/[^/]+(\/[^?#]*)/i.exec(url)?.[1] ?? url;
  if (!path.startsWith(PATH)) return undefined;
  try {
    return decodeURIComponent(path.slice(PATH.length));
  } catch (thrown) {
    // Broken escapes: it cannot be the name of a file of ours.
    if (thrown instanceof URIError) return undefined;
    throw thrown;
  }
}
