/** Bans kept at most; beyond it the asset that was started longest ago is free. */
export const MAX_BANS = 5_000;

interface Ban {
  readonly startedS: number;
  /** Holds until the listener is no longer near. */
  here: boolean;
}

export type SavedBan = readonly [assetId: number, startedS: number, here: 0 | 1];

/**
 * What was played and may not repeat yet: for a time since it started, and while its listener stays
 * near. Times are seconds of stream sound.
 */
export class Bans {
  /** Oldest start first. */
  readonly #bans = new Map<number, Ban>();

  get size(): number {
    return this.#bans.size;
  }

  ids(): IterableIterator<number> {
    return this.#bans.keys();
  }

  start(assetId: number, nowS: number, here: boolean): void {
    this.#bans.delete(assetId);
    this.#bans.set(assetId, { startedS: nowS, here });
    if (this.#bans.size <= MAX_BANS) return;
    const oldest = this.#bans.keys().next();
    if (oldest.done !== true) this.#bans.delete(oldest.value);
  }

  /** Either of both below; `place` false: of time alone. */
  holds(assetId: number, nowS: number, bannedS: number, place: boolean): boolean {
    const ban = this.#bans.get(assetId);
    return ban !== undefined && ((place && ban.here) || nowS - ban.startedS < bannedS);
  }

  holdsTime(assetId: number, nowS: number, bannedS: number): boolean {
    const ban = this.#bans.get(assetId);
    return ban !== undefined && nowS - ban.startedS < bannedS;
  }

  holdsPlace(assetId: number): boolean {
    return this.#bans.get(assetId)?.here === true;
  }

  /** Lifts place bans of assets that are no longer near. */
  liftPlaces(stillNear: (assetId: number) => boolean): void {
    for (const [id, ban] of this.#bans) if (ban.here && !stillNear(id)) ban.here = false;
  }

  /** Forgets what can hold no more, when nothing is banned for longer than `longestS`. */
  prune(nowS: number, longestS: number): void {
    for (const [id, ban] of this.#bans)
      if (!ban.here && nowS - ban.startedS >= longestS) this.#bans.delete(id);
  }

  save(): SavedBan[] {
    return [...this.#bans].map(([id, ban]) => [id, ban.startedS, ban.here ? 1 : 0]);
  }

  restore(bans: readonly SavedBan[]): void {
    this.#bans.clear();
    for (const [id, startedS, here] of bans.slice(-MAX_BANS))
      this.#bans.set(id, { startedS, here: here === 1 });
  }
}
