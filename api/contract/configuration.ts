import { z } from 'zod';

/** Ids of the rows of one table of a configuration that are new, other or gone. */
const tableChanges = z.object({
  added: z.array(z.int()),
  changed: z.array(z.int()),
  removed: z.array(z.int()),
});

/** By table; those without a change are not named. */
const changes = z.record(z.string(), tableChanges);

/** `instances/<id>/<path>` of secrets that the configuration names and this site does not have: give them at the instance. */
const secretsNeeded = z.array(z.string());

/** One row that would be other than it is. */
const rowChange = z.object({
  table: z.string(),
  id: z.int(),
  kind: z.enum(['added', 'changed', 'removed']),
  /** What people call it; empty: it has no name. */
  name: z.string(),
  /** Of one that changes: its fields that do; a value as YAML has it, cut off after 1,000 characters. */
  fields: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
});

/** Query string of `POST /v1/configuration/diff`. */
export const configurationDiffQuery = z.strictObject({
  /** A version to compare with; absent: the site as it is. */
  against: z.string().min(1).max(64).optional(),
});

export const configurationDiff = z.object({
  changes,
  /** The first 500, by table. */
  rows: z.array(rowChange),
  /** Unified, of both as YAML; empty: there is no difference. */
  text: z.string(),
  secretsNeeded,
});
export type ConfigurationDiff = z.infer<typeof configurationDiff>;

export const configurationApplied = z.object({
  changes,
  /** Of the configuration as it was before; null: nothing changed. */
  version: z.string().nullable(),
  /** Tables whose changes count from the next start only. */
  restartNeeded: z.array(z.string()),
  secretsNeeded,
});
export type ConfigurationApplied = z.infer<typeof configurationApplied>;

/** Newest first. */
export const configurationVersions = z.object({
  items: z.array(z.object({ id: z.string(), atUnixMs: z.number(), sizeBytes: z.int() })),
});
export type ConfigurationVersionsAnswer = z.infer<typeof configurationVersions>;
