import { RATE_HZ } from '../ports.js';

/** Small deterministic generator (xorshift32): equal seeds give equal sounds on every machine. */
export class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** −1..1 */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state / 0x8000_0000 - 1;
  }

  between(low: number, high: number): number {
    return low + (high - low) * (0.5 + 0.5 * this.next());
  }
}

/** Adds a sine; runs a rotating phasor, since `Math.sin` per sample would cost five times more. */
export function addSine(plane: Float32Array, hz: number, peak: number, phase = 0): void {
  const omega = (2 * Math.PI * hz) / RATE_HZ;
  const stepCos = Math.cos(omega);
  const stepSin = Math.sin(omega);
  let re = Math.cos(phase);
  let im = Math.sin(phase);
  for (let i = 0; i < plane.length; i++) {
    plane[i] = (plane[i] as number) + peak * im;
    const next = re * stepCos - im * stepSin;
    im = re * stepSin + im * stepCos;
    re = next;
  }
}

/** Multiplies by `1 − depth .. 1`, in whole turns over the plane, so that a loop stays a loop. */
export function tremolo(plane: Float32Array, turns: number, depth: number, phase = 0): void {
  const swing = new Float32Array(plane.length);
  addSine(swing, (turns * RATE_HZ) / plane.length, depth / 2, phase);
  for (let i = 0; i < plane.length; i++) {
    plane[i] = (plane[i] as number) * (1 - depth / 2 + (swing[i] as number));
  }
}

export interface Pluck {
  readonly hz: number;
  readonly peak: number;
  readonly attackMs: number;
  /** Time in which it falls to 1/e. */
  readonly decayMs: number;
  /** Hz per second; chirps and drops. */
  readonly glideHz?: number;
}

/**
 * Adds a struck or blown partial at `at`, until it has fallen to 1/1000; wraps past the end when `loop`.
 */
export function addPluck(plane: Float32Array, at: number, pluck: Pluck, loop: boolean): void {
  const attack = Math.max(1, (pluck.attackMs * RATE_HZ) / 1000);
  const decay = Math.exp(-1000 / (pluck.decayMs * RATE_HZ));
  const length = Math.ceil(attack + (6.9 * pluck.decayMs * RATE_HZ) / 1000);
  const turn = 2 * Math.PI * (pluck.hz / RATE_HZ);
  const glide = (2 * Math.PI * (pluck.glideHz ?? 0)) / (RATE_HZ * RATE_HZ);
  // Two rotating phasors: the tone, and (for a glide) the rotation of its own speed.
  let [re, im] = [1, 0];
  let [stepRe, stepIm] = [Math.cos(turn), Math.sin(turn)];
  const [bendRe, bendIm] = [Math.cos(glide), Math.sin(glide)];
  let level = pluck.peak;
  let index = Math.floor(at);
  for (let i = 0; i < length; i++, index++) {
    if (index >= plane.length) {
      if (!loop) return;
      index -= plane.length;
    }
    const rise = i < attack ? i / attack : 1;
    plane[index] = (plane[index] as number) + level * rise * im;
    const nextRe = re * stepRe - im * stepIm;
    im = re * stepIm + im * stepRe;
    re = nextRe;
    if (glide !== 0) {
      const nextStep = stepRe * bendRe - stepIm * bendIm;
      stepIm = stepRe * bendIm + stepIm * bendRe;
      stepRe = nextStep;
    }
    if (i >= attack) level *= decay;
  }
}

/**
 * Noise through a resonant band-pass at `centerHz(turn)`, seamless: the filter runs round the loop once
 * before its output counts.
 */
export function bandNoise(
  frames: number,
  noise: Noise,
  centerHz: (turn: number) => number,
  q: number,
): Float32Array {
  const input = new Float32Array(frames);
  for (let i = 0; i < frames; i++) input[i] = noise.next();
  const out = new Float32Array(frames);
  let low = 0;
  let band = 0;
  let tuning = 0;
  for (let i = frames >> 1; i < 2 * frames; i++) {
    const at = i % frames;
    if (at % 64 === 0 || i === frames >> 1)
      tuning = 2 * Math.sin((Math.PI * centerHz(at / frames)) / RATE_HZ);
    low += tuning * band;
    band += tuning * ((input[at] as number) - low - band / q);
    out[at] = band / q;
  }
  return out;
}
/** Scales the planes so that their common root mean square is `rms`, keeping peaks below 0.7. */
export function level(planes: readonly Float32Array[], rms: number): void {
  let sum = 0;
  let peak = 0;
  let samples = 0;
  for (const plane of planes) {
    samples += plane.length;
    for (let i = 0; i < plane.length; i++) {
      const value = plane[i] as number;
      sum += value * value;
      peak = Math.max(peak, Math.abs(value));
    }
  }
  if (peak === 0) return;
  const gain = Math.min(rms / Math.sqrt(sum / samples), 0.7 / peak);
  for (const plane of planes) {
    for (let i = 0; i < plane.length; i++) plane[i] = (plane[i] as number) * gain;
  }
}

/** 16-bit WAV; one plane makes a mono file. */
export function wav(planes: readonly Float32Array[]): Buffer {
  const channels = planes.length;
  const frames = planes[0]?.length ?? 0;
  const bytes = Buffer.alloc(44 + frames * channels * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(RATE_HZ, 24);
  bytes.writeUInt32LE(RATE_HZ * channels * 2, 28);
  bytes.writeUInt16LE(channels * 2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(frames * channels * 2, 40);
  const samples = new Int16Array(frames * channels);
  planes.forEach((plane, channel) => {
    for (let i = 0; i < frames; i++) {
      const value = Math.max(-1, Math.min(1, plane[i] as number));
      samples[i * channels + channel] = Math.round(value * 32_767);
    }
  });
  Buffer.from(samples.buffer).copy(bytes, 44);
  return bytes;
}
