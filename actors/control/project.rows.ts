import type { Selectable } from 'kysely';
import { z } from 'zod';
import { fromJson, fromRow } from '../../engine/control/rows.js';
import type { SpineRecording, SpineSpeaker } from '../../media/spine.js';
import type { SiteTables } from './tables.js';

const point = z.tuple([z.number(), z.number()]);
const shapeJson = z.array(z.array(z.array(point)));
export const tagsJson = z.array(z.string());
export const planJson = z.object({ url: z.string(), corners: z.array(point).length(4) });
const share = z.number().min(0).max(1);

const speakerRow = z.object({
  id: z.string(),
  project_id: z.string(),
  name: z.string(),
  shape_json: z.string(),
  attenuation_m: z.number().min(0),
  min_volume: share,
  max_volume: share,
  media_id: z.string(),
});
const recordingRow = z.object({
  id: z.string(),
  project_id: z.string(),
  name: z.string(),
  latitude: z.number(),
  longitude: z.number(),
  radius_m: z.number().min(0),
  volume: share,
  tags_json: z.string(),
  media_id: z.string(),
});

/** Site plan image under the map; corners (longitude, latitude) clockwise from north-west. */
export type SitePlan = z.infer<typeof planJson>;

/** @throws EngineError `store.refused` when the row is damaged. */
export function speakerOf(raw: Selectable<SiteTables['speakers']>): SpineSpeaker {
  const row = fromRow(speakerRow, raw, `speaker ${raw.id}`);
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    shape: fromJson(shapeJson, row.shape_json, `the shape of speaker ${row.id}`),
    attenuationM: row.attenuation_m,
    minVolume: row.min_volume,
    maxVolume: row.max_volume,
    mediaId: row.media_id,
  };
}

export function speakerValues(speaker: SpineSpeaker): Selectable<SiteTables['speakers']> {
  return {
    id: speaker.id,
    project_id: speaker.projectId,
    name: speaker.name,
    shape_json: JSON.stringify(speaker.shape),
    attenuation_m: speaker.attenuationM,
    min_volume: speaker.minVolume,
    max_volume: speaker.maxVolume,
    media_id: speaker.mediaId,
  };
}

/** @throws EngineError `store.refused` when the row is damaged. */
export function recordingOf(raw: Selectable<SiteTables['recordings']>): SpineRecording {
  const row = fromRow(recordingRow, raw, `recording ${raw.id}`);
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    position: { latitude: row.latitude, longitude: row.longitude },
    radiusM: row.radius_m,
    volume: row.volume,
    tags: fromJson(tagsJson, row.tags_json, `the tags of recording ${row.id}`),
    mediaId: row.media_id,
  };
}

export function recordingValues(recording: SpineRecording): Selectable<SiteTables['recordings']> {
  return {
    id: recording.id,
    project_id: recording.projectId,
    name: recording.name,
    latitude: recording.position.latitude,
    longitude: recording.position.longitude,
    radius_m: recording.radiusM,
    volume: recording.volume,
    tags_json: JSON.stringify(recording.tags),
    media_id: recording.mediaId,
  };
}
