import { createHash, createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Visitor } from '../../../actors/content/content.types.js';
import type { ContentStore } from '../../../actors/content/store.types.js';
import type { Settings } from '../../../actors/control/settings.js';
import { atLeast, type User, type UserRole } from '../../../actors/control/users.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Principal } from '../../http/route.types.js';
import { unauthorized } from './http/refusal.js';

/** Who asks. `anonymous` has neither a visitor nor a role. */
export interface Who {
  readonly visitor: Visitor | undefined;
  /** Of the member of staff behind the token or cookie, as it is now. */
  readonly role: UserRole | undefined;
  /** Member of staff; undefined for visitors and tokens of programs. */
  readonly staffId: string | undefined;
  readonly name: string;
}

export const NOBODY: Who = { visitor: undefined, role: undefined, staffId: undefined, name: '' };

export interface PeopleOptions {
  readonly visitors: ContentStore['visitors'];
  readonly settings: Pick<Settings, 'get' | 'set'>;
  readonly users: {
    get(id: string): Promise<User | undefined>;
  };
  readonly clock: Clock;
}

const KEY_NAME = 'roundware.token-key';
const keySchema = z.string().regex(/^[0-9a-f]{64}$/);
/** Visitors seen lately; the least recently seen leaves first. */
const MAX_KNOWN = 10_000;
/** Then the row is read again. */
const BELIEVE_MS = 10_000;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** True for members of staff who may write what staff alone may. */
export const isStaff = (who: Who): boolean =>
  who.role !== undefined && atLeast(who.role, 'operator');

/** Recognises tokens and gives them out. A token can always be made again, so none is stored. */
export class People {
  readonly #options: PeopleOptions;
  readonly #known = new Map<string, { readonly visitor: Visitor; readonly atMonoMs: number }>();
  #key: Promise<string> | undefined;

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** @throws Refusal 401 for a token that is nobody's, or whose member of staff is gone or has a new password. */
  async byToken(token: string): Promise<Who> {
    const hash = sha256(token.toLowerCase());
    const visitor = await this.#find(hash);
    if (visitor === undefined) throw unauthorized('Invalid token.');
    if (visitor.staffId === null) {
      return { visitor, role: undefined, staffId: undefined, name: visitor.username };
    }
    const user = await this.#options.users.get(visitor.staffId);
    if (user === undefined || (await this.#staffToken(visitor.id, user)) !== token.toLowerCase()) {
      throw unauthorized('Invalid token.');
    }
    return { visitor, role: user.role, staffId: user.id, name: user.username };
  }

  /** A signed-in member of staff, or a program's token, without a visitor yet. */
  async byPrincipal(principal: Principal): Promise<Who> {
    if (principal.kind === 'anonymous' || principal.kind === 'device') return NOBODY;
    const { id, name, role } = principal;
    if (principal.kind === 'token') return { ...NOBODY, role, name };
    const visitor = await this.#options.visitors.first({
      where: [{ field: 'staffId', op: '=', value: id }],
    });
    return { visitor, role, staffId: id, name };
  }

  /** The visitor of a device, made when there is none, with its token: the same device gets the same. */
  async ofDevice(
    deviceId: string,
    wish: Pick<Visitor, 'username' | 'firstName' | 'lastName' | 'email' | 'clientType'>,
  ): Promise<{ readonly visitor: Visitor; readonly token: string; readonly isNew: boolean }> {
    const known = await this.#ofDevice(deviceId);
    const visitor = known ?? (await this.#create({ ...wish, deviceId, staffId: null }));
    const token = await this.#token(String(visitor.id));
    const isNew = known === undefined;
    return { visitor: await this.#withHash(visitor, token), token, isNew };
  }

  /** The visitor that stands for a member of staff, with its token. It ends with the password it was made for. */
  async ofStaff(user: User): Promise<{ readonly visitor: Visitor; readonly token: string }> {
    const { visitors } = this.#options;
    const known = await visitors.first({ where: [{ field: 'staffId', op: '=', value: user.id }] });
    const visitor =
      known ??
      (await this.#create({
        username: user.username,
        firstName: '',
        lastName: '',
        email: '',
        clientType: 'admin',
        deviceId: null,
        staffId: user.id,
      }));
    const token = await this.#staffToken(visitor.id, user);
    return { visitor: await this.#withHash(visitor, token), token };
  }

  /** Its row changed: it is read again. */
  forget(visitor: Visitor): void {
    this.#known.delete(visitor.tokenHash);
  }

  /** Stands for something secret of a visitor in what others see: the same each time, of no other use. */
  async disguise(visitorId: number): Promise<string> {
    return (await this.#hmac(`shown:${visitorId}`)).slice(0, 32);
  }

  async #find(hash: string): Promise<Visitor | undefined> {
    const nowMonoMs = this.#options.clock.monoMs();
    const known = this.#known.get(hash);
    this.#known.delete(hash);
    if (known !== undefined && nowMonoMs - known.atMonoMs < BELIEVE_MS) {
      this.#known.set(hash, known);
      return known.visitor;
    }
    const visitor = await this.#options.visitors.first({
      where: [{ field: 'tokenHash', op: '=', value: hash }],
    });
    if (visitor === undefined) return undefined;
    this.#known.set(hash, { visitor, atMonoMs: nowMonoMs });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    return visitor;
  }

  #ofDevice(deviceId: string): Promise<Visitor | undefined> {
    return this.#options.visitors.first({
      where: [{ field: 'deviceId', op: '=', value: deviceId }],
    });
  }

  async #create(values: Omit<Visitor, 'id' | 'tokenHash' | 'createdAtUnixMs'>): Promise<Visitor> {
    const { visitors, clock } = this.#options;
    try {
      return await visitors.create({
        ...values,
        // Nobody has its token until the row has an id to make it of.
        tokenHash: sha256(randomBytes(32).toString('hex')),
        createdAtUnixMs: clock.nowMs(),
      });
    } catch (thrown) {
      // Two calls of one device at once: the other was faster.
      const raced =
        EngineError.from(thrown).code === 'conflict' && values.deviceId !== null
          ? await this.#ofDevice(values.deviceId)
          : undefined;
      if (raced === undefined) throw thrown;
      return raced;
    }
  }

  async #withHash(visitor: Visitor, token: string): Promise<Visitor> {
    const tokenHash = sha256(token);
    if (visitor.tokenHash === tokenHash) return visitor;
    return (await this.#options.visitors.update(visitor.id, { tokenHash })) ?? visitor;
  }

  /** Bound to the password's age: a new password ends it. */
  #staffToken(visitorId: number, user: User): Promise<string> {
    return this.#token(`${visitorId}:${user.id}:${user.passwordChangedAtUnixMs}`);
  }

  async #token(subject: string): Promise<string> {
    return (await this.#hmac(`token:${subject}`)).slice(0, 40);
  }

  async #hmac(text: string): Promise<string> {
    this.#key ??= this.#siteKey();
    let key: string;
    try {
      key = await this.#key;
    } catch (thrown) {
      // The store may be back at the next call.
      this.#key = undefined;
      throw thrown;
    }
    return createHmac('sha256', key).update(text).digest('hex');
  }

  async #siteKey(): Promise<string> {
    const { settings } = this.#options;
    const known = await settings.get(KEY_NAME, keySchema);
    if (known !== undefined) return known;
    await settings.set(KEY_NAME, randomBytes(32).toString('hex'));
    // Another engine of the site may have written meanwhile: what is stored counts.
    const stored = await settings.get(KEY_NAME, keySchema);
    if (stored === undefined) throw new EngineError('internal', 'the key of visitors was not kept');
    return stored;
  }
}
