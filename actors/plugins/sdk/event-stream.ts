import { createParser } from 'eventsource-parser';
import { EngineError } from '../../../engine/errors.js';
import type { OpenedBody } from './http-attempt.js';
import type { EventStream, ServerEvent } from './net.types.js';

export interface EventStreamOptions {
  readonly maxEventBytes: number;
  readonly close: () => void;
}

/** Reads a `text/event-stream` as fast as the reader asks for it; an event over the limit ends it with an error. */
export function eventStream(opened: OpenedBody, options: EventStreamOptions): EventStream {
  return {
    headers: opened.headers,
    events: events(opened, options),
    close: options.close,
  };
}

async function* events(
  { body, signal, origin }: OpenedBody,
  { maxEventBytes, close }: EventStreamOptions,
): AsyncGenerator<ServerEvent> {
  const ready: ServerEvent[] = [];
  let unfinished = 0;
  const parser = createParser({
    onEvent: ({ event = 'message', data, id }) => {
      unfinished = 0;
      ready.push({ event, data, id });
    },
    onComment: () => {
      unfinished = 0;
    },
  });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      // In pieces, so that what is kept of an endless line stays near the limit.
      for (let from = 0; from < chunk.length; from += maxEventBytes) {
        const piece = chunk.subarray(from, from + maxEventBytes);
        unfinished += piece.length;
        parser.feed(decoder.decode(piece, { stream: true }));
        const large = ready.some(({ data }) => Buffer.byteLength(data) > maxEventBytes);
        if (large || unfinished > 2 * maxEventBytes) {
          throw new EngineError(
            'input.too-large',
            `${origin} sent an event of more than ${maxEventBytes} bytes`,
          );
        }
        yield* ready.splice(0);
      }
    }
  } catch (thrown) {
    if (signal.aborted) return;
    throw streamError(thrown, origin);
  } finally {
    close();
  }
}

function streamError(thrown: unknown, origin: string): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new EngineError('device.unreachable', `the stream of ${origin} broke: ${reason}`, {
    cause: thrown,
  });
}
