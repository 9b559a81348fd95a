import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SiteStore } from '../../../actors/control/site.js';
import { type UserWithHash, usernameOf } from '../../../actors/control/users.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Auth } from '../../auth/auth.js';
import { hashOf, newSecret } from '../../auth/secrets.js';
import { body, type Call, done, iso, isoOrNull, made, notFound, unauthorised } from './ask.js';
import { API_TOKEN_PREFIX, type Identity } from './identity.js';
import { envelope, pageOf } from './pages.js';
import type { People } from './people.js';

export interface AccountParts {
  readonly store: Pick<SiteStore, 'users' | 'tokens'>;
  readonly auth: Pick<Auth, 'verify'>;
  readonly identity: Identity;
  readonly people: People;
  readonly clock: Clock;
}

const WRONG = 'Invalid email or password.';
const login = z.object({
  email: z.string().min(1).max(254),
  password: z.string().min(1).max(1_000),
});
const role = z.enum(['viewer', 'operator', 'admin']);
const person = z.object({
  email: z.email().max(254),
  username: z.string().trim().min(2).max(50),
  password: z.string().min(8).max(512),
  role: role.optional(),
  admin: z.boolean().optional(),
});
const token = z.object({
  name: z.string().trim().min(1).max(100),
  expires_at: z.iso.datetime({ offset: true, local: true }).nullish(),
});

/** Logging in and out, users, API tokens. */
export function accountCalls(parts: AccountParts): readonly Call[] {
  return [...loginCalls(parts), ...userCalls(parts), ...tokenCalls(parts)];
}

function loginCalls({ store, auth, identity, people }: AccountParts): readonly Call[] {
  return [
    {
      method: 'POST',
      path: '/auth/login',
      role: 'open',
      run: async (ask) => {
        const { email, password } = await body(ask, login);
        const user = await people.find(email);
        try {
          // An unknown user costs as much time as a known one.
          await auth.verify(user?.username ?? usernameOf(email), password, ask.address);
        } catch (thrown) {
          if (EngineError.from(thrown).code === 'auth.required') throw unauthorised(WRONG);
          throw thrown;
        }
        if (user === undefined) throw unauthorised(WRONG);
        const userAgent = ask.header('user-agent') ?? '';
        const access = await identity.start(user, { address: ask.address, userAgent });
        return done('Successfully logged in.', {
          access_token: access,
          public_id: user.id,
          username: user.username,
        });
      },
    },
    {
      method: 'POST',
      path: '/auth/logout',
      role: 'viewer',
      run: async ({ who }) => {
        await identity.end(who);
        return done('Successfully logged out.');
      },
    },
    {
      method: 'GET',
      path: '/auth/me',
      role: 'viewer',
      run: async ({ who }) => await people.shown(await userOf(store.users, who.userId)),
    },
  ];
}

function userCalls({ store, people }: AccountParts): readonly Call[] {
  return [
    {
      method: 'GET',
      path: '/users',
      role: 'admin',
      run: async (ask) => {
        const page = pageOf(ask);
        const users = await store.users.list();
        const some = users.slice(page.offset, page.offset + page.pageSize);
        return envelope(
          page,
          users.length,
          await Promise.all(some.map((one) => people.shown(one))),
        );
      },
    },
    {
      method: 'POST',
      path: '/users',
      role: 'admin',
      run: async (ask) => {
        const { admin, role: wanted, ...given } = await body(ask, person);
        const user = await people.create({
          ...given,
          role: wanted ?? (admin === true ? 'admin' : 'viewer'),
        });
        return made('User successfully created.', { public_id: user.id });
      },
    },
    {
      method: 'GET',
      path: '/users/{id}',
      role: 'admin',
      run: async ({ params }) => await people.shown(await userOf(store.users, params['id'])),
    },
    {
      method: 'PUT',
      path: '/users/{id}',
      role: 'admin',
      run: async (ask) => {
        const user = await userOf(store.users, ask.params['id']);
        const { admin, ...given } = await body(ask, person.partial());
        const implied = admin === undefined ? undefined : admin ? 'admin' : demoted(user);
        await people.change(user, { ...given, role: given.role ?? implied });
        return done('User successfully updated.');
      },
    },
    {
      method: 'DELETE',
      path: '/users/{id}',
      role: 'admin',
      run: async ({ params }) => {
        await store.users.remove((await userOf(store.users, params['id'])).id);
        return done('User successfully deleted.');
      },
    },
  ];
}

function tokenCalls({ store, clock }: AccountParts): readonly Call[] {
  type Token = Awaited<ReturnType<SiteStore['tokens']['list']>>[number]['token'];
  const shown = (one: Omit<Token, 'usedAtUnixMs'> & { usedAtUnixMs?: number | undefined }) => ({
    public_id: one.id,
    name: one.name,
    last_used_at: isoOrNull(one.usedAtUnixMs ?? null),
    expires_at: isoOrNull(one.expiresAtUnixMs ?? null),
    created_at: iso(one.createdAtUnixMs),
    user_public_id: one.userId,
  });
  return [
    {
      method: 'GET',
      path: '/tokens',
      role: 'viewer',
      run: async (ask) => {
        const page = pageOf(ask);
        const { userId, role } = ask.who;
        const all = await store.tokens.list(role === 'admin' ? undefined : userId);
        const some = all.slice(page.offset, page.offset + page.pageSize);
        return envelope(
          page,
          all.length,
          some.map((one) => shown(one.token)),
        );
      },
    },
    {
      method: 'POST',
      path: '/tokens',
      role: 'viewer',
      run: async (ask) => {
        const given = await body(ask, token);
        const secret = newSecret(API_TOKEN_PREFIX);
        const fresh = {
          id: randomUUID(),
          name: given.name,
          userId: ask.who.userId,
          role: ask.who.role ?? 'viewer',
          createdAtUnixMs: clock.nowMs(),
          expiresAtUnixMs:
            typeof given.expires_at === 'string' ? timeOf(given.expires_at) : undefined,
        };
        await store.tokens.create(fresh, hashOf(secret));
        return made('API token successfully created.', { ...shown(fresh), token: secret });
      },
    },
    {
      method: 'DELETE',
      path: '/tokens/{id}',
      role: 'viewer',
      run: async ({ params, who }) => {
        const id = params['id'] ?? '';
        const found = await store.tokens.get(id);
        if (found?.token.userId !== who.userId && who.role !== 'admin') {
          throw notFound('API token', id);
        }
        if (!(await store.tokens.remove(id))) throw notFound('API token', id);
        return done('API token successfully deleted.');
      },
    },
  ];
}

/** Without a zone it is UTC, as all times of this API. */
function timeOf(text: string): number {
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}

const demoted = (user: UserWithHash) => (user.role === 'admin' ? 'operator' : user.role);

async function userOf(users: SiteStore['users'], id = ''): Promise<UserWithHash> {
  const user = await users.get(id);
  if (user === undefined) throw notFound('User', id);
  return user;
}
