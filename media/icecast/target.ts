import { EngineError } from '../../engine/errors.js';

/** A real Icecast server and the credentials of its sources. */
export interface IcecastTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/**
 * Reads `http://source:password@host:8000`. The user defaults to `source`.
 * @throws EngineError `input.invalid` when it is not such a URL.
 */
export function parseIcecastUrl(text: string): IcecastTarget {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new EngineError('input.invalid', 'the Icecast address is not a URL', { cause });
  }
  if (url.protocol !== 'http:') {
    throw new EngineError('input.invalid', 'the Icecast address must begin with http://');
  }
  if (url.password === '') {
    throw new EngineError(
      'input.invalid',
      'the Icecast address has no password: write http://source:password@host:8000',
    );
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 80 : Number(url.port),
    user: url.username === '' ? 'source' : decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

export function basicAuth(target: IcecastTarget): string {
  return `Basic ${Buffer.from(`${target.user}:${target.password}`).toString('base64')}`;
}

/** `host:port` for the `Host` header and for messages; never the credentials. */
export function hostOf(target: IcecastTarget): string {
  return target.host.includes(':')
    ? `[${target.host}]:${target.port}`
    : `${target.host}:${target.port}`;
}
