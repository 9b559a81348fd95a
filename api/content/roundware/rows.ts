import { z } from 'zod';
import type { MediaType } from '../../../actors/content/content.types.js';
import type { AnyRow, ArchiveTable } from '../archive/shape.js';
import type { Wire } from './source.js';

/** Roundware's objects as rows of ours, still under Roundware's ids. Missing and odd values become defaults. */

const text = (value: unknown, most: number): string =>
  typeof value === 'string' ? value.slice(0, most) : typeof value === 'number' ? String(value) : '';
const number = (value: unknown, other: number): number => {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : other;
};
const maybeNumber = (value: unknown): number | null => {
  const read = number(value, Number.NaN);
  return Number.isNaN(read) ? null : read;
};
const flag = (value: unknown, other: boolean): boolean =>
  typeof value === 'boolean' ? value : other;
const ids = (value: unknown): number[] =>
  Array.isArray(value) ? value.map(Number).filter((id) => Number.isSafeInteger(id) && id > 0) : [];
const within = (value: number, min: number, max: number): number =>
  Math.min(max, Math.max(min, value));
const oneOf = <T extends string>(value: unknown, words: readonly T[], other: T): T =>
  words.find((word) => word === String(value).toLowerCase()) ?? other;
/** Naive times are taken as UTC. */
const time = (value: unknown, other: number): number => {
  if (typeof value !== 'string') return other;
  const read = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`);
  return Number.isNaN(read) ? other : read;
};

const multiPolygon = z.object({
  type: z.enum(['Polygon', 'MultiPolygon']),
  coordinates: z.array(z.unknown()),
});

/** GeoJSON, or GeoJSON in a string. */
function shape(value: unknown): unknown[] | null {
  let raw = value;
  if (typeof raw === 'string') {
    try {
      raw = JSON.parse(raw);
    } catch {
      return null;
    }
  }
  const read = multiPolygon.safeParse(raw);
  if (!read.success) return null;
  const { type, coordinates } = read.data;
  return type === 'Polygon' ? [coordinates] : coordinates;
}

/** Gathers localised strings, which Roundware hands out with the objects they belong to. */
export class Strings {
  readonly #rows = new Map<number, AnyRow>();
  readonly #languages: ReadonlyMap<string, number>;
  readonly #first: number;
  /** For texts that came without an id. */
  #made = 1_000_000_000;

  constructor(languages: readonly AnyRow[]) {
    this.#languages = new Map(languages.map(({ id, code }) => [String(code), id]));
    this.#first = this.#languages.get('en') ?? languages[0]?.id ?? 1;
  }

  get rows(): readonly AnyRow[] {
    return [...this.#rows.values()];
  }

  /** Takes a string of the server's own list. */
  add(wire: Wire): void {
    const id = number(wire['id'], 0);
    const languageId =
      maybeNumber(wire['language_id']) ?? this.#languages.get(text(wire['language'], 10));
    if (!Number.isSafeInteger(id) || id < 1 || languageId === undefined) return;
    this.#rows.set(id, { id, languageId, text: text(wire['text'], 10_000) });
  }

  has(id: number): boolean {
    return this.#rows.has(id);
  }

  /** Ids of a localised field: from `<name>_admin`, else its one text. */
  of(wire: Wire, name: string): number[] {
    const all = wire[`${name}_admin`];
    if (Array.isArray(all)) {
      return all.flatMap((one: Wire) => {
        const id = number(one['id'], 0);
        const languageId =
          maybeNumber(one['language_id']) ?? this.#languages.get(text(one['language'], 10));
        if (!Number.isSafeInteger(id) || id < 1 || languageId === undefined) return [];
        this.#rows.set(id, { id, languageId, text: text(one['text'], 10_000) });
        return [id];
      });
    }
    const only = text(wire[name], 10_000);
    if (only === '') return [];
    const id = this.#made++;
    this.#rows.set(id, { id, languageId: this.#first, text: only });
    return [id];
  }
}

export const languageRow = (w: Wire): AnyRow => ({
  id: number(w['id'], 0),
  name: text(w['name'], 80) || text(w['language_code'], 2),
  code: text(w['language_code'], 2).toLowerCase(),
});

export const projectRow = (w: Wire, strings: Strings): AnyRow => ({
  id: number(w['id'], 0),
  name: text(w['name'], 50) || 'Imported',
  owner: text(w['owner'], 128),
  latitude: number(w['latitude'], 0),
  longitude: number(w['longitude'], 0),
  publishedAtUnixMs: time(w['pub_date'], 0),
  audioFormat: oneOf(w['audio_format'], ['mp3', 'ogg'], 'mp3'),
  audioBitrateKbps: within(number(w['audio_stream_bitrate'], 128), 64, 320),
  autoSubmit: flag(w['auto_submit'], false),
  maxRecordingS: number(w['max_recording_length'], 30),
  listenQuestionsDynamic: flag(w['listen_questions_dynamic'], false),
  speakQuestionsDynamic: flag(w['speak_questions_dynamic'], false),
  sharingUrl: text(w['sharing_url'], 512),
  outOfRangeUrl: text(w['out_of_range_url'], 512),
  recordingRadiusM: maybeNumber(w['recording_radius']),
  listenEnabled: flag(w['listen_enabled'], true),
  geoListenEnabled: flag(w['geo_listen_enabled'], true),
  speakEnabled: flag(w['speak_enabled'], true),
  geoSpeakEnabled: flag(w['geo_speak_enabled'], true),
  resetTagDefaultsOnStartup: flag(w['reset_tag_defaults_on_startup'], false),
  timedAssetFirst: flag(w['timed_asset_priority'], true),
  repeatMode: oneOf(w['repeat_mode'], ['stop', 'continuous'], 'stop'),
  filesUrl: text(w['files_url'], 512),
  filesVersion: text(w['files_version'], 16),
  ordering: oneOf(w['ordering'], ['random', 'by_like', 'by_weight'], 'random'),
  demoStreamEnabled: flag(w['demo_stream_enabled'], false),
  demoStreamUrl: text(w['demo_stream_url'], 512),
  outOfRangeM: number(w['out_of_range_distance'], 1_000),
  demoStreamMessageLocIds: strings.of(w, 'demo_stream_message'),
  legalAgreementLocIds: strings.of(w, 'legal_agreement'),
  descriptionLocIds: strings.of(w, 'description'),
  sharingMessageLocIds: strings.of(w, 'sharing_message'),
  outOfRangeMessageLocIds: strings.of(w, 'out_of_range_message'),
  languageIds: ids(w['language_ids']),
});

export const categoryRow = (w: Wire): AnyRow => ({
  id: number(w['id'], 0),
  name: text(w['name'], 128),
  data: text(w['data'], 2_000),
});

export const tagRow = (w: Wire, strings: Strings): AnyRow => ({
  id: number(w['id'], 0),
  projectId: number(w['project_id'], 0),
  categoryId: number(w['tag_category_id'], 0),
  value: text(w['value'], 128) || `tag ${number(w['id'], 0)}`,
  description: text(w['description'], 2_000),
  data: text(w['data'], 2_000),
  filter: oneOf(w['filter'], ['_within_10km', '_ten_most_recent_days', ''], ''),
  location: shape(w['location']),
  descriptionLocIds: strings.of(w, 'description_loc'),
  messageLocIds: strings.of(w, 'msg_loc'),
});

export const relationshipRow = (w: Wire): AnyRow => ({
  id: number(w['id'], 0),
  tagId: number(w['tag_id'], 0),
  parentId: maybeNumber(w['parent_id']),
});

export const uiGroupRow = (w: Wire, strings: Strings): AnyRow => ({
  id: number(w['id'], 0),
  projectId: number(w['project_id'], 0),
  categoryId: number(w['tag_category_id'], 0),
  name: text(w['name'], 128),
  mode: oneOf(w['ui_mode'], ['listen', 'speak', 'browse'], 'listen'),
  select: oneOf(w['select'], ['single', 'multi', 'min_one'], 'multi'),
  active: flag(w['active'], true),
  index: Math.trunc(number(w['index'], 0)),
  itemFilter: oneOf(w['uiitem_filter'], ['none', 'random-1'], 'none'),
  headerLocIds: strings.of(w, 'header_text_loc'),
});

export const uiItemRow = (w: Wire): AnyRow => ({
  id: number(w['id'], 0),
  groupId: number(w['ui_group_id'], 0),
  tagId: number(w['tag_id'], 0),
  parentId: maybeNumber(w['parent_id']),
  index: Math.trunc(number(w['index'], 0)),
  isDefault: flag(w['default'], false),
  active: flag(w['active'], true),
});

export const speakerRow = (w: Wire, base: URL): AnyRow => {
  const absolute = (value: unknown): string => {
    const uri = text(value, 500);
    return uri !== '' && URL.canParse(uri, base.href) ? new URL(uri, base).href : '';
  };
  return {
    id: number(w['id'], 0),
    projectId: number(w['project_id'], 0),
    active: flag(w['activeyn'], false),
    code: text(w['code'], 10),
    name: text(w['code'], 10),
    maxVolume: within(number(w['maxvolume'], 1), 0, 10),
    minVolume: within(number(w['minvolume'], 0), 0, 10),
    uri: absolute(w['uri']),
    backupUri: absolute(w['backupuri']),
    mediaId: null,
    shape: shape(w['shape']) ?? [],
    attenuationM: Math.max(0, number(w['attenuation_distance'], 0)),
  };
};

const TRACK = {
  minvolume: 'minVolume',
  maxvolume: 'maxVolume',
  minduration: 'minDurationS',
  maxduration: 'maxDurationS',
  mindeadair: 'minDeadAirS',
  maxdeadair: 'maxDeadAirS',
  minfadeintime: 'minFadeInS',
  maxfadeintime: 'maxFadeInS',
  minfadeouttime: 'minFadeOutS',
  maxfadeouttime: 'maxFadeOutS',
  minpanpos: 'minPan',
  maxpanpos: 'maxPan',
  minpanduration: 'minPanDurationS',
  maxpanduration: 'maxPanDurationS',
} as const;

export const trackRow = (w: Wire): AnyRow => {
  const values: Record<string, number> = {};
  for (const [wire, field] of Object.entries(TRACK)) {
    const value = maybeNumber(w[wire]);
    if (value !== null) values[field] = value;
  }
  return {
    ...values,
    id: number(w['id'], 0),
    projectId: number(w['project_id'], 0),
    active: flag(w['active'], true),
    repeatRecordings: flag(w['repeatrecordings'], false),
    tagIds: ids(w['tag_filters']),
    startWithSilence: flag(w['start_with_silence'], false),
    bannedS: Math.max(0, number(w['banned_duration'], 0)),
    fadeOutWhenFiltered: flag(w['fadeout_when_filtered'], false),
    timedPriority: oneOf(
      w['timed_asset_priority'],
      ['highest', 'normal', 'neutral', 'lowest', 'discard'],
      'normal',
    ),
  };
};

export const elementNameRow = (w: Wire): AnyRow => ({
  id: number(w['id'], 0),
  name: text(w['name'], 128),
  description: text(w['description'], 2_048),
  view: text(w['view'], 64),
});

export const elementRow = (w: Wire, strings: Strings): AnyRow => {
  const given = ids(w['label_text_loc_ids']);
  const known = strings.of(w, 'label_text_loc');
  return {
    id: number(w['id'], 0),
    projectId: number(w['project_id'], 0),
    nameId: number(w['uielementname_id'], 0),
    variant: text(w['variant'], 64),
    fileExtension: text(w['file_extension'], 16),
    labelTextColor: text(w['label_text_color'], 32),
    labelPosition: text(w['label_position'], 32),
    labelTextLocIds: known.length > 0 ? known : given,
  };
};

export const timedRow = (w: Wire): AnyRow => ({
  id: number(w['id'], 0),
  projectId: number(w['project_id'], 0),
  assetId: number(w['asset_id'], 0),
  startS: Math.max(0, number(w['start'], 0)),
  endS: Math.max(0, number(w['end'], 0)),
});

export const visitorRow = (w: Wire, nowUnixMs: number): AnyRow => ({
  id: number(w['id'], 0),
  username: text(w['username'], 254) || `visitor ${number(w['id'], 0)}`,
  firstName: text(w['first_name'], 254),
  lastName: text(w['last_name'], 254),
  clientType: text(w['client_type'], 128),
  createdAtUnixMs: nowUnixMs,
});

/** All but its media, which is looked at once it is here. */
export const assetRow = (
  w: Wire,
  strings: Strings,
  project: AnyRow,
  sessionId: number,
  nowUnixMs: number,
): AnyRow => {
  const created = time(w['created'], nowUnixMs);
  return {
    id: number(w['id'], 0),
    projectId: project.id,
    sessionId,
    userId: maybeNumber((w['user'] as Wire | null | undefined)?.['id']),
    languageId: number(w['language_id'], 1),
    mediaType: oneOf<MediaType>(w['media_type'], ['audio', 'photo', 'text', 'video'], 'audio'),
    description: text(w['description'], 8_192),
    latitude: maybeNumber(w['latitude']),
    longitude: maybeNumber(w['longitude']),
    shape: shape(w['shape']),
    volume: within(number(w['volume'], 1), 0, 10),
    weight: within(Math.trunc(number(w['weight'], 50)), 0, 99),
    submitted: flag(w['submitted'], false),
    createdAtUnixMs: created,
    updatedAtUnixMs: time(w['updated'], created),
    tagIds: ids(w['tag_ids']),
    envelopeIds: ids(w['envelope_ids']),
    descriptionLocIds: strings.of(w, 'description_loc'),
    altTextLocIds: strings.of(w, 'alt_text_loc'),
  };
};

export const voteRow = (w: Wire, sessionId: number, nowUnixMs: number): AnyRow => ({
  id: number(w['id'], 0),
  assetId: number(w['asset_id'], 0),
  sessionId,
  userId: maybeNumber(w['voter_id']),
  kind: oneOf(w['type'], ['like', 'flag', 'rate', 'block_asset', 'block_user'], 'like'),
  value: maybeNumber(w['value']),
  createdAtUnixMs: nowUnixMs,
});

export type RowsOf = Map<ArchiveTable, readonly AnyRow[]>;
