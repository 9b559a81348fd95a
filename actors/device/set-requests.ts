import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';

interface Asked {
  readonly number: number;
  readonly name: string;
  readonly value: number | string | boolean;
  readonly timer: TimerHandle;
  readonly settle: (outcome: 'confirmed' | 'unanswered' | EngineError) => void;
}

/** Requests under way at one device, at most. */
const MAX_PER_DEVICE = 64;

/** Parameters that devices were asked to set, until they answer, report the value, or the deadline passes. */
export class SetRequests {
  readonly #clock: Clock;
  readonly #asked = new Map<string, Asked[]>();
  #number = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#asked.size;
  }

  /**
   * @param send gets the request's running number and sends it.
   * @throws EngineError `device.refused` with the device's words, `server.busy` over the bound.
   */
  ask(
    deviceId: string,
    name: string,
    value: number | string | boolean,
    deadlineMs: number,
    send: (number: number) => void,
  ): Promise<'confirmed' | 'unanswered'> {
    const list = this.#asked.get(deviceId) ?? [];
    if (list.length >= MAX_PER_DEVICE) {
      return Promise.reject(
        new EngineError(
          'server.busy',
          `device ${deviceId} has ${MAX_PER_DEVICE} settings to answer`,
        ),
      );
    }
    this.#number = (this.#number + 1) % 10_000;
    const number = this.#number;
    return new Promise((resolve, reject) => {
      const settle = (outcome: 'confirmed' | 'unanswered' | EngineError): void => {
        this.#clock.clearTimeout(asked.timer);
        this.#drop(deviceId, asked);
        if (outcome instanceof EngineError) reject(outcome);
        else resolve(outcome);
      };
      const timer = this.#clock.setTimeout(() => settle('unanswered'), deadlineMs);
      const asked: Asked = { number, name, value, timer, settle };
      list.push(asked);
      this.#asked.set(deviceId, list);
      send(number);
    });
  }

  /** The device answered `number` with `OK` or with why not. Late and unknown answers change nothing. */
  answered(deviceId: string, number: string, answer: string): void {
    const asked = this.#asked.get(deviceId)?.find((a) => a.number === Number(number));
    if (asked === undefined) return;
    if (answer.trim().toUpperCase() === 'OK') asked.settle('confirmed');
    else asked.settle(new EngineError('device.refused', `the device refused: ${answer}`));
  }

  /** The device reported a parameter; that it has the wanted value is an answer too. */
  reported(deviceId: string, name: string, value: unknown): void {
    for (const asked of [...(this.#asked.get(deviceId) ?? [])]) {
      if (asked.name === name && asked.value === value) asked.settle('confirmed');
    }
  }

  /** Settles everything as unanswered. */
  close(): void {
    for (const list of [...this.#asked.values()]) {
      for (const asked of [...list]) asked.settle('unanswered');
    }
  }

  #drop(deviceId: string, asked: Asked): void {
    const rest = (this.#asked.get(deviceId) ?? []).filter((a) => a !== asked);
    if (rest.length === 0) this.#asked.delete(deviceId);
    else this.#asked.set(deviceId, rest);
  }
}
