import { EngineError } from '../../../engine/errors.js';

type Value = number | string | boolean;

/**
 * Fills `{word}` in an address. Words are escaped, so that no value reaches another host or path; only `{address}` and
 * `{port}` are taken as they are, an IPv6 address in its brackets.
 * @throws EngineError `input.invalid` for a word that is not known, or an address that is none.
 */
export function fillUrl(template: string, words: Readonly<Record<string, Value>>): string {
  const filled = template.replace(/\{([A-Za-z_]\w*)\}/g, (_, word: string) => {
    const value = Object.hasOwn(words, word) ? words[word] : undefined;
    if (value === undefined) {
      throw new EngineError(
        'input.invalid',
        `"${template}" needs {${word}}, which is not given: known are ${Object.keys(words).join(', ')}`,
      );
    }
    if (word === 'address') return hostOf(String(value));
    return word === 'port' ? String(value) : encodeURIComponent(String(value));
  });
  if (!/^https?:\/\//i.test(filled) || !URL.canParse(filled)) {
    throw new EngineError('input.invalid', `"${filled}" is not an http:// or https:// address`);
  }
  return filled;
}

function hostOf(address: string): string {
  if (address.includes(':') && /^[0-9a-fA-F:.%]+$/.test(address)) return `[${address}]`;
  if (/^[A-Za-z0-9._[\]:-]+$/.test(address)) return address;
  throw new EngineError('input.invalid', `"${address}" is neither a host name nor an address`);
}
