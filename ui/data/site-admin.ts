import { call } from './api.js';

export type Role = 'viewer' | 'operator' | 'admin';
export interface User {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly createdAtUnixMs: number;
}
export interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly owner: string;
  readonly expiresAtUnixMs: number | null;
  readonly usedAtUnixMs: number | null;
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
