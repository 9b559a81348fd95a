/**
 * All that clients of both Micboards rely on: for each call the fields of its answer, `?` parameters, `>` inputs and
 * `=` rules of its own. Each needs a test that asserts it.
 */
import type { Contract } from './noting.js';

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

const TX =
  words(`id name name_raw channel antenna audio_level rf_level frequency battery tx_offset quality
  status slot type runtime power_lock`);

/** Of the original Micboard, on a port of its own. */
const MICBOARD: Contract = {
  'micboard GET /data.json': [
    ...words('receivers url gif jpg mp4 config discovered =pretty =key-sorted =gzip'),
    '=4,000 channels in slices',
    '=one encoding for all',
  ],
  'micboard data.json receiver': words('ip type status raw tx'),
  'micboard data.json tx': [
    ...TX,
    'raw',
    'audio_level_l',
    'audio_level_r',
    '=tx status words',
    '=255 for none',
    '=channels without a slot are left out',
  ],
  'micboard data.json offline': [
    ...words('ip type tx'),
    ...words('id name name_raw slot status frequency').map((name) => `tx.${name}`),
    '=slots of groups without a channel',
  ],
  'micboard data.json discovered': words('ip type channels timestamp'),
  'micboard data.json config': words('port groups slots uuid local_url prefixes micboard_version'),
  'micboard data.json config.groups': words('group title slots hide_charts'),
  'micboard data.json config.slots': words(
    'slot type ip channel extended_id extended_name chan_name_raw',
  ),
  'micboard WS /ws': [
    ...words('chart-update data-update group-update'),
    '=only when something changed',
    '=one batch for all clients',
    '=meters are watched while somebody listens',
  ],
  'micboard WS chart-update': words(
    'audio_level rf_level audio_level_l audio_level_r slot type timestamp',
  ),
  'micboard WS data-update': [...TX, 'timestamp', '=without raw'],
  'micboard WS group-update': words('group title slots hide_charts'),
  'micboard POST /api/group': [
    ...words('>group >title >slots >hide_charts =echo'),
    '=0 is a blank',
    '=bad input names the field',
  ],
  'micboard POST /api/slot': words(
    '>slot >extended_id >extended_name ={} =empty-takes-back =offline-slot',
  ),
  'micboard POST /api/config': [
    ...words('>slot >type >ip >channel ={}'),
    '=sockets are closed',
    '=unknown devices are added',
    '=offline slots are kept',
    '=names stay',
    '=without a vendor connection it says what to do',
  ],
  'micboard GET /api/group': ['=hi - group'],
  'micboard GET /api/slot': ['=hi - slot'],
  'micboard GET /config.json': ['=file'],
  'micboard POST /config.json': words('>groups >slots >uuid >local_url >prefixes =round-trip'),
  'micboard writes': [
    '=401 says what to do',
    '=403 for a viewer',
    '=Bearer',
    '=Basic',
    '=allowWrites',
    '=never from another site',
  ],
  'micboard GET /': ['=index.html of the app', '=without an app it says what to do'],
  'micboard GET /about': ['=about.html of the app'],
  'micboard GET /static/{file}': ['=file', '=no-cache'],
  'micboard GET /bg/{file}': ['=file', '=no-cache', '=never outside of the folder'],
};

const TRANSMITTER =
  words(`slot battery battery_charge battery_percentage audio_level rf_level frequency antenna
  tx_offset quality runtime status name name_raw updated_at battery_health signal_quality is_active`);
const SUMMARY =
  words(`api_device_id name device_type manufacturer_code ip is_active health_status last_seen
  channel_count`);
const PAGE = [
  ...words('count next previous results ?page ?page_size =item'),
  '=401 without a login',
  '=read only',
];

/** Of django-micboard: its first version, un-versioned and below v1, and the read-only lists of the later one. */
const DJANGO: Contract = {
  'django GET data.json': [
    ...words('receivers url gif jpg mp4 config discovered groups ?manufacturer'),
    '=v1: data/',
  ],
  'django data.json receiver': words(
    'api_device_id ip type name firmware is_active last_seen channels health_status',
  ),
  'django data.json channel': ['channel_number', 'transmitter', '=null without a transmitter'],
  'django transmitter': TRANSMITTER,
  'django data.json discovered': words('ip type channels discovered_at'),
  'django data.json groups': words('group title slots hide_charts'),
  'django GET receivers': ['receivers', 'count', ...SUMMARY, '?manufacturer'],
  'django GET receivers/{id}': [
    ...SUMMARY,
    ...words('firmware_version is_healthy channels'),
    ...words('channels.channel_number channels.has_transmitter channels.transmitter'),
    '=by the id of the vendor',
    '=404 Receiver not found',
    '?manufacturer',
  ],
  'django GET chargers': words('chargers count api_device_id slot_count ?manufacturer'),
  'django GET chargers/{id}': [
    ...words('slots slot_number is_occupied transmitter_name battery_level charging'),
    '=404 Charger not found',
  ],
  'django GET devices/{id}': ['success', 'result', '=404 No data found'],
  'django POST discover': [
    ...words('success total_discovered manufacturers devices ?manufacturer'),
    '=405 POST required',
    '=error of one manufacturer',
  ],
  'django POST discovery/ips': [...words('>ips >manufacturer success message =400 =404 =500 =502')],
  'django POST refresh': [
    ...words('success message manufacturers total_devices timestamp ?manufacturer'),
    '=error of one manufacturer',
  ],
  'django GET config': ['config', '?manufacturer'],
  'django POST config': ['success', '=values by manufacturer'],
  'django POST groups/{id}': [...words('>title >slots >hide_charts success'), '=older: group'],
  'django GET health': words('api_status timestamp database manufacturers =degraded ?manufacturer'),
  'django GET health/detailed': words('status timestamp version checks =200 =503'),
  'django GET health/ready': words('status timestamp api_version =503'),
  'django GET docs': words('api_version base_url endpoints versions versioning'),
  'django user-assignments': [
    ...words('GET POST PUT PATCH DELETE'),
    ...words(`id user channel performer priority alert_on_battery_low alert_on_signal_loss alert_on_audio_low
      alert_on_device_offline notes ?manufacturer`),
    '=401 without a login',
  ],
  'django every call': [
    '=un-versioned and v1',
    '=X-API-Version and X-API-Compatible',
    '=Accept version and ?version',
    '=unknown manufacturer is 404',
    '=429 with Retry-After',
    '=limits by address or login',
    '=401 says what to do',
    '=403 for a viewer',
    '=allowWrites',
    '=404',
    '=405',
    '=400 names the field',
  ],
  'django v1/chassis': [...PAGE, '?manufacturer'],
  'django v1/units': [...PAGE, '?manufacturer'],
  'django v1/channels': [...PAGE, '?manufacturer'],
  'django v1/discovery': [...PAGE, '?manufacturer'],
  'django v1/monitoring/groups': PAGE,
  'django v1/monitoring/alerts': PAGE,
  'django v1/settings/definitions': PAGE,
  'django v1/settings/overrides': [...PAGE, '?manufacturer', '=secrets are masked'],
  'django WS': [
    ...words(
      '/ws /ws/micboard/ device_update status progress api_health_update device_status_update',
    ),
    '=ping is answered by pong',
    '=malformed JSON is passed over',
    '=4401',
    '=4403',
    '=1009',
    '?manufacturer',
  ],
};

export const CONTRACT: Contract = { ...MICBOARD, ...DJANGO };
