import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bells, drone, pads, pond, pulse, water, wind } from './synth/beds.js';
import { type PhraseRecipe, phrase } from './synth/phrases.js';
import { wav } from './synth/tools.js';

/** A sound made for the demo. `signatureHz`: a pitch that is strong in it and in no other of them. */
export interface DemoSound {
  readonly id: string;
  readonly kind: 'bed' | 'recording';
  readonly signatureHz: number;
  /** The whole file: 48 kHz WAV, stereo for beds (seamless loops of 12 s), mono for recordings. */
  make(): Buffer;
}

type Planes = readonly Float32Array[];

function bed(
  id: string,
  signatureHz: number,
  make: (hz: number, seed: number) => { left: Float32Array; right: Float32Array },
  seed = 1,
): DemoSound {
  const planes = (): Planes => {
    const { left, right } = make(signatureHz, seed);
    return [left, right];
  };
  return { id, kind: 'bed', signatureHz, make: () => wav(planes()) };
}

function recording(
  id: string,
  signatureHz: number,
  instrument: PhraseRecipe['instrument'],
  melody: PhraseRecipe['melody'],
): DemoSound {
  const make = (): Buffer => wav([phrase({ instrument, melody }, signatureHz, id.length)]);
  return { id, kind: 'recording', signatureHz, make };
}

/** Seven loops for places and twelve short recordings; their own words for what they sound like. */
export const DEMO_SOUNDS: readonly DemoSound[] = [
  bed('water', 2730, water, 11),
  bed('drone', 110, drone),
  bed('pads', 262, pads),
  bed('bells', 1046, bells, 5),
  bed('pulse', 82, pulse),
  bed('wind', 633, wind, 7),
  bed('pond', 1510, pond, 3),
  recording('marimba-low', 349, 'marimba', 'rising'),
  recording('marimba-high', 718, 'marimba', 'falling'),
  recording('glass', 1760, 'glass', 'rising'),
  recording('glass-high', 2350, 'glass', 'falling'),
  recording('flute', 587, 'flute', 'rising'),
  recording('flute-high', 932, 'flute', 'falling'),
  recording('string-low', 156, 'string', 'falling'),
  recording('string-high', 415, 'string', 'rising'),
  recording('wren', 4300, 'bird', 'calls'),
  recording('blackbird', 3100, 'bird', 'rising'),
  recording('voice-low', 480, 'voice', 'words'),
  recording('voice-high', 810, 'voice', 'words'),
];

const wavFile = (folder: string, sound: DemoSound): string => join(folder, `${sound.id}.wav`);

/**
 * Writes the sounds that are not there yet, under their ids. Each file appears whole. Returns id → file.
 * Pauses between sounds, so that a starting engine goes on meanwhile.
 */
export async function writeDemoSounds(
  folder: string,
  sounds: readonly DemoSound[] = DEMO_SOUNDS,
): Promise<ReadonlyMap<string, string>> {
  await mkdir(folder, { recursive: true });
  const files = new Map<string, string>();
  for (const sound of sounds) {
    const file = wavFile(folder, sound);
    files.set(sound.id, file);
    const there = await stat(file).catch(() => undefined);
    if (there !== undefined && there.size > 0) continue;
    await writeFile(`${file}.new`, sound.make());
    await rename(`${file}.new`, file);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return files;
}
