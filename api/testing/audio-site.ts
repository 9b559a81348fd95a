import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_DEFAULTS, SPEAKER_DEFAULTS } from '../../actors/content/defaults.js';
import { openSiteStore, type SiteStore } from '../../actors/control/site.js';
import { SystemClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { silentLog } from '../../engine/log.js';
import type { GeoPoint } from '../../media/ports.js';
import type { AudioOptions } from '../audio/audio.types.js';
import { AudioService } from '../audio/service.js';
import { planSvg } from '../demo/plan.js';
import { createGateway, type Gateway } from '../http/server.js';
import { MemoryTable } from '../live/table.js';
import { projectRoutes } from '../routes/projects.js';
import { sessionRoutes } from '../routes/sessions.js';

const METRES_PER_DEG = 111_320;
/** The first project of a new store. */
export const TEST_PROJECT = 1;

/** Metres east of the west zone's middle; the east zone's middle is at 100. */
export function place(eastM: number): GeoPoint {
  return { latitude: 0, longitude: eastM / METRES_PER_DEG };
}

/** Pitch of the west and of the east zone. Both make whole cycles in the 1 s file. */
export const WEST_HZ = 600;
export const EAST_HZ = 1_500;

function wavOf(hz: number): Buffer {
  const frames = 48_000;
  const wav = Buffer.alloc(44 + frames * 2);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + frames * 2, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(48_000, 24);
  wav.writeUInt32LE(96_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(frames * 2, 40);
  for (let i = 0; i < frames; i += 1) {
    const value = 0.5 * Math.sin((2 * Math.PI * hz * i) / 48_000);
    wav.writeInt16LE(Math.round(value * 32_767), 44 + i * 2);
  }
  return wav;
}

function zone(tone: 'west' | 'east', eastM: number) {
  const half = 30;
  const corner = (east: number, north: number): readonly [number, number] => [
    (eastM + east) / METRES_PER_DEG,
    north / METRES_PER_DEG,
  ];
  return {
    ...SPEAKER_DEFAULTS,
    projectId: TEST_PROJECT,
    active: true,
    code: tone,
    name: tone === 'west' ? 'West' : 'East',
    shape: [
      [
        [
          corner(-half, -half),
          corner(half, -half),
          corner(half, half),
          corner(-half, half),
          corner(-half, -half),
        ],
      ],
    ],
    attenuationM: 1,
    mediaId: `tone-${tone}`,
  };
}

/** Stores the project of two tones, if it is not there yet; its files are made below `mediaFolder`. */
export async function saveTones(store: SiteStore, mediaFolder: string): Promise<void> {
  mkdirSync(mediaFolder, { recursive: true });
  for (const [id, hz] of [
    ['west', WEST_HZ],
    ['east', EAST_HZ],
  ] as const) {
    await saveTone(store, mediaFolder, `tone-${id}`, hz);
  }
  if ((await store.content.projects.get(TEST_PROJECT)) !== undefined) return;
  const { id } = await store.content.projects.create({
    ...PROJECT_DEFAULTS,
    name: 'Two tones',
    ...place(50),
    publishedAtUnixMs: 0,
  });
  if (id !== TEST_PROJECT) throw new EngineError('internal', 'the store is not new');
  await store.content.speakers.createMany([zone('west', 0), zone('east', 100)]);
}

/** A media of one second of a tone. `hz` should make whole cycles in it. */
export async function saveTone(
  store: SiteStore,
  mediaFolder: string,
  id: string,
  hz: number,
): Promise<void> {
  const wav = wavOf(hz);
  writeFileSync(join(mediaFolder, `${id}.wav`), wav);
  await store.media.put({
    id,
    name: `Tone ${hz} Hz`,
    file: `${id}.wav`,
    contentType: 'audio/wav',
    sizeBytes: wav.length,
    durationMs: 1_000,
    sha256: '',
    createdAtUnixMs: 0,
  });
}

/** The audio half of a site on free ports, with the project of two tones. */
export interface AudioSite {
  readonly service: AudioService;
  readonly store: SiteStore;
  readonly gateway: Gateway;
  readonly table: MemoryTable;
  readonly speakers: MemoryTable;
  readonly url: string;
  readonly streamUrl: string;
  readonly folder: string;
  /** Keeps the folder when it was given, or on wish. */
  stop(keep?: boolean): Promise<void>;
}

export async function startAudioSite(
  options: Partial<AudioOptions> & { readonly folder?: string } = {},
): Promise<AudioSite> {
  const { folder: given, ...audio } = options;
  const folder = given ?? mkdtempSync(join(tmpdir(), 'earshot-audio-'));
  const clock = new SystemClock();
  const log = silentLog();
  const store = await openSiteStore({
    file: join(folder, 'control.db'),
    clock,
    onError: (error) => log.warn({ err: error }, 'control'),
  });
  const mediaFolder = join(folder, 'media');
  await saveTones(store, mediaFolder);
  const table = new MemoryTable('sessions');
  const speakers = new MemoryTable('speakers');
  const service = await AudioService.start({
    host: '127.0.0.1',
    streamPort: 0,
    mediaShards: 1,
    hangAfterMs: 10_000,
    encoder: 'auto',
    idleAfterMs: 200_000,
    pcmCacheBytes: 64 * 1024 * 1024,
    maxSessions: 500,
    mediaFolder,
    spoolFolder: join(folder, 'spool'),
    store,
    table,
    speakers,
    clock,
    log,
    ...audio,
  });
  const streamUrl = `http://127.0.0.1:${service.streamPort}`;
  const gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0 },
    routes: [
      ...sessionRoutes({
        sessions: service,
        content: store.content,
        clock,
        streamOrigin: () => streamUrl,
      }),
      ...projectRoutes(service.sounds, ({ plan }) => (plan === null ? undefined : planSvg())),
    ],
  });
  return {
    service,
    store,
    gateway,
    table,
    speakers,
    url: `http://127.0.0.1:${gateway.port}`,
    streamUrl,
    folder,
    async stop(keep = false) {
      await gateway.stop(200);
      await service.stop(3_000);
      await store.close();
      if (given === undefined && !keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}
