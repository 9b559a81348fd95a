/**
 * A rule for one source, as edges. Samples never come here; the thread tells when the condition begins to hold (`held`) and
 * ceases to (`ceased`), a silence, an error, and the end of the running span (`due`).
 *
 *   normal ─held→ pending ─due→ firing ─ceased→ recovering ─due→ normal
 *      └──── held, no hold-off ──┘ └─── ceased, no keep ────────┘
 *   any ─silent→ no-data ─spoke→ …    any ─failed→ error ─mended→ …    any ─disable→ disabled ─reset→ normal
 *
 * Time: all times in the context are of the monotonic clock of the thread it runs in, so a wall clock that is set neither ends a
 * hold-off early nor makes it longer. A snapshot says when it was taken by both clocks, and `rebase` moves it to the clock of the next
 * thread: the time in between counts by the wall clock, never less than nothing, and no span becomes longer than it was.
 *
 * A rule that repeats is told `again` by the samples that come after its cooldown while it fires.
 *
 * An alarm outlives silence and errors of its rule: `told` stays until the rule is normal or disabled.
 */
import { type ActorRefFrom, assign, setup } from 'xstate';
import type { RuleDefinition, RuleState } from './rule.types.js';

const MINUTE_MS = 60_000;

export type RuleTiming = Pick<RuleDefinition, 'holdMs' | 'keepMs' | 'cooldownMs' | 'maxPerMinute'>;

export interface RuleContext extends RuleTiming {
  /** End of the running span: hold-off, keep, or the rest of the cooldown. */
  readonly dueMonoMs: number | null;
  /** Firings of the last minute. */
  readonly firedMonoMs: readonly number[];
  /** When somebody was last told that it fires. */
  readonly toldMonoMs: number | null;
  /** Somebody was told that it fires, and not yet that it ended. */
  readonly told: boolean;
  readonly reason: string | null;
  /** An error that only a change or `reset` ends. */
  readonly stuck: boolean;
}

interface Timed {
  readonly monoMs: number;
}

export type RuleEvent =
  | ({ readonly type: 'held' | 'ceased' | 'again' | 'due' | 'silent' } & Timed)
  /** `holds`: as the condition is now. */
  | ({ readonly type: 'spoke' | 'mended'; readonly holds: boolean } & Timed)
  | ({ readonly type: 'failed'; readonly reason: string; readonly stuck: boolean } & Timed)
  | ({ readonly type: 'disable' | 'reset' } & Timed)
  | ({ readonly type: 'tuned'; readonly timing: RuleTiming } & Timed)
  | { readonly type: 'stop' };

const monoOf = (event: RuleEvent): number => (event.type === 'stop' ? 0 : event.monoMs);

function recent(fired: readonly number[], monoMs: number): readonly number[] {
  return fired.filter((at) => monoMs - at < MINUTE_MS);
}

/** When a firing may be told again; 0: now. */
function coolsUntil(context: RuleContext, monoMs: number): number {
  if (context.toldMonoMs === null) return 0;
  const untilMonoMs = context.toldMonoMs + context.cooldownMs;
  return untilMonoMs > monoMs ? untilMonoMs : 0;
}

export const ruleMachine = setup({
  types: {
    input: {} as RuleTiming,
    context: {} as RuleContext,
    events: {} as RuleEvent,
  },
  actions: {
    hold: assign({ dueMonoMs: ({ context, event }) => monoOf(event) + context.holdMs }),
    keep: assign({ dueMonoMs: ({ context, event }) => monoOf(event) + context.keepMs }),
    rest: assign({ dueMonoMs: null }),
    count: assign({
      firedMonoMs: ({ context, event }) =>
        context.maxPerMinute === 0
          ? []
          : [...recent(context.firedMonoMs, monoOf(event)), monoOf(event)],
    }),
    fire: assign(({ context, event }) => {
      if (context.told) return { dueMonoMs: null };
      const monoMs = monoOf(event);
      const untilMonoMs = coolsUntil(context, monoMs);
      if (untilMonoMs > 0) return { dueMonoMs: untilMonoMs };
      return { dueMonoMs: null, told: true, toldMonoMs: monoMs };
    }),
    tell: assign({
      told: true,
      toldMonoMs: ({ event }) => monoOf(event),
      dueMonoMs: null,
    }),
    settle: assign({ dueMonoMs: null, told: false, reason: null, stuck: false }),
    fail: assign({
      dueMonoMs: null,
      reason: ({ context, event }) => (event.type === 'failed' ? event.reason : context.reason),
      stuck: ({ context, event }) => (event.type === 'failed' ? event.stuck : context.stuck),
    }),
    thrash: assign({
      dueMonoMs: null,
      stuck: true,
      reason: ({ context }) =>
        `it fired more than ${context.maxPerMinute} times in a minute: widen its hysteresis or its hold-off, then enable it again`,
    }),
    forget: assign({ firedMonoMs: [], toldMonoMs: null }),
    tune: assign(({ event }) => (event.type === 'tuned' ? event.timing : {})),
  },
  guards: {
    waits: ({ context }) => context.holdMs > 0,
    keeps: ({ context }) => context.keepMs > 0,
    thrashes: ({ context, event }) =>
      context.maxPerMinute > 0 &&
      recent(context.firedMonoMs, monoOf(event)).length >= context.maxPerMinute,
    fires: ({ context, event }) => holds(event) && context.told,
    begins: ({ context, event }) => holds(event) && context.holdMs > 0,
    holdsTooOften: ({ context, event }) =>
      holds(event) &&
      context.maxPerMinute > 0 &&
      recent(context.firedMonoMs, monoOf(event)).length >= context.maxPerMinute,
    holds: ({ event }) => holds(event),
    stuck: ({ context }) => context.stuck,
    cooled: ({ context, event }) => context.told && coolsUntil(context, monoOf(event)) === 0,
  },
}).createMachine({
  id: 'rule',
  context: ({ input }) => ({
    holdMs: input.holdMs,
    keepMs: input.keepMs,
    cooldownMs: input.cooldownMs,
    maxPerMinute: input.maxPerMinute,
    dueMonoMs: null,
    firedMonoMs: [],
    toldMonoMs: null,
    told: false,
    reason: null,
    stuck: false,
  }),
  initial: 'normal',
  on: {
    disable: '.disabled',
    failed: '.error',
    silent: '.no-data',
    /** Changed, or enabled again: all but the number of its edges begins anew. */
    reset: { target: '.normal', actions: 'forget' },
    tuned: { actions: 'tune' },
    stop: '.stopped',
  },
  states: {
    disabled: {
      entry: ['settle', 'forget'],
      on: { disable: {}, failed: {}, silent: {} },
    },
    normal: {
      entry: 'settle',
      on: {
        held: [
          { guard: 'waits', target: 'pending' },
          { guard: 'thrashes', target: 'error', actions: 'thrash' },
          { target: 'firing', actions: 'count' },
        ],
      },
    },
    pending: {
      entry: 'hold',
      on: {
        ceased: 'normal',
        due: [
          { guard: 'thrashes', target: 'error', actions: 'thrash' },
          { target: 'firing', actions: 'count' },
        ],
      },
    },
    firing: {
      entry: 'fire',
      on: {
        ceased: [{ guard: 'keeps', target: 'recovering' }, { target: 'normal' }],
        // The cooldown is over and it still fires.
        due: { actions: 'tell' },
        again: { guard: 'cooled', actions: 'tell' },
      },
    },
    recovering: {
      entry: 'keep',
      on: { held: 'firing', due: 'normal' },
    },
    'no-data': {
      entry: 'rest',
      on: {
        silent: {},
        spoke: [
          { guard: 'fires', target: 'firing' },
          { guard: 'begins', target: 'pending' },
          { guard: 'holdsTooOften', target: 'error', actions: 'thrash' },
          { guard: 'holds', target: 'firing', actions: 'count' },
          { target: 'normal' },
        ],
      },
    },
    error: {
      entry: 'fail',
      on: {
        silent: {},
        failed: [{ guard: 'stuck' }, { target: 'error', reenter: true }],
        mended: [
          { guard: 'stuck' },
          { guard: 'fires', target: 'firing' },
          { guard: 'begins', target: 'pending' },
          { guard: 'holdsTooOften', target: 'error', actions: 'thrash' },
          { guard: 'holds', target: 'firing', actions: 'count' },
          { target: 'normal' },
        ],
      },
    },
    stopped: { type: 'final' },
  },
});

function holds(event: RuleEvent): boolean {
  return (event.type === 'spoke' || event.type === 'mended') && event.holds;
}

export type RuleRef = ActorRefFrom<typeof ruleMachine>;

/** Both clocks at one moment. */
export interface Moment {
  readonly unixMs: number;
  readonly monoMs: number;
}

/** The context as it is at `now`, where it was taken at `then` by clocks that may be another machine start's. */
export function rebase(context: RuleContext, then: Moment, now: Moment): RuleContext {
  const shiftMs = now.monoMs - then.monoMs - Math.max(0, now.unixMs - then.unixMs);
  const moved = (monoMs: number | null): number | null =>
    monoMs === null ? null : monoMs + shiftMs;
  return {
    ...context,
    dueMonoMs: moved(context.dueMonoMs),
    toldMonoMs: moved(context.toldMonoMs),
    firedMonoMs: context.firedMonoMs.map((monoMs) => monoMs + shiftMs),
  };
}

/** What an edge means outside, from the states and contexts on its two sides; undefined: nothing happened. */
export function kindOfEdge(
  from: RuleState,
  before: RuleContext,
  to: RuleState,
  after: RuleContext,
): 'firing' | 'clear' | 'cooled' | 'state' | undefined {
  if (after.told && (!before.told || after.toldMonoMs !== before.toldMonoMs)) return 'firing';
  if (before.told && !after.told) return 'clear';
  if (from === to) return after.reason === before.reason ? undefined : 'state';
  if (to === 'firing' && !after.told && from !== 'recovering') return 'cooled';
  return 'state';
}
