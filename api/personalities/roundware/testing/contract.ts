/**
 * All that clients of API v2 rely on: for each call the fields of its answer, `?` parameters and `>` inputs that
 * it takes, and `=` rules of its own. Each needs a test that asserts it; see `covers`.
 */
const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

const USER = words('id username first_name last_name email device_id client_type');
const SESSION = words(`id session_id device_id starttime stoptime client_type client_system
  demo_stream_enabled geo_listen_enabled timezone project_id language_id`);
const PROJECT_TEXTS = words(
  'demo_stream_message legal_agreement description sharing_message out_of_range_message',
);
const PROJECT_PLAIN =
  words(`name owner latitude longitude audio_format auto_submit max_recording_length
  listen_questions_dynamic speak_questions_dynamic sharing_url out_of_range_url recording_radius
  listen_enabled geo_listen_enabled speak_enabled geo_speak_enabled reset_tag_defaults_on_startup
  timed_asset_priority repeat_mode files_url files_version audio_stream_bitrate ordering
  demo_stream_enabled demo_stream_url out_of_range_distance language_ids`);
const PROJECT = ['id', 'pub_date', ...PROJECT_PLAIN, ...PROJECT_TEXTS];
const SPEAKER_PLAIN = words(
  'activeyn code maxvolume minvolume uri backupuri shape attenuation_distance project_id',
);
const SPEAKER = ['id', ...SPEAKER_PLAIN, 'boundary', 'attenuation_border'];
const TRACK_PLAIN = words(`project_id minvolume maxvolume minduration maxduration mindeadair
  maxdeadair minfadeintime maxfadeintime minfadeouttime maxfadeouttime minpanpos maxpanpos
  minpanduration maxpanduration repeatrecordings tag_filters active start_with_silence
  banned_duration fadeout_when_filtered timed_asset_priority`);
const ASSET_INPUTS = words(`description latitude longitude shape volume weight submitted start_time
  end_time media_type language_id tag_ids envelope_ids description_loc_ids alt_text_loc_ids user_id`);
const ASSET = words(`id description latitude longitude shape filename file volume submitted created
  updated weight start_time end_time user media_type audio_length_in_seconds tag_ids session_id
  project_id language_id envelope_ids description_loc_ids alt_text_loc_ids`);
const ASSET_FILTERS = words(`?session_id ?project_id ?media_type ?language ?submitted ?description
  ?filename ?text_filter ?user_str ?tag_ids ?tag_ids_or ?envelope_id ?longitude ?latitude
  ?audiolength__lte ?audiolength__gte ?created__lte ?created__gte ?updated__lte ?updated__gte`);
const ENVELOPE = words('id session_id created asset_ids');
const TAG_PLAIN = words('value description data filter location project_id tag_category_id');
const TAG = ['id', ...TAG_PLAIN, ...words('description_loc msg_loc relationships')];
const GROUP_PLAIN = words(
  'name ui_mode select active index uiitem_filter tag_category_id project_id',
);
const GROUP = ['id', ...GROUP_PLAIN, 'header_text_loc', 'ui_items'];
const ITEM_PLAIN = words('index default active ui_group_id tag_id parent_id');
const ELEMENT_PLAIN = words(`variant file_extension label_text_color label_position
  label_text_loc_ids uielementname_id project_id`);
const EVENT = words(
  'id server_time client_time event_type data latitude longitude session_id tag_ids',
);
const LISTEN = words('id duration_in_seconds start_time session_id asset_id project_id');
const VOTE = words('id value type voter_id asset_id session_id asset_votes');
const VOTE_FILTERS = words('?voter_id ?session_id ?project_id ?asset_id ?type ?value ?media_type');

const inputs = (names: readonly string[]): readonly string[] => names.map((name) => `>${name}`);
const filters = (text: string): readonly string[] => words(text).map((name) => `?${name}`);

/** The five calls of a resource that staff write. */
function crud(
  path: string,
  fields: readonly string[],
  written: readonly string[],
  narrowed: readonly string[],
): Record<string, readonly string[]> {
  return {
    [`GET ${path}`]: [...fields, ...narrowed],
    [`GET ${path}/{id}`]: ['=item'],
    [`POST ${path}`]: ['=200', ...inputs(written)],
    [`PATCH ${path}/{id}`]: ['=changes'],
    [`DELETE ${path}/{id}`]: ['=204'],
  };
}

const CALLS: Readonly<Record<string, readonly string[]>> = {
  'POST users': [
    ...USER,
    'token',
    '=same device, same token',
    ...inputs(words('device_id client_type first_name last_name email username')),
  ],
  'GET users': [...USER, ...filters('username first_name last_name email search_str')],
  'GET users/{id}': ['=item'],
  'PATCH users/{id}': [
    ...USER,
    ...inputs(words('username first_name last_name email device_id client_type')),
    '=slash-less',
  ],
  'POST login': ['token', '=wrong login'],
  'POST sessions': [
    ...SESSION,
    ...inputs(
      words(
        'project_id client_system client_type language language_id timezone geo_listen_enabled demo_stream_enabled',
      ),
    ),
  ],
  'GET sessions': [
    '=list',
    ...filters('project_id language_id language geo_listen_enabled demo_stream_enabled'),
  ],
  'GET sessions/{id}': ['=item'],
  'GET sessions/count': ['count'],
  'PATCH sessions/{id}': ['=changes'],
  'DELETE sessions/{id}': ['=204'],
  ...crud(
    'projects',
    PROJECT,
    [...PROJECT_PLAIN, ...PROJECT_TEXTS.map((name) => `${name}_loc_ids`)],
    [
      ...filters('name listen_enabled geo_listen_enabled speak_enabled geo_speak_enabled'),
      '?admin',
    ],
  ),
  'GET projects/{id}': ['=item', '=session_id needed', '=language of the session'],
  'GET projects/{id}/tags': ['=tags of the project', '?session_id'],
  'GET projects/{id}/uigroups': ['=groups of the project', '=session_id needed', '?ui_mode'],
  'GET projects/{id}/uiconfig': words(
    'listen speak select group_short_name header_display_text display_items uiitem_filter id tag_id parent_id default_state tag_display_text =session_id =order =active =once',
  ),
  'GET projects/{id}/assets': ['=assets of the project', '?media_type'],
  'GET projects/{id}/uielements': words(
    'config.project_id config.files_url uielements label_text_color label_position file_name label_text ?variant ?language_code =variant',
  ),
  ...crud(
    'projectgroups',
    words('id name active description project_ids'),
    words('name active description project_ids'),
    filters('name active'),
  ),
  'GET projectgroups/{id}/projects': words(
    'name owner description_loc project_id thumbnail_url ?latitude ?longitude ?language_code =inactive',
  ),
  ...crud(
    'speakers',
    SPEAKER,
    [...SPEAKER_PLAIN, 'file'],
    [...filters('project_id activeyn'), '=border of a shape that collapses'],
  ),
  'DELETE speakers/{id}': ['=204', '?delete_binary'],
  ...crud(
    'audiotracks',
    ['id', ...TRACK_PLAIN],
    TRACK_PLAIN,
    filters(
      'project_id active repeatrecordings start_with_silence fadeout_when_filtered minduration__lte minduration__gte maxduration__lte maxduration__gte mindeadair__lte mindeadair__gte maxdeadair__lte maxdeadair__gte',
    ),
  ),
  'GET assets': [
    ...ASSET,
    ...ASSET_FILTERS,
    ...words('?ordering ?paginate ?page ?page_size count next previous results ?admin'),
    '=not modified',
    '=50,000 in pieces',
  ],
  'GET assets/{id}': ['=item'],
  'POST assets': words('=200 >file >envelope_ids >filename >audio_length_in_seconds'),
  'PATCH assets/{id}': ['=changes', ...inputs(ASSET_INPUTS)],
  'DELETE assets/{id}': ['=204', '?delete_binary'],
  'GET assets/random': words('?limit =none ?project_id'),
  'GET assets/blocked': [
    'device_id',
    'blocked_asset_ids',
    '=204 when nothing is blocked',
    '=block_user alone',
  ],
  'GET assets/count': words('count ?project_id'),
  'GET assets/{id}/votes': words('type total avg'),
  'POST assets/{id}/votes': [
    ...VOTE,
    ...inputs(words('session_id vote_type value')),
    '=toggle',
    '=update',
    '=block reaches the stream',
  ],
  'POST envelopes': [...ENVELOPE, '>session_id'],
  'GET envelopes': ['=list', ...filters('session_id project_id asset_id')],
  'GET envelopes/{id}': ['=item', '=slash-less'],
  'PATCH envelopes/{id}': words(
    '=asset >file >asset_id >session_id >latitude >longitude >tag_ids >tags >media_type >mediatype >description >volume >weight >submitted >user_id >description_loc_ids >alt_text_loc_ids =neither =played =failed',
  ),
  'DELETE envelopes/{id}': ['=204'],
  ...crud(
    'tags',
    TAG,
    [...TAG_PLAIN, 'description_loc_ids', 'msg_loc_ids'],
    [...filters('description data project_id session_id'), '?admin'],
  ),
  'DELETE tags': ['=400'],
  ...crud('tagcategories', words('id name data'), words('name data'), filters('name')),
  ...crud(
    'tagrelationships',
    words('id tag_id parent_id'),
    words('tag_id parent_id'),
    filters('tag_id parent_id'),
  ),
  ...crud(
    'uigroups',
    GROUP,
    [...GROUP_PLAIN, 'header_text_loc_ids'],
    [
      ...filters('name ui_mode tag_category_id select active index project_id session_id'),
      '?admin',
    ],
  ),
  ...crud('uiitems', ['id', ...ITEM_PLAIN], ITEM_PLAIN, [
    ...filters('index default active ui_group_id tag_id parent_id project_id'),
  ]),
  ...crud(
    'uielements',
    ['id', ...ELEMENT_PLAIN],
    ELEMENT_PLAIN,
    filters('uielementname project_id variant file_extension'),
  ),
  ...crud(
    'uielementnames',
    words('id name description view'),
    words('name description view'),
    filters('name view'),
  ),
  ...crud(
    'languages',
    words('id name language_code'),
    words('name language_code'),
    filters('language_code name'),
  ),
  ...crud(
    'localizedstrings',
    words('id text language language_id'),
    words('text localized_string language language_id'),
    filters('language language_id localized_string'),
  ),
  ...crud(
    'timedassets',
    words('id start end asset_id project_id'),
    words('start end asset_id project_id'),
    [
      ...filters('project_id asset_id start__lte start__gte end__lte end__gte'),
      '=end before start',
    ],
  ),
  'GET events': [
    '=list',
    ...filters(
      'event_type server_time server_time__lt server_time__gt session_id latitude longitude tag_ids',
    ),
  ],
  'GET events/{id}': ['=item'],
  'POST events': [
    ...EVENT,
    ...inputs(words('session_id event_type client_time latitude longitude tag_ids tags data')),
  ],
  'GET listenevents': [
    '=list',
    ...filters(
      'session asset duration__lte duration__gte start_time__gte start_time__lte start_time__range project_id session_id asset_id paginate',
    ),
    'count',
    'results',
  ],
  'GET listenevents/{id}': ['=item'],
  'GET listenevents/count': ['count'],
  'POST listenevents': [
    ...LISTEN,
    ...inputs(words('starttime session asset session_id asset_id duration_in_seconds')),
  ],
  'PATCH listenevents/{id}': ['=changes', '=slash-less', '>duration_in_seconds'],
  'DELETE listenevents/{id}': ['=204'],
  'GET votes': [...VOTE, ...VOTE_FILTERS],
  'GET votes/{id}': ['=item'],
  'POST votes': ['=200', ...inputs(words('asset_id session_id type value voter_id'))],
  'PATCH votes/{id}': ['=changes'],
  'DELETE votes/{id}': ['=204'],
  'GET votes/summary': [
    'asset_id',
    '=int with type',
    '=average with rate',
    '=list without type',
    '=1,000,000 votes',
    ...VOTE_FILTERS,
  ],
  'POST streams': words(
    'stream_url stream_id demo_stream_message user_message >session_id >project_id >latitude >longitude >tags >tag_ids >audio_format >audio_stream_bitrate =demo =out-of-range =idempotent =JSON =event =audible',
  ),
  'PATCH streams/{id}': words(
    '>latitude >longitude >tag_ids >listener_range_max >listener_range_min >listener_heading >listener_width >language ={} =neither =no-stream =undefined =event',
  ),
  'POST streams/{id}/heartbeat': words('={} =event'),
  'POST streams/{id}/playasset': words('success message >asset_id =event'),
  'POST streams/{id}/replayasset': [
    'success',
    '=400 without one track',
    '=400 when nothing was played',
    '=event',
  ],
  'POST streams/{id}/skipasset': words('success message =event'),
  'POST streams/{id}/skip': ['success'],
  'POST streams/{id}/pause': words('success message =event'),
  'POST streams/{id}/resume': words('success message =event'),
  'GET streams/{id}/isactive': words('stream_id active'),
  'POST streams/{id}/kill': words('stream_id success =event'),
  'every call': [
    '=link list at the root',
    '=.json',
    '=slash-less',
    '=JSON, urlencoded, multipart',
    '=401 without a token',
    '=401 with a wrong token',
    '=token of any letter case',
    '=session cookie of staff',
    '=403 for visitors',
    '=403 for viewers',
    '=404',
    '=405',
    '=415',
    '=413',
    '=429',
    '=400 names the field',
    '=never 500',
    '=CORS',
    '=unknown parameters',
    '=dates without a zone',
    '=booleans of any letter case',
    '=roles are asked anew',
    '=a new password ends staff tokens',
    '=others see no device ids',
  ],
};

/** Fields that a change may bring alone, beside those above: other spellings, and those that only their call says. */
const CHANGED: Readonly<Record<string, readonly string[]>> = {
  'PATCH assets/{id}': words(`audio_length_in_seconds mediatype language user session_id session
    project_id project tags envelope_id loc_description_ids loc_alt_text_ids`),
  'PATCH sessions/{id}': words(`project_id project client_system client_type timezone
    geo_listen_enabled demo_stream_enabled language language_id`),
  'PATCH streams/{id}': ['tags'],
};

/** All of it: each call is known without its last slash as well, and fields are changed one by one. */
export const CONTRACT: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(CALLS).map(([call, items]) => [
    call,
    [...new Set([...items, ...inputs(CHANGED[call] ?? []), '=slash-less'])],
  ]),
);
