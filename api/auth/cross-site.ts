const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What of a request tells where it comes from. */
export interface Provenance {
  readonly method: string;
  header(name: string): string | undefined;
}

/**
 * True when a page of another origin may have made the browser send this: its cookies must not count. A plain
 * link from elsewhere (a safe method without `Origin`) may carry them; a socket upgrade always has an `Origin`.
 * Clients that are no browsers send neither header and carry no ambient cookies.
 */
export function isCrossSite(request: Provenance): boolean {
  const origin = request.header('origin');
  if (origin === undefined && SAFE.has(request.method)) return false;
  const site = request.header('sec-fetch-site');
  // The browser itself says so, whatever a proxy does to `Host`.
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const hosts = [request.header('host'), request.header('x-forwarded-host')?.split(',')[0]?.trim()];
  return !hosts.some((host) => host !== undefined && sameHost(origin, host));
}

function sameHost(origin: string, host: string): boolean {
  const from = new URL(origin);
  // Parsing both drops a default port that only one of them names.
  const address = `${from.protocol}//${host}`;
  return URL.canParse(address) && new URL(address).host === from.host;
}
