import type { z } from 'zod';
import type { ListenerProject } from '../../api/contract/content.js';
import type { Position } from '../../api/contract/rest.js';
import type { audibleAnswer, Session, sessionPlaying } from '../../api/contract/sessions.js';
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
  /** Only said when a session opens. */
  readonly format?: 'mp3' | 'opus';
}

/** The own session; `id` is its secret. */
export type Visit = Session;

/** What sounds now. */
export type Playing = z.infer<typeof sessionPlaying>;

/** A recording near the listener, for the map. */
export type NearbyAsset = z.infer<typeof audibleAnswer>['items'][number];

/** One recording with what came in the same envelope; `text` is the content of `textUrl`. */
export interface AssetStory extends Story {
  readonly text: string | null;
}

export type VoteKind = 'like' | 'flag' | 'block_asset' | 'block_user';
