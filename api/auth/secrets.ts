import { createHash, randomBytes } from 'node:crypto';

const COOKIE_NAME = 'earshot_session';
export const TOKEN_PREFIX = 'ear_';
export const DEVICE_TOKEN_PREFIX = 'eard_';

/** 256 random bits as 43 characters that need no quoting anywhere. */
export function newSecret(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** What is stored and looked up instead of a secret, hex. A plain hash will do: nobody guesses 256 bits. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Something a client showed, by its shape. Not yet believed. */
export interface Shown {
  readonly kind: 'session' | 'token' | 'device';
  readonly secret: string;
}

const SECRET = '[A-Za-z0-9_-]{43}';
const BEARER = new RegExp(`^bearer +(eard?_${SECRET}) *$`, 'i');
const BARE = new RegExp(`^eard?_${SECRET}$`);
const COOKIE = new RegExp(`(?:^|;) *${COOKIE_NAME}=(${SECRET}) *(?:;|$)`);

/** A token from an `Authorization` header; other schemes belong to somebody else. */
export function bearerOf(authorization: string | undefined): Shown | undefined {
  const secret = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  return secret === undefined ? undefined : tokenShown(secret);
}

/** A token from `?token=` of a socket's address: small devices cannot set headers there. */
export function queryTokenOf(query: string): Shown | undefined {
  const secret = query === '' ? null : new URLSearchParams(query).get('token');
  return secret !== null && BARE.test(secret) ? tokenShown(secret) : undefined;
}

export function cookieOf(cookies: string | undefined): Shown | undefined {
  const secret = cookies === undefined ? undefined : COOKIE.exec(cookies)?.[1];
  return secret === undefined ? undefined : { kind: 'session', secret };
}

function tokenShown(secret: string): Shown {
  return { kind: secret.startsWith(DEVICE_TOKEN_PREFIX) ? 'device' : 'token', secret };
}

/** `Set-Cookie` of a login. Not readable by scripts; `Secure` where the page came over TLS. */
export function sessionCookie(secret: string, maxAgeMs: number, origin: string): string {
  const secure = origin.startsWith('https:') ? '; Secure' : '';
  return `${COOKIE_NAME}=${secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${Math.floor(maxAgeMs / 1_000)}${secure}`;
}

/** `Set-Cookie` that removes it. */
export function clearedCookie(origin: string): string {
  return sessionCookie('', 0, origin);
}
