/**
 * The connection to one device of a plugin, as edges. What is read never comes here.
 *
 *   stopped ⇄ active(queued → connecting → connected) ─failed, lost→ paused ─pause over→ active
 *                 └─ input.invalid → parked (until edited, or its error is an hour old)
 *   idle: its instance is closed, or being opened anew
 *
 * A lost connection is `held` for the hold-down: announced as lost only when it is not back by then. From
 * `maxAttempts` failures in a row on it is announced as an error and tried with the longest pause. The turn, the
 * attempt and the session are leaf logic: `link`.
 */
import { type ActorRefFrom, assign, cancel, fromCallback, raise, setup } from 'xstate';
import { backoff } from '../../../engine/backoff.js';
import type { ErrorCode } from '../../../engine/errors.js';
import type { ConnectionSettings, LinkState } from '../protocol.js';

/** A connection that lasted less counts as one more failure: it would flap with the shortest pause. */
const STEADY_MS = 10_000;
const FORGET_ERROR_MS = 3_600_000;
/** Of the pause after a refused login: often enough for a password that was changed, too seldom to lock the account. */
const REFUSED_PAUSES = 5;
const JITTER = 0.5;

/** What goes on counting over threads and restarts. */
export interface ConnectionCounts {
  readonly reconnects: number;
  readonly errorCount: number;
  readonly everConnected: boolean;
  readonly connectedAtUnixMs: number | undefined;
  readonly disconnectedAtUnixMs: number | undefined;
}

export interface ConnectionInput {
  readonly deviceId: string;
  readonly settings: ConnectionSettings;
  /** `idle`: its instance is not open. */
  readonly begin: 'active' | 'stopped' | 'idle';
  readonly counts: ConnectionCounts;
}

export interface ConnectionContext extends ConnectionInput {
  /** Since the last success. */
  readonly attempts: number;
  /** Failures in a row; short connections count. */
  readonly streak: number;
  readonly held: boolean;
  readonly nextAttemptAtUnixMs: number | undefined;
  readonly pauseMs: number;
  readonly errorCode: ErrorCode | undefined;
  readonly errorMessage: string | undefined;
  readonly lastErrorAtUnixMs: number | undefined;
  /** Idle because the instance is closed, not because it is being opened anew. */
  readonly closed: boolean;
}

interface Fault {
  readonly atUnixMs: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** 0 ≤ chance < 1, for the jitter. */
  readonly chance: number;
}

export type ConnectionEvent =
  | { readonly type: 'turn'; readonly atUnixMs: number }
  | { readonly type: 'opened'; readonly atUnixMs: number }
  | ({ readonly type: 'failed' } & Fault)
  | ({ readonly type: 'lost' } & Fault)
  | { readonly type: 'rotated'; readonly atUnixMs: number }
  | { readonly type: 'hold.over' }
  | { readonly type: 'operator.start' }
  | { readonly type: 'operator.stop'; readonly atUnixMs: number }
  | { readonly type: 'operator.reconnect'; readonly atUnixMs: number }
  | {
      readonly type: 'edited';
      readonly atUnixMs: number;
      readonly settings: ConnectionSettings;
      readonly enabled: boolean;
      /** Something changed that a connection is made of. */
      readonly afresh: boolean;
    }
  | { readonly type: 'rest'; readonly atUnixMs: number; readonly closed: boolean }
  | ({ readonly type: 'halted' } & Fault)
  | { readonly type: 'stop' };

const NO_ERROR = {
  attempts: 0,
  streak: 0,
  errorCode: undefined,
  errorMessage: undefined,
  nextAttemptAtUnixMs: undefined,
} as const;

export const connectionMachine = setup({
  types: {
    input: {} as ConnectionInput,
    context: {} as ConnectionContext,
    events: {} as ConnectionEvent,
  },
  actors: {
    link: fromCallback<ConnectionEvent, { readonly deviceId: string }>(() => undefined),
  },
  delays: {
    pause: ({ context }) => context.pauseMs,
    forgetError: FORGET_ERROR_MS,
  },
  actions: {
    countAttempt: assign({
      attempts: ({ context }) => context.attempts + 1,
      nextAttemptAtUnixMs: undefined,
    }),
    noteOpened: assign(({ context, event }) => {
      if (event.type !== 'opened') return {};
      const { counts } = context;
      return {
        attempts: 0,
        held: false,
        errorCode: undefined,
        errorMessage: undefined,
        counts: {
          ...counts,
          reconnects: counts.reconnects + (counts.everConnected ? 1 : 0),
          everConnected: true,
          connectedAtUnixMs: event.atUnixMs,
        },
      };
    }),
    noteFault: assign(({ context, event }) => {
      if (event.type !== 'failed' && event.type !== 'lost' && event.type !== 'halted') return {};
      const { counts } = context;
      const streak = streakAfter(context, event);
      const pauseMs = pauseAfter(context.settings, streak, event);
      return {
        streak,
        pauseMs,
        nextAttemptAtUnixMs: event.type === 'halted' ? undefined : event.atUnixMs + pauseMs,
        errorCode: event.code,
        errorMessage: event.message,
        lastErrorAtUnixMs: event.atUnixMs,
        counts: {
          ...counts,
          errorCount: counts.errorCount + 1,
          disconnectedAtUnixMs:
            event.type === 'lost' ? event.atUnixMs : counts.disconnectedAtUnixMs,
        },
      };
    }),
    noteLeft: assign(({ context, event }) => ({
      held: false,
      counts:
        'atUnixMs' in event
          ? { ...context.counts, disconnectedAtUnixMs: event.atUnixMs }
          : context.counts,
    })),
    hold: assign({ held: true }),
    letGo: assign({ held: false }),
    forgetErrors: assign(NO_ERROR),
    noteSettings: assign(({ event }) =>
      event.type === 'edited' ? { settings: event.settings } : {},
    ),
    noteClosed: assign(({ event }) => (event.type === 'rest' ? { closed: event.closed } : {})),
    startHold: raise(
      { type: 'hold.over' },
      {
        id: 'hold',
        delay: ({ context }) => context.settings.holdDownMs,
      },
    ),
    endHold: cancel('hold'),
  },
  guards: {
    parks: ({ event }) => event.type === 'failed' && event.code === 'input.invalid',
    disabled: ({ event }) => event.type === 'edited' && !event.enabled,
    afresh: ({ event }) => event.type === 'edited' && event.afresh,
    beginsStopped: ({ context }) => context.begin === 'stopped',
    beginsIdle: ({ context }) => context.begin === 'idle',
  },
}).createMachine({
  id: 'connection',
  context: ({ input }) => ({
    ...input,
    ...NO_ERROR,
    held: false,
    pauseMs: input.settings.backoffFirstMs,
    lastErrorAtUnixMs: undefined,
    closed: false,
  }),
  initial: 'beginning',
  on: {
    'hold.over': { actions: 'letGo' },
    'operator.stop': { target: '.stopped', actions: ['noteLeft', 'endHold'] },
    rest: { target: '.idle', actions: ['noteLeft', 'endHold', 'noteClosed'] },
    halted: { target: '.parked', actions: ['noteFault', 'letGo', 'endHold'] },
    edited: [
      { guard: 'disabled', target: '.stopped', actions: ['noteSettings', 'noteLeft', 'endHold'] },
      { guard: 'afresh', target: '.active', actions: ['noteSettings', 'forgetErrors'] },
      { actions: 'noteSettings' },
    ],
    'operator.reconnect': { target: '.active', actions: 'forgetErrors' },
    stop: '.ended',
  },
  states: {
    beginning: {
      always: [
        { guard: 'beginsStopped', target: 'stopped' },
        { guard: 'beginsIdle', target: 'idle' },
        { target: 'active' },
      ],
    },
    stopped: {
      on: {
        'operator.start': { target: 'active', actions: 'forgetErrors' },
        'operator.reconnect': {},
        'operator.stop': {},
        rest: { actions: 'noteClosed' },
        edited: [
          { guard: 'disabled', actions: 'noteSettings' },
          { target: 'active', actions: ['noteSettings', 'forgetErrors'] },
        ],
        halted: {},
      },
    },
    idle: {
      on: {
        'operator.reconnect': {},
        rest: { actions: 'noteClosed' },
        edited: [
          { guard: 'disabled', target: 'stopped', actions: 'noteSettings' },
          { guard: 'afresh', target: 'active', actions: ['noteSettings', 'forgetErrors'] },
          { actions: 'noteSettings' },
        ],
      },
    },
    active: {
      // Entered anew by an edit or by the operator: the link ends and begins again.
      invoke: { src: 'link', id: 'link', input: ({ context }) => ({ deviceId: context.deviceId }) },
      initial: 'queued',
      on: {
        failed: [
          { guard: 'parks', target: 'parked', actions: ['noteFault', 'letGo', 'endHold'] },
          { target: 'paused', actions: 'noteFault' },
        ],
        'operator.start': {},
        'operator.reconnect': { target: 'active', reenter: true, actions: 'forgetErrors' },
        edited: [
          {
            guard: 'disabled',
            target: 'stopped',
            actions: ['noteSettings', 'noteLeft', 'endHold'],
          },
          {
            guard: 'afresh',
            target: 'active',
            reenter: true,
            actions: ['noteSettings', 'forgetErrors'],
          },
          { actions: 'noteSettings' },
        ],
      },
      states: {
        queued: { on: { turn: { target: 'connecting', actions: 'countAttempt' } } },
        connecting: {
          on: { opened: { target: 'connected', actions: ['noteOpened', 'endHold'] } },
        },
        connected: {
          on: {
            lost: {
              target: '#connection.paused',
              actions: ['noteFault', 'hold', 'startHold'],
            },
            // Its turn is over for now: nothing went wrong, so nothing is held.
            rotated: { target: '#connection.active', reenter: true, actions: 'noteLeft' },
          },
        },
      },
    },
    paused: {
      after: { pause: 'active' },
      on: { 'operator.start': { target: 'active', actions: 'forgetErrors' } },
    },
    parked: {
      // An old error is no reason any more: it is tried again, and parked again if it still holds.
      after: { forgetError: { target: 'active', actions: 'forgetErrors' } },
      on: { 'operator.start': { target: 'active', actions: 'forgetErrors' } },
    },
    ended: { type: 'final' },
  },
});

export type ConnectionRef = ActorRefFrom<typeof connectionMachine>;
export type ConnectionSnapshot = ReturnType<ConnectionRef['getSnapshot']>;

/** What everybody sees of a machine. `waiting`: it is queued because other devices hold all connections. */
export function linkStateOf(snapshot: ConnectionSnapshot, waiting: boolean): LinkState {
  const { context } = snapshot;
  if (snapshot.matches('stopped') || snapshot.matches('ended')) return 'stopped';
  if (snapshot.matches('idle')) return context.closed ? 'stopped' : 'connecting';
  if (snapshot.matches('parked')) return 'error';
  if (snapshot.matches({ active: 'connected' })) return 'connected';
  if (context.held) return 'connecting';
  if (isFailing(context)) return 'error';
  if (snapshot.matches('paused')) return 'disconnected';
  return waiting ? 'disconnected' : 'connecting';
}

/** Counts out of a persisted snapshot; anything that is none counts from zero. */
export function countsFrom(snapshot: unknown): ConnectionCounts {
  const context = fieldsOf(fieldsOf(snapshot)['context']);
  const counts = fieldsOf(context['counts']);
  const number = (name: string): number | undefined => {
    const value = counts[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  return {
    reconnects: number('reconnects') ?? 0,
    errorCount: number('errorCount') ?? 0,
    everConnected: counts['everConnected'] === true,
    connectedAtUnixMs: number('connectedAtUnixMs'),
    disconnectedAtUnixMs: number('disconnectedAtUnixMs'),
  };
}

function isFailing({ streak, settings, errorCode }: ConnectionContext): boolean {
  return streak >= settings.maxAttempts || errorCode === 'auth.denied';
}

function streakAfter(context: ConnectionContext, event: Fault & { readonly type: string }): number {
  if (event.type !== 'lost') return context.streak + 1;
  const connectedAt = context.counts.connectedAtUnixMs ?? event.atUnixMs;
  return event.atUnixMs - connectedAt < STEADY_MS ? context.streak + 1 : 1;
}

function pauseAfter(settings: ConnectionSettings, streak: number, fault: Fault): number {
  const { backoffFirstMs: firstMs, backoffMaxMs: maxMs, maxAttempts } = settings;
  const random = (): number => fault.chance;
  if (fault.code === 'auth.denied') {
    const slowMs = REFUSED_PAUSES * maxMs;
    return backoff({ firstMs: slowMs, maxMs: slowMs, jitter: JITTER, random })(1);
  }
  const first = streak >= maxAttempts ? maxMs : Math.min(firstMs, maxMs);
  return backoff({ firstMs: first, maxMs, jitter: JITTER, random })(Math.max(1, streak));
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
