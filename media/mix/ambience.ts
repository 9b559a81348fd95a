import type { Mixer } from '../mixer/mixer.js';
import type { SoundSource } from '../mixer/sound-source.js';
import type { PcmSource } from '../mixer/source.js';
import { BLOCK_MS, type ListenerState, RATE_HZ, type SpeakerDefinition } from '../ports.js';
import type { Audible, PreparedProject } from '../project/prepared.js';
import { levelGain } from '../tracks/level.js';
import { GAIN_UNITS, NATIVE_STEP, PAN_UNITS, QUICK_STEP, ROUNDWARE_STEP, Voice } from './voice.js';

/** Voices of one mix; beyond it the quietest are not heard. */
const MAX_VOICES = 48;

/** Where voices get their sound. */
export interface SoundSources {
  mediaOf(mediaId: string): PcmSource;
  speakerOf(speaker: SpeakerDefinition): SoundSource;
}

/** A placed asset began or ended. */
export type OnPlaced = (voice: Voice, kind: 'began' | 'ended', heardS: number) => void;

/**
 * What one listener hears around: speakers, and assets that sound at their places. Speakers loop on the
 * clock that all listeners share (frame 0 of every loop is tick 0), so that equal places sound equal. A
 * placed asset starts when its circle is entered, plays through, rests 5 s and plays again while the
 * listener stays; leaving fades it out and forgets its place.
 *
 * Gains go to their targets at the profile's pace. A Roundware speaker that is newly heard takes 100 ms,
 * because there it begins at its target; so does a speaker whose source was replaced.
 */
export class Ambience {
  /** True while no gain moves. */
  settled = false;
  #voices: Voice[] = [];
  #wakeTick = 0;
  /** First tick of complete silence after a pause. */
  #heldSince = Number.NaN;
  #paused = false;
  #roundware = false;

  get voices(): readonly Voice[] {
    return this.#voices;
  }

  /** Takes a new place, other choices, or an edited project. `jump`: nobody listens, so do not fade. */
  retarget(
    project: PreparedProject | undefined,
    listener: ListenerState,
    sources: SoundSources,
    jump: boolean,
  ): void {
    this.#roundware = listener.profile === 'roundware';
    const before = new Map(this.#voices.map((voice) => [keyOf(voice, voice.source), voice]));
    const known = new Set(this.#voices.map((voice) => `${voice.kind} ${voice.id}`));
    const next: Voice[] = [];
    for (const heard of audible(project, listener)) {
      const source =
        heard.kind === 'speaker'
          ? sources.speakerOf(heard.speaker)
          : sources.mediaOf(heard.asset.mediaId);
      const old = before.get(keyOf(heard, source));
      const same = old !== undefined && sameRegion(old, heard);
      const voice = same ? old : newVoice(heard, sources);
      if (same) before.delete(keyOf(heard, source));
      voice.wanted = Math.round(gainOf(heard, project) * GAIN_UNITS);
      voice.wantedPan = Math.round(heard.pan * PAN_UNITS);
      if (same) voice.step = Math.max(this.#step, voice.gain === voice.wanted ? 0 : voice.step);
      else
        voice.step =
          this.#roundware || known.has(`${heard.kind} ${heard.id}`) ? QUICK_STEP : NATIVE_STEP;
      next.push(voice);
    }
    if (!jump) {
      const stays = new Set(next.map((voice) => `${voice.kind} ${voice.id}`));
      for (const voice of before.values()) {
        voice.wanted = 0;
        voice.step = stays.has(`${voice.kind} ${voice.id}`) ? QUICK_STEP : this.#step;
        if (voice.gain > 0) next.push(voice);
      }
    }
    this.#voices = next;
    if (jump) for (const voice of next) voice.arrive(this.#silent);
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
      for (const voice of this.#voices) {
        if (voice.kind === 'asset') voice.startTick += Math.max(0, tick - this.#heldSince);
      }
    }
    this.#heldSince = Number.NaN;
    this.#wakeTick = 0;
  }

  /** Fades the placed assets that are heard, and rests them for a minute. False: there were none. */
  skip(): boolean {
    let any = false;
    for (const voice of this.#voices) {
      if (voice.kind !== 'asset' || voice.gain === 0) continue;
      voice.skipped = true;
      any = true;
    }
    this.#wakeTick = 0;
    return any;
  }

  /** Moves the gains on to block `tick`. False: nothing changed. Costs nothing while settled. */
  step(tick: number, onPlaced: OnPlaced): boolean {
    if (tick < this.#wakeTick) return false;
    let moving = false;
    let wake = Number.POSITIVE_INFINITY;
    let gone = false;
    const held = !Number.isNaN(this.#heldSince);
    for (const voice of this.#voices) {
      if (voice.kind === 'asset') wake = Math.min(wake, this.#cue(voice, tick, held, onPlaced));
      else if (!voice.source.ready) wake = tick + 1;
      voice.slew(this.#target(voice, tick));
      if (voice.moving) moving = true;
      else if (voice.step === QUICK_STEP && voice.gain === voice.wanted) voice.step = this.#step;
      if (voice.wanted === 0 && voice.gain === 0 && voice.gainFrom === 0) gone = true;
    }
    if (gone) this.#sweepGone(tick, onPlaced);
    if (this.#silent && !moving && !held) this.#heldSince = tick;
    this.settled = !moving;
    this.#wakeTick = moving ? tick + 1 : wake;
    return true;
  }

  /** Mixes block `tick`, between the mixer's `begin` and `finish`. */
  render(mixer: Mixer, tick: number, masterFrom: number, masterTo: number): void {
    for (const voice of this.#voices) {
      if (voice.sounds(tick)) voice.render(mixer, tick, masterFrom, masterTo);
    }
  }

  /** True when both sound the same in block `tick`, and will as long as both are settled. */
  sameSound(other: Ambience, tick: number): boolean {
    const mine = this.#voices.filter((voice) => voice.sounds(tick));
    const theirs = other.#voices.filter((voice) => voice.sounds(tick));
    return (
      mine.length === theirs.length &&
      mine.every((voice, i) => {
        const twin = theirs[i];
        return twin !== undefined && voice.equals(twin);
      })
    );
  }

  /** Number that is equal for equal sound in block `tick`. */
  hash(tick: number, seed: number): number {
    let low = seed;
    let high = 0x1234567;
    for (const voice of this.#voices) {
      if (!voice.sounds(tick)) continue;
      const place = voice.kind === 'speaker' ? -1 : voice.startTick;
      low = fold(fold(low, voice.source.no), place);
      low = fold(low, voice.gain * 4096 + voice.gainFrom);
      high = fold(high, low ^ (voice.pan * 512 + voice.panFrom));
    }
    return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0);
  }

  /** Frames that each voice will need next: for reading ahead. */
  eachPlace(tick: number, visit: (voice: Voice, frame: number) => void): void {
    for (const voice of this.#voices) {
      const frame = Number.isNaN(voice.startTick)
        ? Math.round((voice.region?.startS ?? 0) * RATE_HZ)
        : Math.max(0, voice.frameAt(tick));
      visit(voice, voice.region === undefined ? frame % voice.source.span : frame);
    }
  }

  /** Its listener is gone for good. */
  stop(tick: number, onPlaced: OnPlaced): void {
    for (const voice of this.#voices) this.#ended(voice, tick, onPlaced);
  }

  /** All of it is to fall silent. */
  get #silent(): boolean {
    return this.#paused && !this.#roundware;
  }

  get #step(): number {
    return this.#roundware ? ROUNDWARE_STEP : NATIVE_STEP;
  }

  #target(voice: Voice, tick: number): number {
    if (this.#silent || voice.skipped || !voice.source.ready) return 0;
    // While a placed asset rests its gain stays up, so that the next round starts with its attack.
    return voice.kind === 'asset' && !(tick >= voice.startTick) && voice.gain === 0
      ? 0
      : voice.wanted;
  }

  #cue(voice: Voice, tick: number, held: boolean, onPlaced: OnPlaced): number {
    const startedAt = voice.startTick;
    const wake = voice.cue(tick, held);
    if (voice.startTick !== startedAt) this.#ended(voice, tick, onPlaced);
    const plays = tick >= voice.startTick && voice.gain > 0 && !voice.skipped;
    if (!plays) return !held && tick >= voice.startTick && voice.wanted > 0 ? tick + 1 : wake;
    if (Number.isNaN(voice.beganTick)) {
      voice.beganTick = tick;
      onPlaced(voice, 'began', voice.length / RATE_HZ);
    }
    return wake;
  }

  #ended(voice: Voice, tick: number, onPlaced: OnPlaced): void {
    if (Number.isNaN(voice.beganTick)) return;
    const heardS = Math.min(voice.length / RATE_HZ, ((tick - voice.beganTick) * BLOCK_MS) / 1_000);
    voice.beganTick = Number.NaN;
    onPlaced(voice, 'ended', heardS);
  }

  #sweepGone(tick: number, onPlaced: OnPlaced): void {
    this.#voices = this.#voices.filter((voice) => {
      const stays = voice.wanted > 0 || voice.gainFrom > 0;
      if (!stays) this.#ended(voice, tick, onPlaced);
      return stays;
    });
  }
}

const keyOf = (
  heard: { readonly kind: string; readonly id: number },
  source: SoundSource,
): string => `${heard.kind} ${heard.id} ${source.no}`;

const fold = (hash: number, value: number): number =>
  Math.imul(hash ^ value, 0x01000193) ^ (Math.imul(hash, 0x85ebca6b) >>> 15);

function newVoice(heard: Audible, sources: SoundSources): Voice {
  return heard.kind === 'speaker'
    ? Voice.ofSpeaker(heard.speaker, sources.speakerOf(heard.speaker))
    : Voice.ofAsset(heard.asset, sources.mediaOf(heard.asset.mediaId));
}

function sameRegion(voice: Voice, heard: Audible): boolean {
  if (heard.kind === 'speaker') return true;
  return voice.region?.startS === heard.asset.startS && voice.region.endS === heard.asset.endS;
}

function gainOf(heard: Audible, project: PreparedProject | undefined): number {
  if (heard.kind === 'speaker') return heard.gain;
  const targetLufs = project?.definition.settings.targetLufs;
  return heard.gain * levelGain(targetLufs, heard.asset.loudnessLufs);
}

function audible(project: PreparedProject | undefined, listener: ListenerState): Audible[] {
  if (project === undefined) return [];
  const speakers = project.speakersAt(listener);
  const placed = project.placedAt(listener);
  const all = placed.length === 0 ? speakers : [...speakers, ...placed];
  if (all.length <= MAX_VOICES) return all;
  const kept = new Set([...all].sort((a, b) => b.gain - a.gain).slice(0, MAX_VOICES));
  return all.filter((heard) => kept.has(heard));
}
