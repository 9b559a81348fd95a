import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { addressGroup, RateLimited } from '../http/limits.js';

const HOUR_S = 3_600;
const KIB = 1_024;

/** What one address may bring in an hour; 0: no limit. */
export class UploadLimits {
  readonly #files: RateLimiterMemory | undefined;
  readonly #bytes: RateLimiterMemory | undefined;

  constructor(filesPerHour: number, bytesPerHour: number) {
    this.#files = limiter(filesPerHour);
    this.#bytes = limiter(Math.ceil(bytesPerHour / KIB));
  }

  /** @throws RateLimited with the wait. */
  async takeFile(address: string): Promise<void> {
    await take(this.#files, address, 1);
  }

  /** @throws RateLimited with the wait. */
  async takeBytes(address: string, bytes: number): Promise<void> {
    await take(this.#bytes, address, Math.ceil(bytes / KIB));
  }

  /** Bytes of an address count while they arrive: their number is not known before. @throws RateLimited. */
  async *counted(bytes: AsyncIterable<Uint8Array>, address: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      await this.takeBytes(address, chunk.length);
      yield chunk;
    }
  }
}

const limiter = (points: number): RateLimiterMemory | undefined =>
  points === 0 ? undefined : new RateLimiterMemory({ points, duration: HOUR_S });

async function take(
  by: RateLimiterMemory | undefined,
  address: string,
  points: number,
): Promise<void> {
  try {
    await by?.consume(addressGroup(address), points);
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    throw new RateLimited(`address ${address}`, thrown.msBeforeNext);
  }
}
