import type { Asset, Project, VisitSession } from '../../../actors/content/content.types.js';
import type { ContentStore } from '../../../actors/content/store.types.js';
import type { MediaFile } from '../../../actors/control/media-files.js';
import type { User } from '../../../actors/control/users.js';
import type {
  SessionCommand,
  SessionCommandResult,
  SessionMove,
  SessionPlaying,
} from '../../../actors/session/protocol.js';
import type { Clock } from '../../../engine/clock.js';
import type { GeoPoint, Polygon } from '../../../media/ports.js';
import type { LineString } from '../../../media/project/border.js';
import type { Arrival } from '../../content/ingest.types.js';
import type { ElementFiles } from '../../content/roundware/element-files.js';
import type { FileDrop, FormFile } from './http/body.js';
import type { People } from './people.js';

/** What opens a stream for a Roundware session. */
export interface StreamWish {
  readonly profile: 'roundware';
  /** Of the session: names the mount too. */
  readonly number: number;
  readonly projectId: number;
  readonly mount: string;
  readonly format: 'mp3' | 'vorbis';
  readonly bitrateKbps: number;
  readonly geoListen: boolean;
  readonly position: GeoPoint | undefined;
  /** Undefined: the project's defaults. */
  readonly tagIds: readonly number[] | undefined;
  readonly languageId: number;
  readonly userId: number | undefined;
}

/** The sound, as far as the personality uses it. Ids are the secret ones of listener sessions. */
export interface RoundwareSound {
  /** The mount takes listeners when this resolves. @throws EngineError `server.busy`, `rate.limited`, `not-found`. */
  open(wish: StreamWish, address: string): Promise<void>;
  /** The running stream of a session; undefined when there is none. */
  ofNumber(number: number): string | undefined;
  /** Address of a running stream's mount for a client that reached us at `origin`. */
  streamUrl(id: string, origin: string): string;
  /** Where a demo would be beside the streams: a mount that the operator keeps on the site's own Icecast. */
  demoUrl(origin: string): string;
  move(move: SessionMove): void;
  command(
    id: string,
    command: Exclude<SessionCommand, { readonly name: 'stop' }>,
  ): Promise<SessionCommandResult>;
  playing(id: string): Promise<SessionPlaying>;
  close(id: string): Promise<void>;
}

/** Files that arrive, as far as the personality uses them. */
export interface RoundwareIngest extends FileDrop {
  receive(arrival: Arrival): Promise<Asset>;
  settled(assetId: number, signal?: AbortSignal): Promise<Asset>;
}

/** All that the calls translate onto. */
export interface Services {
  readonly content: ContentStore;
  readonly people: People;
  readonly clock: Clock;
  readonly drop: FileDrop;
  readonly sound: RoundwareSound;
  readonly ingest: RoundwareIngest;
  readonly media: { get(id: string): Promise<MediaFile | undefined> };
  /** A member of staff; undefined when gone. */
  staff(id: string): Promise<User | undefined>;
  /** Keeps a sound file that is no asset, for a speaker of the project. @returns its media id. @throws EngineError `input.invalid`, `media.unreadable`, `server.busy`. */
  storeSound(file: FormFile, projectId: number): Promise<string>;
  /** Pictures of UI elements. */
  readonly elementFiles: Pick<ElementFiles, 'check' | 'put' | 'remove'>;
  /** Removes a media with its files. */
  removeBinary(mediaId: string): Promise<void>;
  /** @throws EngineError `auth.required`, `rate.limited`. */
  login(username: string, password: string, address: string, userAgent: string): Promise<User>;
  inRange(
    project: Project,
    position: GeoPoint,
    session: VisitSession | undefined,
  ): Promise<boolean>;
  /** Ring inside a shape at which a speaker is at its loudest; undefined for an empty shape. */
  borderOf(shape: readonly Polygon[], attenuationM: number): LineString | undefined;
  /** Names the present state of all content together with `parts`. */
  tagOf(parts: readonly string[]): Promise<string>;
}
