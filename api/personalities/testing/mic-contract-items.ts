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

export const CONTRACT: Contract = { ...MICBOARD };
