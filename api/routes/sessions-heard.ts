import { z } from 'zod';
import type { SilenceReason } from '../../actors/session/protocol.js';
import type { OpenSession } from '../audio/directory.js';
import {
  audibleAnswer,
  audibleQuery,
  commandAnswer,
  explainAnswer,
  explainQuery,
  playAsset,
  sessionPlaying,
} from '../contract/sessions.js';
import { type Route, route } from '../http/route.types.js';
import { secretOf } from './session-key.js';
import type { SessionDirectory } from './sessions.js';

export interface HeardRoutesOptions {
  readonly sessions: SessionDirectory;
  readonly answered: (
    row: OpenSession,
    outcome: { readonly done: boolean; readonly message: string | undefined },
    origin: string,
  ) => z.infer<typeof commandAnswer>;
}

const key = z.object({ id: z.string().min(1).max(64) });

/** Not on a listener's map: what they did not choose, or nobody should hear. */
const HIDDEN: ReadonlySet<SilenceReason> = new Set([
  'not-submitted',
  'no-sound',
  'wrong-language',
  'filtered',
  'blocked-asset',
  'blocked-user',
]);

/** What a session plays, what it may play, and why not the rest. */
export function heardRoutes({ sessions, answered }: HeardRoutesOptions): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/sessions/{id}/play',
      summary: 'Play this recording now, wherever it is',
      tag: 'sessions',
      access: 'open',
      params: key,
      body: playAsset,
      response: commandAnswer,
      handler: async ({ params, body: { assetId }, origin, principal }) => {
        const id = secretOf(sessions, params.id, principal, 'operator');
        const outcome = await sessions.command(id, { name: 'play', assetId });
        return answered(sessions.row(id), outcome, origin);
      },
    }),
    route({
      method: 'GET',
      path: '/v1/sessions/{id}/playing',
      summary: 'What each track plays now, what else sounds, and what is next',
      tag: 'sessions',
      access: 'open',
      params: key,
      response: sessionPlaying,
      handler: async ({ params, principal }) => {
        const id = secretOf(sessions, params.id, principal, 'viewer');
        const { tracks, voices, queue, ...rest } = await sessions.playing(id);
        const text = sessions.announced(sessions.row(id).projectId);
        return {
          ...rest,
          announcement: text === undefined ? null : { text: text.text, atUnixMs: text.atUnixMs },
          tracks: tracks.map((track) => ({
            ...track,
            assetId: track.assetId ?? null,
            name: track.name ?? null,
            positionS: track.positionS ?? null,
            remainingS: track.remainingS ?? null,
          })),
          voices: [...voices],
          queue: [...queue],
        };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/sessions/{id}/explain',
      summary: 'Why recordings are heard or not: the nearest ones, or those asked for',
      tag: 'sessions',
      access: 'open',
      params: key,
      query: explainQuery,
      response: explainAnswer,
      handler: async ({ params, query: { assetIds, limit }, principal }) => {
        const id = secretOf(sessions, params.id, principal, 'viewer');
        const found = await sessions.explain(id, assetIds, limit);
        const mine = sessions.definition(id)?.userId;
        // What waits for approval has no name for anybody but its author and the site.
        const nameOf = (assetId: number): string | null => {
          const asset = sessions.sounds.asset(assetId);
          const own = mine !== undefined && asset?.userId === mine;
          const open = asset?.submitted === true || own || principal.role !== undefined;
          return open ? (asset?.name ?? null) : null;
        };
        const missing = new Set(assetIds);
        for (const { assetId } of found) missing.delete(assetId);
        const items: z.infer<typeof explainAnswer>['items'] = found.map(
          ({ assetId, playing, reasons, distanceM }) => ({
            assetId,
            name: nameOf(assetId),
            playing,
            reasons: [...reasons],
            distanceM: distanceM ?? null,
          }),
        );
        for (const assetId of missing) {
          const silent = { name: null, playing: false, reasons: ['no-sound'], distanceM: null };
          items.push({ assetId, ...silent });
        }
        return { items };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/sessions/{id}/audible-assets',
      summary: 'Recordings around the listener that their choices allow, for a map',
      tag: 'sessions',
      access: 'open',
      params: key,
      query: audibleQuery,
      response: audibleAnswer,
      handler: async ({ params, query: { limit }, origin, principal }) => {
        const id = secretOf(sessions, params.id, principal, 'viewer');
        // Those in other languages or filtered out lie between: look at more than are shown.
        const found = await sessions.explain(id, undefined, Math.min(1_000, limit * 5));
        const items: z.infer<typeof audibleAnswer>['items'] = [];
        for (const { assetId, reasons } of found) {
          if (items.length >= limit) break;
          const asset = sessions.sounds.asset(assetId);
          if (asset?.position === undefined || reasons.some((one) => HIDDEN.has(one))) continue;
          const file = sessions.sounds.file(asset.mediaId);
          items.push({
            id: assetId,
            name: asset.name,
            ...asset.position,
            tagIds: [...asset.tagIds],
            userId: asset.userId ?? null,
            mediaUrl:
              file === undefined
                ? null
                : `${origin}/media/${file.split('/').map(encodeURIComponent).join('/')}`,
            mediaType: 'audio',
          });
        }
        return { items };
      },
    }),
  ];
}
