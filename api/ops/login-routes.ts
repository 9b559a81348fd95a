import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Users } from '../../actors/control/users.js';
import { EngineError } from '../../engine/errors.js';
import type { Auth } from '../auth/auth.js';
import { cookieOf, hashOf } from '../auth/secrets.js';
import {
  type AuthSessionsAnswer,
  authSessions,
  passwordReset,
  passwordResetAnswer,
} from '../contract/auth.js';
import { Reply, type Route, route } from '../http/route.types.js';

const byId = z.object({ id: z.string().min(1).max(128) });
const PRIVATE = { 'cache-control': 'no-store' };

/** What a login is called outside: says nothing about the cookie's secret, nor about what is stored of it. */
const publicIdOf = (hash: string): string =>
  createHash('sha256').update(`login ${hash}`).digest('hex').slice(0, 24);

/** Who is signed in where, and ending it; passwords that an admin sets. */
export function loginRoutes(auth: Auth, users: Users): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/auth-sessions',
      summary: 'Browsers that are signed in: the own ones, for an admin all; used last first',
      tag: 'auth',
      access: 'viewer',
      response: authSessions,
      handler: async ({ principal, header }) => {
        const all = principal.role === 'admin';
        if (!all && principal.kind !== 'user') throw onlyPeople();
        const cookie = cookieOf(header('cookie'));
        const own = cookie === undefined ? undefined : hashOf(cookie.secret);
        const logins = await auth.logins(all ? undefined : principal.id);
        const body: AuthSessionsAnswer = {
          items: logins.map(({ session, username }) => ({
            id: publicIdOf(session.hash),
            userId: session.userId,
            username,
            address: session.address,
            userAgent: session.userAgent,
            createdAtUnixMs: session.createdAtUnixMs,
            usedAtUnixMs: session.usedAtUnixMs,
            expiresAtUnixMs: session.expiresAtUnixMs,
            current: session.hash === own,
          })),
        };
        return new Reply({ headers: PRIVATE, body });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/auth-sessions/{id}',
      summary: 'Sign a browser out at once; its sockets close',
      tag: 'auth',
      access: 'viewer',
      params: byId,
      status: 204,
      handler: async ({ params: { id }, principal, audit }) => {
        const all = principal.role === 'admin';
        if (!all && principal.kind !== 'user') throw onlyPeople();
        const logins = await auth.logins(all ? undefined : principal.id);
        const found = logins.find(({ session }) => publicIdOf(session.hash) === id);
        // Other people's logins do not exist for somebody who may not see them.
        if (found === undefined || !(await auth.endLogin(found.session))) {
          throw new EngineError('not-found', `there is no login ${id}`);
        }
        const { address, userAgent } = found.session;
        audit({ before: { username: found.username, address, userAgent } });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/users/{id}/auth-sessions',
      summary: 'Sign a user out everywhere; tokens stay',
      tag: 'auth',
      access: 'admin',
      params: byId,
      response: z.object({ ended: z.int() }),
      handler: async ({ params: { id } }) => {
        if ((await users.get(id)) === undefined) throw noUser(id);
        return { ended: await auth.endLoginsOf(id) };
      },
    }),
    route({
      method: 'POST',
      path: '/v1/users/{id}/password',
      summary: 'Set a user’s password and sign them out; makes one where none is given, shown once',
      tag: 'auth',
      access: 'admin',
      params: byId,
      body: passwordReset,
      response: passwordResetAnswer,
      handler: async ({ params: { id }, body, audit }) => {
        const user = await users.get(id);
        if (user === undefined) throw noUser(id);
        const made = body.password === undefined ? randomBytes(18).toString('base64url') : null;
        await auth.resetPassword(id, made ?? body.password ?? '');
        audit({ after: { username: user.username, made: made !== null } });
        return new Reply({
          headers: PRIVATE,
          body: { username: user.username, password: made },
        });
      },
    }),
  ];
}

const noUser = (id: string) => new EngineError('not-found', `there is no user ${id}`);
const onlyPeople = () =>
  new EngineError('auth.denied', 'to see your logins, sign in with username and password');
