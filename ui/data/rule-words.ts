import { severityWord } from './alarms.js';
import { count, span } from './format.js';
import type { Action, RuleDraft } from './rules.js';

/** What a rule refers to, by number. */
export interface RuleNames {
  readonly rule: (id: number) => string;
  readonly target: (id: number) => string;
  readonly schedule: (id: number) => string;
  /** An action in a few words, such as `mute a speaker`. */
  readonly action: (action: Action) => string;
}

const ON_ERROR_WORDS: Readonly<Record<RuleDraft['onError'], string>> = {
  error: '',
  normal: 'an evaluation that fails counts as normal',
  firing: 'an evaluation that fails counts as firing',
  keep: 'an evaluation that fails changes nothing',
};

const NO_DATA_WORDS: Readonly<Record<RuleDraft['noData'], string>> = {
  'no-data': '',
  normal: 'Without data it is normal',
  firing: 'Without data it fires',
  keep: 'Without data it stays as it was',
};
const WHEN_WORDS = [
  { on: 'firing', words: 'When it fires' },
  { on: 'clear', words: 'When it is over' },
  { on: 'both', words: 'When it fires and when it is over' },
] as const;

/** How long it fires, and what it does of itself around that. */
function course(draft: RuleDraft, names: RuleNames): readonly string[] {
  const said: string[] = [];
  if (draft.scheduleId !== null) {
    said.push(`It watches only while ${names.schedule(draft.scheduleId)} is open.`);
  }
  if (draft.keepMs > 0) said.push(`It keeps firing for ${span(draft.keepMs)}.`);
  if (draft.cooldownMs > 0) said.push(`Then it rests for ${span(draft.cooldownMs)}.`);
  const silent = draft.noDataAfterMs > 0 ? `, after ${span(draft.noDataAfterMs)}` : '';
  const noData = NO_DATA_WORDS[draft.noData];
  if (noData !== '') said.push(`${noData}${silent}.`);
  else if (silent !== '') said.push(`It is without data${silent}.`);
  return said;
}

/** What a rule does besides watching, as sentences; what is as usual is not said. */
export function consequences(draft: RuleDraft, names: RuleNames): readonly string[] {
  const said: string[] = [];
  const labels = Object.entries(draft.labels);
  if (draft.severity === null) {
    if (draft.actions.length === 0) said.push('It raises no alarm and does nothing.');
  } else {
    const with_ = labels.map(([label, value]) => `${label} ${value}`).join(', ');
    const word = severityWord(draft.severity).word.toLowerCase();
    const article = /^[aeiou]/.test(word) ? 'an' : 'a';
    said.push(`It raises ${article} ${word} alarm${with_ === '' ? '' : ` with ${with_}`}.`);
    for (const step of [...draft.escalation].sort((a, b) => a.afterMs - b.afterMs)) {
      const does = [
        ...(step.severity === undefined
          ? []
          : [`it becomes ${severityWord(step.severity).word.toLowerCase()}`]),
        ...(step.targetIds.length === 0
          ? []
          : [
              `${step.targetIds.map(names.target).join(' and ')} ${step.targetIds.length === 1 ? 'hears' : 'hear'} of it`,
            ]),
      ];
      if (does.length > 0) {
        said.push(`When nobody acknowledges it for ${span(step.afterMs)}, ${does.join(' and ')}.`);
      }
    }
    if (draft.parentRuleId !== null) {
      said.push(`While “${names.rule(draft.parentRuleId)}” has an alarm, nobody is told.`);
    }
  }
  for (const { on, words } of WHEN_WORDS) {
    const does = draft.actions.filter((action) => (action.on ?? 'firing') === on);
    if (does.length > 0) said.push(`${words}: ${does.map(names.action).join(', ')}.`);
  }
  said.push(...course(draft, names));
  if (draft.maxPerMinute > 0) {
    said.push(`More than ${count(draft.maxPerMinute, 'firing')} a minute stop it.`);
  } else said.push('It may fire as often as it likes.');
  const onError = ON_ERROR_WORDS[draft.onError];
  if (onError !== '') said.push(`${onError.charAt(0).toUpperCase()}${onError.slice(1)}.`);
  return said;
}

const LABEL = /^([A-Za-z_][\w.-]{0,63})\s*[=:]\s*(.+)$/;

/** `area = stage` a line; a fault names the line and the remedy. */
export function labelsFrom(
  lines: readonly string[],
): { readonly labels: Readonly<Record<string, string>> } | { readonly fault: string } {
  const labels: Record<string, string> = {};
  for (const line of lines) {
    const [, label, value] = LABEL.exec(line.trim()) ?? [];
    if (label === undefined || value === undefined) {
      return { fault: `“${line}” is no label: write it like area = stage.` };
    }
    labels[label] = value.trim();
  }
  return { labels };
}

export const labelLines = (labels: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(labels).map(([label, value]) => `${label} = ${value}`);

const FIELD_WORDS: Readonly<Record<string, string>> = {
  each: 'For each of these channels',
  holdMs: 'for at least',
  keepMs: 'keep firing for',
  cooldownMs: 'then rest for',
  inARow: 'Times in a row',
  noData: 'Without data',
  noDataAfterMs: 'Silent after',
  onError: 'On an error',
  maxPerMinute: 'Most firings a minute',
  scheduleId: 'Only while open',
  parentRuleId: 'Quiet below',
  text: 'Words of the alarm',
};

/** Where the server found a fault, from `body.actions.0.targetId`. */
export function faultWords(field: string): string {
  const [first = '', second, ...rest] = field.replace(/^body\.?/, '').split('.');
  const at = Number(second);
  const inside = rest.length === 0 ? '' : `, ${rest.join(' ')}`;
  if (first === 'actions' && Number.isInteger(at)) return `Action ${at + 1}${inside}`;
  if (first === 'escalation' && Number.isInteger(at)) return `Escalation ${at + 1}${inside}`;
  if (first === 'condition')
    return `Condition${second === undefined ? '' : `, ${[second, ...rest].join(' ')}`}`;
  if (first === '') return 'The rule';
  return FIELD_WORDS[first] ?? `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
}

/** Faults of the actions, by their place and then their field. */
export function actionFaults(
  fields: readonly { readonly field: string; readonly message: string }[],
): ReadonlyMap<number, Readonly<Record<string, string>>> {
  const faults = new Map<number, Record<string, string>>();
  for (const { field, message } of fields) {
    const [, at, key] = /^body\.actions\.(\d+)\.([^.]+)/.exec(field) ?? [];
    if (at === undefined || key === undefined) continue;
    faults.set(Number(at), { ...faults.get(Number(at)), [key]: message });
  }
  return faults;
}
