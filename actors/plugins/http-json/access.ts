import { EngineError } from '../../../engine/errors.js';
import type { HttpJsonConfig } from './config.js';
import { fillUrl } from './template.js';

/** Headers of every request: those of the configuration, and who we are. */
export function accessHeaders(
  config: Pick<HttpJsonConfig, 'headers' | 'user' | 'password' | 'token'>,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(config.headers)) headers[name.toLowerCase()] = value;
  if (config.token !== undefined && config.token !== '') {
    headers['authorization'] = `Bearer ${config.token}`;
  } else if (config.user !== undefined && config.user !== '') {
    const pair = `${config.user}:${config.password ?? ''}`;
    headers['authorization'] = `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  }
  return headers;
}

/**
 * Whether an address that a device names itself may be sent what the instance knows: only when it leads where the
 * instance's own template (filled with the device's words) or its list leads, too.
 */
export function isOwnOrigin(
  url: string,
  config: Pick<HttpJsonConfig, 'url' | 'list'>,
  words: Readonly<Record<string, string | number>>,
): boolean {
  const { origin } = new URL(url);
  return (
    (config.list !== undefined && originOf(config.list.url, {}) === origin) ||
    (config.url !== undefined && originOf(config.url, words) === origin)
  );
}

function originOf(
  template: string,
  words: Readonly<Record<string, string | number>>,
): string | undefined {
  try {
    return new URL(fillUrl(template, words)).origin;
  } catch (thrown) {
    // A word is missing: this template leads nowhere for this device.
    if (EngineError.from(thrown).code === 'input.invalid') return undefined;
    throw thrown;
  }
}
