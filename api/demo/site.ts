import type { Speaker } from '../../actors/content/content.types.js';
import { SPEAKER_DEFAULTS } from '../../actors/content/defaults.js';
import { band, circle, type Metres, toRing } from './ground.js';

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
  /** One of each category of `TAGS`. */
  readonly tags: readonly [kind: DemoTag, theme: DemoTag];
}

/** What visitors may choose, in the two languages of the demo. */
export const TAGS = {
  kind: {
    header: ['What would you like to hear?', 'Was möchtest du hören?'],
    ask: ['What is it?', 'Was ist es?'],
    items: {
      story: ['Stories', 'Geschichten'],
      music: ['Music', 'Musik'],
      animals: ['Animals', 'Tiere'],
    },
  },
  theme: {
    header: ['About what?', 'Worüber?'],
    ask: ['What is it about?', 'Worum geht es?'],
    items: {
      plants: ['Plants', 'Pflanzen'],
      water: ['Water', 'Wasser'],
      house: ['The house', 'Das Haus'],
      history: ['Long ago', 'Früher'],
    },
  },
} as const;
export type DemoTag = keyof typeof TAGS.kind.items | keyof typeof TAGS.theme.items;

export const TEXTS = {
  description: [
    'A walled garden with seven sounding places. Walk, and it plays for you.',
    'Ein ummauerter Garten mit sieben klingenden Orten. Geh, und er spielt für dich.',
  ],
  legalAgreement: [
    'What you record here may be heard by everybody who visits the garden. Record only what is yours to give.',
    'Was du hier aufnimmst, können alle hören, die den Garten besuchen. Nimm nur auf, was du geben darfst.',
  ],
  sharingMessage: ['I am listening to a garden.', 'Ich höre einem Garten zu.'],
  outOfRangeMessage: [
    'The garden is too far away to be heard. Come nearer, or walk on the map.',
    'Der Garten ist zu weit weg, um ihn zu hören. Komm näher oder geh auf der Karte.',
  ],
} as const;

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
  {
    id: 'thorns',
    name: 'Thorns',
    sound: 'glass',
    at: [-66, 66],
    radiusM: 10,
    tags: ['music', 'plants'],
  },
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
    tags: ['music', 'water'],
  },
  {
    id: 'bench',
    name: 'A bench',
    sound: 'string-low',
    at: [34, 16],
    radiusM: 12,
    tags: ['story', 'history'],
  },
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
    tags: ['music', 'plants'],
  },
];

/** What the two voices of the demo play, one after the other, near the listener; beside the placed spots. */
export interface DemoTrackSound {
  readonly name: string;
  readonly sound: string;
  readonly language: 'en' | 'de';
  readonly at: Metres;
  readonly weight: number;
  readonly tags: readonly [kind: DemoTag, theme: DemoTag];
}

const track = (
  name: string,
  sound: string,
  language: 'en' | 'de',
  at: Metres,
  tags: readonly [kind: DemoTag, theme: DemoTag],
  weight = 50,
): DemoTrackSound => ({ name, sound, language, at, weight, tags });

export const TRACK_SOUNDS: readonly DemoTrackSound[] = [
  track('The first tree', 'voice-low', 'en', [50, 40], ['story', 'plants'], 70),
  track('Der erste Baum', 'voice-high', 'de', [50, 40], ['story', 'plants'], 70),
  track('Rain barrel', 'voice-high', 'en', [-20, -30], ['story', 'water']),
  track('Die Regentonne', 'voice-low', 'de', [-20, -30], ['story', 'water']),
  track('A key under the stone', 'voice-low', 'en', [-60, 10], ['story', 'house']),
  track('Ein Schlüssel unterm Stein', 'voice-high', 'de', [-60, 10], ['story', 'house']),
  track('Before the wall', 'voice-high', 'en', [90, -40], ['story', 'history']),
  track('Vor der Mauer', 'voice-low', 'de', [90, -40], ['story', 'history']),
  track('Slow marimba', 'marimba-low', 'en', [0, 20], ['music', 'house']),
  track('Langsame Marimba', 'marimba-high', 'de', [0, 20], ['music', 'house']),
  track('Reed song', 'flute', 'en', [20, -50], ['music', 'water']),
  track('Schilflied', 'flute-high', 'de', [20, -50], ['music', 'water']),
  track('Wren in the ivy', 'wren', 'en', [-80, -20], ['animals', 'plants']),
  track('Zaunkönig im Efeu', 'wren', 'de', [-80, -20], ['animals', 'plants']),
  track('Evening blackbird', 'blackbird', 'en', [60, 0], ['animals', 'history']),
  track('Amsel am Abend', 'blackbird', 'de', [60, 0], ['animals', 'history']),
];

/** Heard once by everybody, this long after they began, wherever they are. */
export const GREETING = {
  name: 'A bell for whoever arrives',
  sound: 'glass-high',
  startS: 20,
  endS: 80,
} as const;

/** Id of a demo sound as media of the site. */
export const demoMediaId = (sound: string): string => `demo-${sound}`;

/** The seven sounding places of the walled garden, 260 × 180 m. */
export function demoSpeakers(projectId: number): readonly Omit<Speaker, 'id'>[] {
  return ZONES.map((zone) => ({
    ...SPEAKER_DEFAULTS,
    projectId,
    active: true,
    code: zone.id,
    name: zone.name,
    shape: zone.areas.map((rings) => rings.map(toRing)),
    attenuationM: zone.attenuationM,
    minVolume: zone.minVolume,
    maxVolume: zone.maxVolume,
    mediaId: demoMediaId(zone.sound),
  }));
}
