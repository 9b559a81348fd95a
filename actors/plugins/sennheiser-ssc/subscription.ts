import { backoff } from '../../../engine/backoff.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { EventStream, ServerEvent } from '../sdk/net.types.js';
import { fieldOf, recordOf, textOf } from '../sdk/payload.js';
import type { SscApi } from './api.js';

interface SubscriptionOptions {
  readonly api: SscApi;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Wanted now, steady and fast ones. */
  readonly resources: () => readonly string[];
  readonly take: (path: string, value: unknown) => void;
  /** Events come, or do not come any more. */
  readonly live: (yes: boolean) => void;
  /** It could not be had again. */
  readonly lost: (error: EngineError) => void;
}

/** The device's end of a subscription must be heard of within this. */
const OPEN_WITHIN_MS = 10_000;
/** Tries to have it again before the device counts as lost. */
const MAX_TRIES = 4;
/** Resources in one list. */
const BATCH = 16;
/** Events in a row that say nothing. */
const MAX_NONSENSE = 50;

/** Paths of changed resources with their values; undefined: not such an event. */
export function decodeEvent(data: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return recordOf(JSON.parse(data));
  } catch {
    // Cut or lied: whoever reads counts it.
    return undefined;
  }
}

/** Where the session is, from the headers or the first event. Undefined: neither says. */
export function sessionOf(
  api: Pick<SscApi, 'sessionPath'>,
  headers: Readonly<Record<string, string>>,
  opened: unknown,
): string | undefined {
  const location = headers['content-location'] ?? textOf(fieldOf(opened, 'path'), 512);
  if (
    location !== undefined &&
    /^\/api\/ssc\/state\/subscriptions\/[\w.-]{1,128}$/.test(location)
  ) {
    return location;
  }
  const uuid = textOf(fieldOf(opened, 'sessionUUID'), 128);
  return uuid !== undefined && /^[\w.-]{1,128}$/.test(uuid) ? api.sessionPath(uuid) : undefined;
}

/** Events of one device: two connections, taken up again when the device ends them. */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #pauseMs = backoff({ firstMs: 250, maxMs: 5_000, jitter: 0.3 });
  #stream: EventStream | undefined;
  #session: string | undefined;
  #closed = false;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  /** Resolves when the first events can come. @throws EngineError as `PluginNet.http`, `frame.malformed` */
  async start(): Promise<void> {
    const events = await this.#open();
    void this.#keep(events);
  }

  /** More or fewer resources from now on. */
  async change(change: 'add' | 'remove', resources: readonly string[]): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const { api } = this.#options;
    if (await api.subscribe(session, resources, change)) return;
    // One that this firmware does not know spoils the list: each by itself.
    for (const resource of resources) await api.subscribe(session, [resource], change);
  }

  close(): void {
    this.#closed = true;
    this.#stream?.close();
  }

  async #open(): Promise<AsyncIterator<ServerEvent>> {
    const { api, clock, resources } = this.#options;
    let stream = await api.openEvents();
    this.#stream = stream;
    const timer = clock.setTimeout(() => stream.close(), OPEN_WITHIN_MS);
    try {
      if (stream.headers['content-type']?.includes('json') === true) {
        // Older variant: the first answer is the id, the stream is at its own address.
        stream.close();
        const opened = await api.get('/api/ssc/state/subscriptions');
        const session = sessionOf(api, {}, opened);
        if (session === undefined) throw noSession(api);
        await this.#ask(session, resources());
        stream = await api.openEvents(session);
        this.#stream = stream;
        return stream.events[Symbol.asyncIterator]();
      }
      const events = stream.events[Symbol.asyncIterator]();
      const first = await events.next();
      const opened = first.done === true ? undefined : decodeEvent(first.value.data);
      const session = sessionOf(api, stream.headers, opened);
      if (session === undefined || first.done === true) throw noSession(api);
      await this.#ask(session, resources());
      return events;
    } catch (thrown) {
      stream.close();
      throw thrown;
    } finally {
      clock.clearTimeout(timer);
    }
  }

  async #ask(session: string, resources: readonly string[]): Promise<void> {
    const { api, live } = this.#options;
    this.#session = session;
    if (!(await api.subscribe(session, resources))) {
      let taken = 0;
      for (let from = 0; from < resources.length; from += BATCH) {
        const batch = resources.slice(from, from + BATCH);
        if (await api.subscribe(session, batch, 'add')) {
          taken += batch.length;
          continue;
        }
        for (const one of batch) if (await api.subscribe(session, [one], 'add')) taken += 1;
      }
      if (taken === 0) {
        throw new EngineError('device.refused', `${api.base} refuses to subscribe anything`);
      }
    }
    live(true);
  }

  /** Reads events until the end; takes the subscription up again a few times. */
  async #keep(first: AsyncIterator<ServerEvent>): Promise<void> {
    const { clock, live, lost, signal } = this.#options;
    let events = first;
    for (;;) {
      let error = await this.#read(events);
      live(false);
      for (let tries = 1; ; tries += 1) {
        if (this.#closed || signal.aborted) return;
        if (tries > MAX_TRIES || error.remedy === 'park') {
          lost(error);
          return;
        }
        await new Promise<void>((resolve) => {
          clock.setTimeout(resolve, this.#pauseMs(tries));
        });
        try {
          if (this.#closed || signal.aborted) return;
          events = await this.#open();
          break;
        } catch (thrown) {
          error = EngineError.from(thrown);
        }
      }
    }
  }

  /** Resolves with the reason of the end. */
  async #read(events: AsyncIterator<ServerEvent>): Promise<EngineError> {
    let nonsense = 0;
    try {
      for (;;) {
        const next = await events.next();
        if (next.done === true || next.value.event === 'close') break;
        const changes = decodeEvent(next.value.data);
        nonsense = changes === undefined ? nonsense + 1 : 0;
        if (nonsense > MAX_NONSENSE) break;
        for (const [path, value] of Object.entries(changes ?? {})) this.#options.take(path, value);
      }
    } catch (thrown) {
      return EngineError.from(thrown);
    } finally {
      this.#stream?.close();
    }
    return new EngineError('device.unreachable', 'the device ended the subscription');
  }
}

function noSession(api: SscApi): EngineError {
  return new EngineError('frame.malformed', `${api.base} did not name the session of its events`);
}
