import type { ListenerProject } from '../../api/contract/content.js';
import type { Position } from '../../api/contract/rest.js';
import type { AssetStory as Story } from '../../api/contract/story.js';

/** A project in the list of those that visitors may hear. */
export interface ProjectEntry {
  readonly id: number;
  readonly name: string;
}

export type ProjectForListener = ListenerProject;
export type SpeakerArea = ListenerProject['speakers'][number];

/** The wish of a listener; what is sent when it opens and, in part, whenever it changes. */
export interface Wish {
  /** Random, kept on this device: votes and contributions of the next visit belong to the same visitor. */
  readonly deviceId?: string;
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

/** One recording with what came in the same envelope; `text` is the content of `textUrl`. */
export interface AssetStory extends Story {
  readonly text: string | null;
}

export type VoteKind = 'like' | 'flag' | 'block_asset' | 'block_user';
