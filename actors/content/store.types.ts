import type { SiteScope } from '../control/scope.js';
import type * as Rows from './content.types.js';

export type ConditionOp =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  /** Text: any letter case. */
  | 'contains'
  | 'startsWith'
  /** `value` is a list. */
  | 'in'
  /** `value` true: is null; false: is not. */
  | 'isNull';

export interface Condition<T> {
  readonly field: Extract<keyof T, string>;
  readonly op: ConditionOp;
  readonly value: string | number | boolean | readonly (string | number)[];
}

/** All conditions hold. */
export interface Find<T> {
  readonly where?: readonly Condition<T>[];
  /** Default: by id. Ties are broken by id, in the same direction. */
  readonly order?: {
    readonly by: Extract<keyof T, string>;
    readonly direction: 'asc' | 'desc';
  };
  readonly offset?: number;
  /** Default and most 10,000; see `ContentTable.each` for more. */
  readonly limit?: number;
}

/** More ways to find assets; all hold together with `where`. */
export interface FindAssets extends Find<Rows.Asset> {
  readonly tagIdsAll?: readonly number[];
  readonly tagIdsAny?: readonly number[];
  /** In every one of them. */
  readonly envelopeIds?: readonly number[];
  /** In at least one of them. */
  readonly envelopeIdsAny?: readonly number[];
  /** Part of description or file name. */
  readonly text?: string;
  /** Part of user name, full name or e-mail of who made it. */
  readonly userText?: string;
  /** E-mails, as far as `userText` looks into them: all (default), or those of one visitor or nobody. */
  readonly emailsOf?: number | 'all' | 'nobody';
}

/** Votes, also by what only their assets know; all hold together with `where`. */
export interface FindVotes extends Find<Rows.Vote> {
  readonly projectId?: number;
  readonly mediaType?: Rows.MediaType;
}

/**
 * One table. Writes are noted in the change feed under the table's name (domain `content.<name>`, id = row id);
 * rows that go because one they belong to went are not noted. Answers hold whole rows.
 */
export interface ContentTable<T extends { readonly id: number }, F extends Find<T> = Find<T>> {
  get(id: number): Promise<T | undefined>;
  /** In the order of `ids`; unknown ones are left out. Any number: read in pieces, with pauses. */
  many(ids: readonly number[]): Promise<readonly T[]>;
  find(find?: F): Promise<readonly T[]>;
  first(find: F): Promise<T | undefined>;
  count(find?: F): Promise<number>;
  /** Of the rows that match, the first 10,000 by id. */
  ids(find?: Omit<F, 'order' | 'offset' | 'limit'>): Promise<readonly number[]>;
  /** All that match in pieces of at most `size` (default 500), by id; other work goes on between pieces. */
  each(find?: Omit<F, 'order' | 'offset' | 'limit'>, size?: number): AsyncIterable<readonly T[]>;
  /** @throws EngineError `conflict` for a broken reference or a value that must be unique, naming it. */
  create(values: Omit<T, 'id'>): Promise<T>;
  /** One transaction. */
  createMany(values: readonly Omit<T, 'id'>[]): Promise<readonly T[]>;
  /** The same inside a transaction of the caller, together with rows of other tables. */
  createManyIn(scope: SiteScope, values: readonly Omit<T, 'id'>[]): Promise<readonly T[]>;
  /** @returns undefined when there is none. @throws as `create`. */
  update(id: number, values: Partial<Omit<T, 'id'>>): Promise<T | undefined>;
  /** The same inside a transaction of the caller. */
  updateIn(scope: SiteScope, id: number, values: Partial<Omit<T, 'id'>>): Promise<T | undefined>;
  /** As `find`, inside a transaction of the caller: sees what it wrote. */
  findIn(scope: SiteScope, find?: F): Promise<readonly T[]>;
  /** Many changes in one transaction; unknown rows are left out. @returns how many there were. */
  updateMany(
    changes: readonly { readonly id: number; readonly values: Partial<Omit<T, 'id'>> }[],
  ): Promise<number>;
  /**
   * The same in a transaction of its own or of the caller, in no order: one statement for all rows that are given the same fields. Not for
   * columns whose values are unique. Of a row that is given twice the later counts, field by field.
   */
  updateBulk(
    changes: readonly { readonly id: number; readonly values: Partial<Omit<T, 'id'>> }[],
  ): Promise<number>;
  updateBulkIn(
    scope: SiteScope,
    changes: readonly { readonly id: number; readonly values: Partial<Omit<T, 'id'>> }[],
  ): Promise<number>;
  /** Rows that refer to it go too, or lose the reference. @returns false when there was none. */
  remove(id: number): Promise<boolean>;
}

export interface VoteSum {
  readonly assetId: number;
  readonly kind: Rows.VoteKind;
  readonly count: number;
  /** Of values; null without any. */
  readonly average: number | null;
}

/** All content of a site. One for the process, in the control store. */
export interface ContentStore {
  readonly languages: ContentTable<Rows.Language>;
  readonly localizedStrings: ContentTable<Rows.LocalizedString>;
  readonly projects: ContentTable<Rows.Project>;
  readonly projectGroups: ContentTable<Rows.ProjectGroup>;
  readonly speakers: ContentTable<Rows.Speaker>;
  readonly audioTracks: ContentTable<Rows.AudioTrack>;
  readonly assets: ContentTable<Rows.Asset, FindAssets>;
  readonly envelopes: ContentTable<Rows.Envelope>;
  readonly tagCategories: ContentTable<Rows.TagCategory>;
  readonly tags: ContentTable<Rows.Tag>;
  readonly tagRelationships: ContentTable<Rows.TagRelationship>;
  readonly uiGroups: ContentTable<Rows.UiGroup>;
  readonly uiItems: ContentTable<Rows.UiItem>;
  readonly uiElementNames: ContentTable<Rows.UiElementName>;
  readonly uiElements: ContentTable<Rows.UiElement>;
  readonly timedAssets: ContentTable<Rows.TimedAsset>;
  readonly visitors: ContentTable<Rows.Visitor>;
  readonly sessions: ContentTable<Rows.VisitSession>;
  readonly events: ContentTable<Rows.ContentEvent>;
  readonly listens: ContentTable<Rows.ListenRow>;
  readonly votes: ContentTable<Rows.Vote, FindVotes>;
  readonly notifications: ContentTable<Rows.Notification>;
  /** Texts of localised fields in one language, by string id; ids in other languages are left out. */
  texts(ids: readonly number[], languageId: number): Promise<ReadonlyMap<number, string>>;
  /** One entry for each asset and kind that has votes. Empty `assetIds`: all. */
  voteSums(assetIds: readonly number[]): Promise<readonly VoteSum[]>;
  /**
   * Sums of the votes that match, counted by the database: one entry for each asset and kind, by asset and kind, all of
   * an asset in one piece; other work goes on between pieces.
   */
  eachVoteSum(
    find?: Omit<FindVotes, 'order' | 'offset' | 'limit'>,
  ): AsyncIterable<readonly VoteSum[]>;
  /** A new vote, unless its session voted so on the asset already: then that one. Also of two calls at once. */
  castVote(
    vote: Omit<Rows.Vote, 'id'>,
  ): Promise<{ readonly vote: Rows.Vote; readonly isNew: boolean }>;
  /** What a visitor blocked: by own votes, from whichever session. */
  blocksOf(userId: number): Promise<{
    readonly assetIds: readonly number[];
    readonly userIds: readonly number[];
  }>;
}
