import { EngineError } from '../../engine/errors.js';
import type { Auth } from '../auth/auth.js';
import { isCrossSite } from '../auth/cross-site.js';
import { ANONYMOUS, requireRole } from '../http/auth.types.js';
import type { Exchange } from '../http/exchange.js';
import type { Principal } from '../http/route.types.js';

const BASIC = /^basic +([A-Za-z0-9+/=]+) *$/i;

/** Who may read and change something through a protocol that knows no logins of its own. */
export interface Writers {
  /**
   * Who asks: by token (`Bearer`), by name and password (`Basic`) or by the cookie of a page of this site.
   * @throws EngineError `auth.required` for a wrong login, `rate.limited` after too many of them.
   */
  who(exchange: Exchange, address: string): Promise<Principal>;
  /**
   * Passes when everybody may write, or for a login with the role operator.
   * @param known who asks, where that was found out already
   * @returns who asks; nobody where everybody may write and a login shown is none
   * @throws EngineError `auth.required`, `auth.denied`: what to do is in the message.
   */
  requireWriter(exchange: Exchange, address: string, known?: Principal): Promise<Principal>;
}

export type WriteAuth = Pick<Auth, 'authenticate' | 'verify'>;

/** @param setting name of the configuration key that lets everybody write, for the messages. */
export function openWriters(options: {
  readonly auth: WriteAuth;
  readonly allowWrites: boolean;
  readonly setting: string;
}): Writers {
  const { auth, allowWrites, setting } = options;
  const who = async (exchange: Exchange, address: string): Promise<Principal> => {
    const { method, path, query } = exchange.head;
    const header = (name: string): string | undefined => exchange.header(name);
    const basic = BASIC.exec(header('authorization') ?? '')?.[1];
    if (basic === undefined) {
      return await auth.authenticate({ method, path, query, address, header });
    }
    const [name = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    return await auth.verify(name, rest.join(':'), address);
  };
  return {
    who,
    async requireWriter(exchange, address, known) {
      const { method } = exchange.head;
      const foreign = isCrossSite({ method, header: (name) => exchange.header(name) });
      if (allowWrites && !foreign) {
        return known ?? (await who(exchange, address).catch(() => ANONYMOUS));
      }
      const principal = known ?? (await who(exchange, address));
      if (principal.kind === 'anonymous' && foreign) {
        throw new EngineError('auth.denied', 'a page of another site may not change this one');
      }
      if (principal.kind === 'anonymous') {
        throw new EngineError(
          'auth.required',
          'changing this site needs a login with the role operator: sign in to Earshot in this browser, send ' +
            `"Authorization: Bearer <token>" or Basic, or set ${setting} to true in its configuration`,
        );
      }
      requireRole(principal, 'operator', 'changing this site');
      return principal;
    },
  };
}
