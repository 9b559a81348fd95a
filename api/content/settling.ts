import type { Asset } from '../../actors/content/content.types.js';
import { EngineError } from '../../engine/errors.js';

interface Waiter {
  readonly resolve: (asset: Asset) => void;
  readonly reject: (error: EngineError) => void;
}

/** Whoever waits until an asset is ready or failed. Everyone is answered: at the latest when the engine stops. */
export class Settling {
  readonly #waiters = new Map<number, Set<Waiter>>();
  readonly #stop: AbortSignal;

  constructor(stop: AbortSignal) {
    this.#stop = stop;
  }

  /** How many assets somebody waits for. */
  get size(): number {
    return this.#waiters.size;
  }

  /**
   * `read` answers the asset as it is now. @throws EngineError `not-found` when there is none or it is removed,
   * `call.aborted` with the signal, `server.stopping`, and what `read` throws.
   */
  async wait(
    assetId: number,
    read: () => Promise<Asset | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<Asset> {
    const given = AbortSignal.any(signal === undefined ? [this.#stop] : [this.#stop, signal]);
    const { promise, ...answer } = answerable();
    const waiters = this.#waiters.get(assetId) ?? new Set<Waiter>();
    this.#waiters.set(assetId, waiters.add(answer));
    const aborted = (): void => {
      answer.reject(
        this.#stop.aborted
          ? new EngineError('server.stopping', 'the engine stops')
          : new EngineError('call.aborted', `nobody waits for asset ${assetId} any more`),
      );
    };
    given.addEventListener('abort', aborted);
    if (given.aborted) aborted();
    try {
      return await Promise.race([promise, this.#now(assetId, read, promise)]);
    } finally {
      given.removeEventListener('abort', aborted);
      waiters.delete(answer);
      if (waiters.size === 0 && this.#waiters.get(assetId) === waiters) {
        this.#waiters.delete(assetId);
      }
    }
  }

  settle(asset: Asset): void {
    for (const { resolve } of this.#waiters.get(asset.id) ?? []) resolve(asset);
  }

  /** The asset was removed. */
  gone(assetId: number): void {
    for (const { reject } of this.#waiters.get(assetId) ?? []) reject(missing(assetId));
  }

  async #now(
    assetId: number,
    read: () => Promise<Asset | undefined>,
    later: Promise<Asset>,
  ): Promise<Asset> {
    const asset = await read();
    if (asset === undefined) throw missing(assetId);
    return asset.ingest === 'waiting' || asset.ingest === 'working' ? await later : asset;
  }
}

function answerable(): Waiter & { readonly promise: Promise<Asset> } {
  let resolve: Waiter['resolve'] = () => undefined;
  let reject: Waiter['reject'] = () => undefined;
  const promise = new Promise<Asset>((...ends) => {
    [resolve, reject] = ends;
  });
  return { promise, resolve, reject };
}

const missing = (assetId: number) =>
  new EngineError('not-found', `there is no asset ${assetId}: it may have been removed`);
