import { z } from 'zod';
import { EngineError } from '../../engine/errors.js';
import { envelopeAnswer, voteAnswer, voteCreate } from '../contract/sessions.js';
import { type Route, route } from '../http/route.types.js';
import type { SessionRoutesOptions } from './sessions.js';

const params = z.object({ id: z.string().min(1).max(64) });

/** What a listener leaves behind: votes, and envelopes for what they contribute. */
export function visitorRoutes({
  sessions,
  content,
  clock,
}: SessionRoutesOptions): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/sessions/{id}/votes',
      summary:
        'Like, flag, rate or block a recording, or block who made it; the same vote again takes it back',
      tag: 'sessions',
      access: 'open',
      params,
      body: voteCreate,
      response: voteAnswer,
      handler: async ({ params: { id }, body: { assetId, kind, value } }) => {
        const { number, projectId, userId } = sessions.row(id);
        const asset = await content.assets.get(assetId);
        if (asset?.projectId !== projectId) {
          throw new EngineError(
            'not-found',
            `assetId: project ${projectId} has no asset ${assetId}`,
          );
        }
        const before = await content.votes.first({
          where: [
            { field: 'sessionId', op: '=', value: number },
            { field: 'assetId', op: '=', value: assetId },
            { field: 'kind', op: '=', value: kind },
          ],
        });
        const given = value ?? null;
        if (before === undefined) {
          await content.votes.create({
            assetId,
            sessionId: number,
            userId,
            kind,
            value: given,
            createdAtUnixMs: clock.nowMs(),
          });
        } else if (given === null) await content.votes.remove(before.id);
        else await content.votes.update(before.id, { value: given });
        const sums = await content.voteSums([assetId]);
        return {
          assetId,
          kind,
          voted: before === undefined || given !== null,
          value: given,
          likes: sums.find((sum) => sum.kind === 'like')?.count ?? 0,
        };
      },
    }),
    route({
      method: 'POST',
      path: '/v1/sessions/{id}/envelopes',
      summary: 'An envelope: what the visitor contributes together goes into it',
      tag: 'sessions',
      access: 'open',
      params,
      response: envelopeAnswer,
      status: 201,
      handler: async ({ params: { id } }) => {
        const { number } = sessions.row(id);
        const { id: envelope } = await content.envelopes.create({
          sessionId: number,
          createdAtUnixMs: clock.nowMs(),
        });
        return { id: envelope };
      },
    }),
  ];
}
