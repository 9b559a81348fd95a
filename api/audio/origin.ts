import type { SessionOutput } from '../../actors/session/protocol.js';
import { hostOf, parseIcecastUrl } from '../../media/icecast/target.js';
import { MOUNTS_PREFIX } from './mount-server.js';

/**
 * Where listeners find the mounts, without a slash at the end: the configured public address, a real Icecast
 * (without its password), or the built-in mounts on the host by which the client reached us. `output` is the
 * session's; undefined: as the site is configured. A client that came by TLS (`X-Forwarded-Proto` of a trusted
 * proxy) gets the built-in mounts of the main port, through the same proxy: its page may not play plain HTTP.
 */
export function streamOriginOf(options: {
  readonly publicStreamUrl?: string | undefined;
  readonly icecastUrl?: string | undefined;
  readonly streamPort: number;
}): (origin: string, output?: SessionOutput) => string {
  const { publicStreamUrl, icecastUrl, streamPort } = options;
  const fixed = publicStreamUrl?.replace(/\/+$/, '');
  const target = icecastUrl === undefined ? undefined : parseIcecastUrl(icecastUrl);
  // An Icecast on this machine is called by the name the client knows this machine by.
  const near = target !== undefined && ['127.0.0.1', '::1', 'localhost'].includes(target.host);
  return (origin, output) => {
    if (fixed !== undefined) return fixed;
    const secure = origin.startsWith('https:');
    const builtin = secure
      ? `${origin}${MOUNTS_PREFIX.slice(0, -1)}`
      : withPort(origin, streamPort);
    if (target === undefined || output === 'builtin') return builtin;
    if (output === 'both' && secure) return builtin;
    return near ? withPort(origin, target.port) : `http://${hostOf(target)}`;
  };
}

function withPort(origin: string, port: number): string {
  const url = new URL(origin);
  url.protocol = 'http:';
  url.port = String(port);
  return url.origin;
}
