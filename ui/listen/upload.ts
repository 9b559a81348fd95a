/**
 * One file on its way by tus 1.0.0: made, sent in pieces, gone on with after a break.
 *
 *     waiting → sending ⇄ away → sent
 *                  ↓ refused → failed          cancel → cancelled
 */
export type UploadPhase = 'waiting' | 'sending' | 'away' | 'sent' | 'failed' | 'cancelled';

export interface UploadState {
  readonly phase: UploadPhase;
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface UploadOptions {
  readonly endpoint: string;
  readonly file: Blob;
  /** `Upload-Metadata`; undefined values are left out. */
  readonly metadata: Readonly<Record<string, string | undefined>>;
  readonly onState?: (state: UploadState) => void;
  /** Default 256 KiB: progress is seen on a slow line, and little is sent twice. */
  readonly pieceBytes?: number;
  /** Waits this long after a break, doubled each time up to `longestWaitMs`. Defaults 1,000 and 15,000. */
  readonly firstWaitMs?: number;
  readonly longestWaitMs?: number;
}

/** The server does not take this file; sending it again is of no use. */
export class UploadRefused extends Error {
  override readonly name = 'UploadRefused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TUS = { 'tus-resumable': '1.0.0' } as const;
const ANSWER_WITHIN_MS = 60_000;
/** The server is away, restarts, is busy or has the file in hand: it goes on by itself. */
const passing = (status: number): boolean =>
  status >= 500 || status === 408 || status === 423 || status === 429;

const base64 = (text: string): string => {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
};

export const metadataHeader = (metadata: UploadOptions['metadata']): string =>
  Object.entries(metadata)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${base64(value)}`.trim()]))
    .join(',');

export class Upload {
  readonly #options: UploadOptions;
  readonly #abort = new AbortController();
  #state: UploadState;
  #url: string | undefined;
  #wake: () => void = () => undefined;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#state = { phase: 'waiting', sentBytes: 0, totalBytes: options.file.size };
  }

  get state(): UploadState {
    return this.#state;
  }

  /** Ends it, here and on the server; `run` then rejects with an `AbortError`. */
  cancel(): void {
    if (this.#state.phase === 'sent' || this.#state.phase === 'failed') return;
    this.#set('cancelled');
    this.#abort.abort();
    this.#wake();
    if (this.#url !== undefined) {
      // The server forgets unfinished files by itself when this does not arrive.
      fetch(this.#url, { method: 'DELETE', headers: TUS }).catch(() => undefined);
    }
  }

  /** The network is back: does not wait any longer. */
  wake(): void {
    this.#wake();
  }

  /**
   * Sends the file, through breaks of any length. Answers the id of the asset that was made of it.
   * @throws UploadRefused, or an `AbortError` after `cancel`.
   */
  async run(): Promise<number | undefined> {
    const { firstWaitMs = 1_000, longestWaitMs = 15_000 } = this.#options;
    let waitMs = firstWaitMs;
    for (;;) {
      const before = this.#state.sentBytes;
      try {
        const answer = await this.#go();
        this.#set('sent', this.#state.totalBytes);
        return answer;
      } catch (thrown) {
        if (this.#abort.signal.aborted) throw new DOMException('given up', 'AbortError');
        if (thrown instanceof UploadRefused) {
          // A file that the server has forgotten is begun anew, once it was known at all.
          if (this.#url !== undefined && (thrown.status === 404 || thrown.status === 410)) {
            this.#url = undefined;
            this.#set('away', 0);
            continue;
          }
          this.#set('failed');
          throw thrown;
        }
        this.#set('away');
        if (this.#state.sentBytes > before) waitMs = firstWaitMs;
        await this.#rest(waitMs);
        waitMs = Math.min(longestWaitMs, waitMs * 2);
      }
    }
  }

  async #go(): Promise<number | undefined> {
    const { file, pieceBytes = 262_144 } = this.#options;
    let offset = 0;
    if (this.#url === undefined) this.#url = await this.#create();
    else {
      const known = await this.#where(this.#url);
      // The last answer was lost on the way: all is there, and it has become something.
      if (known.assetId !== null) return known.assetId;
      offset = known.offset;
    }
    this.#set('sending', offset);
    for (;;) {
      const response = await this.#call(this.#url, {
        method: 'PATCH',
        headers: {
          'upload-offset': String(offset),
          'content-type': 'application/offset+octet-stream',
        },
        body: file.slice(offset, offset + pieceBytes),
      });
      offset = offsetOf(response);
      this.#set('sending', offset);
      if (offset < file.size) continue;
      const assetId = Number(response.headers.get('asset-id') ?? Number.NaN);
      return Number.isSafeInteger(assetId) ? assetId : undefined;
    }
  }

  async #where(url: string): Promise<{ readonly offset: number; readonly assetId: number | null }> {
    const response = await this.#call(url, { method: 'GET' });
    return (await response.json()) as { offset: number; assetId: number | null };
  }

  async #create(): Promise<string> {
    const { endpoint, file, metadata } = this.#options;
    const response = await this.#call(endpoint, {
      method: 'POST',
      headers: {
        'upload-length': String(file.size),
        'upload-metadata': metadataHeader(metadata),
      },
    });
    const location = response.headers.get('location');
    if (location === null) throw new UploadRefused(response.status, 'no place to send it to');
    return new URL(location, response.url).href;
  }

  /** @throws UploadRefused, or anything else when it may work later. */
  async #call(
    url: string,
    init: { method: string; headers?: Record<string, string>; body?: Blob },
  ): Promise<Response> {
    const response = await fetch(url, {
      ...init,
      headers: { ...TUS, ...init.headers },
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    if (response.ok) return response;
    const { status } = response;
    // 409: the server has more or less than we believe; asking it where it is goes on from there.
    if (passing(status) || status === 409) throw new Error(`the server answered ${status}`);
    throw new UploadRefused(status, await reasonOf(response));
  }

  #rest(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #set(phase: UploadPhase, sentBytes = this.#state.sentBytes): void {
    if (this.#state.phase === 'cancelled') return;
    this.#state = { ...this.#state, phase, sentBytes };
    this.#options.onState?.(this.#state);
  }
}

function offsetOf(response: Response): number {
  const offset = Number(response.headers.get('upload-offset') ?? '');
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Error('the server lost count');
  return offset;
}

async function reasonOf(response: Response): Promise<string> {
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('json')) return `the server answered ${response.status}`;
  const problem = (await response.json().catch(() => ({}))) as {
    readonly detail?: string;
    readonly title?: string;
  };
  return problem.detail ?? problem.title ?? `the server answered ${response.status}`;
}
