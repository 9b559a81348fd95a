import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { pluginError } from '../sdk/errors.js';
import type { ChannelSpec } from '../sdk/plugin.types.js';
import type { Links } from './links.js';
import { converted } from './specs.js';

export interface CommandWish {
  readonly deviceId: string;
  readonly name: string;
  readonly value: number | string | boolean;
  readonly deadlineMs: number;
}

/** Commands under way at one device, at most. */
const MAX_PER_DEVICE = 64;

/** What operators and rules send to devices: checked against the declaration, with a deadline. */
export class Commands {
  readonly #clock: Clock;
  readonly #links: Links;
  readonly #running = new Map<string, number>();

  constructor(clock: Clock, links: Links) {
    this.#clock = clock;
    this.#links = links;
  }

  /** @throws EngineError `not-found`, `input.invalid`, `device.refused`, `server.busy` */
  async run(wish: CommandWish): Promise<'confirmed' | 'unanswered' | 'offline'> {
    const { deviceId, name, deadlineMs } = wish;
    const device = this.#links.get(deviceId);
    if (device === undefined) throw new EngineError('not-found', `there is no device ${deviceId}`);
    const session = device.session;
    const connection = session?.connection;
    if (session === undefined || connection === undefined) return 'offline';
    const handle = device.readings.handles.get(name);
    const spec = handle === undefined ? undefined : device.readings.specs[handle];
    if (spec === undefined || spec.direction === 'input' || connection.command === undefined) {
      throw new EngineError('not-found', `parameter "${name}" of ${deviceId} cannot be set`);
    }
    const value = outgoing(spec, wish.value);
    const running = this.#running.get(deviceId) ?? 0;
    if (running >= MAX_PER_DEVICE) {
      const message = `device ${deviceId} has ${MAX_PER_DEVICE} commands to answer: wait for them`;
      throw new EngineError('server.busy', message);
    }
    this.#running.set(deviceId, running + 1);
    const control = new AbortController();
    const abort = (): void => control.abort();
    session.signal.addEventListener('abort', abort, { once: true });
    try {
      const command = connection.command.bind(connection);
      const asked = (async () => {
        await command(spec.id, value, control.signal);
        return 'confirmed' as const;
      })();
      return await this.#answered(asked, deadlineMs, control.signal);
    } catch (thrown) {
      throw pluginError(thrown, 'device.refused');
    } finally {
      session.signal.removeEventListener('abort', abort);
      control.abort();
      const left = (this.#running.get(deviceId) ?? 1) - 1;
      if (left === 0) this.#running.delete(deviceId);
      else this.#running.set(deviceId, left);
    }
  }

  #answered(
    asked: Promise<'confirmed'>,
    deadlineMs: number,
    ended: AbortSignal,
  ): Promise<'confirmed' | 'unanswered'> {
    return new Promise((resolve, reject) => {
      const unanswered = (): void => resolve('unanswered');
      const timer = this.#clock.setTimeout(unanswered, deadlineMs);
      // The connection went: whether the device had it, nobody knows.
      ended.addEventListener('abort', unanswered, { once: true });
      asked
        .then(resolve, reject)
        .finally(() => this.#clock.clearTimeout(timer))
        .catch(reject);
    });
  }
}

/** The value as the plugin is to send it. @throws EngineError `input.invalid` */
function outgoing(spec: ChannelSpec, value: number | string | boolean): number | string | boolean {
  if (spec.kind === 'boolean') {
    if (typeof value === 'boolean') return value;
    if (value === 0 || value === 1) return value === 1;
    throw new EngineError('input.invalid', `parameter "${spec.id}": send true or false`);
  }
  if (spec.kind === 'text') {
    const text = String(value);
    if (spec.options !== undefined && !spec.options.includes(text)) {
      const words = spec.options.join(', ');
      throw new EngineError('input.invalid', `parameter "${spec.id}": send one of ${words}`);
    }
    return text;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new EngineError('input.invalid', `parameter "${spec.id}": send a number`);
  }
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = spec;
  if (value < min || value > max) {
    const range = `${spec.min ?? '−∞'} to ${spec.max ?? '∞'}`;
    throw new EngineError('input.invalid', `parameter "${spec.id}": ${value} is not in ${range}`);
  }
  return spec.write === undefined ? value : converted(spec.write, value);
}
