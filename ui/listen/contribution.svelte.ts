import type { Position } from '../../api/contract/rest.js';
import { ApiError } from '../data/api.js';
import { loadStory, openEnvelope } from './calls.js';
import { type Fault, faultOf } from './faults.js';
import type { AssetStory } from './shapes.js';
import { Upload, UploadRefused } from './upload.js';
import { t } from './words/words.svelte.js';

export interface Parts {
  readonly sound: Blob;
  readonly soundName: string;
  readonly photo: File | undefined;
  readonly text: string;
  readonly position: Position | undefined;
  readonly tagIds: readonly number[];
  /** That it is spoken in; undefined: the session's. */
  readonly languageId: number | undefined;
}

/** `editing` → `sending` → `ingesting` → `done`; a fault leads back to `editing` with everything kept. */
export type Stage = 'editing' | 'sending' | 'ingesting' | 'done';
type What = 'sound' | 'photo' | 'text';

const POLL_MS = 700;
/** A long file on a busy machine; after this the page no longer waits, the server still works. */
const INGEST_WITHIN_MS = 180_000;

/** Sends a contribution: all parts in one envelope, the sound first. */
export class Contribution {
  stage = $state<Stage>('editing');
  what = $state<What>('sound');
  /** 0–100, of the part that is under way. */
  percent = $state(0);
  /** The network is away; sending goes on by itself. */
  away = $state(false);
  fault = $state.raw<Fault | undefined>(undefined);
  story = $state.raw<AssetStory | undefined>(undefined);
  #upload: Upload | undefined;
  #cancelled = false;
  /** Parts that arrived: a second try does not send them again. */
  readonly #sent = new Map<Blob | string, number | undefined>();
  #envelope: { readonly visitId: string; readonly id: number } | undefined;

  /** Never rejects: what goes wrong is in `fault`. */
  async send(visitId: string, parts: Parts): Promise<void> {
    this.fault = undefined;
    this.#cancelled = false;
    this.stage = 'sending';
    try {
      const assetId = await this.#sendAll(visitId, parts);
      this.stage = 'ingesting';
      this.story = assetId === undefined ? undefined : await this.#ingested(visitId, assetId);
      if (this.story?.ingest === 'failed') {
        // This very file is of no use: the next try sends the next one.
        this.#sent.delete(parts.sound);
        throw new UploadRefused(422, this.story.ingestError ?? '');
      }
      this.stage = 'done';
    } catch (thrown) {
      this.stage = 'editing';
      if (this.#cancelled) return;
      this.fault =
        thrown instanceof UploadRefused
          ? {
              message: t('speak.refused', { reason: thrown.message }),
              remedy: t('speak.refused.remedy'),
            }
          : faultOf(thrown);
    }
  }

  cancel(): void {
    this.#cancelled = true;
    this.#upload?.cancel();
  }

  wake(): void {
    this.#upload?.wake();
  }

  async #sendAll(visitId: string, parts: Parts): Promise<number | undefined> {
    if (this.#envelope?.visitId !== visitId) {
      this.#sent.clear();
      this.#envelope = { visitId, id: await openEnvelope(visitId) };
    }
    const envelopeId = String(this.#envelope.id);
    const common = {
      sessionId: visitId,
      envelopeId,
      latitude: parts.position?.latitude.toFixed(7),
      longitude: parts.position?.longitude.toFixed(7),
      tagIds: parts.tagIds.length > 0 ? parts.tagIds.join(',') : undefined,
      languageId: parts.languageId?.toString(),
    };
    const text = parts.text.trim();
    const assetId = await this.#part('sound', parts.sound, parts.sound, {
      ...common,
      filename: parts.soundName,
      filetype: parts.sound.type === '' ? undefined : parts.sound.type,
      mediaType: 'audio',
      description: text === '' ? undefined : text.slice(0, 2_000),
    });
    if (parts.photo) {
      await this.#part('photo', parts.photo, parts.photo, {
        ...common,
        filename: parts.photo.name,
        filetype: parts.photo.type,
        mediaType: 'photo',
      });
    }
    if (text !== '') {
      await this.#part('text', text, new Blob([text], { type: 'text/plain' }), {
        ...common,
        filename: 'words.txt',
        filetype: 'text/plain',
        mediaType: 'text',
      });
    }
    return assetId;
  }

  async #part(
    what: What,
    key: Blob | string,
    file: Blob,
    metadata: Readonly<Record<string, string | undefined>>,
  ): Promise<number | undefined> {
    if (this.#sent.has(key)) return this.#sent.get(key);
    if (this.#cancelled) throw new DOMException('given up', 'AbortError');
    this.what = what;
    this.percent = 0;
    const upload = new Upload({
      endpoint: new URL('/v1/uploads', window.location.href).href,
      file,
      metadata,
      onState: ({ phase, sentBytes, totalBytes }) => {
        this.away = phase === 'away';
        this.percent = totalBytes === 0 ? 100 : Math.floor((100 * sentBytes) / totalBytes);
      },
    });
    this.#upload = upload;
    const id = await upload.run();
    this.#sent.set(key, id);
    return id;
  }

  /** Asks until the file is playable or refused. */
  async #ingested(visitId: string, assetId: number): Promise<AssetStory | undefined> {
    const until = performance.now() + INGEST_WITHIN_MS;
    while (performance.now() < until && !this.#cancelled) {
      try {
        const story = await loadStory(visitId, assetId);
        this.away = false;
        if (story.ingest !== 'waiting' && story.ingest !== 'working') return story;
      } catch (thrown) {
        if (!(thrown instanceof ApiError) || (thrown.status !== 0 && thrown.status < 500))
          throw thrown;
        this.away = true;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return undefined;
  }
}
