import type { Position, ProjectMap } from '../../api/contract/rest.js';
import { areaVolume, distanceM, metresFrom, middleOf, offset } from '../data/geo.js';
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

/** Shares of the way from the middle of an area to its corners, where a listener may begin. */
const INWARD = [0, 0.5, 0.75, 0.25];
const MOST_CORNERS = 16;

const LOUD = { attenuationM: 0, minVolume: 0, maxVolume: 1 };

/** Where a visit on the map begins: the middle of the project, or where it sounds nearest to it. */
export function startOf(info: ProjectForListener): Position {
  const center = { latitude: info.project.latitude, longitude: info.project.longitude };
  let best: { readonly eastM: number; readonly northM: number; readonly m: number } | undefined;
  for (const { shape } of info.speakers.slice(0, MOST_AREAS)) {
    const polygons = shape.map((polygon) =>
      polygon.map((ring) =>
        ring.map(([longitude, latitude]) => metresFrom(center, { latitude, longitude })),
      ),
    );
    const rings = polygons.flat();
    if (areaVolume(rings, 0, 0, LOUD) > 0) return center;
    for (const [corners = []] of polygons) {
      const count = Math.max(1, corners.length);
      const x = corners.reduce((sum, [at]) => sum + at, 0) / count;
      const y = corners.reduce((sum, [, at]) => sum + at, 0) / count;
      const step = Math.max(1, Math.floor(corners.length / MOST_CORNERS));
      for (let i = 0; i < corners.length; i += step) {
        const [cornerX, cornerY] = corners[i] ?? [x, y];
        for (const share of INWARD) {
          const eastM = x + share * (cornerX - x);
          const northM = y + share * (cornerY - y);
          const m = Math.hypot(eastM, northM);
          if (best && m >= best.m) continue;
          if (areaVolume(rings, eastM, northM, LOUD) > 0) best = { eastM, northM, m };
        }
      }
    }
  }
  return best ? offset(center, best.eastM, best.northM) : center;
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
    if (areaVolume(rings, 0, 0, LOUD) > 0) return 0;
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
