// What the server says of itself, from one start of it. Tried with every role, and written down by `npm run client`, so
// that a change is seen: who may do what (`docs/authorisation.md`) and the types of the client (`api/client`).
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ApiDocument } from '../routes/openapi.types.js';
import { callTypes } from '../testing/call-types.js';
import { ExampleBook } from '../testing/examples.js';
import { followPage, type PageCall } from '../testing/page-calls.js';
import { startServer, type TestServer } from '../testing/server.js';

const ROLES = ['viewer', 'operator', 'admin'] as const;
const PASSWORD = 'quite-a-long-one';
/** Would end or break what the others are tried on; their refusals are tried all the same. */
const UNSAFE = new Set(['POST /v1/login', 'POST /v1/logout']);

let server: TestServer;
let document: ApiDocument;
/** Header by who asks; nobody has none. */
const people = new Map<string, Readonly<Record<string, string>>>();

beforeAll(async () => {
  server = await startServer({ env: { EARSHOT_REQUESTS_PER_ADDRESS: '0' } });
  const admin = await server.signIn();
  people.set('nobody', {});
  for (const role of ROLES) {
    const username = `${role}-1`;
    const made = await fetch(`${server.url}/v1/users`, {
      method: 'POST',
      headers: { cookie: admin, 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: PASSWORD, role }),
    });
    expect(made.status).toBe(201);
    people.set(role, { cookie: await server.signIn(username, PASSWORD) });
  }
  document = (await (await fetch(`${server.url}/v1/openapi.json`)).json()) as ApiDocument;
});
afterAll(async () => {
  await server.stop();
});

interface Call {
  readonly method: string;
  readonly path: string;
  readonly needs: (typeof ROLES)[number] | 'open';
}

function calls(): readonly Call[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description }]) => {
      const role = ROLES.find((one) => description?.includes(`\`${one}\``) === true);
      return { method: method.toUpperCase(), path, needs: role ?? 'open' };
    }),
  );
}

/** What a caller hears, as far as rights go. */
async function tried({ method, path }: Call, who: string): Promise<'yes' | 401 | 403> {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), 20_000);
  try {
    const answer = await fetch(`${server.url}${path.replaceAll(/\{[^}]+\}/g, '999999')}`, {
      method,
      headers: {
        ...people.get(who),
        ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
      },
      // Nothing that a call asks for is in it, so that those who may do it change nothing.
      ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{"nothing":"of this"}' }),
      redirect: 'manual',
      signal: ended.signal,
    });
    await answer.body?.cancel();
    return answer.status === 401 || answer.status === 403 ? answer.status : 'yes';
  } finally {
    clearTimeout(timer);
  }
}

const rank = (role: string): number => ['nobody', ...ROLES].indexOf(role);

test('the client’s types are those of the calls that the server has', async () => {
  await expect(callTypes(document)).toMatchFileSnapshot('../client/calls.gen.ts');
});

test('every line of the page of examples works, and its answer is the example that the description shows', async () => {
  const secret = await adminToken();
  const book = new ExampleBook(document);
  const page = await readFile(new URL('../../docs/openapi.md', import.meta.url), 'utf8');
  const given = {
    SITE: server.url,
    AUTH: `Authorization: Bearer ${secret}`,
    FROM: String(Date.now() - 3_600_000),
    TO: String(Date.now() + 3_600_000),
  };
  const perform = async (call: PageCall): Promise<unknown> => {
    const { method, url, headers, body } = call;
    const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await answer.text();
    expect(answer.ok, `${method} ${url}: ${text}`).toBe(true);
    const json = answer.headers.get('content-type')?.includes('json') === true;
    return json ? (JSON.parse(text) as unknown) : undefined;
  };
  await followPage(page, given, perform, (call, answer) => book.note(call, answer));
  expect(book.calls.length).toBeGreaterThan(50);
  await expect(book.text()).toMatchFileSnapshot('../routes/examples.gen.ts');
  const rule = document.paths['/v1/rules']?.['post'];
  expect(rule?.requestBody?.content['application/json']?.example).toHaveProperty('condition');
  expect(rule?.responses['201']?.content?.['application/json']?.example).toHaveProperty('id');
  const docs = await (await fetch(`${server.url}/docs`)).text();
  expect(docs).toContain('The hall is warm');
});

async function adminToken(): Promise<string> {
  const answer = await fetch(`${server.url}/v1/tokens`, {
    method: 'POST',
    headers: { ...people.get('admin'), 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'examples', role: 'admin' }),
  });
  return ((await answer.json()) as { secret: string }).secret;
}

test('every call is refused to whoever has no login or a lower role, and to nobody else', async () => {
  const wrong: string[] = [];
  for (const call of calls()) {
    if (call.needs === 'open') continue;
    for (const who of people.keys()) {
      const wanted = who === 'nobody' ? 401 : rank(who) < rank(call.needs) ? 403 : 'yes';
      if (wanted === 'yes' && UNSAFE.has(`${call.method} ${call.path}`)) continue;
      const heard = await tried(call, who);
      if (heard !== wanted)
        wrong.push(`${call.method} ${call.path} as ${who}: ${heard}, not ${wanted}`);
    }
  }
  expect(calls().length).toBeGreaterThan(150);
  expect(wrong).toEqual([]);
}, 300_000);

/** `open`, or the code it is closed with, or the status of an upgrade that is refused. */
function socketOf(path: string, who: string): Promise<string> {
  const url = `${server.url.replace('http', 'ws')}${path.replaceAll(/\{[^}]+\}/g, '999999')}`;
  const socket = new WebSocket(url, { headers: people.get(who) ?? {} });
  return new Promise<string>((resolve, reject) => {
    socket.on('unexpected-response', (_, { statusCode }) => resolve(`HTTP ${statusCode}`));
    socket.on('error', reject);
    socket.on('close', (code) => resolve(String(code)));
    socket.on('open', () => socket.ping());
    // A refusal is a close right after the opening; one whose ping is answered stays.
    socket.on('pong', () => resolve('open'));
  }).finally(() => {
    socket.on('error', () => undefined);
    socket.terminate();
  });
}

test('the rights of every call and socket are as the manual has them', async () => {
  const lines = ['# Who may do what', '', 'Made by `npm run client` from a running server.', ''];
  for (const role of ROLES) {
    const some = calls()
      .filter(({ needs }) => needs === role)
      .map(({ method, path }) => `- \`${method} ${path}\``);
    lines.push(`## From the role ${role}`, '', ...some.sort(), '');
  }
  const open = calls()
    .filter(({ needs }) => needs === 'open')
    .map(({ method, path }) => `- \`${method} ${path}\``);
  lines.push('## Open', '', ...open.sort(), '');
  lines.push('## Sockets', '', `| socket | ${[...people.keys()].join(' | ')} |`);
  lines.push(`| --- |${' --- |'.repeat(people.size)}`);
  const sockets = [...document['x-sockets']].sort((a, b) => a.path.localeCompare(b.path));
  expect(sockets.length).toBeGreaterThan(4);
  for (const { path } of sockets) {
    const heard: string[] = [];
    for (const who of people.keys()) heard.push(await socketOf(path, who));
    lines.push(`| \`${path}\` | ${heard.join(' | ')} |`);
  }
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../docs/authorisation.md');
});
