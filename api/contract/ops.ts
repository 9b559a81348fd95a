import { z } from 'zod';

/** Query string of `GET /v1/audit`; the newest come first. Times are Unix ms. */
export const auditQuery = z.strictObject({
  by: z.string().min(1).max(200).optional(),
  /** Its beginning: `rules/7`, `targets`. */
  subject: z.string().min(1).max(500).optional(),
  /** A part of it. */
  action: z.string().min(1).max(200).optional(),
  /** Anywhere in it, in any letter case. */
  text: z.string().min(1).max(200).optional(),
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

const side = z.record(z.string(), z.unknown()).nullable();
export const auditEntry = z.object({
  id: z.int(),
  atUnixMs: z.number(),
  by: z.string(),
  address: z.string(),
  action: z.string(),
  subject: z.string(),
  /** Without secrets; null: not known or not there. */
  before: side,
  after: side,
  requestId: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof auditEntry>;
export const auditAnswer = z.object({
  total: z.int(),
  offset: z.int(),
  limit: z.int(),
  items: z.array(auditEntry),
});

export const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);
export type LogLevelName = z.infer<typeof logLevel>;
export const logLevelChange = z.strictObject({
  level: logLevel,
  /** After this many seconds it is as before; absent: it stays until the next start. */
  forS: z.int().min(1).max(86_400).optional(),
});
export const logLevelAnswer = z.object({
  level: logLevel,
  /** Of the configuration. */
  usual: logLevel,
  untilUnixMs: z.number().nullable(),
});

/** `GET /v1/updates`: what changed with each version, newest first. Lines are Markdown. */
export const updatesAnswer = z.object({
  version: z.string(),
  versions: z.array(
    z.object({
      name: z.string(),
      sections: z.array(z.object({ title: z.string(), lines: z.array(z.string()) })),
    }),
  ),
});
export type UpdatesAnswer = z.infer<typeof updatesAnswer>;

/** `GET /v1/backup/status`: the backup that is made now, or the last one since the engine started. Times are Unix ms. */
export const backupStatus = z.object({
  state: z.enum(['none', 'running', 'done', 'failed', 'cancelled']),
  phase: z.enum(['settings', 'history', 'media']).nullable(),
  /** Written so far. */
  files: z.int(),
  /** As far as is known: media are counted when their turn comes. */
  ofFiles: z.int(),
  /** Sent so far. */
  bytes: z.int(),
  by: z.string().nullable(),
  startedAtUnixMs: z.number().nullable(),
  finishedAtUnixMs: z.number().nullable(),
  error: z.string().nullable(),
});
export type BackupStatus = z.infer<typeof backupStatus>;
