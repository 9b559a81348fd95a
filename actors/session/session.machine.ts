import { assign, type CallbackLogicFunction, fromCallback, sendTo, setup } from 'xstate';
import { EngineError } from '../../engine/errors.js';

/**
 * One listener's stream.
 *
 *   starting ──voice.ready──▶ streaming ◀──resume── paused
 *                                │  ▲ ╲──────pause────▶ │
 *                 presence.quiet ▼  │ presence.back     │
 *                               idle ────────────────────
 *                                │ presence.expired (from any of them), or stop
 *                                ▼
 *                             stopped
 *
 * Positions, sound and heartbeats do not pass through here: the leaves hold them and tell only edges.
 * `voice` puts the session into the mix of its thread and takes it out again; `presence` tells whether
 * anybody is there. Both begin again with a restored snapshot, so a lost thread costs a short gap.
 */
export interface SessionInput {
  readonly sessionId: string;
}

export interface SessionContext {
  readonly sessionId: string;
  readonly paused: boolean;
  readonly error: string | undefined;
}

/** From the owner of the session. */
export type SessionCommand =
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'stop' };

/** From the leaves. */
export type SessionEdgeEvent =
  /** `paused`: as the owner of the session has it, after a restart without snapshot. */
  | { readonly type: 'voice.ready'; readonly paused: boolean }
  | { readonly type: 'voice.failed'; readonly error: EngineError }
  | { readonly type: 'presence.back' }
  | { readonly type: 'presence.quiet' }
  | { readonly type: 'presence.expired' };

export type SessionEvent = SessionCommand | SessionEdgeEvent;

/** To the `voice` leaf. */
export interface VoiceEvent {
  readonly type: 'voice.pause';
  readonly paused: boolean;
}

/** Why it ended: undefined when it was stopped or nobody was there. An error has it started again. */
export type SessionOutput = EngineError | undefined;

interface LeafInput {
  readonly sessionId: string;
}

/**
 * The outside of the machine; one instance a thread. They are started again with a restored snapshot, so
 * they find all but the id of their session in their thread and not in their input.
 */
export interface SessionLeaves {
  readonly voice: CallbackLogicFunction<VoiceEvent, SessionEdgeEvent, LeafInput>;
  readonly presence: CallbackLogicFunction<VoiceEvent, SessionEdgeEvent, LeafInput>;
}

const missing = fromCallback<VoiceEvent, LeafInput>(({ sendBack }) => {
  sendBack({ type: 'voice.failed', error: new EngineError('internal', 'no leaf was provided') });
});

export const sessionMachine = setup({
  types: {
    input: {} as SessionInput,
    context: {} as SessionContext,
    events: {} as SessionEvent,
    output: {} as SessionOutput,
  },
  actors: { voice: missing, presence: missing },
  guards: {
    readyPaused: ({ event }) => event.type === 'voice.ready' && event.paused,
  },
  actions: {
    setPaused: assign({ paused: true }),
    setPlaying: assign({ paused: false }),
    tellVoice: sendTo('voice', ({ context }) => ({ type: 'voice.pause', paused: context.paused })),
  },
}).createMachine({
  id: 'session',
  initial: 'starting',
  context: ({ input }) => ({ sessionId: input.sessionId, paused: false, error: undefined }),
  invoke: [
    {
      id: 'voice',
      src: 'voice',
      input: ({ context }) => ({ sessionId: context.sessionId }),
      onError: {
        target: '.failed',
        actions: assign({ error: ({ event }) => String(event.error) }),
      },
    },
    {
      id: 'presence',
      src: 'presence',
      input: ({ context }) => ({ sessionId: context.sessionId }),
      onError: {
        target: '.failed',
        actions: assign({ error: ({ event }) => String(event.error) }),
      },
    },
  ],
  on: {
    stop: '.stopped',
    'presence.expired': '.stopped',
    'voice.failed': {
      target: '.failed',
      actions: assign({ error: ({ event }) => event.error.message }),
    },
  },
  states: {
    starting: {
      on: {
        'voice.ready': [
          { guard: 'readyPaused', target: 'paused', actions: 'setPaused' },
          { target: 'streaming' },
        ],
      },
    },
    streaming: {
      on: {
        pause: { target: 'paused', actions: ['setPaused', 'tellVoice'] },
        'presence.quiet': 'idle',
      },
    },
    paused: {
      on: { resume: { target: 'streaming', actions: ['setPlaying', 'tellVoice'] } },
    },
    idle: {
      on: {
        pause: { target: 'paused', actions: ['setPaused', 'tellVoice'] },
        'presence.back': 'streaming',
      },
    },
    stopped: { type: 'final' },
    failed: { type: 'final' },
  },
  output: ({ context }) =>
    context.error === undefined ? undefined : new EngineError('media.encoder', context.error),
});

/** The machine with the leaves of one thread. */
export function sessionLogic(leaves: SessionLeaves) {
  return sessionMachine.provide({
    actors: {
      voice: fromCallback<VoiceEvent, LeafInput>(leaves.voice),
      presence: fromCallback<VoiceEvent, LeafInput>(leaves.presence),
    },
  });
}
