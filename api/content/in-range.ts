import type { ContentStore } from '../../actors/content/store.types.js';
import { isPosition, PreparedShape, toVec } from '../../media/geometry.js';
import type { InRange } from './ingest.types.js';

/**
 * Near enough to hear the project: any active speaker's shape is within its out-of-range distance; always so for
 * visits that do not depend on the place.
 */
export function speakersInRange(content: ContentStore): InRange {
  return async (project, position, session) => {
    if (session !== undefined && !session.geoListenEnabled) return true;
    if (!isPosition(position)) return true;
    const speakers = await content.speakers.find({
      where: [
        { field: 'projectId', op: '=', value: project.id },
        { field: 'active', op: '=', value: true },
      ],
    });
    const place = toVec(position);
    return speakers.some(
      ({ shape }) => new PreparedShape(shape).distanceM(place) <= project.outOfRangeM,
    );
  };
}
