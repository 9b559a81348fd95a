import { EngineError, type ErrorCode, isErrorCode } from '../../../engine/errors.js';
import { plainText, textOf } from './plain.js';

const MAX_MESSAGE_CHARS = 1_000;

/**
 * What a plugin threw, as one of ours. A plugin from a folder may throw an error class of its own: a known `code`
 * on it counts, anything else is `fallback`. Messages are one line of plain text, and cut.
 */
export function pluginError(thrown: unknown, fallback: ErrorCode = 'internal'): EngineError {
  if (thrown instanceof EngineError) {
    const message = messageOf(thrown);
    return message === thrown.message ? thrown : new EngineError(thrown.code, message);
  }
  const code = codeOf(thrown) ?? fallback;
  return new EngineError(code, messageOf(thrown), { cause: thrown });
}

function codeOf(thrown: unknown): ErrorCode | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  const { code } = thrown;
  return typeof code === 'string' && isErrorCode(code) ? code : undefined;
}

function messageOf(thrown: unknown): string {
  const told = thrown instanceof Error ? thrown.message : thrown;
  const text = plainText(textOf(told), MAX_MESSAGE_CHARS);
  return text === '' ? 'the plugin threw an error without a message' : text;
}

/** Texts that must not be shown, blotted out wherever they occur. */
export class Redactor {
  #secrets: readonly string[];

  constructor(secrets: readonly string[] = []) {
    this.#secrets = Redactor.#usable(secrets);
  }

  text(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '********');
    return clean;
  }

  error(error: EngineError): EngineError {
    const message = this.text(error.message);
    return message === error.message ? error : new EngineError(error.code, message);
  }

  // Shorter ones would blot out half of every line; a password of three characters hides nothing anyway.
  static #usable(secrets: readonly string[]): readonly string[] {
    const forms = secrets.filter((secret) => secret.length >= 4);
    const encoded = forms.flatMap((secret) => [secret, encodeURIComponent(secret)]);
    return [...new Set(encoded)].sort((a, b) => b.length - a.length);
  }
}
