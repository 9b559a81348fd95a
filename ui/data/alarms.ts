import type { z } from 'zod';
import type { AnswerOf } from '../../api/client/calls.types.js';
import type {
  alarmActions,
  alarmActionsResult,
  alarmEvent,
  NotificationPreference,
} from '../../api/contract/alarms.js';
import type { AlarmRow, Severity } from '../../api/contract/automation-rows.js';
import type { Filter, LiveQueryInput, SortKey } from '../../api/contract/live.js';
import { call } from './api.js';
import type { StateWord } from './states.js';
import { pageQuery } from './table-query.js';

export type { AlarmRow, NotificationPreference, Severity };

/** From the worst on; the place is the row's `severityRank`. */
export const SEVERITIES: readonly Severity[] = ['critical', 'major', 'minor', 'warning', 'info'];

const SEVERITY_WORDS: Readonly<Record<Severity, StateWord>> = {
  critical: { tone: 'critical', word: 'Critical' },
  major: { tone: 'critical', word: 'Major' },
  minor: { tone: 'attention', word: 'Minor' },
  warning: { tone: 'attention', word: 'Warning' },
  info: { tone: 'unknown', word: 'Info' },
};

export const severityWord = (severity: Severity): StateWord => SEVERITY_WORDS[severity];

/** Where an alarm stands, in a word. */
export function alarmState(
  row: Pick<AlarmRow, 'active' | 'acknowledged' | 'shelvedUntilUnixMs'>,
): StateWord {
  if (row.active && row.shelvedUntilUnixMs !== null) return { tone: 'off', word: 'Shelved' };
  if (row.active) {
    return row.acknowledged
      ? { tone: 'attention', word: 'Acknowledged' }
      : { tone: 'critical', word: 'New' };
  }
  return row.acknowledged
    ? { tone: 'good', word: 'Over' }
    : { tone: 'unknown', word: 'Over, not acknowledged' };
}

const QUIET_WORDS: Readonly<Record<NonNullable<AlarmRow['quiet']>, string>> = {
  silence: 'Nobody is told: a silence holds it back',
  schedule: 'Nobody is told: its route is muted now',
  parent: 'Nobody is told: another alarm is its cause',
  shelved: 'Nobody is told while it is shelved',
};

export const quietWords = (quiet: NonNullable<AlarmRow['quiet']>): string => QUIET_WORDS[quiet];

export const ALARM_SHOWS = [
  { value: 'open', word: 'Open' },
  { value: 'new', word: 'Not acknowledged' },
  { value: 'active', word: 'Active' },
  { value: 'overdue', word: 'Overdue' },
  { value: 'shelved', word: 'Shelved' },
  { value: 'over', word: 'Over' },
  { value: 'all', word: 'All of the last day' },
] as const;
export type AlarmShow = (typeof ALARM_SHOWS)[number]['value'];

export interface AlarmWish {
  readonly show: AlarmShow;
  /** This one and the worse ones. */
  readonly severity?: Severity | undefined;
  readonly text?: string | undefined;
  readonly deviceId?: string | undefined;
  /** Assigned to this user. */
  readonly assignedTo?: string | undefined;
}

const is = (field: string, value: string | number | boolean | null): Filter => ({
  field,
  op: '==',
  value,
});
const NOT_SHELVED = is('shelvedUntilUnixMs', null);

const SHOW_FILTERS: Readonly<Record<AlarmShow, Filter | undefined>> = {
  open: { and: [{ or: [is('active', true), is('acknowledged', false)] }, NOT_SHELVED] },
  new: { and: [is('acknowledged', false), NOT_SHELVED] },
  active: is('active', true),
  overdue: is('overdue', true),
  shelved: { and: [is('active', true), { not: NOT_SHELVED }] },
  over: is('active', false),
  all: undefined,
};

/** What a list of alarms shows. */
export function alarmFilter(wish: AlarmWish): Filter | undefined {
  const terms: Filter[] = [];
  const shown = SHOW_FILTERS[wish.show];
  if (shown) terms.push(shown);
  if (wish.severity !== undefined && wish.severity !== 'info') {
    terms.push({ field: 'severityRank', op: '<=', value: SEVERITIES.indexOf(wish.severity) });
  }
  const text = wish.text?.trim() ?? '';
  if (text !== '') {
    const places = ['text', 'ruleName', 'source', 'deviceName', 'type', 'assignedTo'];
    terms.push({ or: places.map((field) => ({ field, op: 'contains', value: text })) });
  }
  if (wish.deviceId !== undefined) terms.push(is('deviceId', wish.deviceId));
  if (wish.assignedTo !== undefined) terms.push(is('assignedTo', wish.assignedTo));
  return terms.length > 1 ? { and: terms } : terms[0];
}

/** The worst and newest first, what is over last. */
const USUAL_SORT: readonly SortKey[] = [
  { field: 'active', direction: 'desc' },
  { field: 'severityRank', direction: 'asc' },
  { field: 'raisedAtUnixMs', direction: 'desc' },
];

export function alarmQuery(options: {
  readonly wish: AlarmWish;
  readonly sort: readonly SortKey[];
  readonly page: number;
  readonly size: number;
}): LiveQueryInput {
  return pageQuery({
    resource: 'alarms',
    filter: alarmFilter(options.wish),
    sort: options.sort.length > 0 ? options.sort : USUAL_SORT,
    page: options.page,
    size: options.size,
  });
}

export type AlarmAction = z.input<typeof alarmActions>['action'];
export type AlarmActionMore = Pick<z.input<typeof alarmActions>, 'to' | 'untilUnixMs' | 'comment'>;
export type AlarmActionAnswer = z.output<typeof alarmActionsResult>;

const PER_CALL = 1_000;

/** Does it to all; those that were refused say why. Rejects with `ApiError`. */
export async function actOnAlarms(
  ids: readonly string[],
  action: AlarmAction,
  more: AlarmActionMore = {},
): Promise<AlarmActionAnswer> {
  const done: number[] = [];
  const refused: AlarmActionAnswer['refused'] = [];
  for (let from = 0; from < ids.length; from += PER_CALL) {
    const answer = await call('POST', '/v1/alarms/actions', {
      body: { ids: ids.slice(from, from + PER_CALL).map(Number), action, ...more },
    });
    done.push(...answer.done);
    refused.push(...answer.refused);
  }
  return { done, refused };
}

export type AlarmDetail = AnswerOf<'GET', '/v1/alarms/{id}'>;
export type AlarmEvent = z.output<typeof alarmEvent>;

export const readAlarm = (id: string, signal: AbortSignal): Promise<AlarmDetail> =>
  call('GET', '/v1/alarms/{id}', { params: { id }, signal });

export async function readAlarmHistory(
  id: string,
  signal: AbortSignal,
): Promise<readonly AlarmEvent[]> {
  return (await call('GET', '/v1/alarms/{id}/history', { params: { id }, signal })).items;
}

export const commentOnAlarm = (id: string, text: string): Promise<unknown> =>
  call('POST', '/v1/alarms/{id}/comments', { params: { id }, body: { text } });

const EVENT_WORDS: Readonly<Record<string, string>> = {
  'alarm.raised': 'Raised',
  'alarm.updated': 'Went on',
  'alarm.cleared': 'Over',
  'alarm.acknowledged': 'Acknowledged',
  'alarm.unacknowledged': 'No longer acknowledged',
  'alarm.assigned': 'Assigned',
  'alarm.commented': 'Commented',
  'alarm.shelved': 'Shelved',
  'alarm.unshelved': 'Taken from the shelf',
  'alarm.escalated': 'Escalated',
};

/** One line of an alarm's story: what, by whom, and what was said. */
export function eventLine({ kind, detail }: AlarmEvent): string {
  const word = EVENT_WORDS[kind] ?? kind.replace(/^alarm\./, '');
  const text = (key: string): string => {
    const value = detail[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const to = kind === 'alarm.assigned' ? ` to ${text('to') || 'nobody'}` : '';
  const by = text('by') === '' ? '' : ` by ${text('by')}`;
  const said = text('comment') === '' ? '' : `: ${text('comment')}`;
  return `${word}${to}${by}${said}`;
}

export const readPreference = (signal: AbortSignal): Promise<NotificationPreference> =>
  call('GET', '/v1/notification-preferences', { signal });

export const savePreference = (value: NotificationPreference): Promise<NotificationPreference> =>
  call('PUT', '/v1/notification-preferences', { body: value });

/** Spans that an alarm is shelved for. */
export const SHELVE_SPANS = [
  { value: '900000', word: '15 min' },
  { value: '3600000', word: '1 h' },
  { value: '14400000', word: '4 h' },
  { value: '28800000', word: '8 h' },
  { value: '86400000', word: '1 day' },
  { value: '604800000', word: '1 week' },
] as const;
