import type { AuditPort } from '../automation/ports.js';

/** A change that comes by an older system's protocol, before it is done. */
export interface Asked {
  readonly address: string;
  /** `PUT /api/v1/events/{id}` */
  readonly action: string;
  readonly requestId: string;
  /** The thing as it is now; undefined: the protocol shows it nowhere. May throw: then it is as if it were not there. */
  readonly look?: (() => Promise<unknown>) | undefined;
  /** Told once it is done; undefined: nothing was changed, so there is nothing to note. */
  told(answer: unknown): Told | undefined;
  /** What of a large thing is worth keeping, when both sides are known. */
  readonly narrow?: (before: unknown, after: unknown) => readonly [unknown, unknown];
}

export interface Told {
  readonly by: string;
  readonly subject: string;
  /** What it is now, where looking does not tell; null: it is gone. */
  readonly after: unknown;
}

/**
 * Does a change and notes it in the site's log of changes: who, what, the thing before and after. What is refused is in
 * no log. `audit` undefined: nobody keeps one.
 */
export async function traced<T>(
  audit: AuditPort | undefined,
  asked: Asked,
  run: () => Promise<T> | T,
): Promise<T> {
  if (audit === undefined) return await run();
  const { address, action, requestId, look, narrow } = asked;
  const before = await seen(look);
  const answer = await run();
  const told = asked.told(answer);
  if (told === undefined) return answer;
  const { by, subject } = told;
  const after = told.after === null ? null : ((await seen(look)) ?? told.after ?? null);
  const both = before !== null && after !== null;
  const [was, is] = (both ? narrow?.(before, after) : undefined) ?? [before, after];
  audit.note({ by, address, action, subject, before: was, after: is, requestId });
  return answer;
}

async function seen(look: Asked['look']): Promise<unknown> {
  if (look === undefined) return null;
  try {
    return (await look()) ?? null;
  } catch {
    // Whatever is wrong with it, the change itself says so.
    return null;
  }
}
