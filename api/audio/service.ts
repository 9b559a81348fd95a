// Over 400 lines: one door to everything a session touches; its parts are in files of their own.
import { join } from 'node:path';
import { outputOf } from '../../actors/session/output.js';
import type {
  AssetAudibility,
  FromMediaShard,
  MediaShardOptions,
  SessionCommand,
  SessionCommandResult,
  SessionDefinition,
  SessionMove,
  SessionPlaying,
  ToMediaShard,
} from '../../actors/session/protocol.js';
import { moved, stateOf } from '../../actors/session/session.state.js';
import { SESSION_KIND } from '../../actors/session/shard.js';
import { ShardPool } from '../../actors/shard-pool.js';
import type { TimerHandle } from '../../engine/clock.js';
import { entryUrl } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import { LiveSources } from '../../media/live/decoder.js';
import { type Mount, MountTable } from '../../media/mounts/mount.js';
import { PcmCache } from '../../media/pcm-cache.js';
import type { GeoPoint } from '../../media/ports.js';
import { PreparedProject } from '../../media/project/prepared.js';
import { addressGroup } from '../http/limits.js';
import type { Gateway } from '../http/server.js';
import { type Announcement, Announcements } from './announcements.js';
import type { AudioOptions, SessionOpen } from './audio.types.js';
import { Briefing } from './briefing.js';
import { demoSound, pagesOrigin } from './demo.js';
import { listenersOf, type OpenSession, SessionEntries, type SessionEntry } from './directory.js';
import { insisting } from './insisting.js';
import { PLACE_KIND, SessionKeeper } from './keeper.js';
import { PLACE_EVERY_MS } from './listening-log.js';
import { Listens } from './listens.js';
import { openMountServer } from './mount-server.js';
import { Moves } from './moves.js';
import { defineSession } from './session-definition.js';
import { type MediaStatus, wireShard } from './shard-wiring.js';
import { type Blocker, SoundDirectory } from './sounds.js';
import { SpeakerBoard } from './speaker-board.js';
import { StreamRouter } from './streams.js';
import { type EndReason, Visits } from './visits.js';

export type MediaPool = ShardPool<MediaShardOptions, ToMediaShard, FromMediaShard>;

/** Listeners notice a gap: a thread that hangs must be found soon. */
const HEARTBEAT_MS = 250;
/**
 * Listener sessions as the main thread sees them: the directory, the media threads they live in, the mounts
 * their sound leaves by, and the decoded sound. Made by `start`, ended by `stop`.
 */
export class AudioService {
  readonly pool: MediaPool;
  readonly sounds: SoundDirectory;
  readonly mounts: MountTable;
  readonly #options: AudioOptions;
  readonly #cache: PcmCache;
  readonly #live: LiveSources;
  readonly #router = new StreamRouter();
  readonly #entries: SessionEntries;
  readonly #briefing: Briefing;
  readonly #board: SpeakerBoard;
  readonly #moves: Moves;
  readonly #visits: Visits;
  readonly #keeper: SessionKeeper;
  readonly #listens: Listens;
  readonly #status = new Map<string, MediaStatus>();
  readonly #prepared = new Map<number, PreparedProject>();
  readonly #endings = new Set<Promise<void>>();
  readonly #announcements = new Announcements();
  #server: Gateway | undefined;
  #tickTimer: TimerHandle | undefined;
  #stopping = false;

  private constructor(options: AudioOptions) {
    this.#options = options;
    const { store, clock } = options;
    this.mounts = new MountTable(options.maxListeners ?? 10_000, options.burstMs);
    this.#entries = new SessionEntries(options.table, this.mounts, clock);
    this.#cache = new PcmCache({
      maxBytes: options.pcmCacheBytes,
      spoolFolder: options.spoolFolder,
      locate: async (mediaId) => {
        const media = await store.media.get(mediaId);
        if (media === undefined) {
          throw new EngineError('not-found', `there is no media ${mediaId}`);
        }
        return join(options.mediaFolder, media.file);
      },
    });
    this.#live = new LiveSources({ clock, random: Math.random });
    this.#board = new SpeakerBoard(options.speakers, clock);
    this.sounds = new SoundDirectory(store, clock, {
      changed: (project) => {
        this.#prepared.delete(project.id);
        this.#board.changed(project);
        this.#briefing.changed(this.pool.links(), project.id);
      },
      removed: (projectId) => {
        this.#prepared.delete(projectId);
        this.#board.removed(projectId);
        this.#briefing.removed(this.pool.links(), projectId);
        for (const [id, entry] of this.#sessions()) {
          if (entry.definition.projectId === projectId) this.#later(this.close(id, 'killed'));
        }
      },
      assets: (changes) => this.#briefing.assets(this.pool.links(), changes),
      mediaChanged: (mediaId) => this.#cache.forget(mediaId),
      blocks: (by) => this.#blocksChanged(by),
      failed: this.#noted,
    });
    this.#briefing = new Briefing(this.sounds);
    this.#visits = new Visits(store.content, clock);
    this.#listens = new Listens({
      content: store.content,
      clock,
      log: options.listening,
      failed: this.#noted,
    });
    this.#keeper = new SessionKeeper({
      store,
      clock,
      definition: (id) => this.definition(id),
      failed: this.#noted,
    });
    this.#moves = new Moves(clock, (moves) => this.#sendMoves(moves));
    this.pool = this.#makePool();
  }

  /** Threads up, mounts listening, stored sessions back. @throws EngineError `conflict` when the port is taken. */
  static async start(options: AudioOptions): Promise<AudioService> {
    const service = new AudioService(options);
    await service.sounds.open();
    await service.#cache.open();
    await service.pool.start();
    service.#server = await openMountServer({
      host: options.host,
      port: options.streamPort,
      table: service.mounts,
      clock: options.clock,
      log: options.log,
      trustedProxies: options.trustedProxies ?? [],
      onListeners: (mount) => service.#listenersChanged(mount),
      demo: async (origin) => {
        const path = await service.demoPath();
        const { pagesPort } = options;
        if (path === undefined || pagesPort === undefined) return undefined;
        return `${pagesOrigin(origin, pagesPort())}${path}`;
      },
    });
    await service.#restore();
    service.#keeper.start();
    service.#tickLater();
    return service;
  }

  /** Path of the site's demo on the main port; undefined: there is none. */
  demoPath(): Promise<string | undefined> {
    return demoSound(this.#options.store);
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
   * Opens a session; its mount takes listeners when this resolves. A `number` that has an open session gets
   * that one, as it is.
   * @throws EngineError `not-found` for an unknown project or number, `rate.limited` over the address's limit,
   * `server.busy` over the site's.
   */
  async open(wish: SessionOpen, address?: string): Promise<OpenSession> {
    const { maxSessions, maxSessionsPerAddress = 500 } = this.#options;
    if (this.#stopping) throw new EngineError('server.stopping', 'the server is stopping');
    const known = wish.number === undefined ? undefined : this.ofNumber(wish.number);
    if (known !== undefined) return this.row(known);
    if (this.sounds.get(wish.projectId) === undefined) await this.sounds.settled();
    if (this.sounds.get(wish.projectId) === undefined) {
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
    const group = address === undefined ? undefined : addressGroup(address);
    if (group !== undefined && this.#entries.ofAddress(group) >= maxSessionsPerAddress) {
      throw new EngineError(
        'rate.limited',
        `your address has its limit of ${maxSessionsPerAddress} sessions: end one (DELETE) or wait until they end`,
      );
    }
    const leave = this.#entries.expect(group);
    let definition: SessionDefinition;
    try {
      definition = await defineSession(wish, {
        sounds: this.sounds,
        visits: this.#visits,
        clock: this.#options.clock,
        icecast: this.#options.icecastUrl !== undefined,
      });
      const meanwhile = this.ofNumber(definition.number);
      if (meanwhile !== undefined) return this.row(meanwhile);
      this.#add(definition, group);
    } finally {
      leave();
    }
    try {
      await this.#options.store.sessions.create(definition);
      await this.pool.place([definition.id]);
    } catch (thrown) {
      await this.#ended(definition.id, 'failed');
      throw thrown;
    }
    const { projectId, number, position } = definition;
    const atUnixMs = definition.createdAtUnixMs;
    this.#options.listening?.session({ projectId, session: number, position, atUnixMs });
    return this.row(definition.id);
  }

  /** @throws EngineError `not-found` when it ended or never was. */
  row(id: string): OpenSession {
    return this.#entries.row(id);
  }

  *rows(): IterableIterator<OpenSession> {
    for (const id of this.#entries.ids()) yield this.row(id);
  }

  definition(id: string): SessionDefinition | undefined {
    return this.#entries.get(id)?.definition;
  }

  /** Id of the open session with this number. */
  ofNumber(number: number): string | undefined {
    return this.#entries.ofNumber(number);
  }

  /** New place, heading, range, tags, language; heard within a block or two. @throws EngineError `not-found`. */
  move(move: SessionMove): OpenSession {
    const definition = this.definition(move.id);
    if (definition !== undefined) {
      this.#entries.update(move.id, moved(definition, move));
      this.#moves.add(move);
      this.#keeper.moved(move.id);
    }
    return this.row(move.id);
  }

  /** @throws EngineError `not-found`, `thread.lost` while its thread is being replaced. */
  async command(
    id: string,
    command: Exclude<SessionCommand, { readonly name: 'stop' }>,
  ): Promise<SessionCommandResult> {
    this.row(id);
    // What was said before must be heard before.
    this.#moves.flush();
    if (command.name === 'play') await this.sounds.settled();
    const result = await this.pool.linkTo(id).call('session.command', { id, command });
    this.#entries.setState(id, result.state, undefined);
    return result;
  }

  /** Somebody's contribution can be played: they hear it at once, submitted or not, if they listen. */
  contributed(asset: { readonly id: number; readonly sessionId: number | null }): void {
    const id = asset.sessionId === null ? undefined : this.ofNumber(asset.sessionId);
    if (id === undefined || this.#stopping) return;
    const played = this.command(id, { name: 'play', assetId: asset.id });
    this.#later(played.then(() => undefined));
  }

  /** A text that the players of a project show for a minute; the same key begins it once. */
  announce(projectId: number, text: string, key: string): void {
    this.#announcements.put(projectId, text, key, this.#options.clock.nowMs());
  }

  /** The text that is shown to a project's listeners now. */
  announced(projectId: number): Announcement | undefined {
    return this.#announcements.of(projectId, this.#options.clock.nowMs());
  }

  /** @throws EngineError `not-found`, `thread.lost`. */
  async playing(id: string): Promise<SessionPlaying> {
    this.row(id);
    return await this.pool.linkTo(id).call('session.playing', { id });
  }

  /** Why assets are heard or not: of the given ones, or of the nearest `limit`. @throws as `playing`. */
  async explain(
    id: string,
    assetIds: readonly number[] | undefined,
    limit: number,
  ): Promise<readonly AssetAudibility[]> {
    this.row(id);
    this.#moves.flush();
    return await this.pool.linkTo(id).call('session.explain', { id, assetIds, limit });
  }

  /** Near enough to any active speaker; true without a position. @throws EngineError `not-found`. */
  inRange(projectId: number, position: GeoPoint | undefined): boolean {
    const definition = this.sounds.get(projectId);
    if (definition === undefined) {
      throw new EngineError('not-found', `there is no project ${projectId}`);
    }
    const prepared = this.#prepared.get(projectId) ?? new PreparedProject(definition);
    this.#prepared.set(projectId, prepared);
    return prepared.inRange(position);
  }

  /** Ends it: listeners are disconnected. @throws EngineError `not-found`. */
  async close(id: string, reason: EndReason = 'stopped'): Promise<void> {
    this.row(id);
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.endReason ??= reason;
    try {
      await this.pool.linkOf(id)?.call('session.command', { id, command: { name: 'stop' } });
    } catch (thrown) {
      // It is over here whatever its thread says: one that hangs, or is being replaced, takes it up no more.
      this.#noted(thrown);
    }
    await this.#ended(id, reason);
  }

  /** What waits is written: listens, ends, the statistics. */
  async flushed(): Promise<void> {
    await Promise.all(this.#endings);
    await this.#listens.flush();
    await this.#options.listening?.flush();
  }

  /** Mounts close first, then the threads; sessions stay stored and come back. */
  async stop(deadlineMs: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { clock } = this.#options;
    if (this.#tickTimer !== undefined) clock.clearTimeout(this.#tickTimer);
    this.sounds.close();
    this.#moves.close();
    for (const mount of this.mounts.all()) mount.close();
    await this.#server?.stop(Math.min(500, deadlineMs));
    await this.pool.stop(deadlineMs);
    await Promise.allSettled([this.#live.close(), this.#keeper.close(), this.flushed()]);
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
      heartbeatMs: HEARTBEAT_MS,
      clock: this.#options.clock,
      faults: this.#options.faults ?? false,
      options: () => ({ encoder, idleAfterMs, icecastUrl, shards: mediaShards }),
      onFault: this.#noted,
      onSnapshots: (rows) => {
        if (this.#stopping) return;
        for (const row of rows) this.#keeper.snapshot({ ...row, kind: SESSION_KIND });
      },
      ...this.#options.pool,
      wire: (shard) =>
        wireShard(shard, {
          router: this.#router,
          cache: this.#cache,
          live: this.#live,
          board: this.#board,
          entries: this.#entries,
          listens: this.#listens,
          keeper: this.#keeper,
          status: this.#status,
          clock: this.#options.clock,
          log: this.#options.log,
          ended: (id, reason) => {
            if (!this.#stopping) this.#later(this.#ended(id, reason));
          },
        }),
      adopt: async ({ link }, ids) => {
        const entries = ids.flatMap((id) => this.#entries.get(id) ?? []);
        const projects = new Set(entries.map(({ definition }) => definition.projectId));
        for (const projectId of projects) await this.#briefing.tell(link, projectId);
        const snapshots = pool.registry.snapshotsOf(ids);
        const sessions = entries
          .filter(({ definition }) => this.#entries.get(definition.id) !== undefined)
          .map(({ definition: session, mount, place }) => ({
            session,
            snapshot: snapshots[session.id],
            place,
            listeners: mount.listeners,
          }));
        await link.call('sessions.adopt', { sessions });
      },
    });
    pool.registry.onActors((changed, removed) => {
      for (const { id, state, lastError } of changed) {
        this.#entries.setState(id, stateOf(state), lastError);
      }
      if (this.#stopping) return;
      for (const id of removed) this.#later(this.#ended(id, 'killed'));
    });
    return pool;
  }

  #sendMoves(moves: readonly SessionMove[]): void {
    const bySlot = new Map<number, SessionMove[]>();
    for (const move of moves) {
      const slot = this.pool.ownerOf(move.id);
      const list = bySlot.get(slot);
      if (list === undefined) bySlot.set(slot, [move]);
      else list.push(move);
    }
    // A thread that is being replaced gets the new places when it adopts the sessions.
    for (const [slot, list] of bySlot) this.pool.linkAt(slot)?.post('session.moves', list);
  }

  #blocksChanged(by: readonly Blocker[] | undefined): void {
    for (const [id, { definition }] of this.#sessions()) {
      const { userId, number, blockedAssetIds, blockedUserIds } = definition;
      const concerned =
        by === undefined
          ? blockedAssetIds.length + blockedUserIds.length > 0
          : by.some((one) => one.sessionId === number || one.userId === (userId ?? Number.NaN));
      if (!concerned) continue;
      this.#later(
        this.#visits.blocks(userId, number).then((blocks) => {
          const now = this.definition(id);
          // A move is a word of the client: what changes nothing must not keep a session alive.
          if (now !== undefined && !sameBlocks(now, blocks)) this.move({ id, ...blocks });
        }),
      );
    }
  }

  async #restore(): Promise<void> {
    const { store, icecastUrl } = this.#options;
    const stored = await store.sessions.list();
    // An Icecast may have been configured, or taken away, since.
    const definitions = stored.map((one) => ({
      ...one,
      output: outputOf(one.output, icecastUrl !== undefined),
    }));
    const snapshots = await store.snapshots.load(SESSION_KIND);
    const places = await store.snapshots.load(PLACE_KIND);
    const ids = definitions.map(({ id }) => id);
    for (const definition of definitions) {
      this.#add(definition, undefined).place = places[definition.id];
    }
    await this.pool.place(ids, snapshots);
    await store.snapshots.prune(SESSION_KIND, new Set(ids));
    await store.snapshots.prune(PLACE_KIND, new Set(ids));
  }

  #add(definition: SessionDefinition, address: string | undefined): SessionEntry {
    const { id, projectId } = definition;
    const name = this.sounds.get(projectId)?.name ?? `Project ${projectId}`;
    const entry = this.#entries.add(definition, { address, name, shard: this.pool.nameOf(id) });
    this.#router.addSession(id, entry.mount);
    return entry;
  }

  async #ended(id: string, reason: EndReason): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const why = entry.endReason ?? reason;
    this.#moves.forget(id);
    this.#keeper.forget(id);
    this.#listens.over(entry.definition);
    this.#router.removeSession(id);
    this.#entries.remove(id, why);
    // An end that is not kept would bring the session back after a restart.
    await insisting(
      this.#options.clock,
      () => this.#stopping,
      this.#noted,
      async () => {
        await this.#options.store.sessions.remove([id]);
        await this.#visits.end(entry.definition.number, why);
      },
    );
  }

  #later(work: Promise<void>): void {
    const settled = work.catch(this.#noted).finally(() => this.#endings.delete(settled));
    this.#endings.add(settled);
  }

  *#sessions(): IterableIterator<readonly [string, SessionEntry]> {
    for (const id of [...this.#entries.ids()]) {
      const entry = this.#entries.get(id);
      if (entry !== undefined) yield [id, entry];
    }
  }

  #listenersChanged(mount: Mount): void {
    const id = this.#entries.idOf(mount);
    if (id === undefined) return;
    this.pool.linkOf(id)?.post('listeners', { sessionId: id, count: mount.listeners });
    this.#entries.showListeners(id);
  }

  #tickLater(): void {
    const { clock, listening, idleAfterMs } = this.#options;
    this.#tickTimer = clock.setTimeout(() => {
      const atUnixMs = clock.nowMs();
      for (const [id, entry] of this.#sessions()) {
        const { projectId, number, position } = entry.definition;
        const { state, sinceUnixMs } = this.row(id);
        if (state === 'streaming' && listenersOf(entry) > 0) {
          const about = { projectId, session: number, position, atUnixMs };
          listening?.place(about, PLACE_EVERY_MS / 1_000);
        }
        // Its actor was given up: nobody would ever end it.
        const given = state === 'stopped' && atUnixMs - sinceUnixMs > idleAfterMs;
        if (given) this.#later(this.close(id, 'failed'));
      }
      this.#tickLater();
    }, PLACE_EVERY_MS);
  }
}

type Blocks = Pick<SessionDefinition, 'blockedAssetIds' | 'blockedUserIds'>;

const sameBlocks = (one: Blocks, other: Blocks): boolean =>
  String(one.blockedAssetIds) === String(other.blockedAssetIds) &&
  String(one.blockedUserIds) === String(other.blockedUserIds);
