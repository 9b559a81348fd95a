import { Envelope } from '../mixer/envelope.js';
import type { Mixer } from '../mixer/mixer.js';
import type { SoundSource } from '../mixer/sound-source.js';
import { EDGE_FRAMES, type PcmSource } from '../mixer/source.js';
import {
  type AssetDefinition,
  BLOCK_FRAMES,
  BLOCK_MS,
  RATE_HZ,
  type SpeakerDefinition,
} from '../ports.js';

/** Gains are whole numbers of 1/2000, so that equal places give equal mixes (a step is −66 dB). */
export const GAIN_UNITS = 2_000;
/** Pans are whole numbers of 1/64. */
export const PAN_UNITS = 64;
/** Native sessions: silent to full in 400 ms. Quick enough for a step, slow enough to hear no step. */
export const NATIVE_STEP = (GAIN_UNITS * BLOCK_MS) / 400;
/** Roundware's: 0.01 in 100 ms. */
export const ROUNDWARE_STEP = (0.01 * GAIN_UNITS * BLOCK_MS) / 100;
/** Sound that begins, ends or is replaced without a slew: 100 ms. */
export const QUICK_STEP = (GAIN_UNITS * BLOCK_MS) / 100;
const PAN_STEP = 4;
/** Silence after a placed asset has played through, before it plays again to a listener who stayed. */
const REST_TICKS = 5_000 / BLOCK_MS;
/** Silence after it was skipped. */
const SKIP_TICKS = 60_000 / BLOCK_MS;

/** A speaker, or an asset that sounds at its place, as one listener hears it. */
export class Voice {
  readonly kind: 'speaker' | 'asset';
  readonly id: number;
  name: string;
  readonly source: SoundSource;
  /** Of a placed asset: the frames that are played; undefined: the source goes on for ever. */
  readonly region:
    | { readonly media: PcmSource; readonly startS: number; readonly endS: number }
    | undefined;
  /** What the place asks for, units. */
  wanted = 0;
  wantedPan = 0;
  /** Largest change of gain in a block, units. */
  step = NATIVE_STEP;
  /** Gain and pan at the start and the end of the current block, units. */
  gainFrom = 0;
  gain = 0;
  panFrom = 0;
  pan = 0;
  /** Placed assets: tick at which the region begins; in the future while it rests. NaN until its media is here. */
  startTick: number;
  skipped = false;
  /** Placed assets: its listener was told that it began, at this tick. */
  beganTick = Number.NaN;
  readonly #edges = new Envelope();
  #edgeFrames = -1;

  private constructor(
    kind: 'speaker' | 'asset',
    id: number,
    name: string,
    source: SoundSource,
    region: Voice['region'],
  ) {
    this.kind = kind;
    this.id = id;
    this.name = name;
    this.source = source;
    this.region = region;
    this.startTick = region === undefined ? 0 : Number.NaN;
  }

  static ofSpeaker(speaker: SpeakerDefinition, source: SoundSource): Voice {
    return new Voice('speaker', speaker.id, speaker.name, source, undefined);
  }

  static ofAsset(asset: AssetDefinition, media: PcmSource): Voice {
    const { startS, endS } = asset;
    return new Voice('asset', asset.id, asset.name, media, { media, startS, endS });
  }

  /** Something of it is heard in block `tick`. */
  sounds(tick: number): boolean {
    if (this.gain === 0 && this.gainFrom === 0) return false;
    return this.source.ready && tick >= this.startTick;
  }

  /** At its place at once: nobody heard it before. */
  arrive(silent: boolean): void {
    this.gain = silent || !this.source.ready ? 0 : this.wanted;
    this.gainFrom = this.gain;
    this.pan = this.wantedPan;
    this.panFrom = this.pan;
  }

  /** Moves the gain to this block. What is not here yet waits at 0, and comes in quickly. */
  slew(target: number): void {
    if (!this.source.ready) {
      this.gain = 0;
      this.step = QUICK_STEP;
    }
    this.gainFrom = this.gain;
    this.panFrom = this.pan;
    if (this.gain !== target) this.gain += clampStep(target - this.gain, this.step);
    if (this.pan !== this.wantedPan) this.pan += clampStep(this.wantedPan - this.pan, PAN_STEP);
  }

  get moving(): boolean {
    return this.gain !== this.gainFrom || this.pan !== this.panFrom;
  }

  /** Length of what a placed asset plays, frames; 0 until its media is here. */
  get length(): number {
    const { region } = this;
    if (region === undefined || !region.media.ready) return 0;
    const { frames } = region.media;
    const start = Math.min(frames, Math.round(region.startS * RATE_HZ));
    const end = Math.min(frames, Math.round(region.endS * RATE_HZ));
    return Math.max(0, end - start);
  }

  /** Starts, ends and rests a placed asset; returns the tick at which it must be looked at again. */
  cue(tick: number, held: boolean): number {
    const { length } = this;
    if (length === 0) return tick + 1;
    if (Number.isNaN(this.startTick)) this.startTick = tick;
    if (held) return Number.POSITIVE_INFINITY;
    if (this.skipped && this.gain === 0) {
      this.skipped = false;
      this.startTick = tick + SKIP_TICKS;
    }
    if (tick < this.startTick) return this.startTick;
    const playTicks = Math.ceil(length / BLOCK_FRAMES);
    const roundTicks = playTicks + REST_TICKS;
    // Whole rounds at once: with no listener, nobody stepped.
    this.startTick += Math.floor((tick - this.startTick) / roundTicks) * roundTicks;
    if (tick < this.startTick + playTicks) return this.startTick + playTicks;
    this.startTick += roundTicks;
    return this.startTick;
  }

  /** Frame of the source at the start of block `tick`. */
  frameAt(tick: number): number {
    const frame = (tick - this.startTick) * BLOCK_FRAMES;
    return this.region === undefined ? frame : Math.round(this.region.startS * RATE_HZ) + frame;
  }

  render(mixer: Mixer, tick: number, masterFrom: number, masterTo: number): void {
    const { gainFrom, gain, panFrom, pan, source } = this;
    const from = (masterFrom * gainFrom) / (GAIN_UNITS * PAN_UNITS);
    const to = (masterTo * gain) / (GAIN_UNITS * PAN_UNITS);
    const leftFrom = from * Math.min(PAN_UNITS, PAN_UNITS - panFrom);
    const leftTo = to * Math.min(PAN_UNITS, PAN_UNITS - pan);
    const rightFrom = from * Math.min(PAN_UNITS, PAN_UNITS + panFrom);
    const rightTo = to * Math.min(PAN_UNITS, PAN_UNITS + pan);
    const frame = this.frameAt(tick);
    if (this.region === undefined) {
      const loop = Number.isFinite(source.span);
      const at = loop ? frame % source.span : frame;
      mixer.add(source, at, loop, tick, leftFrom, leftTo, rightFrom, rightTo);
      return;
    }
    const place = (tick - this.startTick) * BLOCK_FRAMES;
    mixer.addShaped(
      source,
      frame,
      this.#shape(),
      place,
      tick,
      leftFrom,
      leftTo,
      rightFrom,
      rightTo,
    );
  }

  /** Equal sound in a block, as long as neither moves. */
  equals(other: Voice): boolean {
    return (
      this.source === other.source &&
      this.kind === other.kind &&
      this.startTick === other.startTick &&
      this.gain === other.gain &&
      this.gainFrom === other.gainFrom &&
      this.pan === other.pan &&
      this.panFrom === other.panFrom
    );
  }

  /** Faded edges, so that a part that is cut out of a file does not click. */
  #shape(): Envelope {
    const { length } = this;
    if (length === this.#edgeFrames) return this.#edges;
    this.#edgeFrames = length;
    const edge = Math.min(EDGE_FRAMES, Math.floor(length / 2));
    return this.#edges
      .begin(0, 0)
      .to(edge, 1)
      .to(length - edge, 1)
      .to(length, 0);
  }
}

const clampStep = (delta: number, step: number): number => Math.max(-step, Math.min(step, delta));
