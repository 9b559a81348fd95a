import type { Clock, TimerHandle } from '../engine/clock.js';
import { MixEngine } from '../media/engine.js';
import {
  BLOCK_MS,
  type EncoderFactory,
  type GeoPoint,
  type PcmMedia,
  RATE_HZ,
  type StreamFormat,
} from '../media/ports.js';
import type { SpineProject, SpineRecording, SpineSpeaker } from '../media/spine.js';
import { Noise } from '../media/synth/tools.js';
import { pcmOf } from '../media/tones.js';

const M_PER_DEG = 111_195;
const SPEAKERS = 6;
const RECORDINGS = 2;
const MEDIA_S = 30;

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

const at = (eastM: number, northM: number): GeoPoint => ({
  latitude: northM / M_PER_DEG,
  longitude: eastM / M_PER_DEG,
});

function ring(eastM: number, northM: number, radiusM: number) {
  return Array.from({ length: 25 }, (_, i): readonly [number, number] => {
    const turn = (2 * Math.PI * (i % 24)) / 24;
    const point = at(eastM + radiusM * Math.cos(turn), northM + radiusM * Math.sin(turn));
    return [point.longitude, point.latitude];
  });
}

/**
 * Six speakers whose wide borders hold the whole path, and two recordings that reach over it: every
 * step changes the gain of all eight voices.
 */
export function walkedProject(): SpineProject {
  const speakers = Array.from({ length: SPEAKERS }, (_, i): SpineSpeaker => {
    const turn = (2 * Math.PI * i) / SPEAKERS;
    return {
      id: `s${i}`,
      projectId: 'walk',
      name: `s${i}`,
      shape: [[ring(40 * Math.cos(turn), 40 * Math.sin(turn), 300)]],
      attenuationM: 300,
      minVolume: 0,
      maxVolume: 0.4,
      mediaId: `speaker-${i}`,
    };
  });
  const recordings = Array.from(
    { length: RECORDINGS },
    (_, i): SpineRecording => ({
      id: `r${i}`,
      projectId: 'walk',
      name: `r${i}`,
      position: at(i === 0 ? -60 : 60, 0),
      radiusM: 400,
      volume: 0.4,
      tags: [],
      mediaId: `recording-${i}`,
    }),
  );
  return { id: 'walk', name: 'Walk', center: at(0, 0), speakers, recordings };
}

/** Place of a walker on a circle of 80 m at 1.4 m/s, one of `count` evenly spread. */
export function walker(index: number, count: number, atMs: number): GeoPoint {
  const radiusM = 30 + 50 * ((index * 0.618) % 1);
  const turn = (2 * Math.PI * index) / count + (0.0014 * atMs) / radiusM;
  return at(radiusM * Math.cos(turn), radiusM * Math.sin(turn));
}

/** Coloured noise with tones: nothing an encoder could skip. */
export function benchMedia(): ReadonlyMap<string, PcmMedia> {
  const media = new Map<string, PcmMedia>();
  const ids = [
    ...Array.from({ length: SPEAKERS }, (_, i) => `speaker-${i}`),
    ...Array.from({ length: RECORDINGS }, (_, i) => `recording-${i}`),
  ];
  for (const [number, id] of ids.entries()) {
    const frames = Math.min(MEDIA_S, 20) * RATE_HZ;
    const noise = new Noise(number + 1);
    const planes = [new Float32Array(frames), new Float32Array(frames)] as const;
    for (const plane of planes) {
      let low = 0;
      for (let i = 0; i < frames; i++) {
        low += 0.08 * (noise.next() - low);
        plane[i] = low + 0.15 * Math.sin((2 * Math.PI * (110 * (number + 2)) * i) / RATE_HZ);
      }
    }
    media.set(id, pcmOf(id, { left: planes[0], right: planes[1] }));
  }
  return media;
}

export interface Site {
  readonly engine: MixEngine;
  bytes(): number;
}

/** An engine with the walked project. */
export function openSite(
  clock: Clock,
  encoders: EncoderFactory,
  media: ReadonlyMap<string, PcmMedia>,
): Site {
  let bytes = 0;
  const engine = new MixEngine({
    clock,
    encoders,
    media: {
      acquire: (mediaId) => {
        const found = media.get(mediaId);
        return found === undefined
          ? Promise.reject(new Error(`no media ${mediaId}`))
          : Promise.resolve(found);
      },
      release: () => undefined,
    },
    events: {
      opened: () => undefined,
      moved: () => undefined,
      closed: () => undefined,
      audio: (parts) => {
        bytes += parts.bytes.length;
      },
      failed: (what, error) => {
        throw new Error(`${what}: ${error.message}`);
      },
    },
  });
  engine.addProject(walkedProject());
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
      id: `l${i}`,
      projectId: 'walk',
      format,
      bitrateKbps,
      position: walker(i % places, places, 0),
      headingDeg: undefined,
      tags: [],
    });
    site.engine.listeners(`l${i}`, 1);
  }
}

/** Everybody's position twice a second, a walk's listeners at once, the walks spread over the time. */
export function moveListeners(site: Site, count: number, places: number, block: number): void {
  const every = 500 / BLOCK_MS;
  for (let place = block % every; place < places; place += every) {
    const position = walker(place, places, block * BLOCK_MS);
    for (let i = place; i < count; i += places) site.engine.updateSession(`l${i}`, { position });
  }
}
