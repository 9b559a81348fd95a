import { z } from 'zod';
import { role } from './rest.js';

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
  owner: z.string(),
  createdAtUnixMs: z.number(),
  expiresAtUnixMs: z.number().nullable(),
  usedAtUnixMs: z.number().nullable(),
});
export type Token = z.infer<typeof token>;

export const tokenCreate = z.strictObject({
  name: z.string().min(1).max(100),
  role: role.default('viewer'),
  /** Days from now; absent: does not expire. */
  expiresInDays: z.number().positive().max(3_650).optional(),
});
/** The secret is shown once, here. Send it as `Authorization: Bearer ear_…`. */
export const tokenCreated = token.extend({ secret: z.string() });

/** The secret is shown once, here. Send it as `Authorization: Bearer eard_…`. */
export const deviceToken = z.object({ deviceId: z.string(), secret: z.string() });
