import type { ContentStore } from '../../actors/content/store.types.js';
import type { Action } from '../../actors/rule/rule.types.js';
import { EngineError } from '../../engine/errors.js';
import type { AudioService } from '../audio/service.js';

export type AudioAction = Extract<Action, { readonly type: 'audio' }>;

/** Listener sessions, as far as actions use them. */
export type HeardSessions = Pick<AudioService, 'rows' | 'move' | 'command' | 'announce'>;

/** Sessions told at once. */
const AT_ONCE = 50;
const EARTH_RADIUS_M = 6_371_008.8;

/** What a rule does to the sound of the site; heard within a block or two. */
export class AudioActions {
  readonly #content: ContentStore;
  readonly #sessions: HeardSessions;

  constructor(content: ContentStore, sessions: HeardSessions) {
    this.#content = content;
    this.#sessions = sessions;
  }

  /** @throws EngineError `not-found`, `input.invalid`. */
  async run(action: AudioAction, key: string): Promise<void> {
    switch (action.do) {
      case 'speaker-volume':
        await this.#volume(action.speakerId, action.volume);
        return;
      case 'mute':
      case 'unmute':
        await this.#speaker(action.speakerId);
        await this.#content.speakers.update(action.speakerId, { active: action.do === 'unmute' });
        return;
      case 'play':
        await this.#play(action);
        return;
      case 'tags':
        await this.#each(action.projectId, (id) => {
          this.#sessions.move({ id, tagIds: action.tagIds });
          return Promise.resolve();
        });
        return;
      case 'pause':
      case 'resume':
        await this.#each(action.projectId, (id) => this.#sessions.command(id, { name: action.do }));
        return;
      case 'text':
        await this.#project(action.projectId);
        this.#sessions.announce(action.projectId, action.text, key);
        return;
    }
  }

  async #volume(speakerId: number, volume: number): Promise<void> {
    if (!(volume >= 0 && volume <= 1)) {
      throw new EngineError('input.invalid', 'volume must be between 0 and 1');
    }
    const { minVolume } = await this.#speaker(speakerId);
    await this.#content.speakers.update(speakerId, {
      maxVolume: volume,
      minVolume: Math.min(minVolume, volume),
    });
  }

  async #play({
    projectId,
    assetId,
    place,
  }: Extract<AudioAction, { readonly do: 'play' }>): Promise<void> {
    const asset = await this.#content.assets.get(assetId);
    if (asset?.projectId !== projectId) {
      throw new EngineError('not-found', `assetId: project ${projectId} has no asset ${assetId}`);
    }
    await this.#each(
      projectId,
      (id) => this.#sessions.command(id, { name: 'play', assetId }),
      (row) => {
        if (place === undefined) return true;
        if (row.latitude === null || row.longitude === null) return false;
        const here = { latitude: row.latitude, longitude: row.longitude };
        return distanceM(here, place) <= place.radiusM;
      },
    );
  }

  async #each(
    projectId: number,
    tell: (id: string) => Promise<unknown>,
    to: (row: {
      readonly latitude: number | null;
      readonly longitude: number | null;
    }) => boolean = () => true,
  ): Promise<void> {
    await this.#project(projectId);
    const ids = [...this.#sessions.rows()]
      .filter((row) => row.projectId === projectId && to(row))
      .map(({ id }) => id);
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      // One that ended meanwhile, or whose thread is being replaced, must not keep the others from hearing it.
      await Promise.allSettled(ids.slice(at, at + AT_ONCE).map(async (id) => await tell(id)));
    }
  }

  async #project(id: number): Promise<void> {
    if ((await this.#content.projects.get(id)) !== undefined) return;
    throw new EngineError('not-found', `projectId: there is no project ${id}`);
  }

  async #speaker(id: number): Promise<{ readonly minVolume: number }> {
    const speaker = await this.#content.speakers.get(id);
    if (speaker !== undefined) return speaker;
    throw new EngineError('not-found', `speakerId: there is no speaker ${id}`);
  }
}

interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

function distanceM(a: Place, b: Place): number {
  const rad = Math.PI / 180;
  const dLat = (b.latitude - a.latitude) * rad;
  const dLng = (b.longitude - a.longitude) * rad;
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * Math.sin(dLng / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(Math.min(1, h)));
}
