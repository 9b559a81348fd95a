import type { ListenEvent } from '../../media/listening.js';
import type { AssetChanges, ListeningProfile } from '../../media/ports.js';

const ARTIST = 'Roundware';

/**
 * ICY titles. People read the names of what they hear; Roundware's apps read a query string that says what
 * began or ended on which track, and how many recordings wait.
 */
export class Titles {
  /** Only of recordings that carry tags. */
  readonly #tagsOf = new Map<number, readonly number[]>();
  readonly #assetsOf = new Map<number, Set<number>>();

  /** Keeps the tags that titles name. */
  changed({ projectId, reset, put, removed }: AssetChanges): void {
    const mine = this.#assetsOf.get(projectId) ?? new Set<number>();
    this.#assetsOf.set(projectId, mine);
    if (reset) this.#forget(mine);
    for (const { id, tagIds } of put) {
      mine.add(id);
      if (tagIds.length > 0) this.#tagsOf.set(id, tagIds);
      else this.#tagsOf.delete(id);
    }
    for (const id of removed) {
      mine.delete(id);
      this.#tagsOf.delete(id);
    }
  }

  removed(projectId: number): void {
    this.#forget(this.#assetsOf.get(projectId) ?? new Set());
    this.#assetsOf.delete(projectId);
  }

  /** Before anything was played. */
  first(profile: ListeningProfile): string {
    return profile === 'roundware' ? `${ARTIST} - stream_started=True` : '';
  }

  of({ trackId, remaining, assetId, kind }: ListenEvent): string {
    const query = new URLSearchParams();
    if (trackId !== undefined) query.set('audiotrack', String(trackId));
    query.set('remaining', String(remaining));
    query.set('asset', String(assetId));
    if (kind === 'began') query.set('tags', (this.#tagsOf.get(assetId) ?? []).join(','));
    else query.set('complete', 'True');
    return `${ARTIST} - ${query.toString()}`;
  }

  #forget(assets: Set<number>): void {
    for (const id of assets) this.#tagsOf.delete(id);
    assets.clear();
  }
}
