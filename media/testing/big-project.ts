import type { AssetDefinition, GeoPoint, ProjectDefinition, SpeakerDefinition } from '../ports.js';
import { assetOf, DEG_PER_M, projectOf, speakerOf, trackOf } from './definitions.js';

export interface BigProjectOptions {
  readonly seed?: number;
  /** Default 50,000. */
  readonly assets?: number;
  /** Default 2,000. */
  readonly speakers?: number;
  /** Side of the square that everything lies in, metres. Default 5,000. */
  readonly sideM?: number;
  /** One asset in so many is placed. Default 10. */
  readonly placedEvery?: number;
}

export interface BigProject {
  readonly definition: ProjectDefinition;
  readonly assets: readonly AssetDefinition[];
  /** A place of the square: a new one at each call. */
  readonly place: () => GeoPoint;
}

const CENTER: GeoPoint = { latitude: 51, longitude: 7 };

/**
 * A project as large as a city: polygons of 6 to 40 corners and 20 to 200 m, a few with holes, one in
 * fifty always heard; assets of 20 to 100 m in two languages and 20 tags of four categories, one in a
 * hundred with a shape, one in fifty timed; four tracks. Equal for equal options.
 */
export function bigProject(options: BigProjectOptions = {}): BigProject {
  const { seed = 1, assets = 50_000, speakers = 2_000, sideM = 5_000, placedEvery = 10 } = options;
  let state = seed >>> 0;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const whole = (below: number): number => Math.floor(draw() * below);
  const lonPerM = DEG_PER_M / Math.cos((CENTER.latitude * Math.PI) / 180);
  const place = (): GeoPoint => ({
    latitude: CENTER.latitude + (draw() - 0.5) * sideM * DEG_PER_M,
    longitude: CENTER.longitude + (draw() - 0.5) * sideM * lonPerM,
  });
  const ring = (center: GeoPoint, radiusM: number, corners: number): [number, number][] => {
    const points = Array.from({ length: corners }, (_, i): [number, number] => {
      const reach = radiusM * (0.7 + 0.3 * draw());
      const angle = (2 * Math.PI * i) / corners;
      return [
        center.longitude + Math.cos(angle) * reach * lonPerM,
        center.latitude + Math.sin(angle) * reach * DEG_PER_M,
      ];
    });
    const [first = [0, 0]] = points;
    return [...points, [first[0], first[1]]];
  };
  const speakerOfNo = (_: unknown, no: number): SpeakerDefinition => {
    const center = place();
    const radiusM = 20 + 180 * draw();
    const outer = ring(center, radiusM, 6 + whole(35));
    return speakerOf({
      id: no + 1,
      shape: [no % 10 === 0 ? [outer, ring(center, radiusM / 4, 8)] : [outer]],
      attenuationM: radiusM * 0.3,
      minVolume: no % 50 === 0 ? 0.05 : 0,
      maxVolume: 0.5 + 0.5 * draw(),
      sources: [{ kind: 'media', mediaId: `bed-${no % 40}` }],
    });
  };
  const assetOfNo = (_: unknown, no: number): AssetDefinition => {
    const position = place();
    return assetOf({
      id: no + 1,
      mediaId: `voice-${no % 500}`,
      position,
      radiusM: no % 3 === 0 ? undefined : 20 + 80 * draw(),
      shape: no % 100 === 50 ? [[ring(position, 60, 12)]] : undefined,
      placed: no % placedEvery === 1,
      languageId: no % 5 === 0 ? 2 : 1,
      weight: whole(100),
      likes: whole(20),
      tagIds: [1, 6, 11, 16].map((first) => first + whole(5)),
      userId: whole(400) + 1,
      endS: 5 + 60 * draw(),
    });
  };
  const categoryOf = new Map<number, number>();
  for (let tag = 1; tag <= 20; tag++) categoryOf.set(tag, Math.ceil(tag / 5));
  const definition = projectOf({
    name: 'a large project',
    center: CENTER,
    speakers: Array.from({ length: speakers }, speakerOfNo),
    tracks: [1, 2, 3, 4].map((id) => trackOf({ id, tagIds: id === 4 ? [3, 8] : [] })),
    timedAssets: Array.from({ length: Math.floor(assets / 50) }, (_, no) => ({
      id: no + 1,
      assetId: no * 50 + 1,
      startS: whole(3_000),
      endS: 3_000 + whole(3_000),
    })),
    settings: {
      ordering: 'random',
      tagRules: { defaultTagIds: [...categoryOf.keys()], categoryOf },
    },
  });
  return { definition, assets: Array.from({ length: assets }, assetOfNo), place };
}
