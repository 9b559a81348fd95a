import { assign, setup } from 'xstate';
import type { HostPosts, HostRequests } from '../host.protocol.js';

/** `off` ⇄ `on` by `press`. */
export const lampMachine = setup({
  types: {
    input: {} as { readonly id: string },
    context: {} as { readonly id: string; readonly presses: number },
    events: {} as { readonly type: 'press' } | { readonly type: 'stop' },
  },
  actions: { count: assign({ presses: ({ context }) => context.presses + 1 }) },
}).createMachine({
  id: 'lamp',
  context: ({ input }) => ({ id: input.id, presses: 0 }),
  initial: 'off',
  on: { stop: '.stopped' },
  states: {
    off: { on: { press: { target: 'on', actions: 'count' } } },
    on: { on: { press: { target: 'off', actions: 'count' } } },
    stopped: { type: 'final' },
  },
});

export interface LampOptions {
  /** How long the shard takes to put things away once its lamps stopped. */
  readonly stopTakesMs: number;
}

export interface ToLampShard {
  readonly requests: HostRequests & {
    'lamps.adopt': {
      readonly params: {
        readonly ids: readonly string[];
        readonly snapshots: Readonly<Record<string, string>>;
      };
      readonly result: number;
    };
    'lamp.press': { readonly params: { readonly id: string }; readonly result: boolean };
  };
  readonly posts: Record<string, never>;
  readonly streams: Record<string, never>;
}

export interface FromLampShard {
  readonly requests: Record<string, never>;
  readonly posts: HostPosts;
  readonly streams: Record<string, never>;
}
