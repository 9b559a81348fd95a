import type { MediaFile } from '../../actors/control/media-files.js';
import type { SiteStore } from '../../actors/control/site.js';
import { EngineError } from '../../engine/errors.js';
import type { PictureSource } from './board.js';

/** Photos and films of the site, found by id and by name, in step with the store. */
export class Pictures implements PictureSource {
  readonly #store: Pick<SiteStore, 'media' | 'control'>;
  readonly #onFault: (error: EngineError) => void;
  readonly #changed: () => void;
  readonly #byId = new Map<string, { readonly url: string; readonly name: string }>();
  readonly #byName = new Map<string, string>();
  #stop: (() => void) | undefined;
  #reading: Promise<void> | undefined;

  constructor(
    store: Pick<SiteStore, 'media' | 'control'>,
    changed: () => void,
    onFault: (error: EngineError) => void,
  ) {
    this.#store = store;
    this.#changed = changed;
    this.#onFault = onFault;
  }

  async start(): Promise<void> {
    const { feed } = this.#store.control;
    const head = await feed.head();
    for (const media of await this.#store.media.list()) this.#put(media);
    this.#stop = feed.follow(head, (event) => {
      const ids =
        event.type === 'reset'
          ? [...this.#byId.keys()]
          : event.changes.filter(({ domain }) => domain === 'media').map(({ id }) => id);
      if (ids.length === 0) return;
      this.#reading = (this.#reading ?? Promise.resolve()).then(() => this.#read(ids));
    });
  }

  async close(): Promise<void> {
    this.#stop?.();
    await this.#reading;
  }

  urlOf(mediaId: string): string | null {
    return this.#byId.get(mediaId)?.url ?? null;
  }

  /** Micboard's backgrounds: `ada.jpg` is behind the tile of Ada. */
  urlByName(name: string): string | null {
    const id = this.#byName.get(keyOf(name));
    return id === undefined ? null : this.urlOf(id);
  }

  async #read(ids: readonly string[]): Promise<void> {
    try {
      for (const id of new Set(ids)) {
        const media = await this.#store.media.get(id);
        this.#drop(id);
        if (media !== undefined) this.#put(media);
      }
      this.#changed();
    } catch (thrown) {
      this.#onFault(EngineError.from(thrown));
    }
  }

  #put(media: MediaFile): void {
    if (media.mediaType !== 'photo' && media.mediaType !== 'video') return;
    const name = keyOf(media.name.replace(/\.[A-Za-z0-9]{1,5}$/, ''));
    this.#byId.set(media.id, { url: pictureAddress(media), name });
    if (name !== '') this.#byName.set(name, media.id);
  }

  #drop(id: string): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    this.#byId.delete(id);
    if (this.#byName.get(known.name) === id) this.#byName.delete(known.name);
  }
}

/** Where a picture or film is seen. */
export const pictureAddress = (media: Pick<MediaFile, 'file' | 'variants'>): string =>
  `/media/${media.variants?.photo ?? media.file}`;

const keyOf = (name: string): string => name.trim().toLowerCase();
