import type { Position } from '../../api/contract/rest.js';
import type { ChoiceGroup } from './tag-choice.js';

/** A project in the list of those that visitors may hear. */
export interface ProjectEntry {
  readonly id: number;
  readonly name: string;
}

export type LngLat = readonly [longitude: number, latitude: number];

export interface SpeakerArea {
  readonly id: number;
  readonly name: string;
  readonly shape: readonly (readonly (readonly LngLat[])[])[];
  readonly attenuationM: number;
  readonly minVolume: number;
  readonly maxVolume: number;
}

/** `GET /v1/projects/{id}/listener`: all that a visitor's page needs, in one language. */
export interface ProjectForListener {
  readonly project: {
    readonly id: number;
    readonly name: string;
    readonly latitude: number;
    readonly longitude: number;
    readonly listenEnabled: boolean;
    readonly geoListenEnabled: boolean;
    readonly speakEnabled: boolean;
    readonly geoSpeakEnabled: boolean;
    readonly maxRecordingS: number;
    readonly recordingRadiusM: number | null;
    readonly outOfRangeM: number;
    readonly sharingUrl: string;
    readonly plan: {
      readonly url: string;
      readonly corners: readonly LngLat[];
    } | null;
  };
  readonly texts: {
    readonly legalAgreement: string | null;
    readonly description: string | null;
    readonly sharingMessage: string | null;
    readonly outOfRangeMessage: string | null;
  };
  readonly languages: readonly { readonly id: number; readonly code: string; readonly name: string }[];
  readonly listenGroups: readonly ChoiceGroup[];
  readonly speakGroups: readonly ChoiceGroup[];
  readonly speakers: readonly SpeakerArea[];
}

/** The wish of a listener; what is sent when it opens and, in part, whenever it changes. */
export interface Wish {
  readonly position?: Position;
  readonly headingDeg?: number | null;
  readonly rangeMaxM?: number | null;
  readonly tagIds?: readonly number[];
  readonly language?: string;
}

/** The own session; `id` is its secret. */
export interface Visit {
  readonly id: string;
  readonly number: number;
  readonly state: 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';
  readonly streamUrl: string;
  readonly lowLatencyUrl?: string;
}

/** What sounds now. */
export interface Playing {
  readonly tracks: readonly {
    readonly trackId: number;
    readonly state: string;
    readonly assetId?: number | null;
    readonly name?: string | null;
    readonly remainingS?: number | null;
  }[];
  readonly voices: readonly {
    readonly kind: 'speaker' | 'asset';
    readonly id: number;
    readonly name: string;
    readonly gain: number;
  }[];
}

/** A recording near the listener, for the map. */
export interface NearbyAsset {
  readonly id: number;
  readonly name: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly mediaType: 'audio' | 'photo' | 'text' | 'video';
}

/** One recording with what came in the same envelope. */
export interface AssetStory {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Made in this visit. */
  readonly mine: boolean;
  readonly submitted: boolean;
  readonly ingest: 'none' | 'waiting' | 'working' | 'ready' | 'failed';
  readonly ingestError: string | null;
  readonly photoUrl: string | null;
  readonly altText: string | null;
  readonly text: string | null;
}

export type VoteKind = 'like' | 'flag' | 'block_asset' | 'block_user';
