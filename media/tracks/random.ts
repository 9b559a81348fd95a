/** Seed from words: 32 bits, well mixed, the same on every machine. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Chance that can be repeated and put away: a counter through a mixing function (32 bits of state). */
export class Random {
  /** What to set again to go on from here. */
  state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** 0 included, 1 excluded. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** Even between the two, whichever is larger; a draw is used up even when they are equal. */
  between(range: readonly [number, number]): number {
    return range[0] + (range[1] - range[0]) * this.next();
  }
}
