import type { Headers } from './exchange.js';

/** Sent with every answer. `blob:` workers and images are what the map needs. */
export const SECURITY_HEADERS: Headers = {
  'content-security-policy':
    "default-src 'self'; script-src 'self'; worker-src 'self' blob:; child-src 'self' blob:; " +
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob: http: https:; " +
    "connect-src 'self' ws: wss: http: https:; font-src 'self' data:; object-src 'none'; " +
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** Open calls may be used by pages of any site; no cookie ever goes with them. */
export function corsHeaders(open: boolean): Headers {
  if (!open) return {};
  return {
    'access-control-allow-origin': '*',
    'access-control-expose-headers':
      'ETag, X-Request-Id, Retry-After, Location, Content-Range, Accept-Ranges, ' +
      'Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Upload-Offset, Upload-Length, Upload-Expires, Asset-Id, Asset-Location',
  };
}

/** Answer to a preflight. */
export function preflightHeaders(open: boolean, allow: readonly string[] | undefined): Headers {
  return {
    allow: allow?.join(', ') ?? METHODS,
    ...(open
      ? {
          ...corsHeaders(true),
          'access-control-allow-methods': allow?.join(', ') ?? METHODS,
          'access-control-allow-headers':
            'Authorization, Content-Type, Accept, If-None-Match, Range, X-Request-Id, Icy-MetaData, ' +
            'Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, X-HTTP-Method-Override',
          'access-control-max-age': '600',
        }
      : {}),
  };
}
