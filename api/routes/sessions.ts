import { z } from 'zod';
import type { SessionDefinition, SessionMove } from '../../actors/session/spine.js';
import type { SessionOpen } from '../audio/audio.types.js';
import {
  session as sessionAnswer,
  sessionCreate,
  sessionList,
  sessionListQuery,
  sessionPatch,
} from '../contract/rest.js';
import type { SessionRow } from '../contract/rows.js';
import { type Route, route } from '../http/route.types.js';

/** Listener sessions, as far as REST uses them. All throw `not-found` for an unknown or ended session. */
export interface SessionDirectory {
  open(wish: SessionOpen, address?: string): Promise<SessionRow>;
  row(id: string): SessionRow;
  rows(): Iterable<SessionRow>;
  definition(id: string): SessionDefinition | undefined;
  move(move: SessionMove): SessionRow;
  command(id: string, command: 'heartbeat' | 'pause' | 'resume' | 'skip'): Promise<SessionRow>;
  close(id: string): Promise<void>;
}

export interface SessionRoutesOptions {
  readonly sessions: SessionDirectory;
  /**
   * Address of the mounts for a client that reached us as `origin` (`http://host:8080`): without a slash at
   * the end.
   */
  readonly streamOrigin: (origin: string) => string;
}

const COMMANDS = {
  heartbeat: 'Say that the client is still there; needed only while it neither listens nor moves',
  pause: 'Fade to silence; the stream goes on',
  resume: 'Go on after a pause',
  skip: 'Fade out the recordings heard now and go on to others',
} as const;

/**
 * `/v1/sessions`: whoever opens a session may steer it, with its id as the only key (128 random bits); the
 * list is for people who watch the site. The mount's id is another one, so the stream's address gives nothing away.
 */
export function sessionRoutes(options: SessionRoutesOptions): readonly Route[] {
  const { sessions, streamOrigin } = options;
  const params = z.object({ id: z.string().min(1).max(64) });
  const shown = (row: SessionRow, origin: string): z.infer<typeof sessionAnswer> => ({
    id: row.id,
    projectId: row.projectId,
    state: row.state,
    streamUrl: `${streamOrigin(origin)}${sessions.definition(row.id)?.mount ?? ''}`,
    format: row.format,
    bitrateKbps: row.bitrateKbps,
    position:
      row.latitude === null || row.longitude === null
        ? null
        : { latitude: row.latitude, longitude: row.longitude },
    headingDeg: row.headingDeg,
    tags: [...row.tags],
    listeners: row.listeners,
    hears: [...row.hears],
  });
  const commands = (['heartbeat', 'pause', 'resume', 'skip'] as const).map((command) =>
    route({
      method: 'POST',
      path: `/v1/sessions/{id}/${command}`,
      summary: COMMANDS[command],
      tag: 'sessions',
      access: 'open',
      params,
      response: sessionAnswer,
      handler: async ({ params: { id }, origin }) =>
        shown(await sessions.command(id, command), origin),
    }),
  );
  return [
    route({
      method: 'POST',
      path: '/v1/sessions',
      summary: 'Open a listener session: answers the address of its personal stream',
      tag: 'sessions',
      access: 'open',
      body: sessionCreate,
      response: sessionAnswer,
      status: 201,
      handler: async ({ body, address, origin }) =>
        shown(await sessions.open(body, address), origin),
    }),
    route({
      method: 'GET',
      path: '/v1/sessions',
      summary: 'All listener sessions, in pages',
      tag: 'sessions',
      access: 'viewer',
      query: sessionListQuery,
      response: sessionList,
      handler: ({ query: { projectId, state, offset, limit }, origin }) => {
        const items: z.infer<typeof sessionAnswer>[] = [];
        let total = 0;
        for (const row of sessions.rows()) {
          if (projectId !== undefined && row.projectId !== projectId) continue;
          if (state !== undefined && row.state !== state) continue;
          if (total >= offset && items.length < limit) items.push(shown(row, origin));
          total += 1;
        }
        return { total, offset, limit, items };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/sessions/{id}',
      summary: 'A session: its state, place and what it hears',
      tag: 'sessions',
      access: 'open',
      params,
      response: sessionAnswer,
      handler: ({ params: { id }, origin }) => shown(sessions.row(id), origin),
    }),
    route({
      method: 'PATCH',
      path: '/v1/sessions/{id}',
      summary: 'Move the listener, turn, or choose tags: heard at once',
      tag: 'sessions',
      access: 'open',
      params,
      body: sessionPatch,
      response: sessionAnswer,
      handler: ({ params: { id }, body, origin }) => shown(sessions.move({ id, ...body }), origin),
    }),
    route({
      method: 'DELETE',
      path: '/v1/sessions/{id}',
      summary: 'End a session and disconnect its listeners',
      tag: 'sessions',
      access: 'open',
      params,
      status: 204,
      handler: async ({ params: { id } }) => {
        await sessions.close(id);
      },
    }),
    ...commands,
  ];
}
