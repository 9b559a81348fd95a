import type {
  Asset,
  MediaType,
  Project,
  VisitSession,
} from '../../actors/content/content.types.js';
import type { DistanceLaw, GeoPoint, Polygon } from '../../media/ports.js';

/**
 * Where the bytes are. A `file` must be below `IngestService.incomingFolder` and belongs to the service from the
 * call on, also when the call fails for good (`input.…`); after an error that passes it stays the caller's, who tries
 * again or discards it. `bytes` are read to their end, never held whole.
 */
export type ArrivalSource =
  | { readonly file: string }
  | { readonly bytes: AsyncIterable<Uint8Array> };

/** A file that somebody brings, with what they say about it. Only `source` and `projectId` are needed. */
export interface Arrival {
  readonly source: ArrivalSource;
  readonly projectId: number;
  /** Visit it belongs to: gives language, author and the name of the file. */
  readonly sessionNumber?: number;
  /** Author; else the visit's. */
  readonly userId?: number;
  /** Must exist; the asset joins it. */
  readonly envelopeId?: number;
  readonly languageId?: number;
  readonly position?: GeoPoint;
  readonly tagIds?: readonly number[];
  readonly description?: string;
  /** What the sender believes it is. The content decides; a file that is something else is taken as what it is. */
  readonly mediaType?: MediaType;
  /** Name and content type as declared; only used in messages and for text. May be `blob`. */
  readonly declaredName?: string;
  readonly declaredType?: string;
  /** Said outright; else Roundware's rule: no position → no; in range → as the project says; out of range → no. */
  readonly submitted?: boolean;
  readonly volume?: number;
  readonly weight?: number;
  readonly shape?: readonly Polygon[];
  readonly radiusM?: number;
  readonly placed?: boolean;
  readonly law?: DistanceLaw;
  readonly descriptionLocIds?: readonly number[];
  readonly altTextLocIds?: readonly number[];
}

/** Is somebody at this place inside the project's range? Roundware 2.3. */
export type InRange = (
  project: Project,
  position: GeoPoint,
  session: VisitSession | undefined,
) => Promise<boolean>;

/** Takes files of people and makes playable assets of them. One for the process. */
export interface IngestService {
  /** Absolute; on the disk of the media folder. Files that nobody handed over are removed at the next start. */
  readonly incomingFolder: string;
  /** Most bytes of one file. */
  readonly maxBytes: number;
  /** A new path in `incomingFolder`. The caller writes the file and hands it to `receive`, or removes it. */
  incomingFile(): string;
  /**
   * Writes a stream to a new incoming file, of at most `maxBytes` (default: as for one asset). @returns its path.
   * @throws EngineError `input.too-large`, `spool.full`, and what the stream throws; nothing is left then.
   */
  save(bytes: AsyncIterable<Uint8Array>, maxBytes?: number): Promise<string>;
  /** Removes an incoming file that is not handed over after all. */
  discard(file: string): Promise<void>;
  /** Would it be taken? @throws as `receive`, before any byte is sent. */
  check(arrival: Omit<Arrival, 'source'>, sizeBytes: number): Promise<void>;
  /**
   * Stores the file and an asset with `ingest: 'waiting'`, and answers; the work goes on behind, and a file that cannot
   * be used ends as `failed` with the reason in `ingestError`. The asset survives
   * a crash from then on.
   * @throws EngineError `input.invalid` (unknown project, visit, envelope, tag …: named), `input.too-large`,
   * `spool.full` (disk), `server.busy` (queue full).
   */
  receive(arrival: Arrival): Promise<Asset>;
  /** Waits until the queue has room, for whoever brings very many. @throws EngineError `call.aborted` with the signal. */
  room(signal: AbortSignal): Promise<void>;
  /** The asset once it is `ready` or `failed`; at once when it is. @throws `not-found`, or `call.aborted` with the signal. */
  settled(assetId: number, signal?: AbortSignal): Promise<Asset>;
  /** Called when an asset became playable, before anybody else was told: for the author's immediate play. @returns a function that ends it. */
  onReady(listener: (asset: Asset) => void): () => void;
}

/** What the waveform of an asset looks like. `GET /v1/assets/{id}/peaks`. */
export interface Peaks {
  readonly secondsPerPeak: number;
  /** 0..255 of full scale, mono: the largest magnitude in each piece. */
  readonly peaks: readonly number[];
}
