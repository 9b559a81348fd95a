import type { Asset, Envelope, VisitSession } from '../../../../actors/content/content.types.js';
import { ASSET_DEFAULTS } from '../../../../actors/content/defaults.js';
import { EngineError } from '../../../../engine/errors.js';
import type { GeoPoint } from '../../../../media/ports.js';
import { type Ask, field } from '../http/ask.js';
import type { FormFile } from '../http/body.js';
import { id, ids, text } from '../http/codecs.js';
import { readInputs } from '../http/inputs.js';
import { bad, badField } from '../http/refusal.js';
import { logEvent } from '../log-event.js';
import { isStaff } from '../people.js';
import type { Services } from '../services.js';
import { ASSET_INPUTS } from './asset-fields.js';

/** An upload is answered when its asset is playable; after this it is answered as it is. */
const SETTLED_WITHIN_MS = 25_000;

/** `POST /assets/`: a file, or the name of one that is here, in one envelope. @throws Refusal 400. */
export async function createAsset(services: Services, ask: Ask): Promise<Asset> {
  const form = await ask.form();
  const [envelopeId, ...others] = field(form, ids, 'envelope_ids', 'envelope_id') ?? [];
  if (envelopeId === undefined || others.length > 0) {
    throw badField('envelope_ids', 'The id of one envelope is required.');
  }
  const file = form.files[0];
  const filename = field(form, text(255), 'filename');
  if ((file === undefined) === (filename === undefined)) {
    throw bad('Give one of file and filename.');
  }
  const { envelope, session } = await envelopeOf(services, envelopeId);
  if (file !== undefined) return await takeUpload(services, ask, envelope, session, file);
  return await nameFile(services, ask, envelope, session, filename ?? '');
}

/** @throws Refusal 400. */
export async function envelopeOf(
  { content }: Services,
  envelopeId: number,
): Promise<{ readonly envelope: Envelope; readonly session: VisitSession }> {
  const envelope = await content.envelopes.get(envelopeId);
  const session =
    envelope === undefined ? undefined : await content.sessions.get(envelope.sessionId);
  if (envelope === undefined || session === undefined) {
    throw bad(`There is no envelope ${envelopeId}.`);
  }
  return { envelope, session };
}

/**
 * Hands a file to the ingest, with all that the form says, and answers its asset when it can be played. From then on
 * its author hears it: the sound is told by the ingest itself.
 */
export async function takeUpload(
  services: Services,
  ask: Ask,
  envelope: Envelope,
  own: VisitSession,
  file: FormFile,
): Promise<Asset> {
  const { content, ingest } = services;
  const form = await ask.form();
  const number = field(form, id, 'session_id', 'session');
  const session = number === undefined ? own : await content.sessions.get(number);
  if (session === undefined) throw bad(`session_id: there is no session ${String(number)}.`);
  const said = readInputs(form, ASSET_INPUTS, false);
  const position = placeOf(said);
  const userId = said.userId ?? session.userId ?? ask.who.visitor?.id;
  if (said.userId != null && (await content.visitors.get(said.userId)) === undefined) {
    throw bad(`user_id: there is no user ${said.userId}.`);
  }
  await logEvent(services, session.id, 'start_upload', {
    ...(position ?? {}),
    tagIds: said.tagIds ?? [],
    data: `envelope_id:${envelope.id}`,
  });
  const asset = await ingest.receive({
    source: { file: file.path },
    projectId: session.projectId,
    sessionNumber: session.id,
    envelopeId: envelope.id,
    languageId: said.languageId ?? session.languageId,
    declaredName: file.filename,
    declaredType: file.contentType,
    ...(userId === undefined ? {} : { userId }),
    ...(position === undefined ? {} : { position }),
    ...(said.tagIds === undefined ? {} : { tagIds: said.tagIds }),
    ...(said.description === undefined ? {} : { description: said.description }),
    ...(said.mediaType === undefined ? {} : { mediaType: said.mediaType }),
    ...(said.submitted === undefined ? {} : { submitted: said.submitted }),
    ...(said.volume === undefined ? {} : { volume: said.volume }),
    ...(said.weight === undefined ? {} : { weight: said.weight }),
    ...(said.shape == null ? {} : { shape: said.shape }),
    ...(said.descriptionLocIds === undefined ? {} : { descriptionLocIds: said.descriptionLocIds }),
    ...(said.altTextLocIds === undefined ? {} : { altTextLocIds: said.altTextLocIds }),
  });
  const settled = await settle(services, asset);
  if (settled.ingest === 'failed') throw bad(settled.ingestError ?? 'The file cannot be read.');
  return settled;
}

async function settle({ ingest, clock }: Services, asset: Asset): Promise<Asset> {
  const late = new AbortController();
  const timer = clock.setTimeout(() => late.abort(), SETTLED_WITHIN_MS);
  try {
    return await ingest.settled(asset.id, late.signal);
  } catch (thrown) {
    if (EngineError.from(thrown).code === 'call.aborted') return asset;
    throw thrown;
  } finally {
    clock.clearTimeout(timer);
  }
}

/** As an upload is, of which nothing is said. */
async function submittedAt(
  { content, inRange }: Services,
  session: VisitSession,
  position: GeoPoint | undefined,
): Promise<boolean> {
  const project = await content.projects.get(session.projectId);
  if (project?.autoSubmit !== true || position === undefined) return false;
  return await inRange(project, position, session);
}

/** Both coordinates, or none. */
function placeOf(said: Partial<Asset>): GeoPoint | undefined {
  const { latitude, longitude } = said;
  return latitude == null || longitude == null ? undefined : { latitude, longitude };
}

/**
 * An asset of a file that is here: of an asset of the same project which had the name before, and which who asks may
 * hear. @throws Refusal 400 for any other name.
 */
async function nameFile(
  services: Services,
  ask: Ask,
  envelope: Envelope,
  session: VisitSession,
  filename: string,
): Promise<Asset> {
  const { content, clock } = services;
  const said = readInputs(await ask.form(), ASSET_INPUTS, false);
  const named = await content.assets.find({
    where: [
      { field: 'filename', op: '=', value: filename },
      { field: 'projectId', op: '=', value: session.projectId },
    ],
  });
  const { who } = ask;
  const known = named.find(
    (asset) =>
      asset.submitted ||
      isStaff(who) ||
      (asset.userId !== null && asset.userId === who.visitor?.id),
  );
  if (known === undefined) throw bad(`filename: the project has no file ${filename}.`);
  const lengthS = said.lengthS ?? known.lengthS;
  const nowUnixMs = clock.nowMs();
  return await content.assets.create({
    ...ASSET_DEFAULTS,
    languageId: session.languageId,
    userId: session.userId,
    mediaType: known.mediaType,
    startS: 0,
    endS: lengthS,
    ...said,
    lengthS,
    projectId: session.projectId,
    sessionId: session.id,
    mediaId: known.mediaId,
    filename,
    submitted: said.submitted ?? (await submittedAt(services, session, placeOf(said))),
    envelopeIds: [envelope.id],
    createdAtUnixMs: nowUnixMs,
    updatedAtUnixMs: nowUnixMs,
  });
}
