import type { FromMediaShard, ToMediaShard } from '../../actors/session/protocol.js';
import type { Link } from '../../engine/link.types.js';
import type { AssetChanges, AssetDefinition } from '../../media/ports.js';
import type { SoundDirectory } from './sounds.js';

type MediaLink = Link<ToMediaShard, FromMediaShard>;

/** Assets of one message: a few ms of copying. */
const CHUNK = 2_000;

/**
 * What each media thread knows: a project with all its assets from the first session in it, then every
 * change. A thread that is replaced begins with nothing.
 */
export class Briefing {
  readonly #sounds: SoundDirectory;
  readonly #known = new WeakMap<MediaLink, Map<number, Promise<void>>>();

  constructor(sounds: SoundDirectory) {
    this.#sounds = sounds;
  }

  /** Settles when the thread was sent all there is of the project; once a thread and project. */
  tell(link: MediaLink, projectId: number): Promise<void> {
    const known = this.#known.get(link) ?? new Map<number, Promise<void>>();
    this.#known.set(link, known);
    const before = known.get(projectId);
    if (before !== undefined) return before;
    const telling = this.#tellAll(link, projectId);
    known.set(projectId, telling);
    return telling;
  }

  changed(links: readonly MediaLink[], projectId: number): void {
    const definition = this.#sounds.get(projectId);
    if (definition === undefined) return;
    for (const link of this.#knowing(links, projectId)) link.post('project.changed', definition);
  }

  assets(links: readonly MediaLink[], changes: AssetChanges): void {
    for (const link of this.#knowing(links, changes.projectId)) {
      let { reset } = changes;
      let { removed } = changes;
      for (const put of pieces(changes.put)) {
        link.post('assets.changed', { projectId: changes.projectId, reset, put, removed });
        reset = false;
        removed = [];
      }
    }
  }

  removed(links: readonly MediaLink[], projectId: number): void {
    for (const link of this.#knowing(links, projectId)) {
      link.post('project.removed', { projectId });
      this.#known.get(link)?.delete(projectId);
    }
  }

  #knowing(links: readonly MediaLink[], projectId: number): readonly MediaLink[] {
    return links.filter((link) => this.#known.get(link)?.has(projectId) === true);
  }

  async #tellAll(link: MediaLink, projectId: number): Promise<void> {
    const definition = this.#sounds.get(projectId);
    if (definition === undefined) return;
    link.post('project.changed', definition);
    let reset = true;
    for (const ids of pieces([...this.#sounds.assetsOf(projectId).keys()])) {
      // As they are now: a change that was told between two pieces is newer than the list of ids.
      const assets = this.#sounds.assetsOf(projectId);
      const put = ids.flatMap((id): readonly AssetDefinition[] => {
        const asset = assets.get(id);
        return asset === undefined ? [] : [asset];
      });
      link.post('assets.changed', { projectId, reset, put, removed: [] });
      reset = false;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** At least one piece, for messages that say something without assets. */
function pieces<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= CHUNK) return [items];
  const out: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += CHUNK) out.push(items.slice(at, at + CHUNK));
  return out;
}
