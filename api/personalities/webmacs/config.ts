import { z } from 'zod';

const url = z.url({ protocol: /^https?$/ });

/** Signing in at another site, by OpenID Connect. */
const sso = z
  .strictObject({
    enabled: z.boolean().default(false),
    /** On the button of the login page. */
    providerName: z.string().min(1).default('SSO'),
    issuer: url.optional(),
    clientId: z.string().min(1).optional(),
    clientSecret: z.string().min(1).optional(),
    scopes: z.string().min(1).default('openid email profile'),
    /** `https://<this site>/api/v1/auth/sso/callback`, as the provider knows it. */
    redirectUri: url.optional(),
    /** Of users that are made at their first login. */
    defaultRole: z.enum(['viewer', 'operator', 'admin']).default('viewer'),
    autoCreateUsers: z.boolean().default(true),
    /** Where browsers go after it; its page is `/sso-callback`. */
    frontendUrl: url.optional(),
  })
  .refine(
    (one) => !one.enabled || (one.issuer && one.clientId && one.redirectUri) !== undefined,
    'enabled needs issuer, clientId and redirectUri',
  )
  .prefault({});

export type SsoConfiguration = z.output<typeof sso>;

/** `personalities.webmacs`. */
export const webmacsConfiguration = z
  .strictObject({
    /** Calls below `/api/v1` and sockets below `/ws` on the main port. */
    enabled: z.boolean().default(true),
    sso,
  })
  .prefault({});
