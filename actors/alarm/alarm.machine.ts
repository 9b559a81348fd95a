import { assign, setup, transition } from 'xstate';
import { EngineError } from '../../engine/errors.js';
import type { AlarmRow } from '../automation/automation.types.js';
import { SEVERITIES, type Severity } from '../rule/rule.types.js';

/**
 * The life of an alarm: three things side by side, no timers. What is due by time is told by its owner, so that the
 * stored row is the authority and a restart changes nothing.
 *
 *   activity    active ──cleared──▶ cleared ──reopened──▶ active
 *   attention   open ◀──unacknowledged── acknowledged; a worse severity opens it again
 *   shelf       out ──shelved──▶ shelved ──unshelved, cleared──▶ out
 */
export type AlarmEvent =
  /** The rule fired again while it was active. */
  | ({ readonly type: 'updated' } & Raised)
  /** The rule fired within its cooldown after it was cleared: the same alarm goes on. */
  | ({ readonly type: 'reopened' } & Raised)
  | { readonly type: 'cleared'; readonly atUnixMs: number; readonly by: string | null }
  | { readonly type: 'acknowledged'; readonly atUnixMs: number; readonly by: string }
  | { readonly type: 'unacknowledged'; readonly atUnixMs: number; readonly by: string }
  | {
      readonly type: 'assigned';
      readonly atUnixMs: number;
      readonly by: string;
      readonly to: string | null;
    }
  | { readonly type: 'commented'; readonly atUnixMs: number; readonly by: string }
  | {
      readonly type: 'shelved';
      readonly atUnixMs: number;
      readonly by: string;
      readonly untilUnixMs: number;
    }
  | { readonly type: 'unshelved'; readonly atUnixMs: number; readonly by: string | null }
  /** The next step of its escalation, with the severity it has from then on. */
  | { readonly type: 'escalated'; readonly atUnixMs: number; readonly severity: Severity };

export interface Raised {
  readonly atUnixMs: number;
  readonly severity: Severity;
  readonly text: string;
  readonly value: number | string | null;
}

type AlarmContext = Pick<
  AlarmRow,
  | 'severity'
  | 'text'
  | 'value'
  | 'clearedAtUnixMs'
  | 'acknowledgedAtUnixMs'
  | 'acknowledgedBy'
  | 'assignedTo'
  | 'shelvedUntilUnixMs'
  | 'shelvedBy'
  | 'repeats'
  | 'escalated'
  | 'comments'
>;

/** 0 critical … 4 info. */
export const severityRank = (severity: Severity): number => SEVERITIES.indexOf(severity);

const opened = { acknowledgedAtUnixMs: null, acknowledgedBy: null };
const unshelved = { shelvedUntilUnixMs: null, shelvedBy: null };

const alarmMachine = setup({
  types: {
    context: {} as AlarmContext,
    events: {} as AlarmEvent,
    input: {} as AlarmContext,
  },
  guards: {
    active: ({ context }) => context.clearedAtUnixMs === null,
    activeAndOpen: ({ context }) =>
      context.clearedAtUnixMs === null && context.acknowledgedAtUnixMs === null,
    worse: ({ context, event }) =>
      // Each where the activity takes it too: the regions move together or not at all.
      ((event.type === 'updated' && context.clearedAtUnixMs === null) ||
        (event.type === 'reopened' && context.clearedAtUnixMs !== null)) &&
      severityRank(event.severity) < severityRank(context.severity),
    later: ({ context, event }) =>
      event.type === 'shelved' &&
      event.untilUnixMs > event.atUnixMs &&
      context.clearedAtUnixMs === null,
  },
}).createMachine({
  id: 'alarm',
  context: ({ input }) => input,
  type: 'parallel',
  on: {
    assigned: { actions: assign(({ event }) => ({ assignedTo: event.to })) },
    commented: { actions: assign(({ context }) => ({ comments: context.comments + 1 })) },
    escalated: {
      guard: 'activeAndOpen',
      actions: assign(({ context, event }) => ({
        escalated: context.escalated + 1,
        severity: event.severity,
      })),
    },
  },
  states: {
    activity: {
      initial: 'active',
      states: {
        active: {
          on: {
            updated: {
              actions: assign(({ context, event }) => ({
                ...raisedBy(event),
                repeats: context.repeats + 1,
              })),
            },
            cleared: {
              target: 'cleared',
              actions: assign(({ event }) => ({ clearedAtUnixMs: event.atUnixMs })),
            },
          },
        },
        cleared: {
          on: {
            reopened: {
              target: 'active',
              actions: assign(({ context, event }) => ({
                ...raisedBy(event),
                clearedAtUnixMs: null,
                repeats: context.repeats + 1,
              })),
            },
          },
        },
      },
    },
    attention: {
      initial: 'open',
      states: {
        open: {
          on: {
            acknowledged: {
              target: 'acknowledged',
              actions: assign(({ event }) => ({
                acknowledgedAtUnixMs: event.atUnixMs,
                acknowledgedBy: event.by,
              })),
            },
          },
        },
        acknowledged: {
          on: {
            unacknowledged: { target: 'open', actions: assign(() => opened) },
            updated: { guard: 'worse', target: 'open', actions: assign(() => opened) },
            reopened: { guard: 'worse', target: 'open', actions: assign(() => opened) },
          },
        },
      },
    },
    shelf: {
      initial: 'out',
      states: {
        out: {
          on: { shelved: { guard: 'later', target: 'shelved', actions: assign(shelvedBy) } },
        },
        shelved: {
          on: {
            shelved: { guard: 'later', actions: assign(shelvedBy) },
            unshelved: { target: 'out', actions: assign(() => unshelved) },
            cleared: { target: 'out', actions: assign(() => unshelved) },
          },
        },
      },
    },
  },
});

function raisedBy({ severity, text, value }: Raised): Pick<Raised, 'severity' | 'text' | 'value'> {
  return { severity, text, value };
}

function shelvedBy({ event }: { readonly event: Extract<AlarmEvent, { type: 'shelved' }> }) {
  return { shelvedUntilUnixMs: event.untilUnixMs, shelvedBy: event.by };
}

/** Where an alarm stands, read from its row. */
export interface AlarmStanding {
  readonly activity: 'active' | 'cleared';
  readonly attention: 'open' | 'acknowledged';
  readonly shelf: 'out' | 'shelved';
}

export function standingOf(row: AlarmContext): AlarmStanding {
  return {
    activity: row.clearedAtUnixMs === null ? 'active' : 'cleared',
    attention: row.acknowledgedAtUnixMs === null ? 'open' : 'acknowledged',
    shelf: row.shelvedUntilUnixMs === null ? 'out' : 'shelved',
  };
}

/** `<rule>:<source>` of an active alarm. */
export const activeKeyOf = (ruleId: number, source: string): string => `${ruleId}:${source}`;

/**
 * What an event makes of an alarm; pure.
 * @throws EngineError `conflict` when it cannot happen to an alarm that stands there, with the remedy.
 */
export function moveAlarm(row: AlarmRow, event: AlarmEvent): AlarmRow {
  const now = alarmMachine.resolveState({ value: { ...standingOf(row) }, context: contextOf(row) });
  if (!now.can(event)) throw refused(row, event);
  const [next] = transition(alarmMachine, now, event);
  const active = next.context.clearedAtUnixMs === null;
  return {
    ...row,
    ...next.context,
    // An alarm whose rule is gone keeps the key it had as long as it is active.
    activeKey: active
      ? (row.activeKey ?? (row.ruleId === null ? null : activeKeyOf(row.ruleId, row.source)))
      : null,
    updatedAtUnixMs: event.atUnixMs,
    changes: row.changes + 1,
    lastChange: event.type,
  };
}

function contextOf(row: AlarmRow): AlarmContext {
  return {
    severity: row.severity,
    text: row.text,
    value: row.value,
    clearedAtUnixMs: row.clearedAtUnixMs,
    acknowledgedAtUnixMs: row.acknowledgedAtUnixMs,
    acknowledgedBy: row.acknowledgedBy,
    assignedTo: row.assignedTo,
    shelvedUntilUnixMs: row.shelvedUntilUnixMs,
    shelvedBy: row.shelvedBy,
    repeats: row.repeats,
    escalated: row.escalated,
    comments: row.comments,
  };
}

const REMEDIES: Readonly<Record<AlarmEvent['type'], string>> = {
  updated: 'it is cleared: raise a new one',
  reopened: 'it is still active: update it',
  cleared: 'it is cleared already',
  acknowledged: 'it is acknowledged already; unacknowledge it first to take it over',
  unacknowledged: 'nobody acknowledged it',
  assigned: 'it cannot be assigned',
  commented: 'it cannot be commented',
  shelved: 'shelve an active alarm, until a time that is still to come',
  unshelved: 'it is not shelved',
  escalated: 'only an active alarm that nobody acknowledged escalates',
};

function refused(row: AlarmRow, { type }: AlarmEvent): EngineError {
  const { activity, attention, shelf } = standingOf(row);
  const state = `${activity}, ${attention}${shelf === 'shelved' ? ', shelved' : ''}`;
  return new EngineError('conflict', `alarm ${row.id} (${state}): ${REMEDIES[type]}`, {
    context: { field: 'action', alarmId: row.id, event: type },
  });
}
