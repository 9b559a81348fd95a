import { EngineError } from '../../engine/errors.js';

/** Deepest nesting taken: recursive schemas must not exhaust the stack. */
const MAX_JSON_DEPTH = 64;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** @throws EngineError `input.invalid` when the bytes are not UTF-8. */
function decodeUtf8(bytes: Uint8Array, what = 'body'): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new EngineError('input.invalid', `the ${what} is not valid UTF-8`, { cause });
  }
}

/** @throws EngineError `input.invalid` for bad UTF-8, malformed JSON, or nesting deeper than `MAX_JSON_DEPTH`. */
export function parseJson(bytes: Uint8Array | string, what = 'body'): unknown {
  const text = typeof bytes === 'string' ? bytes : decodeUtf8(bytes, what);
  if (text.length === 0)
    throw new EngineError('input.invalid', `the ${what} is empty: JSON expected`);
  if (depthOf(text) > MAX_JSON_DEPTH) {
    throw new EngineError(
      'input.invalid',
      `the ${what} is nested deeper than ${String(MAX_JSON_DEPTH)} levels`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('input.invalid', `the ${what} is not JSON: ${why}`, { cause });
  }
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inText) {
      if (c === 92) i++;
      else if (c === 34) inText = false;
    } else if (c === 34) inText = true;
    else if (c === 91 || c === 123) {
      if (++depth > deepest) deepest = depth;
    } else if (c === 93 || c === 125) depth--;
  }
  return deepest;
}
