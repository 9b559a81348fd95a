import type { Audible, ListenerPlace, PreparedProject } from './gains.js';
import type { Mixer } from './mixer/mixer.js';
import type { PcmSource } from './mixer/source.js';
import { BLOCK_FRAMES, BLOCK_MS } from './ports.js';

/** Gains are whole numbers of 1/2048, so that equal places give equal mixes (a step is −66 dB). */
const GAIN_UNITS = 2048;
/** Pans are whole numbers of 1/64. */
const PAN_UNITS = 64;
/** Silent to full in 400 ms: quick enough for a step, slow enough to hear no step. */
const GAIN_STEP = Math.ceil((GAIN_UNITS * BLOCK_MS) / 400);
const PAN_STEP = 4;
/** Silence after a recording has played through, before it plays again to a listener who stayed. */
const REST_TICKS = 5_000 / BLOCK_MS;
/** Silence after a recording was skipped. */
const SKIP_TICKS = 60_000 / BLOCK_MS;
/** Voices of one mix; beyond it the quietest are not heard. */
const MAX_VOICES = 32;

interface Voice {
  readonly id: string;
  readonly name: string;
  readonly kind: 'speaker' | 'recording';
  readonly source: PcmSource;
  /** What the place asks for, units. */
  wanted: number;
  wantedPan: number;
  /** Gain and pan at the start and the end of the current block, units. */
  gainFrom: number;
  gain: number;
  panFrom: number;
  pan: number;
  /** Recordings: tick at which frame 0 plays; in the future while it rests. NaN until the source is here. */
  startTick: number;
  skipped: boolean;
}

export interface HeardVoice {
  readonly id: string;
  readonly name: string;
  /** 0..1 */
  readonly gain: number;
}

/**
 * What one listener hears: voices, their gains, their places. Speakers loop on the clock that all
 * listeners share (frame 0 of every loop is tick 0), so that equal places sound equal. A recording
 * starts when its circle is entered, plays through, rests 5 s and plays again while the listener
 * stays; leaving fades it out and forgets its place. `skip` fades the recordings now heard and rests
 * them for 60 s. `pause` fades everything; `resume` goes on where the recordings were.
 *
 * Time is the tick number. Between `step`s nothing needs to be done: places follow from the tick.
 */
export class Mix {
  /** Equal keys mean (but for hash collisions, see `sameSound`) equal sound in this block. */
  key = 0;
  /** True while no gain moves: the key will hold until the next change. */
  settled = false;
  #voices: Voice[] = [];
  #wakeTick = 0;
  #paused = false;
  /** First tick of complete silence after `pause`. */
  #heldSince = Number.NaN;

  get paused(): boolean {
    return this.#paused;
  }

  /** Sources in use, to be kept in memory. */
  *sources(): IterableIterator<PcmSource> {
    for (const voice of this.#voices) yield voice.source;
  }

  /** Takes a new place, other tags, or an edited project. `jump`: nobody listens, so do not fade. */
  retarget(
    project: PreparedProject | undefined,
    place: ListenerPlace,
    sourceOf: (mediaId: string) => PcmSource,
    jump: boolean,
  ): void {
    const audible = loudest(project?.audible(place) ?? []);
    const before = new Map(this.#voices.map((voice) => [voiceKey(voice.kind, voice.id), voice]));
    const next: Voice[] = [];
    for (const heard of audible) {
      const key = voiceKey(heard.kind, heard.id);
      const old = before.get(key);
      const source = sourceOf(heard.mediaId);
      const voice = old?.source === source ? old : newVoice(heard, source);
      if (voice === old) before.delete(key);
      voice.wanted = Math.round(heard.gain * GAIN_UNITS);
      voice.wantedPan = Math.round(heard.pan * PAN_UNITS);
      next.push(voice);
    }
    if (!jump) {
      for (const voice of before.values()) {
        voice.wanted = 0;
        if (voice.gain > 0) next.push(voice);
      }
    }
    this.#voices = next;
    if (jump) for (const voice of next) this.#arrive(voice);
    this.#wakeTick = 0;
  }

  pause(): void {
    this.#paused = true;
    this.#wakeTick = 0;
  }

  resume(tick: number): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (!Number.isNaN(this.#heldSince)) {
      for (const voice of this.#voices) voice.startTick += Math.max(0, tick - this.#heldSince);
    }
    this.#heldSince = Number.NaN;
    this.#wakeTick = 0;
  }

  skip(): void {
    for (const voice of this.#voices) {
      if (voice.kind === 'recording' && voice.gain > 0) voice.skipped = true;
    }
    this.#wakeTick = 0;
  }

  /**
   * Moves the gains on to block `tick`. Returns true when this block's key may differ from the last
   * one's. Costs nothing while settled.
   */
  step(tick: number): boolean {
    if (tick < this.#wakeTick) return false;
    let moving = false;
    let wake = Number.POSITIVE_INFINITY;
    let gone = false;
    for (const voice of this.#voices) {
      if (voice.kind === 'recording') wake = Math.min(wake, this.#cue(voice, tick));
      else if (voice.source.frames === 0) wake = tick + 1;
      const target = this.#target(voice, tick);
      voice.gainFrom = voice.gain;
      voice.panFrom = voice.pan;
      voice.gain += clampStep(target - voice.gain, GAIN_STEP);
      voice.pan += clampStep(voice.wantedPan - voice.pan, PAN_STEP);
      if (voice.gain !== voice.gainFrom || voice.pan !== voice.panFrom) moving = true;
      if (voice.wanted === 0 && voice.gain === 0 && voice.gainFrom === 0) gone = true;
    }
    if (gone) this.#voices = this.#voices.filter((v) => v.wanted > 0 || v.gainFrom > 0);
    if (this.#paused && !moving && Number.isNaN(this.#heldSince)) this.#heldSince = tick;
    this.settled = !moving;
    this.#wakeTick = moving ? tick + 1 : wake;
    this.key = this.#hash(tick);
    return true;
  }

  /** Mixes block `tick`, between the mixer's `begin` and `finish`. */
  render(mixer: Mixer, tick: number): void {
    for (const voice of this.#voices) {
      if (!sounds(voice, tick)) continue;
      const { gainFrom, gain, panFrom, pan, source } = voice;
      const loop = voice.kind === 'speaker';
      mixer.add(
        source,
        frameOf(voice, tick),
        loop,
        tick,
        (gainFrom * Math.min(PAN_UNITS, PAN_UNITS - panFrom)) / (GAIN_UNITS * PAN_UNITS),
        (gain * Math.min(PAN_UNITS, PAN_UNITS - pan)) / (GAIN_UNITS * PAN_UNITS),
        (gainFrom * Math.min(PAN_UNITS, PAN_UNITS + panFrom)) / (GAIN_UNITS * PAN_UNITS),
        (gain * Math.min(PAN_UNITS, PAN_UNITS + pan)) / (GAIN_UNITS * PAN_UNITS),
      );
    }
  }

  /** True when both sound the same in block `tick`, and will as long as both are settled. */
  sameSound(other: Mix, tick: number): boolean {
    const mine = this.#voices.filter((voice) => sounds(voice, tick));
    const theirs = other.#voices.filter((voice) => sounds(voice, tick));
    return mine.length === theirs.length && mine.every((v, i) => sameVoice(v, theirs[i]));
  }

  /** What is heard in block `tick`, in the order speakers, recordings. */
  heard(tick: number): HeardVoice[] {
    return this.#voices
      .filter((voice) => sounds(voice, tick) && voice.gain > 0)
      .map((voice) => ({ id: voice.id, name: voice.name, gain: voice.gain / GAIN_UNITS }));
  }

  /** Frames that each voice will need next: for reading ahead. */
  eachPlace(tick: number, visit: (source: PcmSource, frame: number) => void): void {
    for (const voice of this.#voices) {
      visit(voice.source, Number.isNaN(voice.startTick) ? 0 : Math.max(0, frameOf(voice, tick)));
    }
  }

  #arrive(voice: Voice): void {
    voice.gain = this.#paused ? 0 : voice.wanted;
    voice.gainFrom = voice.gain;
    voice.pan = voice.wantedPan;
    voice.panFrom = voice.pan;
  }

  #target(voice: Voice, tick: number): number {
    if (this.#paused || voice.skipped || voice.source.frames === 0) return 0;
    // While a recording rests its gain stays up, so that the next round starts with its attack.
    return voice.kind === 'recording' && !(tick >= voice.startTick) && voice.gain === 0
      ? 0
      : voice.wanted;
  }

  /** Starts, ends and rests a recording; returns the tick at which it must be looked at again. */
  #cue(voice: Voice, tick: number): number {
    if (voice.source.frames === 0) return tick + 1;
    if (Number.isNaN(voice.startTick)) voice.startTick = tick;
    if (!Number.isNaN(this.#heldSince)) return Number.POSITIVE_INFINITY;
    if (voice.skipped && voice.gain === 0) {
      voice.skipped = false;
      voice.startTick = tick + SKIP_TICKS;
    }
    if (tick < voice.startTick) return voice.startTick;
    const playTicks = Math.ceil(voice.source.frames / BLOCK_FRAMES);
    const roundTicks = playTicks + REST_TICKS;
    // Whole rounds at once: with no listener, nobody stepped.
    voice.startTick += Math.floor((tick - voice.startTick) / roundTicks) * roundTicks;
    if (tick < voice.startTick + playTicks) return voice.startTick + playTicks;
    voice.startTick += roundTicks;
    return voice.startTick;
  }

  #hash(tick: number): number {
    let low = 0x811c9dc5;
    let high = 0x1234567;
    for (const voice of this.#voices) {
      if (!sounds(voice, tick)) continue;
      const place = voice.kind === 'speaker' ? -1 : voice.startTick;
      low = fold(fold(low, voice.source.no), place);
      low = fold(low, voice.gain * 4096 + voice.gainFrom);
      high = fold(high, low ^ (voice.pan * 512 + voice.panFrom));
    }
    return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0);
  }
}

function newVoice(heard: Audible, source: PcmSource): Voice {
  return {
    id: heard.id,
    name: heard.name,
    kind: heard.kind,
    source,
    wanted: 0,
    wantedPan: 0,
    gainFrom: 0,
    gain: 0,
    panFrom: Math.round(heard.pan * PAN_UNITS),
    pan: Math.round(heard.pan * PAN_UNITS),
    startTick: heard.kind === 'speaker' ? 0 : Number.NaN,
    skipped: false,
  };
}

const voiceKey = (kind: string, id: string): string => `${kind}/${id}`;

const clampStep = (delta: number, step: number): number => Math.max(-step, Math.min(step, delta));

const fold = (hash: number, value: number): number =>
  Math.imul(hash ^ value, 0x01000193) ^ (Math.imul(hash, 0x85ebca6b) >>> 15);

function sounds(voice: Voice, tick: number): boolean {
  if (voice.gain === 0 && voice.gainFrom === 0) return false;
  return voice.source.frames > 0 && tick >= voice.startTick;
}

/** Place of a voice in its source at the start of block `tick`; beyond the end of a played one-shot. */
function frameOf(voice: Voice, tick: number): number {
  const frame = (tick - voice.startTick) * BLOCK_FRAMES;
  return voice.kind === 'speaker' ? frame % Math.max(1, voice.source.frames) : frame;
}

function sameVoice(a: Voice, b: Voice | undefined): boolean {
  return (
    b !== undefined &&
    a.source === b.source &&
    a.kind === b.kind &&
    a.startTick === b.startTick &&
    a.gain === b.gain &&
    a.gainFrom === b.gainFrom &&
    a.pan === b.pan &&
    a.panFrom === b.panFrom
  );
}

function loudest(audible: Audible[]): Audible[] {
  if (audible.length <= MAX_VOICES) return audible;
  const limit = [...audible].sort((a, b) => b.gain - a.gain).slice(0, MAX_VOICES);
  const kept = new Set(limit);
  return audible.filter((heard) => kept.has(heard));
}
