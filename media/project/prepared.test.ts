import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPosition, PreparedShape, toVec } from '../geometry.js';
import type {
  AssetDefinition,
  ListenerState,
  ProjectDefinition,
  SpeakerDefinition,
} from '../ports.js';
import { anyStory } from '../testing/arbitraries.js';
import { assetOf, at, listenerOf, projectOf, speakerOf, square } from '../testing/definitions.js';
import { haversineM, NaivePlaylist } from '../testing/naive-playlist.js';
import { placedVolume } from './laws.js';
import { PreparedProject } from './prepared.js';

function prepared(
  definition: ProjectDefinition,
  assets: readonly AssetDefinition[] = [],
): PreparedProject {
  const project = new PreparedProject(definition);
  project.changeAssets({ projectId: 1, reset: true, put: assets, removed: [] });
  return project;
}

const gains = (
  speakers: readonly SpeakerDefinition[],
  listener: Partial<ListenerState>,
): [number, number][] =>
  prepared(projectOf({ speakers }))
    .speakersAt(listenerOf(listener))
    .map(({ id, gain }) => [id, Math.round(gain * 1_000) / 1_000]);

describe('speakers', () => {
  const bed = speakerOf({ id: 1, minVolume: 0.2, maxVolume: 0.8, attenuationM: 20 });

  it('rise from the boundary inwards, and are at their minimum outside, however far', () => {
    expect(gains([bed], { position: at(0, 0) })).toEqual([[1, 0.8]]);
    expect(gains([bed], { position: at(80.001, 0) })).toEqual([[1, 0.8]]);
    expect(gains([bed], { position: at(90, 0) })).toEqual([[1, 0.5]]);
    for (const eastM of [100.5, 119, 121, 50_000])
      expect(gains([bed], { position: at(eastM, 0) })).toEqual([[1, 0.2]]);
  });

  it('are silent outside without a minimum, and when they are not active', () => {
    const quiet = speakerOf({ id: 1 });
    const off = speakerOf({ id: 2, active: false, minVolume: 1 });
    expect(gains([quiet, off], { position: at(101, 0) })).toEqual([]);
    expect(gains([quiet, off], { position: at(0, 0) })).toEqual([[1, 1]]);
    expect(gains([off], { geoListen: false })).toEqual([]);
  });

  it('count a hole as outside and its edge as boundary', () => {
    const [outer = []] = square(at(0, 0), 100);
    const [hole = []] = square(at(0, 0), 30);
    const ring = speakerOf({ id: 1, shape: [[outer, hole]], attenuationM: 20 });
    expect(gains([ring], { position: at(0, 0) })).toEqual([]);
    expect(gains([ring], { position: at(40, 0) })).toEqual([[1, 0.5]]);
  });

  it('all play in full to those who listen without a place', () => {
    const far = speakerOf({ id: 2, shape: [square(at(90_000, 0), 5)], maxVolume: 0.3 });
    for (const position of [undefined, at(0, 0)])
      expect(gains([bed, far], { geoListen: false, position })).toEqual([
        [1, 0.8],
        [2, 0.3],
      ]);
  });

  it('are outside for who has no place, or an impossible one', () => {
    for (const position of [
      undefined,
      { latitude: Number.NaN, longitude: 0 },
      { latitude: 91, longitude: 0 },
      { latitude: 0, longitude: Number.POSITIVE_INFINITY },
    ])
      expect(gains([bed, speakerOf({ id: 2 })], { position })).toEqual([[1, 0.2]]);
  });

  it('follow their law for native listeners, and a straight line for Roundware', () => {
    const speakers = [speakerOf({ id: 1, law: 'cosine' }), speakerOf({ id: 2, law: 'inverse' })];
    const position = at(95, 0);
    expect(gains(speakers, { position })).toEqual([
      [1, 0.5],
      [2, 0.032],
    ]);
    expect(gains(speakers, { position, profile: 'roundware' })).toEqual([
      [1, 0.25],
      [2, 0.25],
    ]);
  });

  it('are the same with an index as without, in the order of the project', () => {
    fc.assert(
      fc.property(anyStory(0), ({ definition, listener }) => {
        const heard = prepared(definition).speakersAt(listener);
        const place = isPosition(listener.position) ? toVec(listener.position) : undefined;
        const wanted = definition.speakers.filter((speaker) => {
          if (!speaker.active) return false;
          if (!listener.geoListen) return true;
          const shape = new PreparedShape(speaker.shape);
          const inside = place !== undefined && shape.contains(place);
          return inside || speaker.minVolume > 0;
        });
        expect(heard.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
        for (const one of heard) {
          if (one.kind !== 'speaker') continue;
          const { minVolume, maxVolume } = one.speaker;
          expect(one.gain).toBeGreaterThanOrEqual(Math.min(minVolume, maxVolume) - 1e-12);
          expect(one.gain).toBeLessThanOrEqual(Math.max(minVolume, maxVolume) + 1e-12);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('in range', () => {
  const speakers = [
    speakerOf({ id: 1, shape: [square(at(0, 0), 100)] }),
    speakerOf({ id: 2, active: false, shape: [square(at(5_000, 0), 100)] }),
  ];
  const project = prepared(projectOf({ speakers, settings: { outOfRangeM: 500 } }));

  it('is inside an active speaker or near enough to one', () => {
    expect(project.inRange(at(0, 0))).toBe(true);
    expect(project.inRange(at(599, 0))).toBe(true);
    expect(project.inRange(at(601, 0))).toBe(false);
    expect(project.inRange(at(5_000, 0))).toBe(false);
  });

  it('is everybody without a place, and nobody without active speakers', () => {
    expect(project.inRange(undefined)).toBe(true);
    expect(project.inRange({ latitude: Number.NaN, longitude: 0 })).toBe(true);
    expect(prepared(projectOf()).inRange(at(0, 0))).toBe(false);
  });

  it('is the same with an index as without', () => {
    fc.assert(
      fc.property(anyStory(0), ({ definition, listener }) => {
        const { position } = listener;
        if (!isPosition(position)) return;
        const place = toVec(position);
        const nearest = Math.min(
          ...definition.speakers
            .filter((speaker) => speaker.active)
            .map((speaker) => new PreparedShape(speaker.shape).distanceM(place)),
        );
        expect(prepared(definition).inRange(position)).toBe(
          nearest <= definition.settings.outOfRangeM,
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('placed assets', () => {
  const bell = assetOf({ id: 1, placed: true, position: at(0, 60), radiusM: 100, volume: 0.5 });

  it('fade with the distance by their law, and sound from their side', () => {
    const heard = (listener: Partial<ListenerState>) =>
      prepared(projectOf(), [bell]).placedAt(listenerOf(listener));
    expect(heard({})).toMatchObject([{ kind: 'asset', id: 1, pan: 0 }]);
    expect(heard({})[0]?.gain).toBeCloseTo(0.2);
    expect(heard({ headingDeg: 90 })[0]?.pan).toBeCloseTo(-0.8);
    expect(heard({ headingDeg: 270 })[0]?.pan).toBeCloseTo(0.8);
    expect(heard({ position: at(0, -41) })).toEqual([]);
    expect(heard({ profile: 'roundware' })).toEqual([]);
    expect(heard({ geoListen: false })).toEqual([]);
    expect(heard({ blockedAssetIds: [1] })).toEqual([]);
    expect(heard({ languageId: 2 })).toEqual([]);
    expect(heard({ rangeMaxM: 50 })).toEqual([]);
  });

  it('are those that plain rules find, loudest first', () => {
    fc.assert(
      fc.property(anyStory(0), ({ definition, assets, listener }) => {
        const naive = new NaivePlaylist(1, definition, listener);
        const heard = prepared(definition, assets).placedAt(listener);
        const wanted = assets.filter((asset) => {
          if (listener.profile !== 'native' || !listener.geoListen || !asset.placed) return false;
          if (!isPosition(asset.position) || !isPosition(listener.position)) return false;
          const [track] = definition.tracks;
          const chosen =
            track !== undefined &&
            naive.chosen({ ...asset, placed: false }, { ...track, tagIds: [] });
          if (!chosen || naive.blocked(asset) || !naive.near(asset)) return false;
          if (asset.shape !== undefined)
            return new PreparedShape(asset.shape).contains(toVec(listener.position));
          const radiusM = asset.radiusM ?? definition.settings.recordingRadiusM;
          const distance = haversineM(listener.position, asset.position);
          return placedVolume(asset.law, asset.volume, radiusM, distance) > 0;
        });
        expect(heard.map(({ id }) => id).sort((a, b) => a - b)).toEqual(wanted.map(({ id }) => id));
        const loudness = heard.map(({ gain }) => gain);
        expect(loudness).toEqual([...loudness].sort((a, b) => b - a));
      }),
      { numRuns: 300 },
    );
  });
});

describe('an edited project', () => {
  it('is heard as it is now: speakers moved, switched off, added and gone', () => {
    const one = speakerOf({ id: 1 });
    const two = speakerOf({ id: 2, shape: [square(at(500, 0), 100)] });
    const project = prepared(projectOf({ speakers: [one, two] }));
    const heard = (): number[] => project.speakersAt(listenerOf()).map(({ id }) => id);
    expect(heard()).toEqual([1]);
    const before = project.revision;
    project.setDefinition(
      projectOf({
        speakers: [
          { ...two, shape: one.shape },
          { ...one, active: false },
        ],
      }),
    );
    expect(heard()).toEqual([2]);
    expect(project.revision).toBeGreaterThan(before);
    project.setDefinition(projectOf({ speakers: [one, { ...two, shape: one.shape }] }));
    expect(heard()).toEqual([1, 2]);
    project.setDefinition(projectOf());
    expect(heard()).toEqual([]);
  });

  it('keeps finding assets however often they change', () => {
    const project = prepared(projectOf());
    const finds = (eastM: number): number[] => {
      const found: number[] = [];
      const listener = listenerOf({ position: at(eastM, 0) });
      for (const one of project.placedAt(listener)) found.push(one.id);
      return found.sort((a, b) => a - b);
    };
    const placed = (id: number, eastM: number) =>
      assetOf({ id, placed: true, position: at(eastM, 0), radiusM: 10 });
    for (let round = 0; round < 40; round++) {
      const put = Array.from({ length: 100 }, (_, id) => placed(id, 1_000 * round + 100 * id));
      project.changeAssets({ projectId: 1, reset: false, put, removed: [] });
      expect(finds(1_000 * round + 700)).toEqual([7]);
      if (round > 20) expect(finds(1_000 * (round - 20) + 700)).toEqual([]);
    }
    project.changeAssets({ projectId: 1, reset: false, put: [], removed: [7, 8, 999] });
    expect(finds(39_700)).toEqual([]);
    expect(finds(39_900)).toEqual([9]);
    project.changeAssets({ projectId: 1, reset: true, put: [placed(3, 0)], removed: [] });
    expect([finds(39_900), finds(0)]).toEqual([[], [3]]);
    expect(project.assets.size).toBe(1);
  });
});
