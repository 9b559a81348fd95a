import { hostOf, parseIcecastUrl } from '../../media/icecast/target.js';

/**
 * Where listeners find the mounts, without a slash at the end: the configured public address, a real Icecast
 * (without its password), or the built-in mounts on the host by which the client reached us.
 */
export function streamOriginOf(options: {
  readonly publicStreamUrl?: string | undefined;
  readonly icecastUrl?: string | undefined;
  readonly streamPort: number;
}): (origin: string) => string {
  const { publicStreamUrl, icecastUrl, streamPort } = options;
  if (publicStreamUrl !== undefined) {
    const fixed = publicStreamUrl.replace(/\/+$/, '');
    return () => fixed;
  }
  if (icecastUrl !== undefined) {
    const target = parseIcecastUrl(icecastUrl);
    const own = ['127.0.0.1', '::1', 'localhost'].includes(target.host);
    if (!own) return () => `http://${hostOf(target)}`;
    // An Icecast on this machine is called by the name the client knows this machine by.
    return (origin) => withPort(origin, target.port);
  }
  return (origin) => withPort(origin, streamPort);
}

function withPort(origin: string, port: number): string {
  const url = new URL(origin);
  url.protocol = 'http:';
  url.port = String(port);
  return url.origin;
}
