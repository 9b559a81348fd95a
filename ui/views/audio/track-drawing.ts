import type { AudioTrack } from '../../data/content.js';

/** One stretch of a voice over time: from 0 loud at `fromS` it rises, holds, falls, and is silent at `toS`. */
export interface Stretch {
  readonly fromS: number;
  readonly toS: number;
  readonly fadeInS: number;
  readonly fadeOutS: number;
  readonly volume: number;
}

export interface VoiceDrawing {
  /** As short and as long as it can be. */
  readonly shortest: readonly Stretch[];
  readonly longest: readonly Stretch[];
  /** Seconds the drawing covers. */
  readonly totalS: number;
}

const SHOWN = 3;

function stretches(
  deadAirS: number,
  durationS: number,
  fadeInS: number,
  fadeOutS: number,
  volume: number,
  silentFirst: boolean,
): Stretch[] {
  const both = fadeInS + fadeOutS;
  // Fades that do not fit take half each, as the engine does.
  const [rise, fall] = both > durationS ? [durationS / 2, durationS / 2] : [fadeInS, fadeOutS];
  const made: Stretch[] = [];
  let at = silentFirst ? deadAirS : 0;
  for (let count = 0; count < SHOWN; count += 1) {
    made.push({ fromS: at, toS: at + durationS, fadeInS: rise, fadeOutS: fall, volume });
    at += durationS + deadAirS;
  }
  return made;
}

/** A voice drawn twice: with every range at its low end and at its high end. */
export function drawVoice(
  track: Pick<
    AudioTrack,
    | 'minDeadAirS'
    | 'maxDeadAirS'
    | 'minDurationS'
    | 'maxDurationS'
    | 'minFadeInS'
    | 'maxFadeInS'
    | 'minFadeOutS'
    | 'maxFadeOutS'
    | 'minVolume'
    | 'maxVolume'
    | 'startWithSilence'
  >,
): VoiceDrawing {
  const silent = track.startWithSilence;
  const shortest = stretches(
    track.minDeadAirS,
    Math.max(1, track.minDurationS),
    track.minFadeInS,
    track.minFadeOutS,
    track.minVolume,
    silent,
  );
  const longest = stretches(
    track.maxDeadAirS,
    Math.max(1, track.maxDurationS),
    track.maxFadeInS,
    track.maxFadeOutS,
    track.maxVolume,
    silent,
  );
  return {
    shortest,
    longest,
    totalS: Math.max(longest.at(-1)?.toS ?? 1, shortest.at(-1)?.toS ?? 1),
  };
}

/** Outline of stretches as an SVG path in a box of `width` × `height`; loudest volume is the top. */
export function voicePath(
  stretchesOfVoice: readonly Stretch[],
  totalS: number,
  loudest: number,
  width: number,
  height: number,
): string {
  const x = (atS: number): string => ((atS / totalS) * width).toFixed(1);
  const y = (volume: number): string =>
    (height - (loudest <= 0 ? 0 : volume / loudest) * height).toFixed(1);
  return stretchesOfVoice
    .map(
      ({ fromS, toS, fadeInS, fadeOutS, volume }) =>
        `M${x(fromS)} ${y(0)}L${x(fromS + fadeInS)} ${y(volume)}L${x(toS - fadeOutS)} ${y(volume)}L${x(toS)} ${y(0)}Z`,
    )
    .join('');
}

const span = (low: number, high: number, unit: string): string =>
  low === high ? `${low} ${unit}` : `${low} to ${high} ${unit}`;

/** What a voice does, in one breath. */
export function voiceWords(track: AudioTrack): string {
  if (!track.active) return 'Switched off: it plays nothing.';
  const begin = track.startWithSilence ? 'Begins with a pause. ' : 'Begins at once. ';
  const play = `Plays ${span(track.minDurationS, track.maxDurationS, 's')} of a recording, then is silent for ${span(track.minDeadAirS, track.maxDeadAirS, 's')}.`;
  const pan =
    track.minPan === 0 && track.maxPan === 0
      ? ''
      : track.minPan === track.maxPan
        ? ` Stands ${track.minPan < 0 ? 'left' : 'right'}.`
        : ' Wanders between left and right.';
  return `${begin}${play}${pan}`;
}
