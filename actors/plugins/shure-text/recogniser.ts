import { EngineError } from '../../../engine/errors.js';
import { type Family, type FamilyId, familyOfKeys } from './families.js';
import type { Frame } from './frame.js';

const MAX_SEEN_KEYS = 256;
const MAX_PARTS = 32;

/** The series of a device that does not tell its model, by the words it uses. */
export class Recogniser {
  readonly #keys = new Set<string>();
  #transmitter = '';
  #highestPart = 0;
  #saysReport = false;

  /** A report of a channel or bay. */
  note(frame: Frame, part: number): void {
    if (this.#keys.size < MAX_SEEN_KEYS) this.#keys.add(frame.key);
    if (frame.key === 'TX_TYPE') this.#transmitter = frame.word(0);
    if (frame.verb === 'report') this.#saysReport = true;
    if (part <= MAX_PARTS && part > this.#highestPart) this.#highestPart = part;
  }

  /** Undefined: nothing decisive was said yet. */
  get family(): FamilyId | undefined {
    return familyOfKeys(this.#keys, this.#transmitter) ?? (this.#saysReport ? 'p10t' : undefined);
  }

  /** Only those that answer "all channels at once" show by it how many they have. */
  partsOf(family: Family): number {
    if (family.id === 'p10t' || family.id === 'uhfr' || this.#highestPart === 0)
      return family.parts;
    return Math.min(this.#highestPart, family.maxParts);
  }
}

/** Somebody is there, and says nothing. */
export function silent(): EngineError {
  return new EngineError(
    'device.unreachable',
    'The device takes the connection but answers nothing. Allow third-party control on it (SLX-D: controller access).',
  );
}

/** It says something, but nothing that tells what it is. */
export function unknownSeries(model: string | undefined): EngineError {
  return new EngineError(
    'input.invalid',
    model === undefined
      ? 'The device does not tell its series: choose it in the configuration of the device (model).'
      : `The device is a ${model}, which is not known here: choose the series that speaks as it does (model).`,
  );
}
