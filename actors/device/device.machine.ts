/**
 * A device's connection, as edges. Samples never come here; the shard tells the first word after a
 * silence (`spoke`) and the silence itself (`fell.silent`), found by its sweep.
 *
 *   disconnected ─opened→ connecting ─spoke→ connected ⇄ silent
 *        ↑ closed (clean)      └───────┴─ closed ─┴→ disconnected | error (closed for a reason)
 *
 * `parked` is the supervisor's word: the operator or too many failures took the actor away.
 */
import { type ActorRefFrom, assign, setup } from 'xstate';
import type { ConnectionState, DeviceEdge } from './protocol.js';

export interface DeviceInput {
  readonly deviceId: string;
  readonly atUnixMs: number;
}

export interface DeviceContext {
  readonly deviceId: string;
  /** When the present state began, Unix ms. */
  readonly sinceUnixMs: number;
  /** Connections after the first. */
  readonly reconnects: number;
  readonly everConnected: boolean;
  readonly lastError: string | undefined;
  readonly address: string | undefined;
}

export type DeviceEvent =
  | { readonly type: 'opened'; readonly atUnixMs: number; readonly address: string }
  | { readonly type: 'spoke'; readonly atUnixMs: number }
  | { readonly type: 'fell.silent'; readonly atUnixMs: number }
  | {
      readonly type: 'closed';
      readonly atUnixMs: number;
      /** Undefined: the device said goodbye or just went away. */
      readonly error: string | undefined;
    }
  | { readonly type: 'stop' };

export const deviceMachine = setup({
  types: {
    input: {} as DeviceInput,
    context: {} as DeviceContext,
    events: {} as DeviceEvent,
  },
  actions: {
    begin: assign({
      sinceUnixMs: ({ context, event }) =>
        event.type === 'stop' ? context.sinceUnixMs : event.atUnixMs,
    }),
    countConnection: assign({
      reconnects: ({ context }) => context.reconnects + (context.everConnected ? 1 : 0),
      everConnected: true,
      address: ({ context, event }) => (event.type === 'opened' ? event.address : context.address),
    }),
    recordError: assign({
      lastError: ({ context, event }) =>
        event.type === 'closed' ? event.error : context.lastError,
    }),
  },
  guards: {
    forAReason: ({ event }) => event.type === 'closed' && event.error !== undefined,
  },
}).createMachine({
  id: 'device',
  context: ({ input }) => ({
    deviceId: input.deviceId,
    sinceUnixMs: input.atUnixMs,
    reconnects: 0,
    everConnected: false,
    lastError: undefined,
    address: undefined,
  }),
  initial: 'disconnected',
  on: {
    // A second socket before the first is gone is a reconnect too, and changes no state.
    opened: { actions: 'countConnection' },
    closed: [
      { guard: 'forAReason', target: '.error', actions: ['begin', 'recordError'] },
      { target: '.disconnected', actions: 'begin' },
    ],
    stop: '.stopped',
  },
  states: {
    disconnected: {
      on: {
        opened: { target: 'connecting', actions: ['begin', 'countConnection'] },
        // Samples by HTTP come without a connection; the device is there while it speaks.
        spoke: { target: 'connected', actions: 'begin' },
        closed: {},
      },
    },
    connecting: {
      on: {
        spoke: { target: 'connected', actions: 'begin' },
        'fell.silent': { target: 'silent', actions: 'begin' },
      },
    },
    connected: { on: { 'fell.silent': { target: 'silent', actions: 'begin' } } },
    silent: { on: { spoke: { target: 'connected', actions: 'begin' } } },
    error: {
      on: {
        opened: { target: 'connecting', actions: ['begin', 'countConnection'] },
        spoke: { target: 'connected', actions: 'begin' },
        closed: {},
      },
    },
    stopped: { type: 'final' },
  },
});

export type DeviceRef = ActorRefFrom<typeof deviceMachine>;

/** What everybody sees of a machine; `lastSeenUnixMs` is the shard's knowledge. */
export function edgeOf(ref: DeviceRef, lastSeenUnixMs: number | undefined): DeviceEdge {
  const { context, value } = ref.getSnapshot();
  return {
    deviceId: context.deviceId,
    state: value satisfies ConnectionState,
    sinceUnixMs: context.sinceUnixMs,
    lastSeenUnixMs,
    reconnects: context.reconnects,
    lastError: context.lastError,
    address: context.address,
  };
}
