import type { z } from 'zod';
import type { matcher } from '../../api/contract/alarms.js';

export type Matcher = z.output<typeof matcher>;

const LINE = /^([A-Za-z_][\w.-]{0,63})\s*(=~|!~|!=|=)\s*(.*)$/;

/** `severity = critical` as typed; a fault names the line and the remedy. */
export function matchersFrom(
  lines: readonly string[],
): { readonly matchers: readonly Matcher[] } | { readonly fault: string } {
  const matchers: Matcher[] = [];
  for (const line of lines) {
    const [, label, op, value] = LINE.exec(line.trim()) ?? [];
    if (label === undefined || op === undefined || value === undefined) {
      return { fault: `“${line}” is none: write it like severity = critical, or rule =~ .*Door.*` };
    }
    matchers.push({ label, op: op as Matcher['op'], value: value.replace(/^"(.*)"$/, '$1') });
  }
  return { matchers };
}

export const matcherLines = (matchers: readonly Matcher[]): readonly string[] =>
  matchers.map(({ label, op, value }) => `${label} ${op} ${value}`);

const OP_WORDS: Readonly<Record<Matcher['op'], string>> = {
  '=': 'is',
  '!=': 'is not',
  '=~': 'looks like',
  '!~': 'does not look like',
};

/** `severity is critical and rule looks like .*Door.*`; all alarms for none. */
export function matcherWords(matchers: readonly Matcher[]): string {
  if (matchers.length === 0) return 'all alarms';
  return matchers.map(({ label, op, value }) => `${label} ${OP_WORDS[op]} ${value}`).join(' and ');
}
