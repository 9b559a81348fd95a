import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What is wrong at one place of a value. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Farther off than any number of wrong words. */
const WRONG_TYPE = 1_000;

/**
 * Issues as they are, but those of a union: of these the ones of the alternative that was meant. That is the one whose
 * fixed words (`type`, `do`, …) are those of the value; of several the one with the fewest faults. `value` is what was
 * checked.
 */
export function innerFaults(issues: readonly Issue[], value: unknown): readonly Fault[] {
  return unfolded(issues, value);
}

function unfolded(issues: readonly Issue[], value: unknown): readonly Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
    const inner = issue.path.reduce(fieldOf, value);
    const meant = closest(
      issue.errors.map((one) => unfolded(one, inner)),
      inner,
    );
    return meant.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
  });
}

const fieldOf = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;

function closest(alternatives: readonly (readonly Issue[])[], value: unknown): readonly Issue[] {
  const near = nearest(alternatives, value);
  const [first = []] = near;
  if (near.length > 1) {
    for (const { path } of first) {
      const wanted = near.map((one) => expectedAt(one, path));
      if (wanted.some((one) => one === undefined)) continue;
      if (path.length > 0 && !near.some((one) => atPath(one, path)?.code === 'invalid_value'))
        continue;
      const words = [...new Set(wanted.flat())].join(' or ');
      return [{ code: 'custom', path: [...path], message: `Invalid input: expected ${words}` }];
    }
  }
  return near.reduce((best, one) => (weightOf(one) < weightOf(best) ? one : best), first);
}

/** Alternatives of the right type whose fixed words fit best. */
function nearest(
  alternatives: readonly (readonly Issue[])[],
  value: unknown,
): readonly (readonly Issue[])[] {
  const accepted = (key: PropertyKey): boolean =>
    fieldOf(value, key) !== undefined &&
    alternatives.some((one) => !one.some((issue) => isAbout(issue, key)));
  const distances = alternatives.map((one) =>
    one.reduce((sum, { code, path }) => {
      const [key] = path;
      if (key === undefined) return code === 'invalid_type' ? sum + WRONG_TYPE : sum;
      return code === 'invalid_value' && path.length === 1 && accepted(key) ? sum + 1 : sum;
    }, 0),
  );
  const least = Math.min(...distances);
  return alternatives.filter((_, at) => distances[at] === least);
}

function isAbout(issue: Issue, key: PropertyKey): boolean {
  const [first] = issue.path;
  if (first !== undefined) return first === key;
  if (issue.code === 'unrecognized_keys') return issue.keys.some((one) => one === key);
  return issue.code === 'invalid_type';
}

/** At the value itself or one of its fields. */
const atPath = (issues: readonly Issue[], path: readonly PropertyKey[]): Issue | undefined =>
  issues.find(
    (one) => path.length < 2 && one.path.length === path.length && one.path[0] === path[0],
  );

/** Types or words that would be taken there; undefined: something else is wrong, or nothing. */
function expectedAt(
  issues: readonly Issue[],
  path: readonly PropertyKey[],
): readonly string[] | undefined {
  const issue = atPath(issues, path);
  if (issue?.code === 'invalid_value') return issue.values.map((one) => JSON.stringify(one));
  return issue?.code === 'invalid_type' ? [issue.expected] : undefined;
}

const weightOf = (issues: readonly Issue[]): number =>
  issues.reduce(
    (sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1),
    0,
  );
