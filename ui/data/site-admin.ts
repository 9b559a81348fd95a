import type { AnswerOf, RowOf } from '../../api/client/calls.types.js';
import type { Scope, Token } from '../../api/contract/auth.js';
import type { Role } from '../../api/contract/rest.js';

export type { Role, Scope, Token };

export type User = AnswerOf<'GET', '/v1/users'>['items'][number];
export type AuditEntry = RowOf<'/v1/audit'>;

/** What of a row was changed, as `field: before → after`. */
export function changesIn({ before, after }: Pick<AuditEntry, 'before' | 'after'>): string {
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  const words = (value: unknown): string => (value === undefined ? '–' : JSON.stringify(value));
  return [...fields]
    .filter((field) => words(before?.[field]) !== words(after?.[field]))
    .map((field) =>
      before === null
        ? `${field}: ${words(after?.[field])}`
        : `${field}: ${words(before[field])} → ${words(after?.[field])}`,
    )
    .join(', ');
}

/** What was done, as `changed dashboards/1`; what is no call of the interface is said as it is. */
export function didWords({ action, subject }: Pick<AuditEntry, 'action' | 'subject'>): string {
  const [, method, path] = /^([A-Z]+) \/v1\/(.+)$/.exec(action) ?? [];
  if (method === undefined || path === undefined) return action;
  if (path === 'login') return 'signed in';
  if (path === 'logout') return 'signed out';
  const thing = subject.replace(/^\/v1\//, '');
  if (method === 'POST') return path.includes('/') ? `asked for ${thing}` : `made ${thing}`;
  return `${method === 'DELETE' ? 'removed' : 'changed'} ${thing}`;
}

/** What a token may be bound to, in the words of who makes it. */
export const SCOPE_WORDS: readonly { readonly value: Scope; readonly word: string }[] = [
  { value: 'read', word: 'Read everything' },
  { value: 'devices', word: 'Devices and connections' },
  { value: 'audio', word: 'Listening sessions' },
  { value: 'content', word: 'Projects and recordings' },
  { value: 'rules', word: 'Rules' },
  { value: 'alarms', word: 'Alarms' },
  { value: 'history', word: 'History' },
  { value: 'site', word: 'Dashboards and the site' },
  { value: 'users', word: 'Users and tokens' },
];

/** What a token may, in words. */
export function mayWords({ role, scopes }: Pick<Token, 'role' | 'scopes'>): string {
  if (scopes === null) return `${role}, everything`;
  const words = scopes.map(
    (scope) => SCOPE_WORDS.find(({ value }) => value === scope)?.word.toLowerCase() ?? scope,
  );
  return `${role}, only: ${words.join(', ')}`;
}
