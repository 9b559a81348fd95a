import fc from 'fast-check';
import type {
  AssetDefinition,
  GeoPoint,
  ListenerState,
  ProjectDefinition,
  SpeakerDefinition,
  TrackDefinition,
} from '../ports.js';
import { assetOf, listenerOf, projectOf, speakerOf, trackOf } from './definitions.js';
import { anyPlace, anyStar, travel } from './geometry.js';

const TAGS = [1, 2, 3, 4, 5, 6];
const tagIds = fc.subarray(TAGS, { maxLength: 4 });
/** Whole steps: no two distances are equal but for rounding. */
const metres = (max: number) => fc.nat(max).map((whole) => whole + 0.37);
const part = fc.nat(1_000).map((thousandths) => thousandths / 1_000);
/** What clients send by mistake. */
const oddNumber = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300);

/** A place within `maxM` of another. */
const placeAround = (center: GeoPoint, maxM: number): fc.Arbitrary<GeoPoint> =>
  fc
    .tuple(fc.nat(359), fc.nat(maxM))
    .map(([bearing, distance]) => travel(center, bearing + 0.4, distance + 0.73));

const track = (id: number): fc.Arbitrary<TrackDefinition> =>
  fc
    .record({
      tagIds: fc.oneof(
        { weight: 2, arbitrary: fc.constant<number[]>([]) },
        { weight: 1, arbitrary: tagIds },
      ),
      repeatRecordings: fc.boolean(),
      bannedS: fc.constantFrom(0, 0, 40),
      timedPriority: fc.constantFrom('highest', 'normal', 'neutral', 'lowest', 'discard'),
    })
    .map((given) => trackOf({ ...given, id }));

const asset = (id: number, center: GeoPoint): fc.Arbitrary<AssetDefinition> =>
  fc
    .record({
      position: fc.oneof(
        { weight: 12, arbitrary: placeAround(center, 1_500) },
        { weight: 1, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constant({ latitude: Number.NaN, longitude: 200 }) },
      ),
      shape: fc.option(
        anyStar({ minM: 100, maxM: 900 }, placeAround(center, 800)).map((star) => [star.polygon]),
        { nil: undefined, freq: 3 },
      ),
      radiusM: fc.option(metres(1_200), { nil: undefined, freq: 1 }),
      placed: fc.constantFrom(false, false, true),
      law: fc.constantFrom('linear', 'inverse', 'exponential', 'cosine'),
      weight: fc.nat(3),
      likes: fc.nat(3),
      tagIds,
      languageId: fc.constantFrom(1, 1, 1, 2),
      submitted: fc.constantFrom(true, true, true, false),
      userId: fc.constantFrom(undefined, 1, 2, 3),
      endS: fc.constantFrom(10, 10, 10, 0),
    })
    .map((given) => assetOf({ ...given, id }));

const listener = (center: GeoPoint): fc.Arbitrary<ListenerState> =>
  fc
    .record({
      profile: fc.constantFrom('native', 'roundware'),
      geoListen: fc.constantFrom(true, true, true, false),
      position: fc.oneof(
        { weight: 8, arbitrary: placeAround(center, 1_500) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(undefined, { latitude: Number.NaN, longitude: Number.NaN }),
        },
      ),
      headingDeg: fc.option(fc.integer({ min: -360, max: 720 }), {
        nil: undefined,
        freq: 3,
      }),
      headingWidthDeg: fc.option(metres(360), { nil: undefined }),
      rangeMinM: fc.option(metres(500), { nil: undefined }),
      rangeMaxM: fc.option(metres(2_500), { nil: undefined, freq: 3 }),
      tagIds: fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: tagIds },
      ),
      languageId: fc.constantFrom(undefined, 1, 1, 1, 2),
      userId: fc.constantFrom(undefined, 1, 2),
      blockedAssetIds: fc.oneof(fc.constant<number[]>([]), fc.subarray([1, 2, 3, 4, 5])),
      blockedUserIds: fc.oneof(fc.constant<number[]>([]), fc.subarray([1, 2, 3])),
    })
    .map(listenerOf);

const speaker = (id: number, center: GeoPoint): fc.Arbitrary<SpeakerDefinition> =>
  fc
    .record({
      active: fc.constantFrom(true, true, false),
      shape: fc.array(
        anyStar({ minM: 100, maxM: 900 }, placeAround(center, 1_000)).map((star) => star.polygon),
        { maxLength: 3 },
      ),
      attenuationM: fc.oneof(metres(400), fc.constant(0)),
      minVolume: fc.oneof(fc.constant(0), part),
      maxVolume: fc.integer({ min: 1, max: 1_000 }).map((thousandths) => thousandths / 1_000),
      law: fc.constantFrom('linear', 'inverse', 'exponential', 'cosine'),
    })
    .map((given) => speakerOf({ ...given, id }));

const numbered = <T>(count: number, make: (id: number) => fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc
    .integer({ min: Math.floor(count / 2), max: count })
    .chain((length) => fc.tuple(...Array.from({ length }, (_, no) => make(no + 1))))
    .map((all) => [...all]);

const project = (center: GeoPoint): fc.Arbitrary<ProjectDefinition> =>
  fc
    .record({
      tracks: fc.tuple(track(1), track(2)),
      speakers: numbered(8, (id) => speaker(id, center)),
      timedAssets: fc
        .array(fc.tuple(fc.nat(30), fc.nat(100), fc.nat(100)), { maxLength: 12 })
        .map((all) =>
          all.map(([assetId, startS, lengthS], no) => ({
            id: no + 1,
            assetId,
            startS,
            endS: startS + lengthS,
          })),
        ),
      settings: fc.record({
        recordingRadiusM: fc.integer({ min: 200, max: 1_500 }).map((whole) => whole + 0.37),
        outOfRangeM: metres(3_000),
        ordering: fc.constantFrom('random', 'by_like', 'by_weight'),
        repeatMode: fc.constantFrom('stop', 'continuous'),
        timedFirst: fc.boolean(),
        bannedS: fc.constantFrom(0, 30),
        tagRules: fc
          .tuple(tagIds, fc.constantFrom([1, 1, 2, 2, 3], [1, 1, 1, 1, 1], []))
          .map(([defaultTagIds, categories]) => ({
            defaultTagIds,
            categoryOf: new Map(categories.map((category, i) => [TAGS[i] ?? 0, category])),
          })),
      }),
    })
    .map((given) => projectOf({ ...given, center }));

/** One thing that happens to a listener's playlist. */
export type Step =
  | { readonly do: 'move'; readonly listener: ListenerState }
  | { readonly do: 'take'; readonly track: number; readonly afterS: number }
  | { readonly do: 'end'; readonly assetId: number }
  | { readonly do: 'play'; readonly assetId: number }
  | { readonly do: 'put'; readonly asset: AssetDefinition }
  | { readonly do: 'remove'; readonly assetId: number }
  | { readonly do: 'define'; readonly definition: ProjectDefinition };

const step = (center: GeoPoint): fc.Arbitrary<Step> => {
  const assetId = fc.nat(31);
  return fc.oneof(
    { weight: 4, arbitrary: listener(center).map((at) => ({ do: 'move', listener: at }) as const) },
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant('take' as const),
        track: fc.nat(1),
        afterS: metres(20),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('end' as const), assetId }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('play' as const), assetId }) },
    {
      weight: 1,
      arbitrary: assetId
        .chain((id) => asset(id + 1, center))
        .map((put) => ({ do: 'put', asset: put }) as const),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), assetId }) },
    {
      weight: 1,
      arbitrary: project(center).map((definition) => ({ do: 'define', definition }) as const),
    },
  );
};

export interface Story {
  readonly definition: ProjectDefinition;
  readonly assets: readonly AssetDefinition[];
  readonly listener: ListenerState;
  readonly steps: readonly Step[];
}

/** A small project anywhere on Earth, a listener in it, and what happens. */
export const anyStory = (maxSteps: number): fc.Arbitrary<Story> =>
  anyPlace.chain((center) =>
    fc.record({
      definition: project(center),
      assets: numbered(30, (id) => asset(id, center)),
      listener: listener(center),
      steps: fc.array(step(center), { minLength: Math.floor(maxSteps / 2), maxLength: maxSteps }),
    }),
  );

/** A listener whose every number may be nonsense. */
export const oddListener: fc.Arbitrary<ListenerState> = fc
  .record({
    profile: fc.constantFrom('native', 'roundware'),
    geoListen: fc.boolean(),
    position: fc.record({
      latitude: fc.oneof(fc.double(), oddNumber, fc.constantFrom(90, -90)),
      longitude: fc.oneof(fc.double(), oddNumber, fc.constantFrom(180, -180)),
    }),
    headingDeg: fc.oneof(fc.double(), oddNumber),
    headingWidthDeg: fc.oneof(fc.double(), oddNumber, fc.constant(undefined)),
    rangeMinM: fc.oneof(fc.double(), oddNumber, fc.constant(undefined)),
    rangeMaxM: fc.oneof(fc.double(), oddNumber, fc.constant(undefined)),
  })
  .map(listenerOf);
