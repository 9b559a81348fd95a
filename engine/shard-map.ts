/**
 * Rendezvous (highest random weight) hashing: every id has one owner among the shards; when a shard joins
 * or leaves, only the ids that it wins or held move.
 */
export class ShardMap {
  readonly #shards: readonly string[];
  readonly #seeds: readonly number[];

  /** @param shards unique names; their order does not matter. */
  constructor(shards: readonly string[]) {
    this.#shards = [...new Set(shards)];
    this.#seeds = this.#shards.map((name) => hash32(name, 0x9e37_79b9));
  }

  get shards(): readonly string[] {
    return this.#shards;
  }

  /** The shard that owns `id`; undefined only when there are no shards. */
  ownerOf(id: string): string | undefined {
    const idHash = hash32(id, 0x85eb_ca6b);
    let best: string | undefined;
    let bestWeight = -1;
    for (const [index, seed] of this.#seeds.entries()) {
      const weight = mix32(idHash ^ seed);
      const name = this.#shards[index];
      if (name === undefined) continue;
      if (weight > bestWeight || (weight === bestWeight && best !== undefined && name < best)) {
        best = name;
        bestWeight = weight;
      }
    }
    return best;
  }
}

/** FNV-1a over UTF-16 units, then a final mix; unsigned 32 bit. */
function hash32(text: string, seed: number): number {
  let hash = (0x811c_9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  }
  return mix32(hash);
}

/** Murmur3's finaliser: every input bit reaches every output bit. */
function mix32(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
