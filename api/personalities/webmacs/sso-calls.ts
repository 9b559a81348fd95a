import { randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import * as oidc from 'openid-client';
import { z } from 'zod';
import type { SiteStore } from '../../../actors/control/site.js';
import type { UserWithHash } from '../../../actors/control/users.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { Answer, type Ask, body, type Call, done, Refusal, unauthorised } from './ask.js';
import type { SsoConfiguration } from './config.js';
import type { Identity } from './identity.js';
import { People } from './people.js';

export interface SsoParts {
  readonly config: SsoConfiguration;
  readonly store: Pick<SiteStore, 'users'>;
  readonly people: People;
  readonly identity: Identity;
  readonly key: Uint8Array;
  readonly clock: Clock;
}

const STATE_MS = 600_000;
const CODE_MS = 60_000;
const DISCOVERY_MS = 3_600_000;
/** Logins under way, and codes that wait; the oldest give way. */
const MAX_OPEN = 1_000;

const exchange = z.object({ code: z.string().min(1).max(200) });
const profile = z.object({
  sub: z.string().min(1).max(255),
  email: z.email().max(254),
  email_verified: z.literal(true),
  preferred_username: z.string().optional(),
});

/** Values that are taken once, and forgotten after a while. */
class Once<T> {
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #held = new Map<string, { readonly value: T; readonly untilMonoMs: number }>();

  constructor(clock: Clock, keepMs: number) {
    this.#clock = clock;
    this.#keepMs = keepMs;
  }

  put(id: string, value: T): void {
    const nowMonoMs = this.#clock.monoMs();
    for (const [old, { untilMonoMs }] of this.#held) {
      if (untilMonoMs > nowMonoMs && this.#held.size < MAX_OPEN) break;
      this.#held.delete(old);
    }
    this.#held.set(id, { value, untilMonoMs: nowMonoMs + this.#keepMs });
  }

  take(id: string): T | undefined {
    const found = this.#held.get(id);
    this.#held.delete(id);
    return found === undefined || found.untilMonoMs <= this.#clock.monoMs()
      ? undefined
      : found.value;
  }
}

/** Signing in at an OpenID provider: code flow with PKCE; the browser gets a code that is good once, never a token. */
export function ssoCalls(parts: SsoParts): readonly Call[] {
  const { config, identity, key, clock } = parts;
  const verifiers = new Once<string>(clock, STATE_MS);
  const users = new Once<UserWithHash>(clock, CODE_MS);
  let provider: { readonly at: number; readonly config: oidc.Configuration } | undefined;

  const providerOf = async (): Promise<oidc.Configuration> => {
    const { enabled, issuer, clientId, clientSecret } = config;
    if (!enabled || issuer === undefined || clientId === undefined) {
      throw new Refusal(404, 'SSO is not enabled.');
    }
    if (provider !== undefined && clock.monoMs() - provider.at < DISCOVERY_MS) {
      return provider.config;
    }
    // Only a provider that is configured with http is asked without TLS.
    const insecure = issuer.startsWith('http:') ? { execute: [oidc.allowInsecureRequests] } : {};
    const found = await oidc
      .discovery(new URL(issuer), clientId, clientSecret, undefined, insecure)
      .catch((thrown: unknown) => {
        throw new Refusal(502, `The identity provider does not answer: ${messageOf(thrown)}`);
      });
    provider = { at: clock.monoMs(), config: found };
    return found;
  };

  const authorize = async (): Promise<Answer> => {
    const to = await providerOf();
    const verifier = oidc.randomPKCECodeVerifier();
    const id = randomUUID();
    const state = await new SignJWT({ use: 'sso-state' })
      .setProtectedHeader({ alg: 'HS256' })
      .setJti(id)
      .setExpirationTime(Math.floor((clock.nowMs() + STATE_MS) / 1_000))
      .sign(key);
    verifiers.put(id, verifier);
    const url = oidc.buildAuthorizationUrl(to, {
      redirect_uri: config.redirectUri ?? '',
      scope: config.scopes,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
    });
    return new Answer(302, undefined, { location: url.href });
  };

  const callback = async (ask: Ask): Promise<Answer> => {
    const to = await providerOf();
    const state = ask.query.get('state') ?? '';
    const verifier = verifiers.take(await stateIdOf(parts, state));
    if (verifier === undefined) throw new Refusal(400, 'Invalid or expired state.');
    const url = new URL(config.redirectUri ?? '');
    url.search = ask.query.toString();
    const tokens = await oidc
      .authorizationCodeGrant(to, url, { pkceCodeVerifier: verifier, expectedState: state })
      .catch((thrown: unknown) => {
        throw new Refusal(400, `The identity provider refused: ${messageOf(thrown)}`);
      });
    const said = profile.safeParse(tokens.claims());
    if (!said.success) throw new Refusal(403, 'Email not verified by the identity provider.');
    const code = `${randomUUID()}${randomUUID()}`.replaceAll('-', '');
    users.put(code, await userOf(parts, said.data));
    const home = new URL('/sso-callback', config.frontendUrl ?? ask.origin);
    home.searchParams.set('code', code);
    return new Answer(302, undefined, { location: home.href });
  };

  return [
    {
      method: 'GET',
      path: '/auth/sso/config',
      role: 'open',
      run: () => ({
        enabled: config.enabled,
        provider_name: config.providerName,
        authorize_url: config.enabled ? '/api/v1/auth/sso/authorize' : '',
      }),
    },
    { method: 'GET', path: '/auth/sso/authorize', role: 'open', run: authorize },
    { method: 'GET', path: '/auth/sso/callback', role: 'open', run: callback },
    {
      method: 'POST',
      path: '/auth/sso/exchange',
      role: 'open',
      run: async (ask) => {
        const user = users.take((await body(ask, exchange)).code);
        if (user === undefined) throw unauthorised('Invalid or expired code.');
        const userAgent = ask.header('user-agent') ?? '';
        const access = await identity.start(user, { address: ask.address, userAgent });
        return done('Successfully logged in.', {
          access_token: access,
          public_id: user.id,
          username: user.username,
        });
      },
    },
  ];
}

async function stateIdOf({ key, clock }: SsoParts, state: string): Promise<string> {
  try {
    const options = { algorithms: ['HS256'], currentDate: new Date(clock.nowMs()) };
    const { payload } = await jwtVerify(state, key, options);
    return payload['use'] === 'sso-state' ? (payload.jti ?? '') : '';
  } catch {
    throw new Refusal(400, 'Invalid or expired state.');
  }
}

/** Known by the subject, else by the address, else new. An admin is never taken over by an address. */
async function userOf(
  { config, people, store }: SsoParts,
  { sub, email, preferred_username: wanted }: z.output<typeof profile>,
): Promise<UserWithHash> {
  const provider = config.providerName;
  const linked = await people.bySubject(provider, sub);
  if (linked !== undefined) return linked;
  const known = await people.find(email);
  if (known !== undefined) {
    if (known.role === 'admin') {
      throw new Refusal(403, 'An admin account cannot be linked automatically.');
    }
    await people.link(known, email, provider, sub);
    return known;
  }
  if (!config.autoCreateUsers) throw new Refusal(403, 'Auto-creation of users is disabled.');
  const made = await people.create({
    email,
    username: await freeName(people, wanted ?? email.split('@')[0] ?? ''),
    password: People.unknownPassword(),
    role: config.defaultRole,
    sso: { provider, subject: sub },
  });
  const user = await store.users.get(made.id);
  if (user === undefined) throw new EngineError('not-found', 'the new user is gone already');
  return user;
}

async function freeName(people: People, wanted: string): Promise<string> {
  const plain = wanted
    .replaceAll(/[^a-zA-Z0-9._-]/g, '')
    .slice(0, 40)
    .padEnd(2, '_');
  for (let number = 1; ; number++) {
    const name = number === 1 ? plain : `${plain}${number}`;
    if ((await people.find(name)) === undefined) return name;
  }
}

const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
