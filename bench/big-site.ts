import { Playlist } from '../media/playlist/playlist.js';
import { PreparedProject } from '../media/project/prepared.js';
import { bigProject } from '../media/testing/big-project.js';
import { listenerOf } from '../media/testing/definitions.js';
import { ownCpuSeconds } from './harness.js';

const MOVES = 500;

/**
 * CPU ms of one move among 2,000 polygons and 50,000 assets: what sounds there, and what the playlist makes
 * of it, with a track that takes the next asset at every tenth move.
 */
export function moveCost(): number {
  const { definition, assets, place } = bigProject();
  const project = new PreparedProject(definition);
  project.changeAssets({ projectId: definition.id, reset: true, put: assets, removed: [] });
  const playlist = new Playlist({ seed: 1 });
  const [track] = definition.tracks;
  const move = (nowS: number): void => {
    const listener = listenerOf({ position: place() });
    project.speakersAt(listener);
    project.placedAt(listener);
    playlist.retarget(project, listener);
    if (track !== undefined && nowS % 10 === 0) playlist.take(track, nowS);
  };
  for (let i = 0; i < MOVES; i++) move(i);
  const before = ownCpuSeconds();
  for (let i = 0; i < MOVES; i++) move(MOVES + i);
  return ((ownCpuSeconds() - before) * 1_000) / MOVES;
}
