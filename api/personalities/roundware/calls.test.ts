import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allCalls } from './calls.js';
import { Client, visitor } from './testing/client.js';
import { CONTRACT } from './testing/contract.js';
import { anyText, covers } from './testing/covers.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, type World } from './testing/world.js';

let site: RoundwareSite;
let world: World;
beforeAll(async () => {
  site = await startRoundwareSite({ dayLimits: { anonymous: 400, user: 1_000_000 } });
  world = await makeWorld(site);
});
afterAll(() => site.stop());

/** Calls are made without a site: none is called. */
const calls = () => allCalls({ content: {} } as never);

test('the contract names every call, and every call is in the contract', () => {
  const made = calls().map(({ method, path }) => `${method} ${path}`);
  expect([...Object.keys(CONTRACT)].filter((call) => call !== 'every call').sort()).toEqual(
    [...made].sort(),
  );
});

test('the root lists the resources by address', async () => {
  const links = await new Client(site.url).get('');
  expect(links).toMatchObject({
    assets: `${site.url}/api/2/assets/`,
    uielementnames: `${site.url}/api/2/uielementnames/`,
  });
  expect(await world.ada.list(String(links['languages']).split('/api/2/')[1] ?? '')).toHaveLength(
    2,
  );
  covers('every call', '=link list at the root');
});

test('a call is known with and without its last slash, and with .json', async () => {
  const { ada, projectId, sessionId } = world;
  const path = `projects/${projectId}`;
  const query = `?session_id=${sessionId}`;
  const whole = await ada.get(`${path}/${query}`);
  expect(await ada.get(`${path}${query}`)).toEqual(whole);
  expect(await ada.get(`${path}.json${query}`)).toEqual(whole);
  expect(await ada.list('languages.json')).toHaveLength(2);
  covers('every call', '=slash-less', '=.json');
});

test('bodies come as JSON, urlencoded or as a form', async () => {
  const { ada, sessionId } = world;
  const values = { session_id: String(sessionId), event_type: 'x', tag_ids: '3,4' };
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.set(name, value);
  for (const body of [values, new URLSearchParams(values), form]) {
    expect(await ada.post('events/', body)).toMatchObject({
      session_id: sessionId,
      tag_ids: [3, 4],
    });
  }
  const twice = new URLSearchParams([
    ['session_id', String(sessionId)],
    ['event_type', 'x'],
    ['tag_ids[]', '3'],
    ['tag_ids[]', '4'],
  ]);
  expect(await ada.post('events/', twice)).toMatchObject({ tag_ids: [3, 4] });
  covers('every call', '=JSON, urlencoded, multipart');
});

async function raw(path: string, init: RequestInit & { token?: string } = {}) {
  const { token, headers, ...rest } = init;
  const auth: Record<string, string> = token === undefined ? {} : { authorization: token };
  const answer = await fetch(`${site.url}/api/2/${path}`, {
    ...rest,
    headers: { ...auth, ...(headers as Record<string, string> | undefined) },
  });
  const text = await answer.text();
  return { answer, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

test('who has no token, a wrong one, or another scheme is told', async () => {
  const none = await raw('projects/');
  expect(none.answer.status).toBe(401);
  expect(none.answer.headers.get('www-authenticate')).toBe('Token');
  expect(none.body).toEqual({ detail: 'Authentication credentials were not provided.' });
  covers('every call', '=401 without a token');
  for (const token of [`Token ${'0'.repeat(40)}`, 'token x', 'Token', 'Bearer ear_x']) {
    const wrong = await raw('projects/', { token });
    expect(wrong.answer.status).toBe(401);
    expect(wrong.body).toEqual({ detail: anyText });
  }
  expect((await raw('projects/', { token: `Token ${'0'.repeat(40)}` })).body).toEqual({
    detail: 'Invalid token.',
  });
  covers('every call', '=401 with a wrong token');
  const stale = await raw('users/', {
    method: 'POST',
    token: `Token ${'0'.repeat(40)}`,
    body: new URLSearchParams({ device_id: 'stale', client_type: 'ios' }),
  });
  expect(stale.answer.status).toBe(200);
  const { token } = await visitor(site.url, 'cases');
  for (const shown of [`token ${token}`, `Token ${token}`, `TOKEN ${token.toUpperCase()}`]) {
    expect((await raw('projects/', { token: shown })).answer.status).toBe(200);
  }
  covers('every call', '=token of any letter case');
});

test('visitors write nothing that staff alone may', async () => {
  const { ada, projectId } = world;
  for (const [method, path] of [
    ['POST', 'projects/'],
    ['PATCH', `projects/${projectId}/`],
    ['DELETE', `projects/${projectId}/`],
    ['POST', 'speakers/'],
    ['POST', 'tags/'],
    ['DELETE', 'languages/1/'],
  ] as const) {
    expect(await ada.call(method, path, {})).toMatchObject({
      status: 403,
      body: { detail: 'You do not have permission to perform this action.' },
    });
  }
  covers('every call', '=403 for visitors');
});

test('what is not there, not possible or not readable has its own answer', async () => {
  const { ada, sessionId } = world;
  for (const path of [
    'nothing/',
    'projects/x/y/',
    'tags/abc/',
    'tags/99999999999999/',
    'tags/0/',
  ]) {
    expect(await ada.call('GET', path)).toMatchObject({
      status: 404,
      body: { detail: 'Not found.' },
    });
  }
  covers('every call', '=404');
  const put = await ada.call('PUT', `sessions/${sessionId}/`, {});
  expect(put).toMatchObject({ status: 405, body: { detail: 'Method "PUT" not allowed.' } });
  expect(put.headers.get('allow')).toContain('PATCH');
  covers('every call', '=405');
  const { token } = await visitor(site.url, 'types');
  const xml = { 'content-type': 'application/xml' };
  const refused = await raw('events/', {
    method: 'POST',
    token: `token ${token}`,
    headers: xml,
    body: '<a/>',
  });
  expect(refused.answer.status).toBe(415);
  expect(refused.body).toEqual({ detail: anyText });
  covers('every call', '=415');
  for (const [type, body] of [
    ['application/json', '{"a":'],
    ['application/json', '[1]'],
    ['application/json', '"text"'],
    ['multipart/form-data', 'x'],
    ['multipart/form-data; boundary=b', '--b\r\nbroken'],
  ] as const) {
    const bad = await raw('events/', {
      method: 'POST',
      token: `token ${token}`,
      headers: { 'content-type': type },
      body,
    });
    expect(bad.answer.status, `${type} ${body}`).toBe(400);
  }
  const large = new FormData();
  large.set('file', new Blob([new Uint8Array(3 * 1024 * 1024)]), 'large.wav');
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  expect((await ada.call('PATCH', `envelopes/${envelope.id}/`, large)).status).toBe(413);
  covers('every call', '=413');
});

test('pages of any site may call, and ask before', async () => {
  const asked = await fetch(`${site.url}/api/2/streams/1/`, {
    method: 'OPTIONS',
    headers: {
      origin: 'http://art.example',
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
  expect(asked.status).toBe(200);
  expect(asked.headers.get('access-control-allow-origin')).toBe('*');
  expect(asked.headers.get('access-control-allow-methods')).toBe(
    'GET, POST, HEAD, OPTIONS, PUT, DELETE, PATCH',
  );
  expect(asked.headers.get('access-control-allow-headers')).toMatch(
    /authorization, content-type, accept/,
  );
  const got = await raw('projects/', { headers: { origin: 'http://art.example' } });
  expect(got.answer.headers.get('access-control-allow-origin')).toBe('*');
  covers('every call', '=CORS');
});

test('an unchanged list is not sent again', async () => {
  const { token, client } = await visitor(site.url, 'poller');
  const path = 'assets/?submitted=true&created__gte=2026-01-01T00:00:00.000Z';
  const first = await raw(path, { token: `token ${token}` });
  const tag = first.answer.headers.get('etag') ?? '';
  const again = { token: `token ${token}`, headers: { 'if-none-match': tag } };
  expect((await raw(path, again)).answer.status).toBe(304);
  await client.post('users/', { device_id: 'poller-2', client_type: 'x' });
  expect((await raw(path, again)).answer.status).toBe(200);
  const other = await visitor(site.url, 'poller-3');
  const foreign = { ...again, token: `token ${other.token}` };
  expect((await raw(path, foreign)).answer.status).toBe(200);
  covers('GET assets', '=not modified');
});

/** Values that clients and attackers send. */
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(
    null,
    '',
    'undefined',
    'null',
    '1',
    1,
    -1,
    1e300,
    '1e5',
    '\0',
    '٣',
    '[]',
    '[1,2',
    '2026-13-99',
  ),
  fc.array(fc.oneof(fc.integer(), fc.string({ maxLength: 5 })), { maxLength: 4 }),
  fc.object({ maxDepth: 2, maxKeys: 3 }),
  fc.constant({
    type: 'MultiPolygon',
    coordinates: [
      [
        [
          [0, 0],
          [1, 1],
          ['x', null],
        ],
      ],
    ],
  }),
);

test('no body and no parameter of whatever kind makes an answer of 500', async () => {
  const { olga, ada, sessionId, projectId } = world;
  const fuzzed = calls()
    .filter(({ path }) => path !== 'login')
    .map(({ method, path }) => `${method} ${path}`);
  const names = [...new Set(Object.values(CONTRACT).flat())]
    .filter((item) => /^[?>][a-z_.]+$/.test(item))
    .map((item) => item.slice(1));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...fuzzed),
      fc.dictionary(fc.constantFrom(...names, '__proto__', 'constructor'), value, { maxKeys: 8 }),
      fc.constantFrom('1', '2', '0', 'x', '999', '%00', '1e9', '-1'),
      fc.boolean(),
      async (called, values, id, asStaff) => {
        const [method = '', path = ''] = called.split(' ');
        // Removing what other runs need proves nothing more.
        const target = method === 'DELETE' ? '987654' : id;
        const filled = path.replace('{id}', target);
        const seeded = { session_id: sessionId, project_id: projectId, ...values };
        const client = asStaff ? olga : ada;
        const query = new URLSearchParams(
          Object.entries(values).map(([name, one]): [string, string] => [
            name,
            typeof one === 'object' ? JSON.stringify(one) : String(one),
          ]),
        );
        const reading = method === 'GET' || method === 'DELETE';
        const got = await client.call(
          method,
          reading ? `${filled}/?${query.toString()}` : `${filled}/`,
          reading ? undefined : seeded,
        );
        expect(got.status, `${method} ${filled} ${JSON.stringify(values)}`).toBeLessThan(500);
      },
    ),
    { numRuns: 600 },
  );
  covers('every call', '=never 500');
});

test('who calls too often in a day waits', async () => {
  const open = new Client(site.url);
  let status = 0;
  for (let i = 0; i < 500 && status !== 429; i++) {
    const got = await open.call('GET', 'users/1/');
    status = got.status;
    if (status === 429) {
      expect(Number(got.headers.get('retry-after'))).toBeGreaterThan(1_000);
      expect(got.body).toEqual({ detail: anyText });
    }
  }
  expect(status).toBe(429);
  expect((await world.ada.call('GET', 'projects/')).status).toBe(200);
  covers('every call', '=429');
});
