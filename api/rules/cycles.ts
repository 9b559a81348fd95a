import type { RuleRow } from '../../actors/automation/automation.types.js';
import { type Glob, globOf, namesOf } from './names.js';

type Ruled = Pick<RuleRow, 'id' | 'name' | 'enabled' | 'condition' | 'each' | 'actions'>;

/** Device whose parameters are the variables. */
export const VARIABLES_DEVICE = 'site:variables';

/** Reads and writes of a rule: names of channels; a variable is `site:variables/<name>`. */
interface Ends {
  readonly rule: Ruled;
  readonly reads: readonly Glob[];
  readonly writes: readonly string[];
}

/**
 * Rules that wake each other in a circle through variables and commands, by id: the names on the circle, in order. Such rules would
 * never come to rest. Disabled rules are no part of one. O(rules × writes).
 */
export function cyclesOf(rules: Iterable<Ruled>): ReadonlyMap<number, readonly string[]> {
  const ends = [...rules].filter(({ enabled }) => enabled).map(endsOf);
  const writers = ends.filter(({ writes }) => writes.length > 0);
  // Only a rule that writes can be on a circle.
  const next = new Map<number, { readonly to: Ends; readonly by: string }[]>();
  for (const from of writers) {
    const list: { to: Ends; by: string }[] = [];
    for (const to of writers) {
      const by = from.writes.find((name) => to.reads.some((read) => read.test(name)));
      if (by !== undefined) list.push({ to, by });
    }
    next.set(from.rule.id, list);
  }
  const found = new Map<number, readonly string[]>();
  for (const start of writers) {
    if (found.has(start.rule.id)) continue;
    const circle = circleFrom(start, next);
    if (circle === undefined) continue;
    const names = circle.flatMap(({ from, by }) => [`rule ${from.rule.name}`, shownName(by)]);
    for (const { from } of circle) {
      if (!found.has(from.rule.id)) found.set(from.rule.id, names);
    }
  }
  return found;
}

export const cycleText = (names: readonly string[]): string =>
  `a cycle: ${[...names, names[0] ?? ''].join(' → ')}: change what one of them reads or writes`;

const shownName = (channel: string): string =>
  channel.startsWith(`${VARIABLES_DEVICE}/`)
    ? `$${channel.slice(VARIABLES_DEVICE.length + 1)}`
    : channel;

function endsOf(rule: Ruled): Ends {
  const { channels, variables } = namesOf(rule.condition);
  const each = rule.each ?? [];
  const reads = new Set<string>(variables.map((name) => `${VARIABLES_DEVICE}/${name}`));
  for (const name of channels) {
    if (!name.startsWith('@')) reads.add(name);
    else if (name === '@') for (const glob of each) reads.add(glob);
    else for (const glob of each) reads.add(`${glob.split('/')[0] ?? '*'}${name.slice(1)}`);
  }
  const writes = new Set<string>();
  for (const action of rule.actions) {
    if (action.type === 'command') writes.add(`${action.deviceId}/${action.parameter}`);
    if (action.type !== 'variable') continue;
    writes.add(`${VARIABLES_DEVICE}/${action.name}`);
    // What an action computes from is read when it runs; it wakes no rule.
  }
  return { rule, reads: [...reads].map(globOf), writes: [...writes] };
}

type Step = { readonly from: Ends; readonly by: string };

/** Shortest way back to `start`; breadth first, so that no depth of rules matters. */
function circleFrom(
  start: Ends,
  next: ReadonlyMap<number, readonly { readonly to: Ends; readonly by: string }[]>,
): readonly Step[] | undefined {
  const cameBy = new Map<number, { readonly step: Step; readonly before: number }>();
  const queue: Ends[] = [start];
  for (let at = 0; at < queue.length; at += 1) {
    const from = queue[at];
    if (from === undefined) break;
    for (const { to, by } of next.get(from.rule.id) ?? []) {
      if (to.rule.id === start.rule.id) {
        const steps: Step[] = [{ from, by }];
        let before = cameBy.get(from.rule.id);
        while (before !== undefined) {
          steps.unshift(before.step);
          before = cameBy.get(before.before);
        }
        return steps;
      }
      if (cameBy.has(to.rule.id)) continue;
      cameBy.set(to.rule.id, { step: { from, by }, before: from.rule.id });
      queue.push(to);
    }
  }
  return undefined;
}
