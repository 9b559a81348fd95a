import { z } from 'zod';
import type { ContentStore } from '../../actors/content/store.types.js';
import type { SessionDefinition, SessionOutput } from '../../actors/session/protocol.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { OpenSession } from '../audio/directory.js';
import type { AudioService } from '../audio/service.js';
import {
  commandAnswer,
  session as sessionAnswer,
  sessionCreate,
  sessionList,
  sessionListQuery,
  sessionPatch,
  type sessionSeen,
} from '../contract/sessions.js';
import { type Route, route } from '../http/route.types.js';
import { secretOf } from './session-key.js';
import { heardRoutes } from './sessions-heard.js';
import { visitorRoutes } from './sessions-visitor.js';

/** Listener sessions, as far as REST uses them. All throw `not-found` for an unknown or ended session. */
export type SessionDirectory = Pick<
  AudioService,
  | 'open'
  | 'row'
  | 'rows'
  | 'definition'
  | 'ofNumber'
  | 'move'
  | 'command'
  | 'playing'
  | 'announced'
  | 'explain'
  | 'close'
  | 'sounds'
>;

export interface SessionRoutesOptions {
  readonly sessions: SessionDirectory;
  readonly content: ContentStore;
  readonly clock: Clock;
  /**
   * Address of the mounts for a client that reached us as `origin` (`http://host:8080`): without a slash at
   * the end.
   */
  readonly streamOrigin: (origin: string, output?: SessionOutput) => string;
}

const COMMANDS = {
  heartbeat: 'Say that the client is still there; needed only while it neither listens nor moves',
  pause: 'Fade to silence; the stream goes on',
  resume: 'Go on after a pause',
  skip: 'Fade out the recordings heard now and go on to others',
  replay: 'Play the last recording again',
} as const;
const COMMAND_NAMES = ['heartbeat', 'pause', 'resume', 'skip', 'replay'] as const;

const key = z.object({ id: z.string().min(1).max(64) });

/**
 * `/v1/sessions`: whoever opens a session may steer it, with its id as the only key (128 random bits); the
 * list is for people who watch the site, and shows numbers. By its number, operators do all the same with a session, and
 * viewers read what it hears. The mount's id is another one, so the stream's address gives nothing away.
 */
export function sessionRoutes(options: SessionRoutesOptions): readonly Route[] {
  const { sessions, streamOrigin } = options;
  const shown = (row: OpenSession, origin: string): z.infer<typeof sessionAnswer> =>
    answerOf(row, sessions.definition(row.id), origin, streamOrigin);
  const languageId = async (code: string | undefined): Promise<number | undefined> => {
    if (code === undefined) return undefined;
    const found = await options.content.languages.first({
      where: [{ field: 'code', op: '=', value: code }],
    });
    if (found !== undefined) return found.id;
    throw new EngineError(
      'input.invalid',
      `language: the site has no language ${code}; GET /v1/languages lists them`,
      { context: { field: 'language' } },
    );
  };
  const answered = (
    row: OpenSession,
    outcome: { readonly done: boolean; readonly message: string | undefined },
    origin: string,
  ): z.infer<typeof commandAnswer> => ({
    ...shown(row, origin),
    done: outcome.done,
    message: outcome.message ?? null,
  });
  const commands = COMMAND_NAMES.map((name) =>
    route({
      method: 'POST',
      path: `/v1/sessions/{id}/${name}`,
      summary: COMMANDS[name],
      tag: 'sessions',
      access: 'open',
      params: key,
      response: commandAnswer,
      handler: async ({ params, origin, principal }) => {
        const id = secretOf(sessions, params.id, principal, 'operator');
        const outcome = await sessions.command(id, { name });
        return answered(sessions.row(id), outcome, origin);
      },
    }),
  );
  return [
    route({
      method: 'POST',
      path: '/v1/sessions',
      summary: 'Open a listener session: a stream of its own, heard where the listener is',
      tag: 'sessions',
      access: 'open',
      body: sessionCreate,
      response: sessionAnswer,
      status: 201,
      handler: async ({ body, origin, address, header, principal }) => {
        const { language, bitrateKbps, ...wish } = body;
        const closed = sessions.sounds.row(body.projectId)?.listenEnabled === false;
        if (closed && principal.role === undefined) {
          throw new EngineError(
            'auth.denied',
            `projectId: project ${body.projectId} is not open to listeners; its operators open it`,
          );
        }
        const row = await sessions.open(
          {
            ...wish,
            bitrateKbps:
              bitrateKbps ?? sessions.sounds.row(body.projectId)?.audioBitrateKbps ?? 128,
            languageId: await languageId(language),
            clientType: 'web',
            clientSystem: (header('user-agent') ?? '').slice(0, 128),
          },
          address,
        );
        return shown(row, origin);
      },
    }),
    route({
      method: 'GET',
      path: '/v1/sessions',
      summary: 'Open sessions, with where each listener is and what they hear',
      tag: 'sessions',
      access: 'viewer',
      query: sessionListQuery,
      response: sessionList,
      handler: ({ query }) => {
        const matching: OpenSession[] = [];
        for (const row of sessions.rows()) {
          if (query.projectId !== undefined && row.projectId !== query.projectId) continue;
          if (query.state !== undefined && row.state !== query.state) continue;
          matching.push(row);
        }
        const { offset, limit } = query;
        const items = matching
          .slice(offset, offset + limit)
          .map((row) => seen(row, sessions.definition(row.id)));
        return { total: matching.length, offset, limit, items };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/sessions/{id}',
      summary: 'A session, with what is heard now',
      tag: 'sessions',
      access: 'open',
      params: key,
      response: sessionAnswer,
      handler: ({ params: { id }, origin, principal }) =>
        shown(sessions.row(secretOf(sessions, id, principal, 'operator')), origin),
    }),
    route({
      method: 'PATCH',
      path: '/v1/sessions/{id}',
      summary: 'Move the listener, turn, or choose range, tags, language: heard at once',
      tag: 'sessions',
      access: 'open',
      params: key,
      body: sessionPatch,
      response: sessionAnswer,
      handler: async ({ params, body: { language, ...move }, origin, principal }) => {
        const id = secretOf(sessions, params.id, principal, 'operator');
        const chosen =
          language === undefined
            ? {}
            : { languageId: language === null ? null : await languageId(language) };
        return shown(sessions.move({ id, ...move, ...chosen }), origin);
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/sessions/{id}',
      summary: 'End a session and disconnect its listeners',
      tag: 'sessions',
      access: 'open',
      params: key,
      status: 204,
      handler: async ({ params, principal }) => {
        const id = secretOf(sessions, params.id, principal, 'operator');
        // A visitor is nobody; who watches the site ends somebody else's session.
        await sessions.close(id, principal.kind === 'anonymous' ? 'stopped' : 'killed');
      },
    }),
    ...commands,
    ...heardRoutes({ sessions, answered }),
    ...visitorRoutes(options),
  ];
}

function answerOf(
  row: OpenSession,
  definition: SessionDefinition | undefined,
  origin: string,
  streamOrigin: SessionRoutesOptions['streamOrigin'],
): z.infer<typeof sessionAnswer> {
  return {
    id: row.id,
    streamUrl: `${streamOrigin(origin, definition?.output)}${definition?.mount ?? ''}`,
    lowLatencyUrl: `${origin.replace(/^http/, 'ws')}/v1/sessions/${row.id}/listen`,
    ...seen(row, definition),
  };
}

function seen(
  row: OpenSession,
  definition: SessionDefinition | undefined,
): z.infer<typeof sessionSeen> {
  return {
    number: row.number,
    projectId: row.projectId,
    profile: row.profile,
    state: row.state,
    format: row.format,
    bitrateKbps: row.bitrateKbps,
    position:
      row.latitude === null || row.longitude === null
        ? null
        : { latitude: row.latitude, longitude: row.longitude },
    headingDeg: row.headingDeg,
    headingWidthDeg: definition?.headingWidthDeg ?? null,
    rangeMinM: definition?.rangeMinM ?? null,
    rangeMaxM: row.rangeMaxM,
    tagIds: row.tagIds === null ? null : [...row.tagIds],
    languageId: row.languageId,
    listeners: row.listeners,
    hears: [...row.hears],
    tracks: row.tracks.map((track) => ({ ...track })),
  };
}
