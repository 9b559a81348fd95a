import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Asset } from '../../../../actors/content/content.types.js';
import { ASSET_DEFAULTS } from '../../../../actors/content/defaults.js';
import { openSiteStore, type SiteStore } from '../../../../actors/control/site.js';
import type { SessionCommand, SessionMove } from '../../../../actors/session/protocol.js';
import { SystemClock } from '../../../../engine/clock.js';
import { EngineError } from '../../../../engine/errors.js';
import { silentLog } from '../../../../engine/log.js';
import { type Auth, openAuth } from '../../../auth/auth.js';
import type { AuditPort } from '../../../automation/ports.js';
import { Incoming } from '../../../content/incoming.js';
import type { Arrival } from '../../../content/ingest.types.js';
import { UploadLimits } from '../../../content/upload-limits.js';
import { createGateway, type Gateway } from '../../../http/server.js';
import { openRoundware } from '../compose.js';
import type { RoundwareIngest, RoundwareSound, StreamWish } from '../services.js';
import type { DayLimits } from '../throttle.js';

/** Writes down what the personality asks of the sound, so that a test may read it as the sound would. */
export class WrittenSound implements RoundwareSound {
  readonly opened: StreamWish[] = [];
  readonly moves: SessionMove[] = [];
  readonly commands: { readonly id: string; readonly command: SessionCommand }[] = [];
  readonly running = new Map<number, StreamWish>();
  /** What a replay finds. */
  hasPlayed = true;
  /** Assets that sound now. */
  sounding: readonly number[] = [];

  open(wish: StreamWish): Promise<void> {
    this.opened.push(wish);
    this.running.set(wish.number, wish);
    return Promise.resolve();
  }

  ofNumber(number: number): string | undefined {
    return this.running.has(number) ? `secret-${number}` : undefined;
  }

  streamUrl(id: string, origin: string): string {
    const wish = this.running.get(Number(id.replace('secret-', '')));
    return `http://${new URL(origin).hostname}:8000${wish?.mount ?? ''}`;
  }

  demoUrl(origin: string): string {
    return `http://${new URL(origin).hostname}:8000/demo_stream.mp3`;
  }

  move(move: SessionMove): void {
    this.moves.push(move);
  }

  command(id: string, command: SessionCommand) {
    this.commands.push({ id, command });
    const done = command.name !== 'replay' || this.hasPlayed;
    return Promise.resolve({
      state: 'streaming' as const,
      done,
      message: done ? undefined : 'nothing was played yet',
    });
  }

  playing(_id: string) {
    const tracks = this.sounding.map((assetId) => ({
      trackId: 1,
      state: 'playing' as const,
      assetId,
      name: undefined,
      positionS: 0,
      remainingS: 1,
      gain: 1,
      pan: 0,
    }));
    return Promise.resolve({ elapsedS: 1, tracks, voices: [], queue: [], queued: 0 });
  }

  close(id: string): Promise<void> {
    this.running.delete(Number(id.replace('secret-', '')));
    return Promise.resolve();
  }
}

/** Writes down arrivals and makes assets of them at once, without looking into the files. */
export class WrittenIngest implements RoundwareIngest {
  readonly maxBytes = 2 * 1024 * 1024;
  readonly arrivals: Arrival[] = [];
  /** The next file cannot be read, for this reason. */
  failure: string | undefined;
  /** Media of the next files. */
  mediaId: string | null = null;
  /** As of a full disk. */
  full = false;
  readonly folder: string;
  readonly #store: SiteStore;

  constructor(folder: string, store: SiteStore) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#store = store;
  }

  async save(bytes: AsyncIterable<Uint8Array>): Promise<string> {
    const minFreeBytes = this.full ? Number.MAX_SAFE_INTEGER : 0;
    return await new Incoming(this.folder, minFreeBytes).save(bytes, this.maxBytes);
  }

  async receive(arrival: Arrival): Promise<Asset> {
    this.arrivals.push(arrival);
    const { content } = this.#store;
    const failed = this.failure;
    this.failure = undefined;
    return await content.assets.create({
      ...ASSET_DEFAULTS,
      projectId: arrival.projectId,
      sessionId: arrival.sessionNumber ?? null,
      userId: arrival.userId ?? null,
      languageId: arrival.languageId ?? 1,
      mediaType: arrival.mediaType ?? 'audio',
      mediaId: this.mediaId,
      filename: `20260101-000000-${arrival.sessionNumber ?? 0}.mp3`,
      description: arrival.description ?? '',
      latitude: arrival.position?.latitude ?? null,
      longitude: arrival.position?.longitude ?? null,
      submitted: arrival.submitted ?? false,
      volume: arrival.volume ?? 1,
      weight: arrival.weight ?? 50,
      startS: 0,
      endS: 2.5,
      lengthS: 2.5,
      ingest: failed === undefined ? 'ready' : 'failed',
      ingestError: failed ?? null,
      createdAtUnixMs: 1_700_000_000_000,
      updatedAtUnixMs: 1_700_000_000_000,
      tagIds: arrival.tagIds ?? [],
      envelopeIds: arrival.envelopeId === undefined ? [] : [arrival.envelopeId],
    });
  }

  async settled(assetId: number): Promise<Asset> {
    const asset = await this.#store.content.assets.get(assetId);
    if (asset === undefined) throw new EngineError('not-found', `there is no asset ${assetId}`);
    return asset;
  }
}

/** The personality on a real store and a real server, with sound and ingest written down. */
export interface RoundwareSite {
  readonly url: string;
  readonly store: SiteStore;
  readonly auth: Auth;
  readonly gateway: Gateway;
  readonly sound: WrittenSound;
  readonly ingest: WrittenIngest;
  stop(): Promise<void>;
}

export const STAFF_PASSWORD = 'long enough for staff';

export async function startRoundwareSite(
  options: {
    readonly dayLimits?: DayLimits;
    readonly uploadLimits?: UploadLimits;
    readonly audit?: AuditPort;
  } = {},
): Promise<RoundwareSite> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-roundware-'));
  const clock = new SystemClock();
  const log = silentLog();
  const onError = (error: EngineError) => log.error({ err: error }, 'background');
  const store = await openSiteStore({ file: join(folder, 'control.db'), clock, onError });
  const passwordCost = { memoryKiB: 1_024, passes: 1 };
  const { auth } = await openAuth({ store, clock, onError, passwordCost });
  await auth.createUser('olga', STAFF_PASSWORD, 'operator');
  await auth.createUser('victor', STAFF_PASSWORD, 'viewer');
  const sound = new WrittenSound();
  const ingest = new WrittenIngest(join(folder, 'incoming'), store);
  const gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0, perPrincipalPerSecond: 0 },
    authenticate: auth.authenticate,
    raw: openRoundware({
      store,
      auth,
      sound,
      ingest,
      uploadLimits: options.uploadLimits ?? new UploadLimits(0, 0),
      mediaFolder: join(folder, 'media'),
      audit: options.audit,
      clock,
      log,
      ...(options.dayLimits === undefined ? {} : { dayLimits: options.dayLimits }),
    }),
  });
  return {
    url: `http://127.0.0.1:${gateway.port}`,
    store,
    auth,
    gateway,
    sound,
    ingest,
    async stop() {
      await gateway.stop(200);
      auth.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
