// A little over 400 lines: one door to everything a session touches; its parts are in files of their own.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { StoredProject } from '../../actors/control/projects.js';
import type { SnapshotChange } from '../../actors/control/snapshots.js';
import { SESSION_KIND, stateOf } from '../../actors/session/shard.js';
import type {
  FromMediaShard,
  MediaShardOptions,
  SessionCommandName,
  SessionDefinition,
  SessionMove,
  ToMediaShard,
} from '../../actors/session/spine.js';
import { type Shard, ShardPool } from '../../actors/shard-pool.js';
import type { TimerHandle } from '../../engine/clock.js';
import { entryUrl } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import { type Mount, MountTable } from '../../media/mounts/mount.js';
import { PcmCache } from '../../media/pcm-cache.js';
import type { SessionRow } from '../contract/rows.js';
import { addressGroup } from '../http/limits.js';
import type { Gateway } from '../http/server.js';
import type { AudioOptions, SessionOpen } from './audio.types.js';
import { SessionEntries } from './directory.js';
import { openMountServer } from './mount-server.js';
import { ProjectDirectory } from './projects.js';
import { StreamRouter } from './streams.js';

export type MediaPool = ShardPool<MediaShardOptions, ToMediaShard, FromMediaShard>;
export type MediaStatus = FromMediaShard['posts']['media.status'];

const SAVE_EVERY_MS = 2_000;

/**
 * Listener sessions as the main thread sees them: the directory, the media threads they live in, the mounts
 * their sound leaves by, and the decoded sound. Made by `start`, ended by `stop`.
 */
export class AudioService {
  readonly pool: MediaPool;
  readonly projects: ProjectDirectory;
  readonly mounts: MountTable;
  readonly #options: AudioOptions;
  readonly #cache: PcmCache;
  readonly #router = new StreamRouter();
  readonly #entries: SessionEntries;
  readonly #unsaved = new Map<string, SessionMove>();
  readonly #status = new Map<string, MediaStatus>();
  /** Threads that know all projects. */
  readonly #informed = new WeakSet<object>();
  /** Latest of each session. */
  #snapshotsToSave = new Map<string, SnapshotChange>();
  #server: Gateway | undefined;
  #saveTimer: TimerHandle | undefined;
  #stopping = false;

  private constructor(options: AudioOptions) {
    this.#options = options;
    this.mounts = new MountTable(options.maxListeners ?? 10_000);
    this.#entries = new SessionEntries(options.table, this.mounts, options.clock);
    this.#cache = new PcmCache({
      maxBytes: options.pcmCacheBytes,
      spoolFolder: options.spoolFolder,
      locate: async (mediaId) => {
        const media = await options.store.media.get(mediaId);
        if (media === undefined) {
          throw new EngineError('not-found', `there is no media ${mediaId}`);
        }
        return join(options.mediaFolder, media.file);
      },
    });
    this.projects = new ProjectDirectory(options.store, {
      changed: (project) => this.#tellProject(project),
      removed: (projectId) => {
        for (const link of this.pool.links()) link.post('project.removed', { projectId });
        for (const id of this.#entries.ids()) {
          if (this.definition(id)?.projectId === projectId) this.close(id).catch(this.#noted);
        }
      },
      mediaChanged: (mediaId) => this.#cache.forget(mediaId),
      failed: this.#noted,
    });
    this.pool = this.#makePool();
  }

  /** Threads up, mounts listening, stored sessions back. @throws EngineError `conflict` when the port is taken. */
  static async start(options: AudioOptions): Promise<AudioService> {
    const service = new AudioService(options);
    await service.projects.open();
    await service.pool.start();
    service.#server = await openMountServer({
      host: options.host,
      port: options.streamPort,
      table: service.mounts,
      clock: options.clock,
      log: options.log,
      trustedProxies: options.trustedProxies ?? [],
      onListeners: (mount) => service.#listenersChanged(mount),
    });
    await service.#restore();
    service.#saveLater();
    return service;
  }

  /** Real port of the built-in mounts. */
  get streamPort(): number {
    return this.#server?.port ?? 0;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Latest word of each media thread, by its name. */
  get status(): ReadonlyMap<string, MediaStatus> {
    return this.#status;
  }

  get cacheStats(): PcmCache['stats'] {
    return this.#cache.stats;
  }

  /**
   * Opens a session; its mount takes listeners when this resolves.
   * @throws EngineError `not-found` for an unknown project, `rate.limited` over the address's limit, `server.busy` over the site's.
   */
  async open(wish: SessionOpen, address?: string): Promise<SessionRow> {
    const { maxSessions, maxSessionsPerAddress = 500, clock, store } = this.#options;
    if (this.#stopping) throw new EngineError('server.stopping', 'the server is stopping');
    if (this.projects.get(wish.projectId) === undefined) {
      throw new EngineError(
        'not-found',
        `projectId: there is no project ${wish.projectId}; GET /v1/projects lists them`,
      );
    }
    if (this.#entries.size >= maxSessions) {
      throw new EngineError(
        'server.busy',
        `the site has its limit of ${maxSessions} sessions: try again later`,
      );
    }
    if (
      address !== undefined &&
      this.#entries.ofAddress(addressGroup(address)) >= maxSessionsPerAddress
    ) {
      throw new EngineError(
        'rate.limited',
        `your address has its limit of ${maxSessionsPerAddress} sessions: end one (DELETE) or wait until they end`,
      );
    }
    const definition: SessionDefinition = {
      id: randomBytes(16).toString('base64url'),
      projectId: wish.projectId,
      mount: `/stream${randomBytes(9).toString('hex')}.${wish.format === 'mp3' ? 'mp3' : 'ogg'}`,
      format: wish.format,
      bitrateKbps: wish.bitrateKbps,
      position: wish.position,
      headingDeg: wish.headingDeg,
      tags: wish.tags,
      createdAtUnixMs: clock.nowMs(),
    };
    // Counted before the first wait, so that a burst of opens cannot slip past the limits.
    this.#add(definition, address === undefined ? undefined : addressGroup(address));
    try {
      await store.sessions.create(definition);
      await this.pool.place([definition.id]);
    } catch (thrown) {
      this.#remove(definition.id);
      await store.sessions.remove([definition.id]);
      throw thrown;
    }
    return this.row(definition.id);
  }

  /** @throws EngineError `not-found` when it ended or never was. */
  row(id: string): SessionRow {
    return this.#entries.row(id);
  }

  *rows(): IterableIterator<SessionRow> {
    for (const id of this.#entries.ids()) yield this.row(id);
  }

  definition(id: string): SessionDefinition | undefined {
    return this.#entries.get(id)?.definition;
  }

  /** New place, heading or tags; heard within a block or two. @throws EngineError `not-found`. */
  move(move: SessionMove): SessionRow {
    const entry = this.#entries.get(move.id);
    const row = this.row(move.id);
    if (entry === undefined) return row;
    const { id, position, headingDeg, tags } = move;
    const given = {
      ...(position === undefined ? {} : { position }),
      ...(headingDeg === undefined ? {} : { headingDeg }),
      ...(tags === undefined ? {} : { tags }),
    };
    entry.definition = { ...entry.definition, ...given };
    // A thread that is being replaced gets the new place when it adopts the session.
    this.pool.linkOf(id)?.post('session.move', move);
    this.#unsaved.set(id, { ...this.#unsaved.get(id), id, ...given });
    this.#options.table.patch(id, {
      ...(position === undefined
        ? {}
        : { latitude: position.latitude, longitude: position.longitude }),
      ...(headingDeg === undefined ? {} : { headingDeg }),
      ...(tags === undefined ? {} : { tags }),
    });
    return this.row(id);
  }

  /** @throws EngineError `not-found`, `thread.lost` while its thread is being replaced. */
  async command(id: string, command: Exclude<SessionCommandName, 'stop'>): Promise<SessionRow> {
    this.row(id);
    const { state } = await this.pool.linkTo(id).call('session.command', { id, command });
    this.#entries.setState(id, state, undefined);
    return this.row(id);
  }

  /** Ends it: listeners are disconnected. @throws EngineError `not-found`. */
  async close(id: string): Promise<void> {
    this.row(id);
    await this.pool.linkOf(id)?.call('session.command', { id, command: 'stop' });
    await this.#ended([id]);
  }

  /** Mounts close first, then the threads; sessions stay stored and come back. */
  async stop(deadlineMs: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { clock } = this.#options;
    if (this.#saveTimer !== undefined) clock.clearTimeout(this.#saveTimer);
    this.projects.close();
    for (const mount of this.mounts.all()) mount.close();
    await this.#server?.stop(Math.min(500, deadlineMs));
    await this.pool.stop(deadlineMs);
    await this.#save();
    await this.#cache.close();
  }

  readonly #noted = (thrown: unknown): void => {
    this.#options.log.warn({ err: thrown }, 'audio');
  };

  #makePool(): MediaPool {
    const { mediaShards, hangAfterMs, encoder, idleAfterMs, icecastUrl } = this.#options;
    const pool: MediaPool = new ShardPool<MediaShardOptions, ToMediaShard, FromMediaShard>({
      kind: 'media',
      size: mediaShards,
      entry: entryUrl('actors/session/shard.worker'),
      native: true,
      hangMs: hangAfterMs,
      clock: this.#options.clock,
      faults: this.#options.faults ?? false,
      options: () => ({ encoder, idleAfterMs, icecastUrl, shards: mediaShards }),
      onFault: this.#noted,
      onSnapshots: (rows) => {
        if (this.#stopping) return;
        for (const row of rows) {
          this.#snapshotsToSave.set(row.id, { ...row, kind: SESSION_KIND });
        }
      },
      ...this.#options.pool,
      wire: (shard) => this.#wire(shard),
      adopt: async ({ link }, ids) => {
        // Before its first session: earlier, while it starts, a thread hears nothing.
        if (!this.#informed.has(link)) {
          this.#informed.add(link);
          for (const project of this.projects.all()) {
            link.post('project.changed', withoutPlan(project));
          }
        }
        const snapshots = pool.registry.snapshotsOf(ids);
        const sessions = ids.flatMap((id) => {
          const entry = this.#entries.get(id);
          if (entry === undefined) return [];
          const { definition: session, mount } = entry;
          return [{ session, snapshot: snapshots[id], listeners: mount.listeners }];
        });
        await link.call('sessions.adopt', { sessions });
      },
    });
    pool.registry.onActors((changed, removed) => {
      for (const { id, state, lastError } of changed) {
        this.#entries.setState(id, stateOf(state), lastError);
      }
      if (removed.length > 0 && !this.#stopping) this.#ended(removed).catch(this.#noted);
    });
    return pool;
  }

  #wire({ name, link }: Shard<ToMediaShard, FromMediaShard>): void {
    const { clock, log } = this.#options;
    this.#router.reset(name);
    this.#cache.releaseAll(name);
    link.handle('media.acquire', ({ mediaId, chunk }) => this.#cache.acquire(mediaId, chunk, name));
    link.on('media.release', ({ mediaId, chunk }) => {
      this.#cache.release(mediaId, chunk, name);
    });
    link.on('stream.opened', ({ stream, sessionIds, header }) => {
      this.#router.opened(name, stream, sessionIds, header, clock.monoMs());
    });
    link.on('stream.moved', ({ sessionId, stream }) => {
      this.#router.moved(name, sessionId, stream, clock.monoMs());
    });
    link.on('stream.closed', ({ stream }) => this.#router.closed(name, stream));
    link.on('audio', (parts) => this.#router.audio(name, parts, clock.monoMs()));
    link.on('hearing', (hearings) => {
      for (const { sessionId, names } of hearings) {
        this.#entries.get(sessionId)?.mount.setTitle(names.join(' · '));
        this.#options.table.patch(sessionId, { hears: names });
      }
    });
    link.on('icecast.listeners', (counts) => {
      for (const { sessionId, count } of counts) {
        const entry = this.#entries.get(sessionId);
        if (entry === undefined) continue;
        entry.icecastListeners = count;
        this.#entries.showListeners(sessionId);
      }
    });
    link.on('media.status', (status) => this.#status.set(name, status));
    link.on('media.failed', ({ what, message }) => {
      log.warn({ shard: name, what }, message);
    });
  }

  #tellProject(project: StoredProject): void {
    for (const link of this.pool.links()) link.post('project.changed', withoutPlan(project));
  }

  async #restore(): Promise<void> {
    const { store } = this.#options;
    const definitions = await store.sessions.list();
    const snapshots = await store.snapshots.load(SESSION_KIND);
    for (const definition of definitions) this.#add(definition, undefined);
    await this.pool.place(
      definitions.map(({ id }) => id),
      snapshots,
    );
    await store.snapshots.prune(SESSION_KIND, new Set(definitions.map(({ id }) => id)));
  }

  #add(definition: SessionDefinition, address: string | undefined): void {
    const { id, projectId } = definition;
    const name = this.projects.get(projectId)?.name ?? projectId;
    const mount = this.#entries.add(definition, { address, name, shard: this.pool.nameOf(id) });
    this.#router.addSession(id, mount);
  }

  #remove(id: string): boolean {
    this.#unsaved.delete(id);
    this.#router.removeSession(id);
    return this.#entries.remove(id);
  }

  async #ended(ids: readonly string[]): Promise<void> {
    const mine = ids.filter((id) => this.#remove(id));
    if (mine.length > 0) await this.#options.store.sessions.remove(mine);
  }

  #listenersChanged(mount: Mount): void {
    const id = this.#entries.idOf(mount);
    if (id === undefined) return;
    this.pool.linkOf(id)?.post('listeners', { sessionId: id, count: mount.listeners });
    this.#entries.showListeners(id);
  }

  #saveLater(): void {
    const { clock } = this.#options;
    this.#saveTimer = clock.setTimeout(() => {
      this.#save()
        .catch(this.#noted)
        .finally(() => {
          if (!this.#stopping) this.#saveLater();
        });
    }, SAVE_EVERY_MS);
  }

  async #save(): Promise<void> {
    const { store } = this.#options;
    const moves = [...this.#unsaved.values()];
    const snapshots = this.#snapshotsToSave;
    this.#unsaved.clear();
    this.#snapshotsToSave = new Map();
    try {
      await store.sessions.update(moves);
      await store.snapshots.apply([...snapshots.values()]);
    } catch (thrown) {
      // Kept for the next try; what came meanwhile is newer.
      for (const move of moves) {
        if (this.#entries.get(move.id) === undefined) continue;
        this.#unsaved.set(move.id, { ...move, ...this.#unsaved.get(move.id) });
      }
      this.#snapshotsToSave = new Map([...snapshots, ...this.#snapshotsToSave]);
      throw thrown;
    }
  }
}

/** Threads have no use for the site plan. */
function withoutPlan({ plan: _plan, ...project }: StoredProject): Omit<StoredProject, 'plan'> {
  return project;
}
