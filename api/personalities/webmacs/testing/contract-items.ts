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
  ],
  'POST /datapoints/series': [
    ...words('>event_public_ids >minutes >max_points'),
    '=one list for each event',
    '=bounded, the last kept',
    '=1 to 20 events',
  ],
  'GET /datapoints/latest': words('public_id value timestamp event_public_id'),
  'GET /datapoints/{id}': ['public_id', 'value', '=404'],
  'DELETE /datapoints/{id}': ['status', 'message', '=it is gone'],
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

export const CONTRACT: Contract = {
  ...CONVENTIONS,
  ...ACCOUNTS,
  ...MEASURING,
  ...SOCKETS,
};
