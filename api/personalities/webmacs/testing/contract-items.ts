/**
 * All that WebMACS's clients rely on: for each call the fields of its answer, `?` parameters, `>` inputs and
 * `=` rules of its own. Each needs a test that asserts it.
 */
import type { Contract } from '../../testing/noting.js';

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');
const LIST = words('page page_size total data ?page ?page_size');

const CONVENTIONS: Contract = {
  'every call': [
    '=with and without a slash at its end',
    '=_t is ignored',
    '=X-Request-ID',
    '=401 with WWW-Authenticate: Bearer',
    '=403 by role',
    '=404 names the thing and its id',
    '=409 already exists',
    '=422 as FastAPI',
    '=405',
    '=300 requests a minute, then 429 with Retry-After 60',
    '=no limit for datapoints, ota, health and private networks',
  ],
};

const ACCOUNTS: Contract = {
  'POST /auth/login': [
    ...words('status message access_token public_id username >email >password'),
    '=username instead of e-mail',
    '=401 Invalid email or password.',
    '=JWT HS256 with sub, exp, iat, role; 24 h',
  ],
  'POST /auth/logout': ['status', 'message', '=the token is revoked'],
  'GET /auth/me': words('public_id email username role admin registered_on sso_provider'),
  'GET /users': [...LIST],
  'POST /users': [...words('status message >email >username >password >role >admin'), '=409'],
  'GET /users/{id}': [...words('public_id email username role admin'), '=404'],
  'PUT /users/{id}': words('status message >email >username >password >role'),
  'DELETE /users/{id}': ['status', 'message', '=logins end'],
  'GET /tokens': words('public_id name last_used_at expires_at created_at user_public_id'),
  'POST /tokens': [
    ...words('token name public_id >name >expires_at'),
    '=wm_',
    '=only its hash is kept',
  ],
  'DELETE /tokens/{id}': ['status', 'message', '=the token is refused'],
};

const MEASURING: Contract = {
  'GET /events': [...LIST, '=more than 25 are reached'],
  'GET /events/{id}': words('public_id name min_value max_value unit type user_public_id =404'),
  'POST /events': [
    ...words('status message >name >min_value >max_value >unit >type'),
    '=409',
    '=422',
  ],
  'PUT /events/{id}': words('status message >name >unit'),
  'DELETE /events/{id}': ['status', 'message'],
  'GET /datapoints': [
    ...LIST,
    ...words('public_id value timestamp event_public_id experiment_public_id'),
    '=newest first',
  ],
  'POST /datapoints': [
    ...words('status message >value >event_public_id >timestamp'),
    '=404 unknown event',
    '=409 not linked',
  ],
  'POST /datapoints/batch': [
    'status',
    'message',
    '>datapoints',
    '=the message begins with the number accepted',
    '=500 at most, else 422',
    '=values of events without an enabled plugin are left out',
    '=equal times are kept apart',
    '=what was acknowledged outlives a kill',
  ],
  'POST /datapoints/series': [
    ...words('>event_public_ids >minutes >max_points'),
    '=one list for each event',
    '=bounded, the last kept',
    '=1 to 20 events',
  ],
  'GET /datapoints/latest': words('public_id value timestamp event_public_id'),
  'GET /datapoints/{id}': ['public_id', 'value', '=404'],
  'DELETE /datapoints/{id}': ['status', 'message', '=it is gone', '=roll-ups no more count it'],
};

const SOCKETS: Contract = {
  '/ws/controller/telemetry': [
    '=datapoints are stored',
    '=Batch too large (n), max 500',
    '=No valid datapoints in batch',
    '=malformed JSON is answered and the socket stays',
    '=accepted, then closed 1008 with the reason',
    '=closed when the login ends',
  ],
  '/ws/datapoints/stream': [
    '=connected',
    '=datapoints_batch',
    '=ping is answered with pong',
    '=one in 0.2 s of each event, and the last',
    '=accepted, then closed 1008 with the reason',
  ],
};

const RECORDS: Contract = {
  'GET /experiments': [...LIST],
  'POST /experiments': ['status', 'message', '>name', '=it runs', '=409 for a name that is there'],
  'GET /experiments/{id}': words('public_id name started_on stopped_on user_public_id =404'),
  'PUT /experiments/{id}': ['status', 'message', '>name'],
  'PUT /experiments/{id}/stop': ['status', 'message', '=409 when it does not run'],
  'DELETE /experiments/{id}': ['status', 'message'],
  'GET /experiments/{id}/export/csv': [
    '=its head',
    '=one line for each value, with ids',
    '=the name of the file',
    '=values carry the experiment',
  ],
  'GET /logging': [...LIST, '=newest first'],
  'POST /logging': ['status', 'message', '>content', '>logging_type', '=500 characters at most'],
  'GET /logging/{id}': words(
    'public_id content logging_type status_type created_on user_public_id =404',
  ),
  'PUT /logging/{id}': ['status', 'message', '>status_type', '>content'],
};

const RULES: Contract = {
  'GET /rules': [...LIST],
  'POST /rules': [
    'status',
    'message',
    '=every operator',
    '=422 between without threshold_high',
    '=404 unknown event',
    '=an action log writes the journal',
    '=an action webhook tells the webhooks of its event',
  ],
  'GET /rules/{id}':
    words(`public_id name event_public_id operator threshold threshold_high action_type
    webhook_event_type enabled cooldown_seconds last_triggered_at created_on user_public_id`),
  'PUT /rules/{id}': ['status', 'message'],
  'DELETE /rules/{id}': ['status', 'message', '=rules go with their event'],
  'GET /webhooks': [...LIST, '=admins only'],
  'POST /webhooks': ['status', 'message', '>url', '>secret', '>events', '>enabled', '=409', '=422'],
  'GET /webhooks/{id}': [
    ...words('public_id url events enabled created_on user_public_id'),
    '=the secret is never shown',
  ],
  'PUT /webhooks/{id}': ['status', 'message'],
  'DELETE /webhooks/{id}': ['status', 'message'],
  'GET /webhooks/{id}/deliveries': [
    ...LIST,
    ...words('event_type status attempts last_error response_code created_on delivered_on ?status'),
  ],
  webhooks: [
    '=sensor.reading, one in 5 s of each sensor',
    '=system.health_changed',
    '=experiment.started and experiment.stopped',
    '=type, time, sensor, value, rule, operator, threshold',
    '=X-Webhook-Timestamp and X-Webhook-Signature',
    '=a rule tells again at each cooldown while it holds',
  ],
};

const DEVICES: Contract = {
  'GET /plugins/available': words('id name version vendor description =bundled'),
  'GET /plugins': [...LIST, '=more than 25 are reached'],
  'POST /plugins': [
    'status',
    'message',
    '=channels and events are made, named with an en dash',
    '=without events when auto_create_events is false',
    '=404 unknown plugin',
    '=operators may not',
  ],
  'GET /plugins/{id}': [
    ...words(`public_id plugin_id instance_name demo_mode enabled status config_json error_message
    created_on updated_on user_public_id channel_mappings =404`),
    '=the status follows the values',
    '=config_json is an object for Python controllers',
  ],
  'PUT /plugins/{id}': ['status', 'message', '=values are not taken while it is off'],
  'DELETE /plugins/{id}': ['status', 'message'],
  'GET /plugins/{id}/channels': words(
    'public_id channel_id channel_name direction unit event_public_id created_on',
  ),
  'POST /plugins/{id}/channels': ['status', 'message', '=409'],
  'PUT /plugins/{id}/channels/{mid}': ['status', 'message', '>event_public_id'],
  'DELETE /plugins/{id}/channels/{mid}': ['status', 'message'],
  'GET /plugins/packages': words(
    'public_id package_name version source plugin_ids file_size_bytes installed_on removable',
  ),
  'POST /plugins/packages/upload': [
    'status',
    'message',
    '=its plugins are available',
    '=422 without entry point',
    '=400 no wheel',
    '=409',
  ],
  'DELETE /plugins/packages/{id}': ['status', 'message', '=bundled ones stay'],
  'GET /ota': [...LIST],
  'POST /ota': ['status', 'message', '>version', '>changelog', '=409', '=422'],
  'GET /ota/{id}': words(`public_id version changelog file_hash_sha256 file_size_bytes status
    error_message created_on started_on completed_on user_public_id has_firmware_file`),
  'GET /ota/check': words('current_version latest_version update_available'),
  'POST /ota/upload': ['status', 'message', '=400 no .tar.gz', '=409'],
  'POST /ota/{id}/apply': [
    'status',
    'message',
    '=a wrong hash fails it',
    '=it is downloaded',
    '=409 on a bad transition',
  ],
  'POST /ota/{id}/rollback': ['status', 'message', '=409 on a bad transition'],
  'DELETE /ota/{id}': ['status', 'message'],
  'GET /dashboards': [...LIST, '=own and global'],
  'POST /dashboards': ['status', 'message', '>name', '>is_global'],
  'GET /dashboards/{id}': words('public_id name is_global created_on user_public_id widgets'),
  'PUT /dashboards/{id}': ['status', 'message', '=403 for others'],
  'DELETE /dashboards/{id}': ['status', 'message'],
  'POST /dashboards/{id}/widgets': [
    'status',
    'message',
    ...words('widget_type title event_public_id x y w h config_json'),
    '=422',
  ],
  'PUT /dashboards/{id}/widgets/{wid}': ['status', 'message'],
  'DELETE /dashboards/{id}/widgets/{wid}': ['status', 'message'],
  'GET /health': words('status version database last_datapoint uptime_seconds =degraded'),
  'GET /openapi.json': ['=lists the calls'],
};

const SIGNING_IN: Contract = {
  'GET /auth/sso/config': words('enabled provider_name authorize_url'),
  'GET /auth/sso/authorize': ['=PKCE S256 and a state'],
  'GET /auth/sso/callback': [
    '=a code for the front end',
    '=users are made with the default role',
    '=a state is good once',
    '=an admin is not taken over',
    '=an address that is not verified is refused',
  ],
  'POST /auth/sso/exchange': ['access_token', 'username', '=a code is good once'],
};

export const CONTRACT: Contract = {
  ...CONVENTIONS,
  ...ACCOUNTS,
  ...MEASURING,
  ...SOCKETS,
  ...RECORDS,
  ...RULES,
  ...DEVICES,
  ...SIGNING_IN,
};
