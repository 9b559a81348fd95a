import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ASSET_DEFAULTS,
  AUDIO_TRACK_DEFAULTS,
  PROJECT_DEFAULTS,
  SPEAKER_DEFAULTS,
} from '../actors/content/defaults.js';
import { openSiteStore, type SiteStore } from '../actors/control/site.js';
import { SystemClock } from '../engine/clock.js';
import type { GeoPoint, Polygon } from '../media/ports.js';
import { Noise, wav } from '../media/synth/tools.js';

const M_PER_DEG = 111_195;
const RATE_HZ = 48_000;

export const SPEAKERS = 6;
export const TRACKS = 2;
/** Recordings near everybody: two voices take turns with them. */
const NEAR_ASSETS = 12;

/** Metres from the middle of the bench's site, which lies on the equator. */
export const at = (eastM: number, northM: number): GeoPoint => ({
  latitude: northM / M_PER_DEG,
  longitude: eastM / M_PER_DEG,
});

/** Place of a walker on a circle of 30 to 80 m at 1.4 m/s, one of `count` evenly spread. */
export function walker(index: number, count: number, atMs: number): GeoPoint {
  const radiusM = 30 + 50 * ((index * 0.618) % 1);
  const turn = (2 * Math.PI * index) / count + (0.0014 * atMs) / radiusM;
  return at(radiusM * Math.cos(turn), radiusM * Math.sin(turn));
}

export function circle(eastM: number, northM: number, radiusM: number): Polygon {
  return [
    Array.from({ length: 25 }, (_, i): readonly [number, number] => {
      const turn = (2 * Math.PI * (i % 24)) / 24;
      const point = at(eastM + radiusM * Math.cos(turn), northM + radiusM * Math.sin(turn));
      return [point.longitude, point.latitude];
    }),
  ];
}

/** Coloured noise with a tone, stereo: nothing an encoder could skip. */
export function noise(number: number, seconds: number): readonly [Float32Array, Float32Array] {
  const source = new Noise(number + 1);
  const plane = (): Float32Array => {
    const out = new Float32Array(seconds * RATE_HZ);
    let low = 0;
    for (let i = 0; i < out.length; i++) {
      low += 0.08 * (source.next() - low);
      out[i] = low + 0.15 * Math.sin((2 * Math.PI * (110 * (number + 2)) * i) / RATE_HZ);
    }
    return out;
  };
  return [plane(), plane()];
}

async function saveMedia(store: SiteStore, folder: string, id: string, no: number): Promise<void> {
  const file = `${id}.wav`;
  const bytes = wav([...noise(no, 15)]);
  writeFileSync(join(folder, file), bytes);
  await store.media.put({
    id,
    name: id,
    file,
    contentType: 'audio/wav',
    sizeBytes: bytes.length,
    durationMs: 15_000,
    sha256: '',
    createdAtUnixMs: 0,
  } as Parameters<SiteStore['media']['put']>[0]);
}

export interface SoundingSite {
  readonly projectId: number;
  /** Only with `assets` or `polygons`. */
  readonly bigProjectId: number | undefined;
}

/**
 * A data folder with a project whose six speakers change at every step of every walker and whose two tracks
 * never rest; on demand beside it a project of very many assets and polygons.
 */
export async function seedSite(
  data: string,
  big: { readonly assets: number; readonly polygons: number } | undefined,
): Promise<SoundingSite> {
  const mediaFolder = join(data, 'media');
  mkdirSync(mediaFolder, { recursive: true });
  const store = await openSiteStore({
    file: join(data, 'control.db'),
    clock: new SystemClock(),
    onError: (error) => void process.stderr.write(`${error.message}\n`),
  });
  try {
    const { content } = store;
    const project = { ...PROJECT_DEFAULTS, latitude: 0, longitude: 0, publishedAtUnixMs: 0 };
    const walk = await content.projects.create({
      ...project,
      name: 'Walk',
      recordingRadiusM: 1_000,
      bannedS: 0,
      repeatMode: 'continuous',
    });
    for (let i = 0; i < SPEAKERS; i++) {
      const turn = (2 * Math.PI * i) / SPEAKERS;
      const mediaId = `speaker-${i}`;
      await saveMedia(store, mediaFolder, mediaId, i);
      await content.speakers.create({
        ...SPEAKER_DEFAULTS,
        projectId: walk.id,
        active: true,
        name: mediaId,
        mediaId,
        maxVolume: 0.4,
        attenuationM: 300,
        shape: [circle(40 * Math.cos(turn), 40 * Math.sin(turn), 300)],
      });
    }
    for (let i = 0; i < TRACKS; i++) {
      await content.audioTracks.create({
        ...AUDIO_TRACK_DEFAULTS,
        projectId: walk.id,
        minVolume: 0.3,
        maxVolume: 0.5,
        minDeadAirS: 0,
        maxDeadAirS: 0.2,
        minPan: -0.8,
        maxPan: 0.8,
        repeatRecordings: true,
      });
    }
    for (let i = 0; i < NEAR_ASSETS; i++) {
      const mediaId = `asset-${i}`;
      await saveMedia(store, mediaFolder, mediaId, 20 + i);
      await content.assets.create({
        ...ASSET_DEFAULTS,
        ...at(10 * i, -10 * i),
        projectId: walk.id,
        description: mediaId,
        mediaId,
        submitted: true,
        startS: 0,
        endS: 15,
        lengthS: 15,
        ingest: 'ready',
        createdAtUnixMs: i,
        updatedAtUnixMs: i,
      });
    }
    if (big === undefined) return { projectId: walk.id, bigProjectId: undefined };
    const city = await content.projects.create({ ...project, name: 'City' });
    await content.speakers.createMany(
      Array.from({ length: big.polygons }, (_, i) => ({
        ...SPEAKER_DEFAULTS,
        projectId: city.id,
        active: true,
        name: `s${i}`,
        mediaId: 'speaker-0',
        shape: [circle((i % 50) * 100, Math.floor(i / 50) * 100, 80)],
      })),
    );
    await content.assets.createMany(
      Array.from({ length: big.assets }, (_, i) => ({
        ...ASSET_DEFAULTS,
        ...at((i % 223) * 22, Math.floor(i / 223) * 18),
        projectId: city.id,
        description: `Recording ${i}`,
        filename: `r${i}.mp3`,
        mediaId: 'asset-0',
        submitted: true,
        weight: i % 100,
        startS: 0,
        endS: 15,
        lengthS: 15,
        ingest: 'ready' as const,
        createdAtUnixMs: i,
        updatedAtUnixMs: i,
      })),
    );
    return { projectId: walk.id, bigProjectId: city.id };
  } finally {
    await store.close();
  }
}
