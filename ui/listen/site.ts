import type { Position, ProjectMap } from '../../api/contract/rest.js';
import { areaVolume, distanceM, metresFrom, middleOf } from '../data/geo.js';
import type { NearbyAsset, ProjectForListener, SpeakerArea } from './shapes.js';

/** More painted areas than this would make a phone slow; the others are silent on the map, not for the ear. */
const MOST_AREAS = 200;
const RECORDING_M = 12;

/** What the map draws of a project and of what is around its listener. */
export function siteOf(info: ProjectForListener): ProjectMap {
  const { project } = info;
  const center = { latitude: project.latitude, longitude: project.longitude };
  const areas = [...info.speakers];
  if (areas.length > MOST_AREAS) {
    const far = (area: SpeakerArea): number => {
      const middle = middleOf(area.shape);
      return middle ? distanceM(center, middle) : Number.POSITIVE_INFINITY;
    };
    areas.sort((a, b) => far(a) - far(b)).splice(MOST_AREAS);
  }
  return {
    id: project.id,
    name: project.name,
    center,
    plan:
      project.plan?.corners.length === 4
        ? { url: project.plan.url, corners: project.plan.corners.map(([x, y]) => [x, y]) }
        : null,
    speakers: areas.map((area) => ({
      id: area.id,
      name: area.name,
      shape: area.shape.map((polygon) =>
        polygon.map((ring) => ring.map(([x, y]): [number, number] => [x, y])),
      ),
      attenuationM: area.attenuationM,
      minVolume: 0,
      maxVolume: 1,
    })),
    recordings: [],
  };
}

/** Recordings as the map knows them. */
export function recordingsOf(assets: readonly NearbyAsset[]): ProjectMap['recordings'] {
  return assets.flatMap(({ id, name, latitude, longitude, mediaType }) =>
    mediaType !== 'audio'
      ? []
      : [
          {
            id,
            name,
            position: { latitude, longitude },
            radiusM: RECORDING_M,
            tagIds: [],
          },
        ],
  );
}

/** How far somebody is from everything that sounds, metres; 0 inside. */
export function awayM(info: ProjectForListener, from: Position): number {
  const center = { latitude: info.project.latitude, longitude: info.project.longitude };
  let nearest = distanceM(center, from);
  for (const { shape } of info.speakers) {
    const rings = shape.flatMap((polygon) =>
      polygon.map((ring) =>
        ring.map(([longitude, latitude]) => metresFrom(from, { latitude, longitude })),
      ),
    );
    const law = { attenuationM: 0, minVolume: 0, maxVolume: 1 };
    if (areaVolume(rings, 0, 0, law) > 0) return 0;
    for (const ring of rings) {
      for (const [x, y] of ring) nearest = Math.min(nearest, Math.hypot(x, y));
    }
  }
  return nearest;
}

/** `350 m`, `1.4 km`, `320 km`, in the words of a language. */
export function wayOf(metres: number, language: string): string {
  const km = metres >= 1_000;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: km ? 'kilometer' : 'meter',
    maximumFractionDigits: km && metres < 10_000 ? 1 : 0,
  }).format(km ? metres / 1_000 : Math.round(metres));
}

const SLIDER_TOP = 100;
const LEAST_M = 5;
const MOST_M = 2_000;

/** Place of a range on its slider, 0–100; 100: no limit of one's own. */
export function sliderOf(rangeM: number | null): number {
  if (rangeM === null) return SLIDER_TOP;
  const share = Math.log(rangeM / LEAST_M) / Math.log(MOST_M / LEAST_M);
  return Math.max(0, Math.min(SLIDER_TOP - 1, Math.round(share * (SLIDER_TOP - 1))));
}

/** The other way round; near values in small steps, far ones in large. */
export function rangeOf(slider: number): number | null {
  if (slider >= SLIDER_TOP) return null;
  const metres = LEAST_M * (MOST_M / LEAST_M) ** (Math.max(0, slider) / (SLIDER_TOP - 1));
  const step = metres < 20 ? 1 : metres < 100 ? 5 : metres < 500 ? 10 : 50;
  return Math.round(metres / step) * step;
}
