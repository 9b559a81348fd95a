import type { Clock, TimerHandle } from '../engine/clock.js';
import { EngineError } from '../engine/errors.js';
import { MixEngine } from '../media/engine/engine.js';
import type { MediaAccess } from '../media/library.js';
import {
  type AssetDefinition,
  BLOCK_MS,
  type EncoderFactory,
  type PcmMedia,
  type ProjectDefinition,
  type StreamFormat,
} from '../media/ports.js';
import {
  assetOf,
  listenerOf,
  projectOf,
  speakerOf,
  trackOf,
} from '../media/testing/definitions.js';
import { pcmOf } from '../media/tones.js';
import { at, circle, noise, SPEAKERS, TRACKS, walker } from './sounding-site.js';

const ASSETS = 12;
const MEDIA_S = 20;
const WALK = 1;

/** A clock that moves only when told: the audio runs as fast as the machine can. */
export class BenchClock implements Clock {
  #ms = 0;

  nowMs(): number {
    return 1_800_000_000_000 + this.#ms;
  }

  monoMs(): number {
    return this.#ms;
  }

  setTimeout(): TimerHandle {
    return undefined;
  }

  clearTimeout(): void {
    // There are no timers to clear.
  }

  advance(byMs: number): void {
    this.#ms += byMs;
  }
}

/**
 * Six speakers whose wide borders hold the whole path: every step changes the gain of each. With `tracks`
 * two voices beside them, hardly ever silent, panning; without, two recordings that reach over the path,
 * so that listeners of one place hear the same.
 */
function walkedProject(tracks: boolean): {
  readonly definition: ProjectDefinition;
  readonly assets: readonly AssetDefinition[];
} {
  const speakers = Array.from({ length: SPEAKERS }, (_, i) => {
    const turn = (2 * Math.PI * i) / SPEAKERS;
    return speakerOf({
      id: i + 1,
      projectId: WALK,
      shape: [circle(40 * Math.cos(turn), 40 * Math.sin(turn), 300)],
      attenuationM: 300,
      minVolume: 0,
      maxVolume: 0.4,
      sources: [{ kind: 'media', mediaId: `speaker-${i}` }],
    });
  });
  const voices = Array.from({ length: tracks ? TRACKS : 0 }, (_, i) =>
    trackOf({
      id: i + 1,
      projectId: WALK,
      volume: [0.3, 0.5],
      durationS: [10, 30],
      deadAirS: [0, 0.2],
      fadeInS: [0.1, 0.5],
      fadeOutS: [0.1, 2],
      pan: [-0.8, 0.8],
      panDurationS: [5, 10],
      repeatRecordings: true,
    }),
  );
  const assets = Array.from({ length: tracks ? ASSETS : TRACKS }, (_, i) =>
    assetOf({
      id: i + 1,
      projectId: WALK,
      mediaId: `asset-${i}`,
      position: tracks ? at(10 * i, -10 * i) : at(i === 0 ? -60 : 60, 0),
      placed: !tracks,
      radiusM: tracks ? undefined : 400,
      law: 'cosine',
      volume: 0.4,
      endS: MEDIA_S,
    }),
  );
  const base = projectOf({ id: WALK, speakers, tracks: voices });
  const settings = {
    ...base.settings,
    recordingRadiusM: 1_000,
    bannedS: 0,
    repeatMode: 'continuous' as const,
  };
  return { definition: { ...base, settings }, assets };
}

/** The sounds of the walk, decoded. */
export function benchMedia(): ReadonlyMap<string, PcmMedia> {
  const ids = [
    ...Array.from({ length: SPEAKERS }, (_, i) => `speaker-${i}`),
    ...Array.from({ length: ASSETS }, (_, i) => `asset-${i}`),
  ];
  return new Map(
    ids.map((id, number) => {
      const [left, right] = noise(number, MEDIA_S);
      return [id, pcmOf(id, { left, right })];
    }),
  );
}

export interface Site {
  readonly engine: MixEngine;
  bytes(): number;
}

/** Sounds that are decoded already. */
const readyMedia = (media: ReadonlyMap<string, PcmMedia>): MediaAccess => ({
  acquire: (mediaId) => {
    const found = media.get(mediaId);
    return found === undefined
      ? Promise.reject(new EngineError('not-found', `no media ${mediaId}`))
      : Promise.resolve(found);
  },
  release: () => undefined,
});

/** An engine with the walked project. `media`: ready sounds, or what decodes them. */
export function openSite(
  clock: Clock,
  encoders: EncoderFactory,
  media: ReadonlyMap<string, PcmMedia> | MediaAccess,
  tracks = true,
): Site {
  let bytes = 0;
  const engine = new MixEngine({
    clock,
    encoders,
    media: 'acquire' in media ? media : readyMedia(media),
    live: {
      acquire: (url) => Promise.reject(new EngineError('not-found', `nothing at ${url}`)),
      release: () => undefined,
    },
    events: {
      opened: () => undefined,
      moved: () => undefined,
      closed: () => undefined,
      listen: () => undefined,
      speakerState: () => undefined,
      audio: (parts) => {
        bytes += parts.bytes.length;
      },
      failed: (what, error) => {
        throw new EngineError('internal', `${what}: ${error.message}`);
      },
    },
  });
  const { definition, assets } = walkedProject(tracks);
  engine.setProject(definition);
  engine.changeAssets({ projectId: WALK, reset: true, put: assets, removed: [] });
  return { engine, bytes: () => bytes };
}

/** Adds `count` listeners over `places` distinct walks. */
export function addListeners(
  site: Site,
  count: number,
  places: number,
  format: StreamFormat,
  bitrateKbps: number,
): void {
  for (let i = 0; i < count; i++) {
    site.engine.startSession({
      ...listenerOf(),
      id: `l${i}`,
      projectId: WALK,
      format,
      bitrateKbps,
      position: walker(i % places, places, 0),
    });
    site.engine.listeners(`l${i}`, 1);
  }
}

/** Everybody's position twice a second, a walk's listeners at once, the walks spread over the time. */
export function moveListeners(site: Site, count: number, places: number, block: number): void {
  const every = 500 / BLOCK_MS;
  for (let place = block % every; place < places; place += every) {
    const position = walker(place, places, block * BLOCK_MS);
    for (let i = place; i < count; i += places)
      site.engine.updateSession({ id: `l${i}`, position });
  }
}
