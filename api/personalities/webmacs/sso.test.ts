import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webmacsConfiguration } from './config.js';
import { covers, shows } from './testing/contract.js';
import { startWebmacsSite, type WebmacsSite } from './testing/site.js';

/** A provider of identities that speaks as much OpenID Connect as it needs, and insists on PKCE. */
async function startProvider() {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const challenges = new Map<string, string>();
  let claims: Record<string, unknown> = {};
  let issuer = '';
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    const json = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (url.pathname === '/.well-known/openid-configuration') {
        json(200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
          code_challenge_methods_supported: ['S256'],
        });
      } else if (url.pathname === '/keys') json(200, { keys: [jwk] });
      else if (url.pathname === '/authorize') {
        const code = `code-${challenges.size}`;
        challenges.set(code, url.searchParams.get('code_challenge') ?? '');
        const back = new URL(url.searchParams.get('redirect_uri') ?? '');
        back.searchParams.set('code', code);
        back.searchParams.set('state', url.searchParams.get('state') ?? '');
        response.writeHead(302, { location: back.href });
        response.end();
      } else {
        const form = new URLSearchParams(Buffer.concat(chunks).toString());
        const verifier = form.get('code_verifier') ?? '';
        const challenge = createHash('sha256').update(verifier).digest('base64url');
        if (challenges.get(form.get('code') ?? '') !== challenge) {
          json(400, { error: 'invalid_grant' });
          return;
        }
        challenges.delete(form.get('code') ?? '');
        void new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
          .setIssuer(issuer)
          .setAudience('earshot')
          .setIssuedAt()
          .setExpirationTime('5m')
          .sign(privateKey)
          .then((token) => {
            const more = { token_type: 'bearer', expires_in: 300 };
            json(200, { access_token: 'x', id_token: token, ...more });
          });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    issuer,
    says: (next: Record<string, unknown>) => {
      claims = next;
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

let provider: Awaited<ReturnType<typeof startProvider>>;
let site: WebmacsSite;
beforeAll(async () => {
  provider = await startProvider();
  const { sso } = webmacsConfiguration.parse({
    sso: {
      enabled: true,
      providerName: 'Garden',
      issuer: provider.issuer,
      clientId: 'earshot',
      clientSecret: 'between us',
      redirectUri: 'http://site.test/api/v1/auth/sso/callback',
      defaultRole: 'operator',
      frontendUrl: 'http://front.test',
    },
  });
  site = await startWebmacsSite({ sso });
});
afterAll(async () => {
  await site.stop();
  await provider.stop();
});

/** From the button to the provider and back; answers where the provider sends the browser. */
async function toProvider(): Promise<URL> {
  const go = await site.ask('', 'GET', '/auth/sso/authorize');
  expect(go.status).toBe(302);
  const there = new URL(go.headers.get('location') ?? '');
  expect(there.origin).toBe(provider.issuer);
  expect(there.searchParams.get('code_challenge_method')).toBe('S256');
  expect(there.searchParams.get('state')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  const back = await fetch(there, { redirect: 'manual' });
  return new URL(back.headers.get('location') ?? '');
}

const callback = (back: URL) => site.ask('', 'GET', `/auth/sso/callback${back.search}`);
const exchange = (code: string | null) =>
  site.ask('', 'POST', '/auth/sso/exchange', { body: { code } });

test('somebody who signed in elsewhere becomes a user, and comes back as the same', async () => {
  shows('GET /auth/sso/config', (await site.ask('', 'GET', '/auth/sso/config')).body, {
    enabled: true,
    provider_name: 'Garden',
    authorize_url: '/api/v1/auth/sso/authorize',
  });
  provider.says({
    sub: 's-1',
    email: 'fern@garden.test',
    email_verified: true,
    preferred_username: 'Fern <3!',
  });
  const back = await toProvider();
  covers('GET /auth/sso/authorize', '=PKCE S256 and a state');
  const done = await callback(back);
  expect([done.status, done.text]).toEqual([302, '']);
  const home = new URL(done.headers.get('location') ?? '');
  expect([home.origin, home.pathname]).toEqual(['http://front.test', '/sso-callback']);
  covers('GET /auth/sso/callback', '=a code for the front end');
  const again = await callback(back);
  expect([again.status, again.body]).toEqual([400, { detail: 'Invalid or expired state.' }]);
  expect((await site.ask('', 'GET', '/auth/sso/callback?state=x&code=y')).status).toBe(400);
  covers('GET /auth/sso/callback', '=a state is good once');
  const code = home.searchParams.get('code');
  const got = await exchange(code);
  shows('POST /auth/sso/exchange', got.body, {
    access_token: expect.any(String),
    username: 'fern3',
  });
  expect((await exchange(code)).status).toBe(401);
  covers('POST /auth/sso/exchange', '=a code is good once');
  const me = await site.ask(String(got.body['access_token']), 'GET', '/auth/me');
  expect(me.body).toMatchObject({
    email: 'fern@garden.test',
    role: 'operator',
    sso_provider: 'Garden',
  });
  covers('GET /auth/sso/callback', '=users are made with the default role');
  provider.says({ sub: 's-1', email: 'new@garden.test', email_verified: true });
  const next = new URL((await callback(await toProvider())).headers.get('location') ?? '');
  expect((await exchange(next.searchParams.get('code'))).body['public_id']).toBe(
    me.body['public_id'],
  );
});

test('an admin is not taken over by an address, and an address must be verified', async () => {
  provider.says({ sub: 's-2', email: 'admin@webmacs.io', email_verified: true });
  const taken = await callback(await toProvider());
  expect([taken.status, taken.body['detail']]).toEqual([
    403,
    'An admin account cannot be linked automatically.',
  ]);
  covers('GET /auth/sso/callback', '=an admin is not taken over');
  provider.says({ sub: 's-3', email: 'moss@garden.test', email_verified: false });
  expect((await callback(await toProvider())).status).toBe(403);
  covers('GET /auth/sso/callback', '=an address that is not verified is refused');
});
