import type { z } from 'zod';
import type { Connection } from '../../actors/notify/protocol.js';
import { EngineError } from '../../engine/errors.js';
import { TARGET_CONFIGS } from '../contract/notify.js';
import type { KnownTarget } from './target-book.js';

export interface Ways {
  /** The site's mail server; undefined: none. */
  readonly smtpUrl: string | undefined;
  readonly from: string;
  /** Private addresses may be called whatever the target says. */
  readonly allowPrivate: boolean;
  /** How to reach the embedded broker; undefined: it is off. */
  readonly broker: () =>
    | { readonly url: string; readonly user: string; readonly password: string }
    | undefined;
}

/** How often a target is tried. */
export interface Patience {
  readonly attempts: number;
  readonly retryMs: number;
}

export const PATIENCE: Patience = { attempts: 3, retryMs: 2_000 };
const TIMEOUT_MS = 10_000;
/** Way of mail that has no target of its own. */
export const MAIL_WAY = 'mail';

/** @throws EngineError `input.invalid` when the target cannot be used as it is, `server.busy` while its broker is away. */
export function connectionOf(
  { row, secret, fault, version }: KnownTarget,
  ways: Ways,
): { readonly connection: Connection; readonly patience: Patience } {
  if (fault !== undefined) throw new EngineError('input.invalid', fault);
  const id = `target-${row.id}`;
  const own = <T extends z.ZodType>(schema: T): z.output<T> => {
    const parsed = schema.safeParse(row.config);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new EngineError(
      'input.invalid',
      `config.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`,
    );
  };
  const base = (config: { readonly timeoutMs: number; readonly allowPrivate?: boolean }) => ({
    id,
    version,
    timeoutMs: config.timeoutMs,
    allowPrivate: config.allowPrivate === true || ways.allowPrivate,
  });
  switch (row.kind) {
    case 'webhook': {
      const config = own(TARGET_CONFIGS.webhook);
      const headers = { ...lower(config.headers), ...lower(secret.headers ?? {}) };
      const { url } = config;
      return {
        connection: { ...base(config), kind: 'webhook', url, headers, key: secret.key },
        patience: config,
      };
    }
    case 'chat': {
      const config = own(TARGET_CONFIGS.chat);
      const { url } = secret;
      if (url === undefined) {
        throw new EngineError('input.invalid', 'secret.url: the address of the chat is not set');
      }
      const { channel, username } = config;
      return {
        connection: { ...base(config), kind: 'chat', url, channel, username },
        patience: config,
      };
    }
    case 'email': {
      const config = own(TARGET_CONFIGS.email);
      return { connection: { ...mail(ways, config.to), ...base(config) }, patience: config };
    }
    case 'mqtt': {
      const config = own(TARGET_CONFIGS.mqtt);
      const embedded = config.url === undefined ? ways.broker() : undefined;
      const url = config.url ?? embedded?.url;
      if (url === undefined) {
        throw new EngineError(
          'server.busy',
          'the embedded broker does not run: set mqtt.broker.enabled, or config.url of the target',
        );
      }
      const { topic, qos, retain, verifyTls } = config;
      const login = embedded ?? { user: config.user, password: secret.password };
      return {
        connection: {
          ...base(config),
          ...(embedded === undefined ? {} : { allowPrivate: true }),
          kind: 'mqtt',
          url,
          user: login.user,
          password: login.password,
          topic,
          qos,
          retain,
          verifyTls,
        },
        patience: config,
      };
    }
    case 'syslog': {
      const config = own(TARGET_CONFIGS.syslog);
      const { host, port, protocol, facility, verifyTls } = config;
      return {
        connection: { ...base(config), kind: 'syslog', host, port, protocol, facility, verifyTls },
        patience: config,
      };
    }
  }
}

/** Mail of the site itself, to addresses that a message names. @throws EngineError `input.invalid` without a server. */
export function mailConnection(ways: Ways): Connection {
  return mail(ways, []);
}

function mail(
  { smtpUrl, from }: Ways,
  to: readonly string[],
): Extract<Connection, { kind: 'email' }> {
  if (smtpUrl === undefined) {
    throw new EngineError(
      'input.invalid',
      'no mail server: set mail.smtpUrl in the configuration, then send it again',
    );
  }
  const base = { id: MAIL_WAY, version: 1, timeoutMs: TIMEOUT_MS, allowPrivate: true };
  return { ...base, kind: 'email', smtpUrl, from, to };
}

const lower = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
