import type { Scope, Token } from '../../api/contract/auth.js';
import { call } from './api.js';

export type { Token };

export type Role = 'viewer' | 'operator' | 'admin';
export interface User {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly createdAtUnixMs: number;
}
export interface AuditEntry {
  readonly id: number;
  readonly atUnixMs: number;
  readonly by: string;
  readonly action: string;
  readonly subject: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}
export interface Experiment {
  readonly id: number;
  readonly name: string;
  readonly notes: string;
  readonly channels: readonly string[];
  readonly startedAtUnixMs: number | null;
  readonly stoppedAtUnixMs: number | null;
}

interface List<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/** All rows of a short list. */
export async function listOf<T>(
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): Promise<readonly T[]> {
  return (await call<List<T>>('GET', path, { query })).items;
}

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
