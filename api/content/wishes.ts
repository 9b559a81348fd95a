import { z } from 'zod';
import { atLeast } from '../../actors/control/users.js';
import { EngineError } from '../../engine/errors.js';
import { check } from '../http/problem.js';
import type { Principal } from '../http/route.types.js';
import type { Arrival } from './ingest.types.js';

/** A visit that somebody proves to be theirs by its secret id. */
export interface Visit {
  readonly number: number;
  readonly projectId: number;
}

/** Undefined for an unknown or ended session. */
export type VisitOf = (secretId: string) => Promise<Visit | undefined> | Visit | undefined;

const whole = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** What may be said about a file, as text: from a form, from `Upload-Metadata`, from a row of a table. */
export const wishFields = z.object({
  sessionId: z.string().max(100).optional(),
  projectId: whole.optional(),
  envelopeId: whole.optional(),
  latitude: z.coerce.number().min(-90).max(90).optional(),
  longitude: z.coerce.number().min(-180).max(180).optional(),
  tagIds: z
    .string()
    .max(2_000)
    .transform((text, context) => {
      const ids = text.split(',').filter((part) => part.trim() !== '');
      const numbers = ids.map(Number);
      if (numbers.every((id) => Number.isSafeInteger(id) && id > 0)) return numbers;
      context.addIssue({ code: 'custom', message: 'must be ids with commas, like 3,4' });
      return z.NEVER;
    })
    .optional(),
  mediaType: z.enum(['audio', 'photo', 'text', 'video']).optional(),
  description: z.string().max(8_192).optional(),
  languageId: whole.optional(),
  submitted: z.enum(['true', 'false']).optional(),
  volume: z.coerce.number().min(0).max(10).optional(),
  weight: z.coerce.number().int().min(0).max(99).optional(),
  filename: z.string().max(500).optional(),
  filetype: z.string().max(200).optional(),
});

export type Wishes = z.output<typeof wishFields>;

/** Empty fields count as missing: forms send them. @throws EngineError `input.invalid` naming each wrong field. */
export function readWishes(fields: ReadonlyMap<string, string>): Wishes {
  const given = [...fields].filter(([, value]) => value !== '');
  return check(wishFields, Object.fromEntries(given), 'body') as Wishes;
}

/**
 * Who may bring what: a visitor, by the secret id of the session, to its project; an operator to any project, who may
 * also say whether it is heard at once.
 * @throws EngineError `auth.required`, `auth.denied`, `input.invalid`.
 */
export async function arrivalOf(
  wishes: Wishes,
  principal: Principal,
  visitOf: VisitOf,
): Promise<Omit<Arrival, 'source'>> {
  const operator = principal.role !== undefined && atLeast(principal.role, 'operator');
  const visit = wishes.sessionId === undefined ? undefined : await visitOf(wishes.sessionId);
  if (wishes.sessionId !== undefined && visit === undefined) {
    throw new EngineError('auth.denied', 'sessionId: there is no such session, or it is over');
  }
  if (visit === undefined && !operator) {
    throw new EngineError(
      'auth.required',
      'sessionId: bring the id of your session, before the file, or log in as operator',
    );
  }
  const projectId = visit?.projectId ?? wishes.projectId;
  if (projectId === undefined) {
    throw new EngineError('input.invalid', 'projectId: say which project it is for');
  }
  const { latitude, longitude } = wishes;
  if ((latitude === undefined) !== (longitude === undefined)) {
    throw new EngineError('input.invalid', 'latitude and longitude belong together: give both');
  }
  return {
    projectId,
    ...(visit === undefined ? {} : { sessionNumber: visit.number }),
    ...(wishes.envelopeId === undefined ? {} : { envelopeId: wishes.envelopeId }),
    ...(latitude === undefined || longitude === undefined
      ? {}
      : { position: { latitude, longitude } }),
    ...(wishes.tagIds === undefined ? {} : { tagIds: wishes.tagIds }),
    ...(wishes.mediaType === undefined ? {} : { mediaType: wishes.mediaType }),
    ...(wishes.description === undefined ? {} : { description: wishes.description }),
    ...(wishes.languageId === undefined ? {} : { languageId: wishes.languageId }),
    ...(wishes.filename === undefined ? {} : { declaredName: wishes.filename }),
    ...(wishes.filetype === undefined ? {} : { declaredType: wishes.filetype }),
    ...(operator && wishes.submitted !== undefined
      ? { submitted: wishes.submitted === 'true' }
      : {}),
    ...(operator && wishes.volume !== undefined ? { volume: wishes.volume } : {}),
    ...(operator && wishes.weight !== undefined ? { weight: wishes.weight } : {}),
  };
}

const visitShape = z.object({ number: z.int().min(1), projectId: z.int().min(1) });

/** Of a listener session's definition; undefined for one without a visit in the content store. */
export function visitOfSession(definition: unknown): Visit | undefined {
  const found = visitShape.safeParse(definition);
  return found.success ? { number: found.data.number, projectId: found.data.projectId } : undefined;
}
