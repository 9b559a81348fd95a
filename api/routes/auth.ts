import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SiteStore } from '../../actors/control/site.js';
import type { TokenLogin } from '../../actors/control/tokens.js';
import { atLeast } from '../../actors/control/users.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Auth, Login } from '../auth/auth.js';
import { isCrossSite } from '../auth/cross-site.js';
import {
  clearedCookie,
  DEVICE_TOKEN_PREFIX,
  hashOf,
  newSecret,
  sessionCookie,
  TOKEN_PREFIX,
} from '../auth/secrets.js';
import {
  deviceToken,
  passwordChange,
  type Token,
  token,
  tokenCreate,
  tokenCreated,
  user,
  userCreate,
  userPatch,
} from '../contract/auth.js';
import { loginRequest, type Me, me } from '../contract/rest.js';
import { type Principal, Reply, type Route, route } from '../http/route.types.js';

const DAY_MS = 86_400_000;
const byId = z.object({ id: z.string().min(1).max(128) });
/** Answers that hold a secret or a person must not stay in a cache. */
const PRIVATE = { 'cache-control': 'no-store' };

export interface AuthRouteServices {
  readonly auth: Auth;
  readonly store: Pick<SiteStore, 'users' | 'tokens'>;
  readonly clock: Clock;
}

/** Login, users and tokens. */
export function authRoutes(services: AuthRouteServices): readonly Route[] {
  return [
    ...loginRoutes(services),
    ...tokenRoutes(services),
    ...userRoutes(services),
    ...deviceTokenRoutes(services),
  ];
}

function loginRoutes({ auth }: AuthRouteServices): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/login',
      summary: 'Sign in; sets the session cookie',
      tag: 'auth',
      access: 'open',
      body: loginRequest,
      response: me,
      handler: async ({ body, address, origin, header, audit }) => {
        refuseCrossSite('POST', header);
        const place = { address, userAgent: header('user-agent') ?? '' };
        audit({ by: body.username, subject: 'login', after: { userAgent: place.userAgent } });
        return signedIn(await auth.login(body.username, body.password, place), origin);
      },
    }),
    route({
      method: 'POST',
      path: '/v1/logout',
      summary: 'Sign out; ends this browser’s session',
      tag: 'auth',
      access: 'open',
      status: 204,
      handler: async ({ origin, header }) => {
        refuseCrossSite('POST', header);
        await auth.logout(header('cookie'));
        return new Reply({
          status: 204,
          headers: { ...PRIVATE, 'set-cookie': clearedCookie(origin) },
        });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/me',
      summary: 'Who is signed in',
      tag: 'auth',
      access: 'viewer',
      response: me,
      handler: ({ principal }) => {
        const { id, name, role } = principal;
        return new Reply({ headers: PRIVATE, body: { id, username: name, role } });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/me/password',
      summary: 'Change the own password; signs out every other browser',
      tag: 'auth',
      access: 'viewer',
      body: passwordChange,
      response: me,
      handler: async ({ body, principal, address, origin, header }) => {
        const userId = personOf(principal, 'change your password');
        const place = { address, userAgent: header('user-agent') ?? '' };
        return signedIn(await auth.changePassword(userId, body.current, body.next, place), origin);
      },
    }),
  ];
}

function tokenRoutes({ store, clock }: AuthRouteServices): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/tokens',
      summary: 'API tokens: the own ones, for an admin all',
      tag: 'auth',
      access: 'viewer',
      response: z.object({ items: z.array(token) }),
      handler: async ({ principal }) => {
        const all = principal.role === 'admin';
        if (!all) personOf(principal, 'see your tokens');
        const logins = await store.tokens.list(all ? undefined : principal.id);
        return new Reply({ headers: PRIVATE, body: { items: logins.map(shownToken) } });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/tokens',
      summary: 'Make an API token; the secret is shown once',
      tag: 'auth',
      access: 'viewer',
      body: tokenCreate,
      response: tokenCreated,
      status: 201,
      handler: async ({ body, principal }) => {
        // A program that could make tokens could outlive the end of its own.
        const userId = personOf(principal, 'make a token');
        if (principal.role === undefined || !atLeast(principal.role, body.role)) {
          throw new EngineError(
            'auth.denied',
            'body.role: a token cannot have more rights than you',
          );
        }
        const secret = newSecret(TOKEN_PREFIX);
        const nowUnixMs = clock.nowMs();
        const made = {
          id: randomUUID(),
          name: body.name,
          userId,
          role: body.role,
          scopes: body.scopes,
          createdAtUnixMs: nowUnixMs,
          expiresAtUnixMs:
            body.expiresInDays === undefined ? undefined : nowUnixMs + body.expiresInDays * DAY_MS,
        };
        await store.tokens.create(made, hashOf(secret));
        const login = { token: { ...made, usedAtUnixMs: undefined }, username: principal.name };
        return new Reply({
          status: 201,
          headers: PRIVATE,
          body: { ...shownToken(login), secret },
        });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/tokens/{id}',
      summary: 'Revoke an API token at once',
      tag: 'auth',
      access: 'viewer',
      params: byId,
      status: 204,
      handler: async ({ params, principal }) => {
        const login = await store.tokens.get(params.id);
        const own = principal.kind === 'user' && login?.token.userId === principal.id;
        const itself = principal.kind === 'token' && principal.id === params.id;
        // Other people's tokens do not exist for somebody who may not see them.
        if (login === undefined || !(own || itself || principal.role === 'admin')) {
          throw new EngineError('not-found', `there is no token ${params.id}`);
        }
        await store.tokens.remove(params.id);
      },
    }),
  ];
}

function userRoutes({ auth, store }: AuthRouteServices): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/users',
      summary: 'All users',
      tag: 'auth',
      access: 'admin',
      response: z.object({ items: z.array(user) }),
      handler: async () =>
        new Reply({ headers: PRIVATE, body: { items: await store.users.list() } }),
    }),
    route({
      method: 'POST',
      path: '/v1/users',
      summary: 'Make a user',
      tag: 'auth',
      access: 'admin',
      body: userCreate,
      response: user,
      status: 201,
      handler: async ({ body }) => await auth.createUser(body.username, body.password, body.role),
    }),
    route({
      method: 'PATCH',
      path: '/v1/users/{id}',
      summary: 'Change a user’s role, or set a new password and end their sessions',
      tag: 'auth',
      access: 'admin',
      params: byId,
      body: userPatch,
      response: user,
      handler: async ({ params, body }) => {
        if (body.role !== undefined) await store.users.setRole(params.id, body.role);
        if (body.password !== undefined) await auth.resetPassword(params.id, body.password);
        const found = (await store.users.list()).find(({ id }) => id === params.id);
        if (found === undefined)
          throw new EngineError('not-found', `there is no user ${params.id}`);
        return found;
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/users/{id}',
      summary: 'Remove a user with their sessions and tokens',
      tag: 'auth',
      access: 'admin',
      params: byId,
      status: 204,
      handler: async ({ params }) => {
        await store.users.remove(params.id);
      },
    }),
  ];
}

function deviceTokenRoutes({ store }: AuthRouteServices): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/devices/{id}/token',
      summary: 'Give a device a token; the one before stops working',
      tag: 'devices',
      access: 'operator',
      params: byId,
      response: deviceToken,
      status: 201,
      handler: async ({ params, principal }) => {
        const secret = newSecret(DEVICE_TOKEN_PREFIX);
        await store.tokens.setForDevice(params.id, hashOf(secret), principal.name);
        return new Reply({
          status: 201,
          headers: PRIVATE,
          body: { deviceId: params.id, secret },
        });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/devices/{id}/token',
      summary: 'Revoke a device’s token at once',
      tag: 'devices',
      access: 'operator',
      params: byId,
      status: 204,
      handler: async ({ params }) => {
        if (await store.tokens.removeForDevice(params.id)) return;
        throw new EngineError('not-found', `device ${params.id} has no token`);
      },
    }),
  ];
}

function signedIn(login: Login, origin: string): Reply {
  const body: Me = { id: login.user.id, username: login.user.username, role: login.user.role };
  return new Reply({
    headers: { ...PRIVATE, 'set-cookie': sessionCookie(login.secret, login.maxAgeMs, origin) },
    body,
  });
}

/** A page elsewhere could sign a visitor in as somebody else, or guess passwords through its visitors. */
function refuseCrossSite(method: string, header: (name: string) => string | undefined): void {
  if (!isCrossSite({ method, header })) return;
  throw new EngineError('auth.denied', 'signing in and out works from the site’s own pages only');
}

function personOf(principal: Principal, what: string): string {
  if (principal.kind === 'user') return principal.id;
  throw new EngineError('auth.denied', `to ${what}, sign in with username and password`);
}

function shownToken({ token: from, username }: Pick<TokenLogin, 'token' | 'username'>): Token {
  return {
    id: from.id,
    name: from.name,
    role: from.role,
    scopes: from.scopes === undefined ? null : [...from.scopes],
    owner: username,
    createdAtUnixMs: from.createdAtUnixMs,
    expiresAtUnixMs: from.expiresAtUnixMs ?? null,
    usedAtUnixMs: from.usedAtUnixMs ?? null,
  };
}
