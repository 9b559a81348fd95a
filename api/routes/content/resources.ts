import type { Asset } from '../../../actors/content/content.types.js';
import type { ContentStore } from '../../../actors/content/store.types.js';
import type { ContentResource, ContentRow } from '../../contract/content.js';
import type { TableRules } from '../table-routes.js';

type Values = Readonly<Record<string, unknown>>;

const none = (): Values => ({});
const open: TableRules = { read: 'open', write: 'operator', made: none };
const watched: TableRules = { read: 'viewer', write: 'operator', made: none };

const RANGES = ['Volume', 'DurationS', 'DeadAirS', 'FadeInS', 'FadeOutS', 'Pan', 'PanDurationS'];

const startBeforeEnd = (row: Values): readonly [string, string] | undefined =>
  typeof row['startS'] === 'number' &&
  typeof row['endS'] === 'number' &&
  row['endS'] < row['startS']
    ? ['endS', `must not be before startS (${row['startS']})`]
    : undefined;

function speakerRules(row: Values): readonly [string, string] | undefined {
  if (row['mediaId'] !== null && row['uri'] !== '') {
    return [
      'uri',
      'a speaker plays either a file (mediaId) or an address (uri): clear one of them',
    ];
  }
  for (const field of ['uri', 'backupUri']) {
    const value = row[field];
    if (typeof value !== 'string' || value === '' || value.startsWith('/media/')) continue;
    if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) {
      return [field, 'must be an address that begins with http:// or https://'];
    }
  }
  return undefined;
}

function trackRules(row: Values): readonly [string, string] | undefined {
  for (const range of RANGES) {
    const [low, high] = [row[`min${range}`], row[`max${range}`]];
    if (typeof low === 'number' && typeof high === 'number' && low > high) {
      return [`max${range}`, `must not be below min${range} (${low})`];
    }
  }
  return undefined;
}

function notificationRules(row: Values): readonly [string, string] | undefined {
  const to = Array.isArray(row['to']) ? row['to'].map(String) : [];
  const byMail = row['channel'] === 'email';
  for (const one of to) {
    if (byMail && !/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(one)) {
      return ['to', `“${one}” is no e-mail address: write it like name@example.org`];
    }
    if (!byMail && !(/^https?:\/\//i.test(one) && URL.canParse(one))) {
      return ['to', `“${one}” is no address of a webhook: it begins with https:// or http://`];
    }
  }
  return undefined;
}

const NEW_ASSET = {
  sessionId: null,
  userId: null,
  filename: null,
  lengthS: null,
  loudnessLufs: null,
  ingest: 'none',
  ingestError: null,
} satisfies Partial<Asset>;

export const RULES: Readonly<Record<ContentResource, TableRules>> = {
  languages: open,
  localizedStrings: open,
  projects: { ...open, made: (now) => ({ publishedAtUnixMs: now }) },
  projectGroups: open,
  speakers: { ...open, check: speakerRules },
  audioTracks: { ...open, check: trackRules },
  assets: {
    ...watched,
    made: (now) => ({ ...NEW_ASSET, createdAtUnixMs: now, updatedAtUnixMs: now }),
    touched: (now) => ({ updatedAtUnixMs: now }),
    check: startBeforeEnd,
  },
  envelopes: { ...watched, made: (now) => ({ createdAtUnixMs: now }) },
  tagCategories: open,
  tags: open,
  tagRelationships: open,
  uiGroups: open,
  uiItems: open,
  uiElementNames: open,
  uiElements: open,
  timedAssets: { ...open, check: startBeforeEnd },
  visitors: {
    read: 'operator',
    write: 'operator',
    made: (now) => ({ staffId: null, tokenHash: '', createdAtUnixMs: now }),
  },
  sessions: {
    ...watched,
    made: (now) => ({ startedAtUnixMs: now, endedAtUnixMs: null, endReason: null }),
  },
  events: { ...watched, made: (now) => ({ atUnixMs: now }) },
  listens: watched,
  votes: { ...watched, made: (now) => ({ createdAtUnixMs: now }) },
  notifications: {
    read: 'operator',
    write: 'operator',
    made: () => ({ lastSentAtUnixMs: null, lastError: null }),
    check: notificationRules,
  },
};

/** Fields that name rows of other tables. `parentId` names one of its own table. */
const REFERENCES: Readonly<Record<string, keyof ContentStore>> = {
  projectId: 'projects',
  projectIds: 'projects',
  languageId: 'languages',
  languageIds: 'languages',
  sessionId: 'sessions',
  userId: 'visitors',
  assetId: 'assets',
  tagId: 'tags',
  tagIds: 'tags',
  categoryId: 'tagCategories',
  groupId: 'uiGroups',
  nameId: 'uiElementNames',
  envelopeIds: 'envelopes',
};

/** Table that a field refers to. */
export function targetOf(resource: ContentResource, field: string): ContentResource | undefined {
  if (field === 'parentId') return resource;
  if (field.endsWith('LocIds')) return 'localizedStrings';
  return REFERENCES[field] as ContentResource | undefined;
}

/** A row as it is answered: what is secret stays here. */
export function shown<R extends ContentResource>(row: object): ContentRow<R> {
  if (!('tokenHash' in row)) return row as unknown as ContentRow<R>;
  const { tokenHash: _secret, ...rest } = row;
  return rest as unknown as ContentRow<R>;
}
