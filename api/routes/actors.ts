import { z } from 'zod';
import { actorCommandAnswer, actorsAnswer, actorsQuery } from '../contract/rest.js';
import type { ActorRow } from '../contract/rows.js';
import { type Route, route } from '../http/route.types.js';

/** The actor inspector, as far as REST uses it. */
export interface ActorDirectory {
  list(): Iterable<ActorRow>;
  /** Commands answer false when the actor is in no state for it. @throws EngineError `not-found`. */
  park(id: string): Promise<boolean> | boolean;
  restart(id: string): Promise<boolean> | boolean;
  stop(id: string): Promise<boolean> | boolean;
}

const COMMANDS = {
  park: 'Stop an actor and keep it stopped until somebody restarts it',
  restart: 'Start an actor again, also a parked one',
  stop: 'Stop an actor',
} as const;

/** `GET /v1/actors` and the three commands. An id may hold `/` and `:`; in a path it is percent-encoded. */
export function actorRoutes(actors: ActorDirectory): readonly Route[] {
  const commands = (['park', 'restart', 'stop'] as const).map((command) =>
    route({
      method: 'POST',
      path: `/v1/actors/{id}/${command}`,
      summary: COMMANDS[command],
      tag: 'actors',
      access: 'operator',
      params: z.object({ id: z.string().min(1).max(300) }),
      response: actorCommandAnswer,
      handler: async ({ params: { id } }) => ({ id, done: await actors[command](id) }),
    }),
  );
  return [
    route({
      method: 'GET',
      path: '/v1/actors',
      summary: 'Every supervised thing, by kind, state or shard, in pages',
      tag: 'actors',
      access: 'viewer',
      query: actorsQuery,
      response: actorsAnswer,
      handler: ({ query: { kind, state, shard, offset, limit } }) => {
        const rows: ActorRow[] = [];
        let total = 0;
        for (const row of actors.list()) {
          if (kind !== undefined && row.kind !== kind) continue;
          if (state !== undefined && row.state !== state) continue;
          if (shard !== undefined && row.shard !== shard) continue;
          if (total >= offset && rows.length < limit) rows.push(row);
          total++;
        }
        const next = offset + rows.length < total && rows.length > 0 ? offset + rows.length : null;
        return { total, next, rows };
      },
    }),
    ...commands,
  ];
}
