import type { GeoPoint, Polygon } from './ports.js';

export interface SpineSpeaker {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly shape: readonly Polygon[];
  /** Width of the border in which the volume rises from `minVolume` to `maxVolume`, metres inwards. */
  readonly attenuationM: number;
  readonly minVolume: number;
  readonly maxVolume: number;
  /** Media id of the loop it plays. */
  readonly mediaId: string;
}

export interface SpineRecording {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly position: GeoPoint;
  readonly radiusM: number;
  readonly volume: number;
  readonly tags: readonly string[];
  readonly mediaId: string;
}

export interface SpineProject {
  readonly id: string;
  readonly name: string;
  readonly center: GeoPoint;
  readonly speakers: readonly SpineSpeaker[];
  readonly recordings: readonly SpineRecording[];
}
