/** Columns of the live resources and of their REST lists. Times are Unix ms. */

export type DeviceState =
  | 'connecting'
  | 'connected'
  | 'silent'
  | 'disconnected'
  | 'error'
  | 'parked'
  | 'stopped';

/** offline: not active; unknown: never seen; healthy: heard within 5 min; warning: within 30; stale: longer. */
export type DeviceHealth = 'offline' | 'unknown' | 'healthy' | 'warning' | 'stale';

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
  /** Of the inventory; null for devices that no plugin drives. */
  readonly role?: string | null;
  readonly instanceId?: number | null;
  readonly vendor?: string | null;
  readonly model?: string | null;
  readonly serial?: string | null;
  readonly firmware?: string | null;
  readonly lifecycle?: string | null;
  readonly health?: DeviceHealth | null;
  readonly locationId?: number | null;
  readonly location?: string | null;
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

/** Says neither what steers a session nor where its stream is: whoever watches sees numbers. */
export interface SessionRow {
  /** `number` as text. */
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
  readonly kind: 'device' | 'media' | 'plugin' | 'main' | 'rule' | 'notify';
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

/**
 * A tile of the board: one RF channel with everything that is said of it. Id: the channel's number in the
 * inventory as text. Null: not said.
 */
export interface RfRow {
  readonly id: string;
  readonly deviceId: string;
  /** 1-based, of the device. */
  readonly number: number;
  readonly slot: number | null;
  readonly direction: 'receive' | 'send' | 'bidirectional';
  /** `HH-03` and the name beside it; given ones first, else split from what the receiver says. */
  readonly label: string;
  readonly name: string;
  readonly reportedName: string | null;
  readonly performer: string | null;
  readonly photoUrl: string | null;
  readonly backgroundUrl: string | null;
  readonly deviceName: string;
  readonly deviceState: DeviceState;
  readonly model: string | null;
  /** Code of the plugin, and the instance. */
  readonly vendor: string;
  readonly instanceId: number;
  readonly location: string | null;
  /**
   * What the tile says, worst first: `com-error` receiver not connected; `peak` audio was overloaded within 10 s;
   * `critical`, `replace`, `good` by battery; `prev-…` the same when the transmitter is off and was heard within
   * 30 min; `off`; `unassigned`.
   */
  readonly status:
    | 'com-error'
    | 'peak'
    | 'critical'
    | 'replace'
    | 'good'
    | 'prev-critical'
    | 'prev-replace'
    | 'prev-good'
    | 'off'
    | 'unassigned';
  readonly active: boolean;
  readonly batteryPercent: number | null;
  readonly batteryBars: number | null;
  readonly batteryMinutes: number | null;
  readonly batteryHealthPercent: number | null;
  readonly batteryCycles: number | null;
  readonly batteryType: string | null;
  readonly battery: 'good' | 'fair' | 'low' | 'critical' | 'unknown';
  readonly rfPercent: number | null;
  readonly rfAPercent: number | null;
  readonly rfBPercent: number | null;
  readonly rssiADbm: number | null;
  readonly rssiBDbm: number | null;
  readonly antenna: string | null;
  readonly signal: 'excellent' | 'good' | 'fair' | 'poor' | 'unknown';
  readonly qualityPercent: number | null;
  readonly interference: boolean | null;
  readonly audioPercent: number | null;
  readonly audioLeftPercent: number | null;
  readonly audioRightPercent: number | null;
  readonly audioDbfs: number | null;
  readonly audioPeak: boolean;
  readonly mute: boolean | null;
  readonly frequencyMhz: number | null;
  readonly groupChannel: string | null;
  readonly encryption: boolean | null;
  readonly txModel: string | null;
  readonly txName: string | null;
  readonly txSerial: string | null;
  readonly txPowerMw: number | null;
  readonly txOffsetDb: number | null;
  readonly txLock: string | null;
  /** Last value of the transmitter. */
  readonly heardUnixMs: number | null;
}

/** Id: the device's. */
export interface ConnectionRow {
  readonly id: string;
  readonly deviceName: string;
  readonly instanceId: number;
  readonly instanceName: string;
  readonly vendor: string;
  readonly address: string | null;
  readonly state: 'connecting' | 'connected' | 'disconnected' | 'error' | 'stopped';
  readonly sinceUnixMs: number;
  readonly held: boolean;
  readonly waiting: boolean;
  readonly connectedAtUnixMs: number | null;
  readonly disconnectedAtUnixMs: number | null;
  readonly lastMessageAtUnixMs: number | null;
  readonly attempts: number;
  readonly nextAttemptAtUnixMs: number | null;
  readonly reconnects: number;
  readonly errorCount: number;
  readonly errorMessage: string | null;
  readonly lastErrorAtUnixMs: number | null;
  readonly readsDropped: number;
}

/** Id: `<device>#<slot>`. */
export interface ChargerSlotRow {
  readonly id: string;
  readonly deviceId: string;
  readonly deviceName: string;
  readonly number: number;
  readonly occupied: boolean | null;
  readonly charging: boolean | null;
  readonly state: string | null;
  readonly unitName: string | null;
  readonly unitSerial: string | null;
  readonly batteryPercent: number | null;
  readonly batteryHealthPercent: number | null;
  readonly batteryCycles: number | null;
  readonly batteryTemperatureC: number | null;
  readonly timeToFullMinutes: number | null;
  readonly deviceState: DeviceState;
}

/** A board. Id: its number in the inventory as text. */
export interface GroupRow {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly slots: readonly number[];
  readonly hideCharts: boolean;
}

/** Id: code. */
export interface PluginRow {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly vendor: string;
  readonly description: string;
  readonly source: 'built-in' | 'folder' | 'package';
  readonly reach: 'server' | 'devices' | 'none';
  readonly discovers: readonly string[];
  readonly state: 'starting' | 'running' | 'failed' | 'lost' | 'unused';
  readonly error: string | null;
  readonly instances: number;
  readonly devices: number;
  readonly restarts: number;
  readonly heapBytes: number;
}

/** Id: number in the inventory as text. */
export interface InstanceRow {
  readonly id: string;
  readonly plugin: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly state: 'open' | 'closed' | 'failed';
  readonly error: string | null;
  /** Of the last check; `unconfigured`: its configuration is not complete. */
  readonly health: 'healthy' | 'unhealthy' | 'unreachable' | 'error' | 'unknown' | 'unconfigured';
  readonly healthMessage: string | null;
  readonly checkedUnixMs: number | null;
  readonly devices: number;
  readonly connected: number;
}

/** Id: number in the inventory as text. */
export interface DiscoveryLiveRow {
  readonly id: string;
  readonly instanceId: number;
  readonly instanceName: string;
  readonly externalId: string;
  readonly address: string | null;
  readonly role: string;
  readonly name: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly mac: string | null;
  readonly channels: number | null;
  readonly state: 'pending' | 'approved' | 'rejected' | 'imported' | 'duplicate';
  readonly duplicateOf: string | null;
  /** Another device is registered where this one answers; null: none. */
  readonly conflict: string | null;
  readonly source: string;
  readonly firstSeenUnixMs: number;
  readonly lastSeenUnixMs: number;
}

/** Done ones leave after ten minutes. */
export interface ScanRow {
  readonly id: string;
  readonly instanceId: number;
  readonly state: 'running' | 'done' | 'cancelled' | 'failed';
  readonly hosts: number;
  readonly asked: number;
  readonly found: number;
  /** 0..1 */
  readonly progress: number;
  readonly startedUnixMs: number;
  readonly endedUnixMs: number | null;
  readonly error: string | null;
}
