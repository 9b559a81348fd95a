import { EngineError, type ErrorCode, isErrorCode } from '../../../engine/errors.js';

const MAX_MESSAGE_CHARS = 1_000;

/**
 * What a plugin threw, as one of ours. A plugin from a folder may throw an error class of its own: a known `code`
 * on it counts, anything else is `fallback`. Long messages are cut.
 */
export function pluginError(thrown: unknown, fallback: ErrorCode = 'internal'): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const code = codeOf(thrown) ?? fallback;
  return new EngineError(code, messageOf(thrown), { cause: thrown });
}

function codeOf(thrown: unknown): ErrorCode | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' && isErrorCode(thrown.code) ? thrown.code : undefined;
}

function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const shown = text.trim() === '' ? 'the plugin threw an error without a message' : text;
  return shown.length > MAX_MESSAGE_CHARS ? `${shown.slice(0, MAX_MESSAGE_CHARS)}…` : shown;
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
