import type { Random } from './random.js';

/**
 * `cut` in the middle of an answer or event, `refuse` the connection, `stall` for ever, `slow` by two seconds, `lie`
 * about what is in the answer, `oversize` it, `401`, `429` with `Retry-After`, `restart` the whole server.
 */
export const FAULTS = [
  'cut',
  'refuse',
  'stall',
  'slow',
  'lie',
  'oversize',
  '401',
  '429',
  'restart',
] as const;

export type Fault = (typeof FAULTS)[number];

export function isFault(text: string): text is Fault {
  return (FAULTS as readonly string[]).includes(text);
}

/** Which faults happen, and how often. */
export class Faults {
  readonly #random: Random;
  #active: readonly Fault[];
  #share: number;
  readonly done = new Map<Fault, number>();

  constructor(random: Random, active: readonly Fault[], share: number) {
    this.#random = random;
    this.#active = active;
    this.#share = share;
  }

  /** `share` 0 to 1: of all requests. */
  set(active: readonly Fault[], share: number): void {
    this.#active = active;
    this.#share = share;
  }

  get active(): readonly Fault[] {
    return this.#active;
  }

  /** One that strikes now, of those that `possible` allows. */
  strike(possible: readonly Fault[] = FAULTS): Fault | undefined {
    const [first, ...others] = this.#active.filter((fault) => possible.includes(fault));
    if (first === undefined || this.#random.next() >= this.#share) return undefined;
    const fault = this.#random.pick([first, ...others]);
    this.done.set(fault, (this.done.get(fault) ?? 0) + 1);
    return fault;
  }

  /** A body that says something else than the document: broken, of the wrong kind, or out of all bounds. */
  lie(truth: string): string {
    const cut = this.#random.whole(0, Math.max(0, truth.length - 1));
    return this.#random.pick([
      '{"unexpected": true}',
      '[]',
      'null',
      '<html>It works</html>',
      truth.slice(0, cut),
      truth.replace(/\d+/g, '1e999'),
      truth.replace(/-?\d+(\.\d+)?/g, '"many"'),
      truth.replace(/"[^"]{0,12}":/g, '"__proto__":'),
      truth.replace(/[\]}]/g, '[{"a":'),
      '{"a":'.repeat(5_000),
    ]);
  }
}
