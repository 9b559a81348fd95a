import type { Project } from '../../../../actors/content/content.types.js';
import { PROJECT_DEFAULTS } from '../../../../actors/content/defaults.js';
import { type Ask, type Call, pathId } from '../http/ask.js';
import {
  blankable,
  bool,
  choice,
  float,
  ids,
  isoNaive,
  lower,
  nullable,
  text,
} from '../http/codecs.js';
import { clears, type Inputs, input, required } from '../http/inputs.js';
import { notFound } from '../http/refusal.js';
import { by, callsOf, type Resource, rowOf, showOne } from '../http/resource.js';
import { localisedFields, neededSessionOf, textsOf } from '../localise.js';
import type { Services } from '../services.js';
import { assetList } from './assets.js';
import { tagList } from './tags.js';
import { uiConfig } from './ui-config.js';
import { uiElementsOf } from './ui-elements.js';
import { uiGroupList } from './ui-groups.js';

/** What holds for a project without a radius; clients of one generation cannot read a missing one. */
const DEFAULT_RADIUS_M = 1;
const BITRATES = ['64', '96', '112', '128', '160', '192', '256', '320'] as const;
const seconds = float(0, 86_400);
const url = blankable(512);
const locIds = (name: string) => input<readonly number[]>(`${name}_loc_ids`, ids, clears);

const INPUTS: Inputs<Project> = {
  name: input('name', text(50, 1), required),
  owner: input('owner', blankable(128), clears),
  latitude: input('latitude', float(-90, 90), required),
  longitude: input('longitude', float(-180, 180), required),
  audioFormat: input('audio_format', choice(['mp3', 'ogg'], lower)),
  audioBitrateKbps: input('audio_stream_bitrate', (raw) => Number(choice(BITRATES)(raw))),
  autoSubmit: input('auto_submit', bool),
  maxRecordingS: input('max_recording_length', seconds),
  listenQuestionsDynamic: input('listen_questions_dynamic', bool),
  speakQuestionsDynamic: input('speak_questions_dynamic', bool),
  sharingUrl: input('sharing_url', url, clears),
  outOfRangeUrl: input('out_of_range_url', url, clears),
  recordingRadiusM: input('recording_radius', nullable(float(0, 40_000_000)), clears),
  listenEnabled: input('listen_enabled', bool),
  geoListenEnabled: input('geo_listen_enabled', bool),
  speakEnabled: input('speak_enabled', bool),
  geoSpeakEnabled: input('geo_speak_enabled', bool),
  resetTagDefaultsOnStartup: input('reset_tag_defaults_on_startup', bool),
  timedAssetFirst: input('timed_asset_priority', bool),
  repeatMode: input('repeat_mode', choice(['stop', 'continuous'], lower)),
  filesUrl: input('files_url', url, clears),
  filesVersion: input('files_version', blankable(16), clears),
  ordering: input('ordering', choice(['by_like', 'by_weight', 'random'], lower)),
  demoStreamEnabled: input('demo_stream_enabled', bool),
  demoStreamUrl: input('demo_stream_url', url, clears),
  outOfRangeM: input('out_of_range_distance', float(0, 40_000_000)),
  demoStreamMessageLocIds: locIds('demo_stream_message'),
  legalAgreementLocIds: locIds('legal_agreement'),
  descriptionLocIds: locIds('description'),
  sharingMessageLocIds: locIds('sharing_message'),
  outOfRangeMessageLocIds: locIds('out_of_range_message'),
  languageIds: input(['language_ids', 'languages'], ids, clears),
};

const FILTERS = [
  by<Project, string>('name', text(512), 'name', 'contains'),
  by<Project, boolean>('listen_enabled', bool, 'listenEnabled'),
  by<Project, boolean>('geo_listen_enabled', bool, 'geoListenEnabled'),
  by<Project, boolean>('speak_enabled', bool, 'speakEnabled'),
  by<Project, boolean>('geo_speak_enabled', bool, 'geoSpeakEnabled'),
];

async function showProjects(
  { content }: Services,
  rows: readonly Project[],
  ask: Ask,
): Promise<readonly object[]> {
  const localised = (row: Project) => ({
    demo_stream_message: row.demoStreamMessageLocIds,
    legal_agreement: row.legalAgreementLocIds,
    description: row.descriptionLocIds,
    sharing_message: row.sharingMessageLocIds,
    out_of_range_message: row.outOfRangeMessageLocIds,
  });
  const all = rows.flatMap((row) => Object.values(localised(row)).flat());
  const texts = await textsOf(content, ask, all);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    owner: row.owner,
    latitude: row.latitude,
    longitude: row.longitude,
    pub_date: isoNaive(row.publishedAtUnixMs),
    audio_format: row.audioFormat,
    auto_submit: row.autoSubmit,
    max_recording_length: row.maxRecordingS,
    listen_questions_dynamic: row.listenQuestionsDynamic,
    speak_questions_dynamic: row.speakQuestionsDynamic,
    sharing_url: row.sharingUrl,
    out_of_range_url: row.outOfRangeUrl,
    recording_radius: row.recordingRadiusM ?? (texts.admin ? null : DEFAULT_RADIUS_M),
    listen_enabled: row.listenEnabled,
    geo_listen_enabled: row.geoListenEnabled,
    speak_enabled: row.speakEnabled,
    geo_speak_enabled: row.geoSpeakEnabled,
    reset_tag_defaults_on_startup: row.resetTagDefaultsOnStartup,
    timed_asset_priority: row.timedAssetFirst,
    repeat_mode: row.repeatMode,
    files_url: row.filesUrl,
    files_version: row.filesVersion,
    audio_stream_bitrate: String(row.audioBitrateKbps),
    ordering: row.ordering,
    demo_stream_enabled: row.demoStreamEnabled,
    demo_stream_url: row.demoStreamUrl,
    out_of_range_distance: row.outOfRangeM,
    ...localisedFields(texts, localised(row)),
    language_ids: row.languageIds,
  }));
}

export function projectCalls(services: Services): readonly Call[] {
  const { content, clock } = services;
  const resource: Resource<Project> = {
    path: 'projects',
    table: content.projects,
    read: 'any',
    write: 'staff',
    inputs: INPUTS,
    filters: FILTERS,
    show: (rows, ask) => showProjects(services, rows, ask),
    fresh: (values) =>
      Promise.resolve({
        name: '',
        latitude: 0,
        longitude: 0,
        ...PROJECT_DEFAULTS,
        publishedAtUnixMs: clock.nowMs(),
        ...values,
      }),
  };
  const sub = (name: string, run: (project: Project, ask: Ask) => Promise<unknown>): Call => ({
    method: 'GET',
    path: `projects/{id}/${name}`,
    access: 'any',
    run: async (ask) => run(await rowOf(content.projects, ask), ask),
  });
  return [
    ...callsOf(resource).filter((call) => call.method !== 'GET' || call.path === 'projects'),
    {
      method: 'GET',
      path: 'projects/{id}',
      access: 'any',
      run: async (ask) => {
        const project = await content.projects.get(pathId(ask));
        // The admin pages read a project by itself; an app reads it in the language of its session.
        if (!ask.query.has('admin') || ask.query.text('session_id') !== undefined) {
          await neededSessionOf(content, ask);
        }
        if (project === undefined) throw notFound();
        return await showOne(project, (rows) => showProjects(services, rows, ask));
      },
    },
    sub('tags', (project, ask) => tagList(services, ask, project.id)),
    sub('uigroups', async (project, ask) => {
      await neededSessionOf(content, ask);
      return await uiGroupList(services, ask, project.id);
    }),
    sub('uiconfig', async (project, ask) => {
      const session = await neededSessionOf(content, ask);
      return await uiConfig(content, project.id, session.languageId);
    }),
    sub('assets', (project, ask) => assetList(services, ask, project.id)),
    sub('uielements', (project, ask) => uiElementsOf(services, project, ask)),
  ];
}
