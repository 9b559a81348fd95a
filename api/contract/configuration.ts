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

export const configurationDiff = z.object({
  changes,
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
