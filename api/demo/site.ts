import type { SpineProject, SpineRecording, SpineSpeaker } from '../../media/spine.js';
import { band, CENTER, circle, type Metres, toGeo, toRing } from './ground.js';

export const DEMO_PROJECT_ID = 'demo';

interface Zone {
  readonly id: string;
  readonly name: string;
  /** Id of its loop in `media/synth.ts`. */
  readonly sound: string;
  /** Polygons; each an outside and its holes, in metres. */
  readonly areas: readonly (readonly (readonly Metres[])[])[];
  readonly attenuationM: number;
  readonly minVolume: number;
  readonly maxVolume: number;
}

interface Spot {
  readonly id: string;
  readonly name: string;
  /** Id of its recording in `media/synth.ts`. */
  readonly sound: string;
  readonly at: Metres;
  readonly radiusM: number;
  readonly tags: readonly string[];
}

const bamboo: readonly Metres[] = [
  [-118, -66],
  [-92, -44],
  [-64, -40],
  [-38, -52],
  [-14, -50],
];

export const ZONES: readonly Zone[] = [
  {
    id: 'fountain',
    name: 'Fountain court',
    sound: 'water',
    areas: [[circle([0, 4], 30), circle([0, 4], 8, 20)]],
    attenuationM: 10,
    minVolume: 0,
    maxVolume: 0.8,
  },
  {
    id: 'roses',
    name: 'Rose garden',
    sound: 'pads',
    areas: [
      [
        [
          [-104, 30],
          [-52, 42],
          [-60, 78],
          [-112, 66],
        ],
      ],
    ],
    attenuationM: 8,
    minVolume: 0,
    maxVolume: 0.7,
  },
  {
    id: 'pergola',
    name: 'Pergola',
    sound: 'drone',
    // An L that overlaps the rose garden and the fountain court.
    areas: [
      [
        [
          [-84, -14],
          [-22, -14],
          [-22, 6],
          [-62, 6],
          [-62, 50],
          [-84, 50],
        ],
      ],
    ],
    attenuationM: 6,
    minVolume: 0,
    maxVolume: 0.6,
  },
  {
    id: 'orchard',
    name: 'Orchard',
    sound: 'bells',
    areas: [
      [
        [
          [22, 44],
          [58, 22],
          [104, 30],
          [116, 58],
          [84, 82],
          [38, 76],
        ],
      ],
    ],
    attenuationM: 12,
    minVolume: 0,
    maxVolume: 0.7,
  },
  {
    id: 'pavilions',
    name: 'Twin pavilions',
    sound: 'pulse',
    areas: [
      [
        [
          [74, -34],
          [98, -34],
          [98, -10],
          [74, -10],
        ],
      ],
      [
        [
          [98, -72],
          [122, -72],
          [122, -48],
          [98, -48],
        ],
      ],
    ],
    attenuationM: 4,
    minVolume: 0,
    maxVolume: 0.8,
  },
  {
    id: 'bamboo',
    name: 'Bamboo path',
    sound: 'wind',
    areas: [[band(bamboo, 22)]],
    attenuationM: 6,
    minVolume: 0,
    maxVolume: 0.7,
  },
  {
    id: 'pond',
    name: 'Pond',
    sound: 'pond',
    areas: [
      [
        [
          [6, -78],
          [44, -84],
          [76, -70],
          [84, -46],
          [66, -32],
          [46, -46],
          [26, -28],
          [4, -38],
          [-8, -58],
        ],
      ],
    ],
    attenuationM: 10,
    minVolume: 0,
    maxVolume: 0.75,
  },
];

export const SPOTS: readonly Spot[] = [
  {
    id: 'gate',
    name: 'At the gate',
    sound: 'voice-low',
    at: [-10, 84],
    radiusM: 14,
    tags: ['story', 'house'],
  },
  {
    id: 'gardener',
    name: 'The gardener',
    sound: 'voice-high',
    at: [-86, 56],
    radiusM: 12,
    tags: ['story', 'plants'],
  },
  { id: 'thorns', name: 'Thorns', sound: 'glass', at: [-66, 66], radiusM: 10, tags: ['music'] },
  {
    id: 'vine',
    name: 'Under the vine',
    sound: 'flute',
    at: [-73, 16],
    radiusM: 12,
    tags: ['music', 'plants'],
  },
  {
    id: 'basin',
    name: 'The basin',
    sound: 'glass-high',
    at: [0, 4],
    radiusM: 15,
    tags: ['water', 'history'],
  },
  { id: 'bench', name: 'A bench', sound: 'string-low', at: [34, 16], radiusM: 12, tags: ['story'] },
  {
    id: 'bees',
    name: 'Bees',
    sound: 'wren',
    at: [62, 54],
    radiusM: 14,
    tags: ['animals', 'plants'],
  },
  {
    id: 'ladder',
    name: 'The ladder',
    sound: 'string-high',
    at: [96, 60],
    radiusM: 12,
    tags: ['story', 'history'],
  },
  {
    id: 'tea',
    name: 'Tea room',
    sound: 'marimba-low',
    at: [86, -22],
    radiusM: 12,
    tags: ['story', 'house'],
  },
  {
    id: 'echo',
    name: 'Echo room',
    sound: 'marimba-high',
    at: [110, -60],
    radiusM: 12,
    tags: ['music', 'house'],
  },
  {
    id: 'heron',
    name: 'The heron',
    sound: 'blackbird',
    at: [34, -62],
    radiusM: 16,
    tags: ['animals', 'water'],
  },
  {
    id: 'wind',
    name: 'Wind in the canes',
    sound: 'flute-high',
    at: [-64, -42],
    radiusM: 14,
    tags: ['plants', 'music'],
  },
];

/** Id of a demo sound as media of the site. */
export const demoMediaId = (sound: string): string => `demo-${sound}`;

/** The demo project: a walled garden of 260 × 180 m with seven sounding places and twelve recordings. */
export function demoProject(): SpineProject {
  const speakers = ZONES.map(
    (zone): SpineSpeaker => ({
      id: `demo-${zone.id}`,
      projectId: DEMO_PROJECT_ID,
      name: zone.name,
      shape: zone.areas.map((rings) => rings.map(toRing)),
      attenuationM: zone.attenuationM,
      minVolume: zone.minVolume,
      maxVolume: zone.maxVolume,
      mediaId: demoMediaId(zone.sound),
    }),
  );
  const recordings = SPOTS.map(
    (spot): SpineRecording => ({
      id: `demo-${spot.id}`,
      projectId: DEMO_PROJECT_ID,
      name: spot.name,
      position: toGeo(spot.at),
      radiusM: spot.radiusM,
      volume: 0.9,
      tags: spot.tags,
      mediaId: demoMediaId(spot.sound),
    }),
  );
  return { id: DEMO_PROJECT_ID, name: 'Walled garden', center: CENTER, speakers, recordings };
}
