import type { Asset, Project, VisitSession } from '../../actors/content/content.types.js';
import { ASSET_DEFAULTS } from '../../actors/content/defaults.js';
import type { ContentStore } from '../../actors/content/store.types.js';
import { EngineError } from '../../engine/errors.js';
import { isPosition } from '../../media/geometry.js';
import type { Arrival, InRange } from './ingest.types.js';

/** Characters of a description. */
const MAX_DESCRIPTION = 8_192;
const MAX_TAGS = 100;

/** What is known of a file that arrived, besides the file. */
export interface CheckedArrival {
  readonly project: Project;
  readonly session: VisitSession | undefined;
  /** All of the asset but what the file gives. */
  readonly row: Omit<Asset, 'id' | 'createdAtUnixMs' | 'updatedAtUnixMs'>;
}

const wrong = (field: string, why: string) =>
  new EngineError('input.invalid', `${field}: ${why}`, { context: { field } });

/** Checks all that somebody says about a file. @throws EngineError `input.invalid` naming the field. */
export async function checkArrival(
  arrival: Omit<Arrival, 'source'>,
  content: ContentStore,
  inRange: InRange,
): Promise<CheckedArrival> {
  const project = await content.projects.get(arrival.projectId);
  if (project === undefined) throw wrong('projectId', `there is no project ${arrival.projectId}`);
  const session = await sessionOf(arrival, content);
  const userId = arrival.userId ?? session?.userId ?? null;
  if (userId !== null && (await content.visitors.get(userId)) === undefined) {
    throw wrong('userId', `there is no visitor ${userId}`);
  }
  const position = arrival.position;
  if (position !== undefined && !isPosition(position)) {
    throw wrong('position', 'latitude must be −90 to 90 and longitude −180 to 180');
  }
  const description = arrival.description ?? '';
  if (description.length > MAX_DESCRIPTION) {
    throw wrong('description', `at most ${MAX_DESCRIPTION} characters`);
  }
  const languageId = arrival.languageId ?? session?.languageId ?? project.languageIds[0] ?? 1;
  if ((await content.languages.get(languageId)) === undefined) {
    throw wrong('languageId', `there is no language ${languageId}`);
  }
  return {
    project,
    session,
    row: {
      ...ASSET_DEFAULTS,
      projectId: project.id,
      sessionId: session?.id ?? null,
      userId,
      languageId,
      mediaType: arrival.mediaType ?? typeOf(arrival.declaredType),
      description,
      latitude: position?.latitude ?? project.latitude,
      longitude: position?.longitude ?? project.longitude,
      shape: arrival.shape ?? null,
      radiusM: arrival.radiusM ?? null,
      placed: arrival.placed ?? false,
      law: arrival.law ?? 'linear',
      volume: ranged('volume', arrival.volume ?? 1, 0, 10),
      weight: ranged('weight', arrival.weight ?? 50, 0, 99),
      submitted: await submittedOf(arrival, project, session, inRange),
      ingest: 'waiting',
      tagIds: await tagsOf(arrival, content),
      envelopeIds: await envelopesOf(arrival, content, session),
      descriptionLocIds: arrival.descriptionLocIds ?? [],
      altTextLocIds: arrival.altTextLocIds ?? [],
    },
  };
}

/** Roundware 1.2: said outright; else without a place no, in range as the project says, out of range no. */
async function submittedOf(
  arrival: Omit<Arrival, 'source'>,
  project: Project,
  session: VisitSession | undefined,
  inRange: InRange,
): Promise<boolean> {
  if (arrival.submitted !== undefined) return arrival.submitted;
  if (arrival.position === undefined || !project.autoSubmit) return false;
  return await inRange(project, arrival.position, session);
}

async function sessionOf(
  { sessionNumber, envelopeId, projectId }: Omit<Arrival, 'source'>,
  content: ContentStore,
): Promise<VisitSession | undefined> {
  let number = sessionNumber;
  if (number === undefined && envelopeId !== undefined) {
    number = (await content.envelopes.get(envelopeId))?.sessionId;
  }
  if (number === undefined) return undefined;
  const session = await content.sessions.get(number);
  if (session === undefined) throw wrong('sessionNumber', `there is no visit ${number}`);
  if (session.projectId !== projectId) {
    throw wrong('sessionNumber', `visit ${number} belongs to project ${session.projectId}`);
  }
  return session;
}

async function tagsOf(
  { tagIds = [], projectId }: Omit<Arrival, 'source'>,
  content: ContentStore,
): Promise<readonly number[]> {
  const ids = [...new Set(tagIds)].sort((a, b) => a - b);
  if (ids.length > MAX_TAGS) throw wrong('tagIds', `at most ${MAX_TAGS} tags`);
  const known = new Map((await content.tags.many(ids)).map((tag) => [tag.id, tag]));
  for (const id of ids) {
    const tag = known.get(id);
    if (tag === undefined) throw wrong('tagIds', `there is no tag ${id}`);
    if (tag.projectId !== projectId) {
      throw wrong('tagIds', `tag ${id} belongs to project ${tag.projectId}`);
    }
  }
  return ids;
}

async function envelopesOf(
  { envelopeId }: Omit<Arrival, 'source'>,
  content: ContentStore,
  session: VisitSession | undefined,
): Promise<readonly number[]> {
  if (envelopeId === undefined) return [];
  const envelope = await content.envelopes.get(envelopeId);
  if (envelope === undefined) throw wrong('envelopeId', `there is no envelope ${envelopeId}`);
  if (session !== undefined) {
    const other = await content.sessions.get(envelope.sessionId);
    if (other !== undefined && other.projectId !== session.projectId) {
      throw wrong('envelopeId', `envelope ${envelopeId} belongs to another project`);
    }
  }
  return [envelopeId];
}

function ranged(field: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw wrong(field, `must be ${min} to ${max}`);
}

/** A guess until the content was looked at. */
function typeOf(declared = ''): Asset['mediaType'] {
  if (/^image\//i.test(declared)) return 'photo';
  if (/^(text\/|application\/xml)/i.test(declared)) return 'text';
  return /^video\//i.test(declared) ? 'video' : 'audio';
}
