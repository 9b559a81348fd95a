import { EngineError } from '../../../engine/errors.js';
import type { PluginNet } from '../sdk/net.types.js';

interface PollOptions {
  readonly net: PluginNet;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly verifyTls: boolean;
  readonly signal: AbortSignal;
}

/** One address, asked again and again; what did not change is not sent again by servers that know `ETag`. */
export class Poll {
  readonly #options: PollOptions;
  #etag: string | undefined;
  #modified: string | undefined;

  constructor(options: PollOptions) {
    this.#options = options;
  }

  /**
   * `changed` false: the same as last time.
   * @throws EngineError as `PluginNet.http`; `device.unreachable` for an answer of 400 and above, `frame.malformed`
   */
  async ask(): Promise<{ readonly changed: false } | { readonly changed: true; json: unknown }> {
    const { net, url, verifyTls, signal } = this.#options;
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...this.#options.headers,
    };
    if (this.#etag !== undefined) headers['if-none-match'] = this.#etag;
    else if (this.#modified !== undefined) headers['if-modified-since'] = this.#modified;
    const answer = await net.http({ url, headers, verifyTls, signal });
    if (answer.status === 304) return { changed: false };
    if (answer.status < 200 || answer.status >= 300) {
      throw new EngineError(
        'device.unreachable',
        `${url} answered ${answer.status}: check the address${hintOf(answer.status)}`,
      );
    }
    const json = answer.json();
    // Only what could be read is not asked for again.
    this.#etag = answer.headers['etag'];
    this.#modified = answer.headers['last-modified'];
    return { changed: true, json };
  }
}

function hintOf(status: number): string {
  if (status >= 300 && status < 400) return ', it was moved elsewhere';
  return status === 404 ? ', nothing is there' : '';
}
