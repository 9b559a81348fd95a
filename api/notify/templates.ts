import Mustache from 'mustache';
import { EngineError } from '../../engine/errors.js';

/** Longest template, in characters. */
export const MOST_TEMPLATE = 4_000;
/** Parsed templates kept by the library; at the bound all are forgotten. */
const MOST_PARSED = 2_000;

type Token = readonly [kind: string, name: string, from: number, to: number, ...rest: unknown[]];

/** What a template may name at its first step; below `facts` and `labels` anything goes. */
export const TEMPLATE_NAMES = [
  'rule',
  'alarm',
  'source',
  'device',
  'value',
  'severity',
  'facts',
  'labels',
  'event',
  'state',
  'time',
] as const;

const seen = new Set<string>();

/** Fills a template in. Names that have no value are empty. One that cannot be read is its own text. */
export function fill(template: string, view: Readonly<Record<string, unknown>>): string {
  if (!template.includes('{{')) return template;
  try {
    if (seen.size >= MOST_PARSED) {
      seen.clear();
      Mustache.clearCache();
    }
    seen.add(template);
    return Mustache.render(template, view, undefined, { escape: String });
  } catch {
    // It was checked when it was saved; one that came another way must not hold up an alarm.
    return template;
  }
}

/**
 * Looks at a template before it is saved. @returns the names in it that no edge of a rule can fill.
 * @throws EngineError `input.invalid` naming the field, for text that is too long or is no template.
 */
export function checkTemplate(field: string, template: string): readonly string[] {
  if (template.length > MOST_TEMPLATE) {
    throw new EngineError(
      'input.invalid',
      `${field} has ${template.length} characters; at most ${MOST_TEMPLATE} are allowed`,
      { context: { field } },
    );
  }
  let tokens: readonly Token[];
  try {
    tokens = Mustache.parse(template) as unknown as readonly Token[];
    seen.add(template);
  } catch (cause) {
    throw new EngineError(
      'input.invalid',
      `${field} is no template: ${cause instanceof Error ? cause.message : String(cause)}; names stand in {{ }}, sections end with {{/name}}`,
      { context: { field }, cause },
    );
  }
  const unknown = new Set<string>();
  collect(tokens, unknown);
  return [...unknown];
}

function collect(tokens: readonly Token[], unknown: Set<string>): void {
  for (const token of tokens) {
    const [kind, name, , , inner] = token;
    if (kind === '#' || kind === '^' || kind === 'name' || kind === '&') {
      const first = name.split('.')[0] ?? '';
      const known = (TEMPLATE_NAMES as readonly string[]).includes(first) || name === '.';
      if (!known) unknown.add(name);
    }
    // Inside a section names may be fields of what it is about.
    if (kind === '^' && Array.isArray(inner)) collect(inner as readonly Token[], unknown);
  }
}
