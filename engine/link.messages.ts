import type { MessagePort } from 'node:worker_threads';
import type { WireError } from './errors.js';

/** What can be moved to the other thread instead of being copied. It is of no use here afterwards. */
export type Movable = ArrayBuffer | MessagePort;

/**
 * What crosses a link. Everything but buffers is copied by structured clone; `transferOf` is the one
 * place that knows what is moved instead.
 */
export type LinkMessage =
  | {
      readonly type: 'request';
      readonly id: number;
      readonly method: string;
      readonly params: unknown;
    }
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly ok: true;
      readonly result: unknown;
    }
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly ok: false;
      readonly error: WireError;
    }
  /** The caller no longer waits for request or stream `id`. */
  | { readonly type: 'cancel'; readonly id: number }
  /** `ask`: the sender wants to hear at once how far the receiver is. */
  | {
      readonly type: 'post';
      readonly topic: string;
      readonly payload: unknown;
      readonly ask: boolean;
    }
  /** Posts taken by the sender of this message since the link was made (cumulative). */
  | { readonly type: 'taken'; readonly count: number }
  | {
      readonly type: 'open';
      readonly id: number;
      readonly method: string;
      readonly params: unknown;
      readonly credit: number;
    }
  /** The consumer takes `count` more items of stream `id`. */
  | { readonly type: 'credit'; readonly id: number; readonly count: number }
  | { readonly type: 'item'; readonly id: number; readonly value: unknown }
  | { readonly type: 'end'; readonly id: number; readonly error: WireError | undefined }
  | { readonly type: 'close'; readonly error: WireError };

const movedWith = new WeakMap<object, readonly Movable[]>();

/**
 * Marks buffers to be moved when `value` is returned by a handler or yielded by a stream handler.
 * They are detached here once it was sent. Returns `value`.
 */
export function moving<T extends object>(value: T, buffers: readonly Movable[]): T {
  movedWith.set(value, buffers);
  return value;
}

const NOTHING: readonly Movable[] = [];

/** What is moved with a message: what the caller named, or what `moving` marked on an answer or item. */
export function transferOf(
  message: LinkMessage,
  named: readonly Movable[] | undefined,
): readonly Movable[] {
  switch (message.type) {
    case 'request':
    case 'open':
    case 'post':
      return named ?? NOTHING;
    case 'answer':
      return message.ok ? marked(message.result) : NOTHING;
    case 'item':
      return marked(message.value);
    case 'cancel':
    case 'taken':
    case 'credit':
    case 'end':
    case 'close':
      return NOTHING;
  }
}

function marked(value: unknown): readonly Movable[] {
  return typeof value === 'object' && value !== null ? (movedWith.get(value) ?? NOTHING) : NOTHING;
}
