import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';

const MAX_REDIRECTS = 5;
const PLAYLISTS = /mpegurl|scpls|pls\+xml|dash\+xml|xspf/;
const SOUNDS = /^(audio\/|application\/ogg|video\/(ogg|mp4|webm))/;

/** @throws EngineError `input.invalid` when it is no address of a live source: `http:` or `https:`. */
export function parseLiveUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new EngineError('input.invalid', `uri: "${text}" is not a URL`, { cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new EngineError(
      'input.invalid',
      `uri: a live source begins with http:// or https://, not ${url.protocol}`,
    );
  }
  return url;
}

/**
 * Why sound of this content type is not taken; undefined when it is. Roundware takes `audio/mpeg` alone, by the
 * letter; whatever a Roundware site plays is therefore played here, and so are the other usual types:
 * `audio/*`, Ogg, MP4 and WebM. A playlist is not sound.
 */
export function typeFault(contentType: string | undefined): string | undefined {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === '') return 'it does not say what it sends (no content type)';
  if (PLAYLISTS.test(type))
    return `it is a playlist (${type}): give the address of the sound itself`;
  if (!SOUNDS.test(type)) return `it sends ${type}, not sound`;
  return undefined;
}

/**
 * Opens a live source: follows at most five redirects, and has headers and a content type of sound within
 * `limitMs`. Whoever calls owns the body. Addresses are set by operators, so those of the own network are allowed.
 * @throws EngineError `media.unreadable` with the reason in words
 */
export async function openLive(
  url: string,
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  signal.addEventListener('abort', stop);
  const timer = clock.setTimeout(stop, limitMs);
  try {
    let at = parseLiveUrl(url);
    for (let redirects = 0; ; redirects++) {
      const answer = await request(at, limit.signal);
      const status = answer.statusCode ?? 0;
      const { location } = answer.headers;
      if (status >= 300 && status < 400 && location !== undefined) {
        answer.destroy();
        if (redirects === MAX_REDIRECTS) throw fault(url, 'it redirects in circles');
        at = parseLiveUrl(new URL(location, at).href);
        continue;
      }
      const why = status === 200 ? typeFault(answer.headers['content-type']) : `status ${status}`;
      if (why === undefined) return answer;
      answer.destroy();
      throw fault(url, why);
    }
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown;
    const late = limit.signal.aborted && !signal.aborted;
    const why = late ? `no answer within ${limitMs} ms` : reasonOf(thrown);
    throw fault(url, why, thrown);
  } finally {
    clock.clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

function request(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const get = url.protocol === 'https:' ? httpsGet : httpGet;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const call = get(url, { agent: false, headers: { 'user-agent': 'Earshot', accept: '*/*' } });
    const stop = (): void => void call.destroy(new Error('stopped'));
    signal.addEventListener('abort', stop);
    call.once('response', (answer) => {
      signal.removeEventListener('abort', stop);
      // A reset after this is the reader's to notice; without a listener it would end the process.
      answer.on('error', () => undefined);
      resolve(answer);
    });
    call.on('error', (error) => {
      signal.removeEventListener('abort', stop);
      reject(error);
    });
  });
}

export function fault(url: string, why: string, cause?: unknown): EngineError {
  return new EngineError('media.unreadable', `${url} does not sound: ${why}`, { cause });
}

const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.message === '' && 'code' in thrown ? String(thrown.code) : thrown.message;
};
