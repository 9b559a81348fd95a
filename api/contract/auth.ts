import { z } from 'zod';
import { role } from './rest.js';

/**
 * What a token may be bound to. `read`: every call that only reads, but for those of admins; the others: all calls
 * of that part of the site.
 */
export const SCOPES = [
  'read',
  'devices',
  'audio',
  'content',
  'rules',
  'alarms',
  'history',
  'site',
  'users',
] as const;
export type Scope = (typeof SCOPES)[number];
const scopes = z.array(z.enum(SCOPES)).min(1).max(SCOPES.length);

const password = z.string().min(10).max(512);

export const passwordChange = z.strictObject({
  current: z.string().min(1).max(512),
  /** At least 10 characters, and not the username. */
  next: password,
});

export const user = z.object({
  id: z.string(),
  username: z.string(),
  role,
  createdAtUnixMs: z.number(),
  passwordChangedAtUnixMs: z.number(),
});

export const userCreate = z.strictObject({
  username: z.string().min(1).max(128),
  password,
  role: role.default('viewer'),
});
export const userPatch = z
  .strictObject({ role: role.optional(), password: password.optional() })
  .refine((v) => Object.keys(v).length > 0, 'give role, password or both');

export const token = z.object({
  id: z.string(),
  name: z.string(),
  /** Never more than its owner's role at the time of use. */
  role,
  /** Null: all that the role may. */
  scopes: z.array(z.string()).nullable(),
  owner: z.string(),
  createdAtUnixMs: z.number(),
  expiresAtUnixMs: z.number().nullable(),
  usedAtUnixMs: z.number().nullable(),
});
export type Token = z.infer<typeof token>;

export const tokenCreate = z.strictObject({
  name: z.string().min(1).max(100),
  role: role.default('viewer'),
  /** Parts of the site it is for; absent: all that the role may. */
  scopes: scopes.optional(),
  /** Days from now; absent: does not expire. */
  expiresInDays: z.number().positive().max(3_650).optional(),
});
/** The secret is shown once, here. Send it as `Authorization: Bearer ear_…`. */
export const tokenCreated = token.extend({ secret: z.string() });

/** The secret is shown once, here. Send it as `Authorization: Bearer eard_…`. */
export const deviceToken = z.object({ deviceId: z.string(), secret: z.string() });

/** Somebody signed in on some browser. Times are Unix ms. */
export const authSession = z.object({
  /** Says nothing about the cookie. */
  id: z.string(),
  userId: z.string(),
  username: z.string(),
  address: z.string(),
  userAgent: z.string(),
  createdAtUnixMs: z.number(),
  /** Right to a minute. */
  usedAtUnixMs: z.number(),
  /** At the latest; sooner when nobody uses it. */
  expiresAtUnixMs: z.number(),
  /** The one that asked for this list. */
  current: z.boolean(),
});
export const authSessions = z.object({ items: z.array(authSession) });
export type AuthSessionsAnswer = z.infer<typeof authSessions>;

/** Absent: one is made. */
export const passwordReset = z.strictObject({ password: password.optional() }).default({});
/** The password that was made is shown once, here; null when one was given. */
export const passwordResetAnswer = z.object({
  username: z.string(),
  password: z.string().nullable(),
});
