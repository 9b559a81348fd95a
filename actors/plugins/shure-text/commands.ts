import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Family } from './families.js';
import { type FieldId, fieldOf } from './fields.js';
import type { Frame } from './frame.js';

/** Answers come within milliseconds; a slow or busy receiver gets this long. */
const ANSWER_MS = 3_000;
/** `REP ERR` does not say what it refuses; it may mean a question that was asked before. No echo until then: it meant the order. */
const REFUSAL_MS = 400;
const MAX_WAITING = 32;

/** A `SET` in the device's words. `part` 0: the device. */
export interface Order {
  readonly part: number;
  readonly key: string;
  /** As the echo will have it, padding and braces aside. */
  readonly value: string;
  readonly text: string;
}

/** @throws EngineError `not-found`, `input.invalid` */
export function orderOf(
  family: Family,
  parts: number,
  id: string,
  value: number | string | boolean,
): Order {
  const target = fieldOf(id);
  if (target === undefined || target.part > parts) {
    throw new EngineError('not-found', `${id}: no such parameter of this device.`);
  }
  const { part, field } = target;
  const made = keyAndValue(family, part, field, value);
  if (made === undefined) {
    throw new EngineError(
      'not-found',
      `${id} cannot be set on a device of the ${family.label} series.`,
    );
  }
  const { key, text, braces } = made;
  const sent = braces ? `{${text}}` : text;
  const where = part === 0 ? '' : `${part} `;
  const frame =
    family.transport === 'udp'
      ? `* SET ${where}${key} ${text} *`
      : `< SET ${where}${key} ${sent} >`;
  return { part, key, value: text, text: family.line ? `${frame}\r\n` : frame };
}

interface Made {
  readonly key: string;
  readonly text: string;
  readonly braces: boolean;
}

function keyAndValue(
  family: Family,
  part: number,
  field: FieldId,
  value: number | string | boolean,
): Made | undefined {
  const plain = (key: string, text: string): Made => ({ key, text, braces: false });
  const isCharger = family.id === 'charger';
  switch (field) {
    case 'name':
      if (part === 0 || isCharger) return undefined;
      return { key: 'CHAN_NAME', text: nameText(value, family.nameLength), braces: !family.line };
    case 'device_name':
      if (part !== 0 || family.transport === 'udp') return undefined;
      return family.line
        ? plain('DEVICE_NAME', nameText(value, 8))
        : { key: 'DEVICE_ID', text: nameText(value, 8), braces: true };
    case 'frequency':
      if (part === 0 || isCharger) return undefined;
      return plain('FREQUENCY', kilohertz(value, family.id === 'axtd' ? 7 : 6));
    case 'audio_gain':
      if (part === 0 || isCharger || family.id === 'p10t') return undefined;
      return plain('AUDIO_GAIN', gainText(value, family.id === 'uhfr'));
    case 'mute':
      if (part === 0) return undefined;
      if (family.id === 'p10t') return plain('RF_MUTE', onOff(value) ? '1' : '0');
      if (family.id !== 'ulxd' && family.id !== 'qlxd' && family.id !== 'axtd') return undefined;
      return plain('AUDIO_MUTE', onOff(value) ? 'ON' : 'OFF');
    case 'flash':
      if (family.transport === 'udp' || family.id === 'p10t') return undefined;
      return plain('FLASH', onOff(value) ? 'ON' : 'OFF');
    case 'storage_mode':
      if (part !== 0 || !isCharger) return undefined;
      return plain('STORAGE_MODE', onOff(value) ? 'ON' : 'OFF');
    default:
      return undefined;
  }
}

function nameText(value: number | string | boolean, longest: number): string {
  const text = String(value).trim();
  const bad = [...text].find((char) => char < ' ' || char > '~' || char === '{' || char === '}');
  if (bad !== undefined) {
    throw new EngineError(
      'input.invalid',
      `value: a name here has printable ASCII signs without braces; "${bad}" is not one.`,
    );
  }
  if (text.length < 1 || text.length > longest) {
    throw new EngineError(
      'input.invalid',
      `value: a name of 1 to ${longest} signs is wanted, this one has ${text.length}.`,
    );
  }
  return text;
}

function kilohertz(value: number | string | boolean, digits: number): string {
  const megahertz = typeof value === 'boolean' ? Number.NaN : Number(value);
  const khz = Math.round(megahertz * 1_000);
  if (!(khz >= 40_000 && khz <= 7_200_000)) {
    throw new EngineError(
      'input.invalid',
      `value: a frequency in MHz is wanted, ${String(value)} is none.`,
    );
  }
  return String(khz).padStart(digits, '0');
}

function gainText(value: number | string | boolean, attenuation: boolean): string {
  const gainDb = typeof value === 'boolean' ? Number.NaN : Number(value);
  const [low, high] = attenuation ? [-32, 0] : [-18, 42];
  if (!Number.isInteger(gainDb) || gainDb < low || gainDb > high) {
    throw new EngineError(
      'input.invalid',
      `value: whole decibels from ${low} to ${high} are wanted, ${String(value)} are not.`,
    );
  }
  return String(attenuation ? -gainDb : gainDb + 18).padStart(3, '0');
}

function onOff(value: number | string | boolean): boolean {
  if (value === true || value === 1 || value === 'ON' || value === 'on') return true;
  if (value === false || value === 0 || value === 'OFF' || value === 'off') return false;
  throw new EngineError('input.invalid', `value: true or false is wanted, not ${String(value)}.`);
}

interface Waiting {
  readonly order: Order;
  readonly settle: (error: EngineError | undefined) => void;
  timer: TimerHandle;
  refused: boolean;
  /** An echo with another value: what the device said instead. */
  said: string | undefined;
}

/** Orders that wait for their echo. Each settles by the echo, `REP ERR`, its deadline or the end of the connection. */
export class OrderBook {
  readonly #clock: Clock;
  #waiting: Waiting[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the device has echoed the value. @throws EngineError `device.refused`, `device.unreachable`, `server.busy` */
  async place(order: Order, send: (text: string) => boolean, signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new EngineError('server.busy', `${MAX_WAITING} commands wait for this device already.`);
    }
    await new Promise<void>((resolve, reject) => {
      const aborted = (): void => {
        entry.settle(new EngineError('call.aborted', `${order.key} was not answered in time.`));
      };
      const entry: Waiting = {
        order,
        said: undefined,
        refused: false,
        settle: (error) => {
          this.#clock.clearTimeout(entry.timer);
          signal.removeEventListener('abort', aborted);
          this.#waiting = this.#waiting.filter((other) => other !== entry);
          if (error === undefined) resolve();
          else reject(error);
        },
        timer: this.#clock.setTimeout(() => {
          entry.settle(unanswered(entry));
        }, ANSWER_MS),
      };
      this.#waiting.push(entry);
      signal.addEventListener('abort', aborted);
      if (signal.aborted) aborted();
      else if (!send(order.text)) {
        entry.settle(new EngineError('device.unreachable', 'The device takes no more commands.'));
      }
    });
  }

  /** Every report passes here. */
  heard(part: number, frame: Frame): void {
    if (this.#waiting.length === 0) return;
    if (frame.key === 'ERR') {
      this.#refused();
      return;
    }
    const entry = this.#waiting.find(
      (one) => one.order.key === frame.key && one.order.part === part,
    );
    if (entry === undefined) return;
    const said = frame.text();
    if (sameValue(said, entry.order.value)) entry.settle(undefined);
    else entry.said = said;
  }

  #refused(): void {
    const entry = this.#waiting.find((one) => !one.refused);
    if (entry === undefined) return;
    entry.refused = true;
    this.#clock.clearTimeout(entry.timer);
    const { key, value } = entry.order;
    entry.timer = this.#clock.setTimeout(() => {
      entry.settle(new EngineError('device.refused', `The device refused ${key} ${value} (ERR).`));
    }, REFUSAL_MS);
  }

  close(error: EngineError): void {
    for (const entry of [...this.#waiting]) entry.settle(error);
  }
}

function sameValue(said: string, wanted: string): boolean {
  if (said === wanted) return true;
  return /^\d+$/.test(said) && /^\d+$/.test(wanted) && Number(said) === Number(wanted);
}

function unanswered(entry: Waiting): EngineError {
  const { key, value } = entry.order;
  if (entry.said === undefined) {
    return new EngineError('device.unreachable', `The device did not answer ${key} ${value}.`);
  }
  return new EngineError(
    'device.refused',
    `The device kept ${key} at "${entry.said}" instead of "${value}".`,
  );
}
