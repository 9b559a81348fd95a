import type { HttpJsonConfig } from './config.js';

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
