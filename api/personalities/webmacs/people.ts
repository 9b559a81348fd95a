import { randomUUID } from 'node:crypto';
import { note } from '../../../actors/control/scope.js';
import type { SiteStore } from '../../../actors/control/site.js';
import { type User, type UserWithHash, usernameOf } from '../../../actors/control/users.js';
import { EngineError } from '../../../engine/errors.js';
import type { Auth } from '../../auth/auth.js';
import { alreadyThere, iso } from './ask.js';

/** Addresses of users that gave none, so that every user has one that logs in. */
const DEFAULT_ADMIN = 'admin@webmacs.io';
const DEFAULT_DOMAIN = '@webmacs.local';

export interface PeopleOptions {
  readonly store: Pick<SiteStore, 'control' | 'users' | 'automation'>;
  readonly auth: Pick<Auth, 'createUser' | 'resetPassword'>;
}

export interface NewPerson {
  readonly email: string;
  readonly username: string;
  readonly password: string;
  readonly role: User['role'];
  readonly sso?: { readonly provider: string; readonly subject: string } | undefined;
}

/** The site's users as WebMACS sees them: each with an e-mail address, and perhaps an identity elsewhere. */
export class People {
  readonly #store: PeopleOptions['store'];
  readonly #auth: PeopleOptions['auth'];

  constructor({ store, auth }: PeopleOptions) {
    this.#store = store;
    this.#auth = auth;
  }

  /** By e-mail address or username. */
  async find(login: string): Promise<UserWithHash | undefined> {
    const text = login.trim().toLowerCase();
    const known = await this.#edges.first({ where: [{ field: 'email', op: '=', value: text }] });
    if (known !== undefined) return await this.#store.users.get(known.userId);
    const user = await this.#store.users.byName(text);
    if (user !== undefined) return user;
    const name = text === DEFAULT_ADMIN ? 'admin' : withoutDomain(text);
    const implied = name === undefined ? undefined : await this.#store.users.byName(name);
    // Who has an address of their own is no longer known by the implied one.
    if (implied === undefined || (await this.#edge(implied.id)) !== undefined) return undefined;
    return implied;
  }

  async bySubject(provider: string, subject: string): Promise<UserWithHash | undefined> {
    const found = await this.#edges.first({
      where: [
        { field: 'ssoProvider', op: '=', value: provider },
        { field: 'ssoSubject', op: '=', value: subject },
      ],
    });
    return found === undefined ? undefined : await this.#store.users.get(found.userId);
  }

  async link(user: User, email: string, provider: string, subject: string): Promise<void> {
    const edge = await this.#edge(user.id);
    const values = { ssoProvider: provider, ssoSubject: subject };
    if (edge !== undefined) await this.#edges.update(edge.id, values);
    else await this.#edges.create({ userId: user.id, email: email.toLowerCase(), ...values });
  }

  /** @throws Refusal 409, EngineError `input.invalid` for a password that is too short. */
  async create(person: NewPerson): Promise<User> {
    const email = person.email.trim().toLowerCase();
    if ((await this.find(email)) !== undefined || (await this.find(person.username))) {
      throw alreadyThere('User');
    }
    const user = await this.#auth
      .createUser(person.username, person.password, person.role)
      .catch((thrown: unknown) => {
        if (EngineError.from(thrown).code === 'conflict') throw alreadyThere('User');
        throw thrown;
      });
    await this.#edges.create({
      userId: user.id,
      email,
      ssoProvider: person.sso?.provider ?? null,
      ssoSubject: person.sso?.subject ?? null,
    });
    return user;
  }

  /** @throws Refusal 409, EngineError `conflict` for the last admin. */
  async change(
    user: UserWithHash,
    values: {
      readonly email?: string | undefined;
      readonly username?: string | undefined;
      readonly password?: string | undefined;
      readonly role?: User['role'] | undefined;
    },
  ): Promise<void> {
    const email = values.email?.trim().toLowerCase();
    for (const name of [email, values.username]) {
      const other = name === undefined ? undefined : await this.find(name);
      if (other !== undefined && other.id !== user.id) throw alreadyThere('User');
    }
    if (values.role !== undefined && values.role !== user.role) {
      await this.#store.users.setRole(user.id, values.role);
    }
    if (values.username !== undefined && usernameOf(values.username) !== user.username) {
      await this.#rename(user.id, usernameOf(values.username));
    }
    if (email !== undefined) {
      const edge = await this.#edge(user.id);
      if (edge !== undefined) await this.#edges.update(edge.id, { email });
      else {
        const none = { ssoProvider: null, ssoSubject: null };
        await this.#edges.create({ userId: user.id, email, ...none });
      }
    }
    if (values.password !== undefined) await this.#auth.resetPassword(user.id, values.password);
  }

  async shown(user: User): Promise<object> {
    const edge = await this.#edge(user.id);
    return {
      public_id: user.id,
      email: edge?.email ?? impliedEmail(user.username),
      username: user.username,
      role: user.role,
      admin: user.role === 'admin',
      registered_on: iso(user.createdAtUnixMs),
      sso_provider: edge?.ssoProvider ?? null,
    };
  }

  /** A password nobody knows, for those who sign in elsewhere. */
  static unknownPassword(): string {
    return `${randomUUID()}${randomUUID()}`;
  }

  get #edges() {
    return this.#store.automation.edgeUsers;
  }

  #edge(userId: string) {
    return this.#edges.first({ where: [{ field: 'userId', op: '=', value: userId }] });
  }

  async #rename(id: string, username: string): Promise<void> {
    await this.#store.control.write(async (scope) => {
      await scope.db.updateTable('users').set({ username }).where('id', '=', id).execute();
      note(scope, 'users', id, 'put');
    });
  }
}

const withoutDomain = (email: string): string | undefined =>
  email.endsWith(DEFAULT_DOMAIN) ? email.slice(0, -DEFAULT_DOMAIN.length) : undefined;

function impliedEmail(username: string): string {
  if (username === 'admin') return DEFAULT_ADMIN;
  return username.includes('@') ? username : `${username}${DEFAULT_DOMAIN}`;
}
