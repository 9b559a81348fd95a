import type { AnswerOf } from '../../api/client/calls.types.js';
import { call } from './api.js';

export type Login = AnswerOf<'GET', '/v1/auth-sessions'>['items'][number];

/** Own ones; for an admin everybody's. Used last first. */
export const logins = async (): Promise<readonly Login[]> =>
  (await call('GET', '/v1/auth-sessions')).items;

export const endLogin = (id: string): Promise<unknown> =>
  call('DELETE', '/v1/auth-sessions/{id}', { params: { id } });

/** One after the other; one that ended meanwhile does not count. @returns how many were ended. */
export async function endLogins(ids: readonly string[]): Promise<number> {
  let ended = 0;
  for (const id of ids) {
    try {
      await endLogin(id);
      ended += 1;
    } catch (thrown) {
      if (!(thrown instanceof Error) || Reflect.get(thrown, 'status') !== 404) throw thrown;
    }
  }
  return ended;
}

export const endLoginsOf = (userId: string): Promise<{ readonly ended: number }> =>
  call('DELETE', '/v1/users/{id}/auth-sessions', { params: { id: userId } });

/** Without a password one is made; it is in the answer, once. */
export const resetPassword = (
  userId: string,
  password: string | undefined,
): Promise<{ readonly username: string; readonly password: string | null }> =>
  call('POST', '/v1/users/{id}/password', {
    params: { id: userId },
    body: password === undefined ? {} : { password },
  });

/** The more particular ones first: Edge and Opera say Chrome too, Chrome says Safari too. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bHeadlessChrome\//, 'Chrome without a window'],
  [/\b(?:Chrome|CriOS)\//, 'Chrome'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'Mac'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** `Firefox on Linux`, from what a browser says of itself; what it says when it is not known. */
export function browserWords(userAgent: string): string {
  const wordIn = (list: typeof BROWSERS): string | undefined =>
    list.find(([pattern]) => pattern.test(userAgent))?.[1];
  const browser = wordIn(BROWSERS);
  const system = wordIn(SYSTEMS);
  if (browser === undefined) return userAgent === '' ? 'Not named' : userAgent;
  return system === undefined ? browser : `${browser} on ${system}`;
}
