/** Columns of the live resources and of their REST lists. Times are Unix ms. */

export type DeviceState =
  | 'connecting'
  | 'connected'
  | 'silent'
  | 'disconnected'
  | 'error'
  | 'parked'
  | 'stopped';

/** Latest values are flat columns `values.<parameter>`; their times are not sent, `lastSeenUnixMs` is. */
export interface DeviceRow {
  readonly id: string;
  readonly name: string;
  readonly protocol: string;
  readonly state: DeviceState;
  readonly sinceUnixMs: number;
  readonly lastSeenUnixMs: number | null;
  readonly reconnects: number;
  readonly lastError: string | null;
  readonly address: string | null;
  readonly [value: `values.${string}`]: number | string | boolean | null;
}

export interface ChannelRow {
  /** `<device>/<parameter>`. */
  readonly id: string;
  /** Number in the series store, for `GET /v1/series`. */
  readonly channel: number;
  readonly deviceId: string;
  readonly name: string;
  readonly kind: 'number' | 'text' | 'boolean';
  readonly unit: string | null;
  readonly value: number | string | boolean | null;
  readonly atUnixMs: number | null;
}

export interface SessionRow {
  /** Secret: who has it steers the session. */
  readonly id: string;
  /** Its visit in the content store: what votes, contributions and the log name. */
  readonly number: number;
  readonly projectId: number;
  readonly profile: 'native' | 'roundware';
  readonly state: 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';
  readonly sinceUnixMs: number;
  readonly startedUnixMs: number;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly headingDeg: number | null;
  readonly rangeMaxM: number | null;
  /** Null: no choice was made. */
  readonly tagIds: readonly number[] | null;
  readonly languageId: number | null;
  /** Visitor. */
  readonly userId: number | null;
  readonly format: 'mp3' | 'opus' | 'vorbis';
  readonly bitrateKbps: number;
  readonly listeners: number;
  readonly shard: string;
  /** Names of what is heard now, loudest first. */
  readonly hears: readonly string[];
  /** What its audio tracks play now. */
  readonly tracks: readonly {
    readonly trackId: number;
    readonly assetId: number;
    readonly name: string;
    readonly sinceUnixMs: number;
  }[];
  readonly lastError: string | null;
}

export interface ActorRow {
  readonly id: string;
  readonly kind: string;
  readonly shard: string;
  readonly parent: string;
  readonly state: string;
  readonly sinceUnixMs: number;
  readonly restarts: number;
  readonly lastError: string | null;
  readonly mailboxDepth: number;
}

export interface ShardRow {
  readonly id: string;
  readonly kind: 'device' | 'media' | 'main';
  readonly state: 'starting' | 'running' | 'stuck' | 'lost' | 'stopped';
  readonly actors: number;
  readonly restarts: number;
  /** Mean and 99th percentile of the event loop's delay, ms, last heartbeat window. */
  readonly loopDelayMs: number;
  readonly loopDelayP99Ms: number;
  readonly heapBytes: number;
  readonly lastError: string | null;
}

export interface StoreRow {
  /** `series` or `control` or `icecast`. */
  readonly id: string;
  readonly home: string;
  readonly state: 'up' | 'away' | 'starting' | 'off';
  readonly latencyMs: number | null;
  readonly rowsPerSecond: number | null;
  readonly pendingRows: number | null;
  readonly spoolBytes: number | null;
  readonly lastError: string | null;
}

/** A speaker's sound source, as the media threads and live decoders see it. Id: the speaker's number as text. */
export interface SpeakerRow {
  readonly id: string;
  readonly projectId: number;
  readonly name: string;
  /** `silent`: no source sounds, tried again; `backup`: the first source is away, another one is heard. */
  readonly state: 'ok' | 'backup' | 'silent' | 'off' | 'unused';
  readonly source: string | null;
  readonly sinceUnixMs: number;
  readonly lastError: string | null;
}

/** A file on its way to becoming an asset. Id: the asset's number as text. Done ones leave after a minute. */
export interface IngestRow {
  readonly id: string;
  readonly projectId: number;
  readonly name: string;
  readonly state: 'waiting' | 'working' | 'ready' | 'failed';
  readonly step: 'upload' | 'probe' | 'transcode' | 'loudness' | 'peaks' | null;
  /** 0..1 */
  readonly progress: number;
  readonly error: string | null;
}
