/**
 * Rows of a sounding site's content as `/v1` sends them. Ids are whole numbers; times are Unix ms unless a
 * name says seconds; `…LocIds` name rows of `localized-strings`, one a language.
 */

import type { InventoryRows } from './inventory.types.js';
import type { RowOfTable } from './table-row.types.js';

export type LngLat = readonly [longitude: number, latitude: number];
/** First point equals last; the first ring of a polygon is its outside, the others are holes. */
export type Ring = readonly LngLat[];
export type Polygon = readonly Ring[];
export type Shape = readonly Polygon[];

export type Language = RowOfTable<'languages'>;

export type LocalizedString = RowOfTable<'localized-strings'>;

export type Project = RowOfTable<'projects'>;

export type Speaker = RowOfTable<'speakers'>;

export type AudioTrack = RowOfTable<'tracks'>;

export type Asset = RowOfTable<'assets'>;
export type MediaType = Asset['mediaType'];

export type TagCategory = RowOfTable<'tag-categories'>;

export type Tag = RowOfTable<'tags'>;

/** A place of a tag in the tree of tags; `parentId` is the id of another such place, not of a tag. */
export type TagRelationship = RowOfTable<'tag-relationships'>;

export type ProjectGroup = RowOfTable<'project-groups'>;

export type UiElementName = RowOfTable<'ui-element-names'>;

export type UiElement = RowOfTable<'ui-elements'>;

export type Notification = RowOfTable<'notifications'>;

export type UiGroup = RowOfTable<'ui-groups'>;

export type UiItem = RowOfTable<'ui-items'>;

export type TimedAsset = RowOfTable<'timed-assets'>;

/** A visit: one opening of an app or page, with or without a stream. */
export type Visit = RowOfTable<'visits'>;

/** Resource of `/v1` → its rows. */
export interface ContentRows extends InventoryRows {
  readonly projects: Project;
  readonly speakers: Speaker;
  readonly tracks: AudioTrack;
  readonly assets: Asset;
  readonly tags: Tag;
  readonly 'tag-categories': TagCategory;
  readonly 'tag-relationships': TagRelationship;
  readonly 'project-groups': ProjectGroup;
  readonly 'ui-element-names': UiElementName;
  readonly 'ui-elements': UiElement;
  readonly notifications: Notification;
  readonly 'ui-groups': UiGroup;
  readonly 'ui-items': UiItem;
  readonly 'timed-assets': TimedAsset;
  readonly languages: Language;
  readonly 'localized-strings': LocalizedString;
  readonly visits: Visit;
}

export type Resource = keyof ContentRows;
/** What only the server writes. */
export type ServerFields =
  | 'id'
  | 'publishedAtUnixMs'
  | 'createdAtUnixMs'
  | 'updatedAtUnixMs'
  | 'startedAtUnixMs'
  | 'endedAtUnixMs'
  | 'endReason'
  | 'photoUrl'
  | 'backgroundUrl'
  | 'sessionId'
  | 'userId'
  | 'filename'
  | 'lengthS'
  | 'loudnessLufs'
  | 'ingest'
  | 'ingestError'
  | 'lastSentAtUnixMs'
  | 'lastError'
  | 'secretsSet';
export type NewRow<R extends Resource> = Omit<ContentRows[R], ServerFields>;
export type RowPatch<R extends Resource> = Partial<NewRow<R>>;
