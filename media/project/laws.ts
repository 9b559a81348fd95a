import { bearingDeg } from '../geometry.js';
import type { DistanceLaw, GeoPoint, SpeakerDefinition } from '../ports.js';

/** How far to the side a source at 90° of the listener's heading is panned. */
const SIDE_PAN = 0.8;
/** `inverse`: the reference distance is a tenth of the way. */
const INVERSE_STEEPNESS = 9;
/** `exponential`: 40 dB over the whole way. */
const EXPONENTIAL_DECADES = 2;

const clamp01 = (value: number): number => (value > 0 ? Math.min(1, value) : 0);

/**
 * Part of the full volume that is left at `part` of the way out (0: there, 1: at the end), 1 falling
 * to 0, without a jump. `linear`: in proportion. `inverse`: as 1/distance, shifted to reach 0.
 * `exponential`: equal decibels per metre, shifted likewise. `cosine`: full for half the way, then a
 * raised cosine. Beyond the end, and for not-a-number, 0.
 */
export function falloff(law: DistanceLaw, part: number): number {
  if (!(part < 1)) return 0;
  if (part <= 0) return 1;
  switch (law) {
    case 'linear':
      return 1 - part;
    case 'inverse': {
      const end = 1 / (1 + INVERSE_STEEPNESS);
      return (1 / (1 + INVERSE_STEEPNESS * part) - end) / (1 - end);
    }
    case 'exponential': {
      const end = 10 ** -EXPONENTIAL_DECADES;
      return (10 ** (-EXPONENTIAL_DECADES * part) - end) / (1 - end);
    }
    case 'cosine':
      return part <= 0.5 ? 1 : 0.5 + 0.5 * Math.cos(Math.PI * (2 * part - 1));
  }
}

/**
 * Volume of a speaker, 0..1: outside `minVolume`; inside it rises by `law` with the distance from the
 * boundary, to `maxVolume` at `attenuationM` and beyond. Not-a-number counts as 0.
 */
export function speakerVolume(
  speaker: Pick<SpeakerDefinition, 'attenuationM' | 'minVolume' | 'maxVolume'>,
  law: DistanceLaw,
  inside: boolean,
  boundaryM: number,
): number {
  const min = clamp01(speaker.minVolume);
  if (!inside) return min;
  const max = clamp01(speaker.maxVolume);
  if (!(boundaryM < speaker.attenuationM)) return max;
  return min + (max - min) * falloff(law, 1 - boundaryM / speaker.attenuationM);
}

/** Volume of a placed asset, 0..1, at a distance from it; 0 from `radiusM` on. */
export function placedVolume(
  law: DistanceLaw,
  volume: number,
  radiusM: number,
  distanceM: number,
): number {
  if (!(distanceM < radiusM)) return 0;
  return clamp01(volume) * falloff(law, distanceM / radiusM);
}

/** −1 left … 1 right for a source seen from a listener who faces `headingDeg`. */
export function headingPan(listener: GeoPoint, headingDeg: number, source: GeoPoint): number {
  const angle = ((bearingDeg(listener, source) - headingDeg) * Math.PI) / 180;
  return Number.isFinite(angle) ? SIDE_PAN * Math.sin(angle) : 0;
}
