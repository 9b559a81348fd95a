import { RATE_HZ } from '../ports.js';
import type { Stereo } from '../tones.js';
import { addPluck, addSine, bandNoise, level, Noise, tremolo } from './tools.js';

/** Every bed loops after this; each frequency in it makes a whole number of turns. */
const LOOP_S = 12;
const FRAMES = LOOP_S * RATE_HZ;
/** Root mean square of a low bed: about −20 LUFS. The ear is keener higher up, so those get less. */
const BED_RMS = 0.085;

const inLoop = (hz: number): number => Math.round(hz * LOOP_S) / LOOP_S;

function stereo(): { left: Float32Array; right: Float32Array } {
  return { left: new Float32Array(FRAMES), right: new Float32Array(FRAMES) };
}

function finish(sound: Stereo, rms = BED_RMS): Stereo {
  level([sound.left, sound.right], rms);
  return sound;
}

/** Harmonics of a low tone, each breathing at a pace of its own. */
export function drone(signatureHz: number): Stereo {
  const sound = stereo();
  for (const [i, [ratio, peak]] of (
    [
      [0.5, 0.5],
      [1, 1],
      [1.5, 0.35],
      [2, 0.3],
      [3, 0.12],
    ] as const
  ).entries()) {
    for (const [side, plane] of [sound.left, sound.right].entries()) {
      const partial = new Float32Array(FRAMES);
      addSine(partial, inLoop(signatureHz * ratio), peak, i + side);
      tremolo(partial, i + 1 + side, ratio === 1 ? 0.2 : 0.6, i * 2);
      for (let k = 0; k < FRAMES; k++) plane[k] = (plane[k] as number) + (partial[k] as number);
    }
  }
  return finish(sound);
}

/** A splashing basin: broad high noise, and drops that ring at the signature. */
export function water(signatureHz: number, seed: number): Stereo {
  const sound = stereo();
  const noise = new Noise(seed);
  for (const plane of [sound.left, sound.right]) {
    plane.set(
      bandNoise(FRAMES, noise, (turn) => 1500 + 300 * Math.sin(2 * Math.PI * 5 * turn), 0.8),
    );
  }
  drops(sound, noise, signatureHz, 90, 0.12);
  addBoth(sound, signatureHz, 0.03);
  return finish(sound, 0.052);
}

/** Single drops in a quiet pond. */
export function pond(signatureHz: number, seed: number): Stereo {
  const sound = stereo();
  const noise = new Noise(seed);
  for (const plane of [sound.left, sound.right]) {
    plane.set(bandNoise(FRAMES, noise, (turn) => 320 + 60 * Math.sin(2 * Math.PI * 3 * turn), 1.2));
  }
  drops(sound, noise, signatureHz, 40, 0.2);
  addBoth(sound, signatureHz, 0.03);
  return finish(sound, 0.07);
}

/** Gusts through a gap that howls at the signature. */
export function wind(signatureHz: number, seed: number): Stereo {
  const sound = stereo();
  const noise = new Noise(seed);
  for (const [side, plane] of [sound.left, sound.right].entries()) {
    const gust = (turn: number): number =>
      480 +
      160 * Math.sin(2 * Math.PI * (2 * turn + side / 8)) +
      90 * Math.sin(2 * Math.PI * 5 * turn);
    plane.set(bandNoise(FRAMES, noise, gust, 3));
    tremolo(plane, 2, 0.7, side);
    const howl = new Float32Array(FRAMES);
    addSine(howl, inLoop(signatureHz), 0.05);
    tremolo(howl, 3, 0.6, side);
    for (let k = 0; k < FRAMES; k++) plane[k] = (plane[k] as number) + (howl[k] as number);
  }
  return finish(sound, 0.072);
}

const BELL_RATIOS = [1, 1.5, 0.75, 1, 1.125];

/** Bells far away: inharmonic partials that die slowly. */
export function bells(signatureHz: number, seed: number): Stereo {
  const sound = stereo();
  const noise = new Noise(seed);
  for (let strike = 0; strike < 10; strike++) {
    const at = ((strike + 0.3 * noise.next()) / 10) * FRAMES + FRAMES;
    const pan = 0.5 + 0.4 * noise.next();
    const base = signatureHz * (BELL_RATIOS[strike % BELL_RATIOS.length] ?? 1);
    for (const [ratio, peak, decayMs] of [
      [1, 1, 1400],
      [2.02, 0.5, 900],
      [2.76, 0.35, 600],
      [5.4, 0.12, 250],
    ] as const) {
      const bell = { hz: base * ratio, attackMs: 3, decayMs };
      addPluck(sound.left, at % FRAMES, { ...bell, peak: peak * (1 - pan) }, true);
      addPluck(sound.right, at % FRAMES, { ...bell, peak: peak * pan }, true);
    }
  }
  return finish(sound, 0.065);
}

/** A slow chord, slightly apart in both ears. */
export function pads(signatureHz: number): Stereo {
  const sound = stereo();
  for (const [i, ratio] of [1, 1.2, 1.5, 1.8].entries()) {
    for (const [side, plane] of [sound.left, sound.right].entries()) {
      const voice = new Float32Array(FRAMES);
      const hz = ratio === 1 ? inLoop(signatureHz) : inLoop(signatureHz * ratio) + side / LOOP_S;
      addSine(voice, hz, ratio === 1 ? 1 : 0.6, i);
      addSine(voice, inLoop(hz * 2), 0.15, i + side);
      tremolo(voice, 1 + (i % 3), ratio === 1 ? 0.2 : 0.7, i * 1.7 + side);
      for (let k = 0; k < FRAMES; k++) plane[k] = (plane[k] as number) + (voice[k] as number);
    }
  }
  return finish(sound);
}

/** A soft heartbeat with a tick on its off-beat. */
export function pulse(signatureHz: number): Stereo {
  const sound = stereo();
  const beats = 24;
  for (let beat = 0; beat < beats; beat++) {
    const at = (beat / beats) * FRAMES;
    const strong = beat % 4 === 0 ? 1 : 0.7;
    for (const plane of [sound.left, sound.right]) {
      addPluck(plane, at, { hz: signatureHz, peak: strong, attackMs: 12, decayMs: 160 }, true);
      addPluck(plane, at, { hz: signatureHz * 2, peak: 0.2, attackMs: 8, decayMs: 90 }, true);
    }
    const off = at + FRAMES / beats / 2;
    const side = beat % 2 === 0 ? sound.left : sound.right;
    addPluck(side, off, { hz: signatureHz * 12.5, peak: 0.06, attackMs: 2, decayMs: 40 }, true);
  }
  return finish(sound);
}

function addBoth(sound: Stereo, hz: number, peak: number): void {
  addSine(sound.left, inLoop(hz), peak);
  addSine(sound.right, inLoop(hz), peak, 0.4);
}

function drops(sound: Stereo, noise: Noise, hz: number, count: number, peak: number): void {
  for (let i = 0; i < count; i++) {
    const at = noise.between(0, FRAMES - 1);
    const drop = {
      hz: hz * noise.between(0.7, 1.4),
      attackMs: 2,
      decayMs: noise.between(15, 45),
      glideHz: hz * noise.between(0, 4),
    };
    const pan = noise.between(0.1, 0.9);
    addPluck(sound.left, at, { ...drop, peak: peak * (1 - pan) }, true);
    addPluck(sound.right, at, { ...drop, peak: peak * pan }, true);
  }
}
