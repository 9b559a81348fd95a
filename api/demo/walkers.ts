import { Agent, request } from 'node:http';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { Walk } from './walk.js';

const STEP_MS = 500;
const HEARTBEAT_MS = 15_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 30_000;
const ANSWER_LIMIT_MS = 5_000;
const ANSWER_LIMIT_BYTES = 65_536;

export interface DemoWalkersOptions {
  /** Of this engine's REST: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly projectId: number;
  readonly count: number;
  readonly clock: Clock;
  readonly onError?: (error: EngineError) => void;
}

interface Walker {
  readonly number: number;
  readonly walk: Walk;
  sessionId: string | undefined;
  lastMonoMs: number;
  lastHeartbeatMonoMs: number;
  failures: number;
  timer: TimerHandle | undefined;
  /** Its step under way. */
  step: Promise<void>;
}

/**
 * Simulated visitors who stroll through the demo site: real sessions over HTTP, moved twice a second, of
 * whom nobody listens, so that they cost no encoder. They come back after errors and restarts by themselves.
 */
export class DemoWalkers {
  readonly #options: DemoWalkersOptions;
  readonly #walkers: Walker[] = [];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  #stopped = false;

  constructor(options: DemoWalkersOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, count } = this.#options;
    for (let number = 0; number < count; number += 1) {
      const nowMonoMs = clock.monoMs();
      const walker: Walker = {
        number,
        walk: new Walk(number),
        sessionId: undefined,
        lastMonoMs: nowMonoMs,
        lastHeartbeatMonoMs: nowMonoMs,
        failures: 0,
        timer: undefined,
        step: Promise.resolve(),
      };
      this.#walkers.push(walker);
      // Spread over the step, so that the moves do not all come at once.
      this.#later(walker, (number / count) * STEP_MS);
    }
  }

  /** Walkers with an open session. */
  get walking(): number {
    return this.#walkers.filter(({ sessionId }) => sessionId !== undefined).length;
  }

  /** Ends their sessions. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const { timer } of this.#walkers) this.#options.clock.clearTimeout(timer);
    await Promise.allSettled(
      this.#walkers.map(async (walker) => {
        // A session that is just being opened must be known, or nobody would end it.
        await walker.step;
        const { sessionId } = walker;
        if (sessionId !== undefined) await this.#call('DELETE', `/v1/sessions/${sessionId}`);
      }),
    );
    this.#agent.destroy();
  }

  #later(walker: Walker, delayMs: number): void {
    walker.timer = this.#options.clock.setTimeout(() => {
      walker.step = this.#step(walker).then(
        () => {
          walker.failures = 0;
          if (!this.#stopped) this.#later(walker, STEP_MS);
        },
        (thrown: unknown) => {
          if (this.#stopped) return;
          this.#options.onError?.(EngineError.from(thrown));
          walker.failures += 1;
          const cap = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** walker.failures);
          this.#later(walker, cap / 2 + (Math.random() * cap) / 2);
        },
      );
    }, delayMs);
  }

  async #step(walker: Walker): Promise<void> {
    const nowMonoMs = this.#options.clock.monoMs();
    // After a long wait a walker goes on where it was, it does not jump.
    const elapsedMs = Math.min(2 * STEP_MS, nowMonoMs - walker.lastMonoMs);
    walker.lastMonoMs = nowMonoMs;
    const { position, headingDeg } = walker.walk.step(elapsedMs);
    if (walker.sessionId === undefined) {
      const created = await this.#call('POST', '/v1/sessions', {
        projectId: this.#options.projectId,
        position,
        headingDeg,
      });
      walker.sessionId = idOf(created);
      return;
    }
    const path = `/v1/sessions/${walker.sessionId}`;
    try {
      await this.#call('PATCH', path, { position, headingDeg });
      if (nowMonoMs - walker.lastHeartbeatMonoMs > HEARTBEAT_MS) {
        walker.lastHeartbeatMonoMs = nowMonoMs;
        await this.#call('POST', `${path}/heartbeat`);
      }
    } catch (thrown) {
      if (EngineError.from(thrown).code === 'not-found') walker.sessionId = undefined;
      throw thrown;
    }
  }

  // Not `fetch`: these calls go on for as long as the site runs, and this costs a third of it.
  #call(method: string, path: string, body?: object): Promise<string> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const failed = (cause: Error): void => {
        reject(new EngineError('link.closed', `${method} ${path}: ${cause.message}`, { cause }));
      };
      const call = request(`${this.#options.url}${path}`, {
        method,
        agent: this.#agent,
        timeout: ANSWER_LIMIT_MS,
        ...(text === undefined
          ? {}
          : {
              headers: {
                'content-type': 'application/json',
                'content-length': Buffer.byteLength(text),
              },
            }),
      });
      call.on('timeout', () => call.destroy(new Error('no answer in time')));
      call.on('error', failed);
      call.on('response', (answer) => {
        let received = '';
        answer.on('data', (chunk: Buffer) => {
          if (received.length < ANSWER_LIMIT_BYTES) received += chunk.toString();
        });
        answer.on('error', failed);
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(received);
          else {
            const code = status === 404 ? 'not-found' : 'server.busy';
            reject(new EngineError(code, `${method} ${path}: ${status} ${received}`));
          }
        });
      });
      call.end(text);
    });
  }
}

function idOf(answer: string): string {
  const value: unknown = JSON.parse(answer);
  if (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string'
  ) {
    return value.id;
  }
  throw new EngineError('internal', 'a new session has no id');
}
