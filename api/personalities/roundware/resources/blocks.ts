import type { Vote } from '../../../../actors/content/content.types.js';
import { EngineError } from '../../../../engine/errors.js';
import type { Services } from '../services.js';

/** Tells the visitor's stream what they block now; what sounds of it is skipped. */
export async function tellBlocks(services: Services, vote: Vote): Promise<void> {
  const { content, sound } = services;
  const streamId = sound.ofNumber(vote.sessionId);
  if (streamId === undefined || vote.userId === null) return;
  const { assetIds, userIds } = await content.blocksOf(vote.userId);
  try {
    sound.move({ id: streamId, blockedAssetIds: assetIds, blockedUserIds: userIds });
    const { tracks } = await sound.playing(streamId);
    const heard = await content.assets.many(tracks.flatMap((track) => track.assetId ?? []));
    const bad = heard.some(
      ({ id, userId }) => assetIds.includes(id) || (userId !== null && userIds.includes(userId)),
    );
    if (bad) await sound.command(streamId, { name: 'skip' });
  } catch (thrown) {
    // The stream ended meanwhile: it has nothing to skip.
    if (EngineError.from(thrown).code !== 'not-found') throw thrown;
  }
}
