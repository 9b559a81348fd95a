import type { Project, VisitSession } from '../../../../actors/content/content.types.js';
import type { SessionCommand, SessionMove } from '../../../../actors/session/protocol.js';
import { EngineError } from '../../../../engine/errors.js';
import type { GeoPoint } from '../../../../media/ports.js';
import { type Ask, type Call, field, ownField, pathId } from '../http/ask.js';
import type { Form } from '../http/body.js';
import { choice, float, id, ids, lower, text } from '../http/codecs.js';
import { bad, denied, notFound, refusalOf } from '../http/refusal.js';
import { languageByCode } from '../localise.js';
import { type EventKind, logEvent } from '../log-event.js';
import { absolute, assetUrl } from '../media-url.js';
import { isStaff } from '../people.js';
import type { Services } from '../services.js';

const BITRATES = ['64', '96', '112', '128', '160', '192', '256', '320'] as const;
const metres = float(0, 40_000_000);
const degrees = float(-1_000_000, 1_000_000);

export function streamCalls(services: Services): readonly Call[] {
  const post = (name: string, run: (ask: Ask) => Promise<unknown>): Call => ({
    method: 'POST',
    path: `streams/{id}/${name}`,
    access: 'any',
    changes: false,
    run,
  });
  const simple = (name: string, command: 'pause' | 'resume' | 'skip', kind: EventKind): Call =>
    post(name, async (ask) => {
      const session = await ownSession(services, ask);
      await logEvent(services, session.id, kind);
      const done = await tryCommand(services, session.id, { name: command });
      // Asked for what is so already, or with nothing to skip: for an app that is no failure.
      return done.running ? { success: true } : answerOf(done);
    });
  return [
    {
      method: 'POST',
      path: 'streams',
      access: 'any',
      changes: false,
      run: (ask) => open(services, ask),
    },
    {
      method: 'PATCH',
      path: 'streams/{id}',
      access: 'any',
      changes: false,
      run: (ask) => change(services, ask),
    },
    post('heartbeat', async (ask) => {
      const session = await ownSession(services, ask);
      await logEvent(services, session.id, 'heartbeat');
      // A stream that ended is not kept alive: the app opens another one.
      await tryCommand(services, session.id, { name: 'heartbeat' });
      return {};
    }),
    post('playasset', async (ask) => {
      const session = await ownSession(services, ask);
      const assetId = field(await ask.form(), id, 'asset_id', 'asset');
      if (assetId === undefined) throw bad('asset_id: it is required.');
      await logEvent(services, session.id, 'play_asset_in_stream', { data: String(assetId) });
      return answerOf(await tryCommand(services, session.id, { name: 'play', assetId }));
    }),
    post('replayasset', async (ask) => {
      const session = await ownSession(services, ask);
      const tracks = await services.content.audioTracks.count({
        where: [{ field: 'projectId', op: '=', value: session.projectId }],
      });
      if (tracks !== 1) throw bad('Replay needs a project with exactly one audiotrack.');
      await logEvent(services, session.id, 'replay_asset');
      const { success, message } = await tryCommand(services, session.id, { name: 'replay' });
      if (!success) throw bad(message ?? 'There is nothing to replay.');
      return { success };
    }),
    simple('skipasset', 'skip', 'skip_ahead'),
    simple('skip', 'skip', 'skip_ahead'),
    simple('pause', 'pause', 'pause'),
    simple('resume', 'resume', 'resume'),
    {
      method: 'GET',
      path: 'streams/{id}/isactive',
      access: 'any',
      run: (ask) => {
        const number = pathId(ask);
        const active = services.sound.ofNumber(number) !== undefined;
        return Promise.resolve({ stream_id: number, active });
      },
    },
    post('kill', async (ask) => {
      const session = await ownSession(services, ask);
      const streamId = services.sound.ofNumber(session.id);
      if (streamId !== undefined) {
        await services.sound.close(streamId).catch((thrown: unknown) => {
          if (EngineError.from(thrown).code !== 'not-found') throw thrown;
        });
      }
      return { stream_id: session.id, success: streamId !== undefined };
    }),
  ];
}

/** The session in the path. Only its visitor and staff steer its stream. @throws Refusal 403, 404. */
async function ownSession({ content }: Services, ask: Ask): Promise<VisitSession> {
  const session = await content.sessions.get(pathId(ask));
  if (session === undefined) throw notFound();
  return owned(session, ask);
}

function owned(session: VisitSession, { who }: Ask): VisitSession {
  const own = session.userId === null || session.userId === who.visitor?.id;
  if (!own && !isStaff(who)) throw denied();
  return session;
}

interface Done {
  readonly running: boolean;
  readonly success: boolean;
  readonly message?: string;
}

const answerOf = ({ success, message }: Done): object =>
  message === undefined ? { success } : { success, message };

/** A stream that is not there is told of, not an error. */
async function tryCommand(
  { sound }: Services,
  number: number,
  command: Exclude<SessionCommand, { readonly name: 'stop' }>,
): Promise<Done> {
  const streamId = sound.ofNumber(number);
  if (streamId === undefined) {
    return { running: false, success: false, message: 'There is no such stream.' };
  }
  try {
    const { done, message } = await sound.command(streamId, command);
    const why = done ? {} : { message: message ?? 'Nothing was done.' };
    return { running: true, success: done, ...why };
  } catch (thrown) {
    const error = EngineError.from(thrown);
    if (error.httpStatus >= 500) throw thrown;
    return { running: false, success: false, message: error.message };
  }
}

/** Both coordinates or none; words that scripts make of a missing value count as none. */
function placeIn(form: Form): GeoPoint | undefined {
  const latitude = field(form, float(-90, 90), 'latitude');
  const longitude = field(form, float(-180, 180), 'longitude');
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
}

/** Tags that were chosen; undefined when the body says nothing of them. */
function tagsIn(form: Form): readonly number[] | undefined {
  const names = ['tag_ids', 'tags'];
  const named = names.filter((name) => {
    const raw = ownField(form, name);
    return raw !== undefined && raw !== 'undefined' && raw !== 'null' && raw !== null;
  });
  return named.length === 0 ? undefined : (field(form, ids, ...named) ?? []);
}

async function open(services: Services, ask: Ask): Promise<unknown> {
  const { content, sound } = services;
  const form = await ask.form();
  const number = field(form, id, 'session_id', 'session');
  if (number === undefined) throw bad('session_id: it is required.');
  const session = await content.sessions.get(number);
  const project = session && (await content.projects.get(session.projectId));
  if (session === undefined || project === undefined) {
    throw bad(`session_id: there is no session ${number}.`);
  }
  owned(session, ask);
  const named = field(form, id, 'project_id', 'project');
  if (named !== undefined && named !== project.id) {
    throw bad('project_id: it is not the project of the session.');
  }
  const position = placeIn(form);
  if (session.geoListenEnabled && position === undefined) {
    throw bad('latitude, longitude: they are required, the session listens by place.');
  }
  const tagIds = tagsIn(form);
  const format = field(form, choice(['mp3', 'ogg'], lower), 'audio_format') ?? project.audioFormat;
  const bitrate = field(form, choice(BITRATES), 'audio_stream_bitrate');
  await logEvent(services, session.id, 'request_stream', { ...position, tagIds: tagIds ?? [] });
  if (session.demoStreamEnabled) return await demo(services, ask, session, project);
  if (position !== undefined && !(await services.inRange(project, position, session))) {
    return await outOfRange(services, ask, session, project);
  }
  if (!project.listenEnabled && !isStaff(ask.who)) {
    throw bad(`project_id: project ${project.id} is not open to listeners.`);
  }
  const running = sound.ofNumber(session.id);
  if (running === undefined) {
    await sound.open(
      {
        profile: 'roundware',
        number: session.id,
        projectId: project.id,
        mount: `/stream${session.id}.${format}`,
        format: format === 'mp3' ? 'mp3' : 'vorbis',
        bitrateKbps: bitrate === undefined ? project.audioBitrateKbps : Number(bitrate),
        geoListen: session.geoListenEnabled,
        position,
        tagIds: chosen(tagIds ?? []) ?? undefined,
        languageId: session.languageId,
        userId: session.userId ?? undefined,
      },
      ask.address,
    );
  } else {
    sound.move({
      id: running,
      ...(position === undefined ? {} : { position }),
      ...(tagIds === undefined ? {} : { tagIds: chosen(tagIds) }),
    });
  }
  const streamId = sound.ofNumber(session.id);
  if (streamId === undefined) throw new EngineError('server.busy', 'the stream did not start');
  return { stream_url: sound.streamUrl(streamId, ask.origin), stream_id: session.id };
}

/** An empty choice is none: the project's defaults hold. */
const chosen = (tagIds: readonly number[]): readonly number[] | null =>
  tagIds.length === 0 ? null : tagIds;

async function textIn(
  { content }: Services,
  locIds: readonly number[],
  languageId: number,
): Promise<string | null> {
  const texts = await content.texts(locIds, languageId);
  const found = locIds.find((one) => texts.has(one));
  return found === undefined ? null : (texts.get(found) ?? null);
}

/** The sound of a project that says no demo of its own: the first that was published, as an MP3 file. */
async function firstSound(services: Services, project: Project, ask: Ask): Promise<string | null> {
  const asset = await services.content.assets.first({
    where: [
      { field: 'projectId', op: '=', value: project.id },
      { field: 'mediaType', op: '=', value: 'audio' },
      { field: 'submitted', op: '=', value: true },
      { field: 'ingest', op: 'in', value: ['none', 'ready'] },
      { field: 'mediaId', op: 'isNull', value: false },
    ],
  });
  return asset === undefined ? null : await assetUrl(services, asset, ask.origin);
}

async function demo(
  services: Services,
  ask: Ask,
  session: VisitSession,
  project: Project,
): Promise<object> {
  const own = absolute(project.demoStreamUrl, ask.origin);
  return {
    stream_url:
      own === ''
        ? ((await firstSound(services, project, ask)) ?? services.sound.demoUrl(ask.origin))
        : own,
    demo_stream_message: await textIn(
      services,
      project.demoStreamMessageLocIds,
      session.languageId,
    ),
    stream_id: session.id,
  };
}

async function outOfRange(
  services: Services,
  ask: Ask,
  session: VisitSession,
  project: Project,
): Promise<object> {
  return {
    stream_url: absolute(project.outOfRangeUrl, ask.origin),
    user_message: await textIn(services, project.outOfRangeMessageLocIds, session.languageId),
    stream_id: session.id,
  };
}

/** Move, choice of tags, range, cone, language. What is not said of range and cone goes back to the rule. */
async function change(services: Services, ask: Ask): Promise<unknown> {
  const { content, sound } = services;
  const session = await ownSession(services, ask);
  const form = await ask.form();
  const position = placeIn(form);
  const tagIds = tagsIn(form);
  const code = field(form, text(32), 'language');
  const language = code === undefined ? undefined : await languageByCode(content, code);
  if (code !== undefined && language === undefined) {
    throw bad(`language: there is no language ${code}.`);
  }
  const streamId = sound.ofNumber(session.id);
  if (position === undefined && tagIds === undefined && language === undefined) {
    throw bad('Give tag_ids, latitude and longitude, or language.');
  }
  if (tagIds !== undefined && streamId === undefined) {
    throw bad('There is no stream of this session: open one with POST /api/2/streams/.');
  }
  const headingDeg = field(form, degrees, 'listener_heading');
  const move: Omit<SessionMove, 'id'> = {
    ...(position === undefined ? {} : { position }),
    ...(tagIds === undefined ? {} : { tagIds: chosen(tagIds) }),
    ...(language === undefined ? {} : { languageId: language.id }),
    headingDeg: headingDeg === undefined ? null : ((headingDeg % 360) + 360) % 360,
    headingWidthDeg: field(form, float(0, 360), 'listener_width') ?? null,
    rangeMinM: field(form, metres, 'listener_range_min') ?? null,
    rangeMaxM: field(form, metres, 'listener_range_max') ?? null,
  };
  if (language !== undefined) {
    await content.sessions.update(session.id, { languageId: language.id });
  }
  const kind = tagIds === undefined ? 'move_listener' : 'modify_stream';
  await logEvent(services, session.id, kind, { ...position, tagIds: tagIds ?? [] });
  if (streamId !== undefined) {
    try {
      sound.move({ id: streamId, ...move });
    } catch (thrown) {
      // It ended between two steps of ours: as without a stream.
      if (refusalOf(thrown).status !== 404) throw thrown;
    }
  }
  return {};
}
