import type { ContentStore } from '../../../actors/content/store.types.js';

/** Tables of a project archive, in the order in which their rows can be made. */
export type ArchiveTable =
  | 'languages'
  | 'localizedStrings'
  | 'projects'
  | 'tagCategories'
  | 'tags'
  | 'tagRelationships'
  | 'uiGroups'
  | 'uiItems'
  | 'uiElementNames'
  | 'uiElements'
  | 'audioTracks'
  | 'speakers'
  | 'visitors'
  | 'sessions'
  | 'envelopes'
  | 'assets'
  | 'timedAssets'
  | 'votes';

export interface Reference {
  readonly field: string;
  readonly to: ArchiveTable | 'media';
  /** `list`: unknown ones are left out; `maybe`: becomes null; `must`: the row cannot be without it. */
  readonly kind: 'must' | 'maybe' | 'list';
}

export interface ArchivedTable {
  readonly name: ArchiveTable;
  readonly references: readonly Reference[];
  /** A row with the same values here is taken instead of a new one: it is the site's, not the project's. */
  readonly sameBy?: readonly string[];
}

const must = (field: string, to: Reference['to']): Reference => ({ field, to, kind: 'must' });
const maybe = (field: string, to: Reference['to']): Reference => ({ field, to, kind: 'maybe' });
const list = (field: string, to: Reference['to']): Reference => ({ field, to, kind: 'list' });
const strings = (field: string): Reference => list(field, 'localizedStrings');
const ofProject = must('projectId', 'projects');

export const ARCHIVE_TABLES: readonly ArchivedTable[] = [
  { name: 'languages', references: [], sameBy: ['code'] },
  { name: 'localizedStrings', references: [must('languageId', 'languages')] },
  {
    name: 'projects',
    references: [
      strings('demoStreamMessageLocIds'),
      strings('legalAgreementLocIds'),
      strings('descriptionLocIds'),
      strings('sharingMessageLocIds'),
      strings('outOfRangeMessageLocIds'),
      list('languageIds', 'languages'),
    ],
  },
  { name: 'tagCategories', references: [], sameBy: ['name', 'data'] },
  {
    name: 'tags',
    references: [
      ofProject,
      must('categoryId', 'tagCategories'),
      strings('descriptionLocIds'),
      strings('messageLocIds'),
    ],
  },
  {
    name: 'tagRelationships',
    references: [must('tagId', 'tags'), maybe('parentId', 'tagRelationships')],
  },
  {
    name: 'uiGroups',
    references: [ofProject, must('categoryId', 'tagCategories'), strings('headerLocIds')],
  },
  {
    name: 'uiItems',
    references: [must('groupId', 'uiGroups'), must('tagId', 'tags'), maybe('parentId', 'uiItems')],
  },
  { name: 'uiElementNames', references: [], sameBy: ['name', 'view'] },
  {
    name: 'uiElements',
    references: [ofProject, must('nameId', 'uiElementNames'), strings('labelTextLocIds')],
  },
  { name: 'audioTracks', references: [ofProject, list('tagIds', 'tags')] },
  { name: 'speakers', references: [ofProject, maybe('mediaId', 'media')] },
  { name: 'visitors', references: [] },
  {
    name: 'sessions',
    references: [ofProject, maybe('userId', 'visitors'), must('languageId', 'languages')],
  },
  { name: 'envelopes', references: [must('sessionId', 'sessions')] },
  {
    name: 'assets',
    references: [
      ofProject,
      maybe('sessionId', 'sessions'),
      maybe('userId', 'visitors'),
      must('languageId', 'languages'),
      maybe('mediaId', 'media'),
      list('tagIds', 'tags'),
      list('envelopeIds', 'envelopes'),
      strings('descriptionLocIds'),
      strings('altTextLocIds'),
    ],
  },
  { name: 'timedAssets', references: [ofProject, must('assetId', 'assets')] },
  {
    name: 'votes',
    references: [
      must('assetId', 'assets'),
      must('sessionId', 'sessions'),
      maybe('userId', 'visitors'),
    ],
  },
];

export const MANIFEST = 'manifest.json';
export const FORMAT = 'earshot-project';
export const VERSION = 1;
export const tableFile = (table: string): string => `tables/${table}.ndjson`;
export const MEDIA_TABLE = 'tables/media.ndjson';
export const mediaFile = (path: string): string => `media/${path}`;

/** The store's table by its archive name, for rows of whichever kind. */
export type AnyRow = { readonly id: number } & Readonly<Record<string, unknown>>;
export function tableOf(content: ContentStore, name: ArchiveTable): ContentStore['projects'] {
  return content[name] as unknown as ContentStore['projects'];
}
