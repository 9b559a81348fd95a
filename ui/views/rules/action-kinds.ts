import type { FieldSpec } from '../../data/form-spec.js';
import type { Action } from '../../data/rules.js';

type Choice = { readonly value: string; readonly word: string };
/** An action's fields as a form has them. */
export type ActionForm = Record<string, unknown>;
type Spec = FieldSpec<ActionForm>;

export interface ActionChoices {
  readonly targets: readonly Choice[];
  readonly projects: readonly Choice[];
  readonly speakers: readonly Choice[];
}

const TEMPLATE = 'Empty: the usual words. Such as {{rule}}: {{value}} at {{source}}.';
const number = (key: string, label: string, min: number, max: number, step = 1): Spec => ({
  key,
  kind: 'number',
  label,
  min,
  max,
  step,
});
const words = (key: string, label: string, required = true, hint?: string): Spec => ({
  key,
  kind: 'text',
  label,
  required,
  ...(hint === undefined ? {} : { hint }),
});
const one = (key: string, label: string, options: readonly Choice[]): Spec => ({
  key,
  kind: 'choice',
  label,
  options,
  numeric: true,
  none: 'Choose one',
});

export interface ActionKind {
  readonly id: string;
  readonly word: string;
  readonly blank: ActionForm;
  readonly fields: (choices: ActionChoices) => readonly Spec[];
}

const audio = (
  id: string,
  word: string,
  blank: ActionForm,
  fields: ActionKind['fields'],
): ActionKind => ({ id: `audio:${id}`, word, blank: { type: 'audio', do: id, ...blank }, fields });

/** All that a rule can do, as a person chooses it. */
export const ACTION_KINDS: readonly ActionKind[] = [
  {
    id: 'notify',
    word: 'tell a target',
    blank: { type: 'notify', targetId: null },
    fields: ({ targets }) => [
      one('targetId', 'Target', targets),
      words('subject', 'Subject', false, TEMPLATE),
      { key: 'text', kind: 'area', label: 'Text', rows: 2, hint: TEMPLATE },
    ],
  },
  {
    id: 'webhooks',
    word: 'call the webhooks of an event',
    blank: { type: 'webhooks', event: 'sensor.threshold_exceeded' },
    fields: () => [words('event', 'Event')],
  },
  {
    id: 'journal',
    word: 'write into the journal',
    blank: { type: 'journal', level: 'warning', text: '' },
    fields: () => [
      {
        key: 'level',
        kind: 'choice',
        label: 'As',
        options: ['info', 'warning', 'error'].map((value) => ({ value, word: value })),
      },
      words('text', 'Text'),
    ],
  },
  {
    id: 'command',
    word: 'set a device',
    blank: { type: 'command', deviceId: '', parameter: '', value: '' },
    fields: () => [
      words('deviceId', 'Device'),
      words('parameter', 'Parameter'),
      words('value', 'To'),
    ],
  },
  {
    id: 'variable',
    word: 'set a variable',
    blank: { type: 'variable', name: '', value: '' },
    fields: () => [
      words('name', 'Variable'),
      words('value', 'To', true, 'Beginning with = it is an expression.'),
    ],
  },
  ...(['start', 'stop'] as const).map(
    (what): ActionKind => ({
      id: `experiment:${what}`,
      word: `${what} an experiment`,
      blank: { type: 'experiment', do: what, name: '' },
      fields: () => [words('name', 'Name')],
    }),
  ),
  audio('speaker-volume', 'set the volume of a speaker', { speakerId: null, volume: 0.5 }, (c) => [
    one('speakerId', 'Speaker', c.speakers),
    number('volume', 'Volume, 0 to 1', 0, 1, 0.05),
  ]),
  audio('mute', 'mute a speaker', { speakerId: null }, (c) => [
    one('speakerId', 'Speaker', c.speakers),
  ]),
  audio('unmute', 'unmute a speaker', { speakerId: null }, (c) => [
    one('speakerId', 'Speaker', c.speakers),
  ]),
  audio('play', 'play a recording', { projectId: null, assetId: 1 }, (c) => [
    one('projectId', 'To the listeners of', c.projects),
    number('assetId', 'Number of the recording', 1, 1e9),
  ]),
  audio('pause', 'pause a project', { projectId: null }, (c) => [
    one('projectId', 'Project', c.projects),
  ]),
  audio('resume', 'resume a project', { projectId: null }, (c) => [
    one('projectId', 'Project', c.projects),
  ]),
  audio('tags', 'switch the tags of a project', { projectId: null, tagIds: [] }, (c) => [
    one('projectId', 'Project', c.projects),
    { key: 'tagIds', kind: 'lines', label: 'Numbers of tags, one a line', most: 1_000 },
  ]),
  audio('text', 'show a text to listeners', { projectId: null, text: '' }, (c) => [
    one('projectId', 'Project', c.projects),
    words('text', 'Text'),
  ]),
];

export function kindOf(action: ActionForm): ActionKind | undefined {
  const plain = String(action['type']);
  const id = 'do' in action ? `${plain}:${String(action['do'])}` : plain;
  return ACTION_KINDS.find((kind) => kind.id === id);
}

/** As it is stored: what was left empty is left out, numbers are numbers. */
export function actionOf(form: ActionForm): Action {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(form)) {
    if (value === '' || value === undefined) continue;
    if (key === 'tagIds' && Array.isArray(value)) out[key] = value.map(Number);
    else if (key === 'value' && typeof value === 'string') out[key] = scalarOf(value);
    else out[key] = value;
  }
  return out as Action;
}

function scalarOf(text: string): number | string | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  const figure = Number(text);
  return text.trim() !== '' && Number.isFinite(figure) ? figure : text;
}
