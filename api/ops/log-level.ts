import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { Log } from '../../engine/log.js';
import { type LogLevelName, logLevelAnswer, logLevelChange } from '../contract/ops.js';
import { type Route, route } from '../http/route.types.js';

/** What the log says of how much it says. */
export class LogLevels {
  readonly #log: Pick<Log, 'level'>;
  readonly #usual: LogLevelName;
  readonly #clock: Clock;
  #timer: TimerHandle | undefined;
  #untilUnixMs: number | null = null;

  constructor(log: Pick<Log, 'level'>, usual: LogLevelName, clock: Clock) {
    this.#log = log;
    this.#usual = usual;
    this.#clock = clock;
  }

  get shown(): { level: LogLevelName; usual: LogLevelName; untilUnixMs: number | null } {
    const level = this.#log.level as LogLevelName;
    return { level, usual: this.#usual, untilUnixMs: this.#untilUnixMs };
  }

  /** @param forS seconds until it is as usual again; undefined: until the next start. */
  set(level: LogLevelName, forS: number | undefined): void {
    this.close();
    this.#log.level = level;
    if (forS === undefined) return;
    this.#untilUnixMs = this.#clock.nowMs() + forS * 1_000;
    this.#timer = this.#clock.setTimeout(() => {
      this.#untilUnixMs = null;
      this.#timer = undefined;
      this.#log.level = this.#usual;
    }, forS * 1_000);
  }

  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#untilUnixMs = null;
  }
}

export function logLevelRoutes(levels: LogLevels): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/log-level',
      summary: 'How much the log says',
      tag: 'site',
      access: 'admin',
      response: logLevelAnswer,
      handler: () => levels.shown,
    }),
    route({
      method: 'PUT',
      path: '/v1/log-level',
      summary: 'Let the log say more or less, for a time or until the next start',
      tag: 'site',
      access: 'admin',
      body: logLevelChange,
      response: logLevelAnswer,
      handler: ({ body, audit }) => {
        const before = levels.shown;
        levels.set(body.level, body.forS);
        audit({ subject: 'log-level', before, after: levels.shown });
        return levels.shown;
      },
    }),
  ];
}
