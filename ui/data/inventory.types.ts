/** Rows of the device inventory as `/v1` sends them. Ids are whole numbers; times are Unix ms. */

export type Lifecycle =
  | 'discovered'
  | 'provisioning'
  | 'online'
  | 'degraded'
  | 'offline'
  | 'maintenance'
  | 'retired';

/** A vendor connection: a plugin with its configuration, without secrets. */
export interface PluginInstance {
  readonly id: number;
  readonly plugin: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of secrets that are stored. */
  readonly secretsSet: readonly string[];
}

/** What the site knows of a device beside its parameters. */
export interface DeviceRecord {
  readonly id: number;
  readonly deviceId: string;
  readonly instanceId: number;
  readonly externalId: string;
  readonly role: string;
  readonly address: string | null;
  readonly port: number | null;
  readonly serial: string | null;
  readonly mac: string | null;
  readonly model: string | null;
  readonly firmware: string | null;
  readonly reportedName: string | null;
  readonly givenName: string | null;
  readonly lifecycle: Lifecycle;
  readonly lifecycleSinceUnixMs: number;
  readonly lifecycleReason: string | null;
  readonly enabled: boolean;
  readonly locationId: number | null;
  readonly config: Readonly<Record<string, unknown>>;
  readonly notes: string;
}

export interface RfChannel {
  readonly id: number;
  readonly deviceId: string;
  readonly number: number;
  readonly slot: number | null;
  readonly direction: 'receive' | 'send' | 'bidirectional';
  readonly resource: 'free' | 'reserved' | 'active' | 'degraded' | 'disabled';
  readonly givenId: string | null;
  readonly givenName: string | null;
  readonly reportedName: string | null;
  readonly unitId: number | null;
  readonly notes: string;
}

/** A transmitter or in-ear pack that is carried about. */
export interface WirelessUnit {
  readonly id: number;
  readonly name: string;
  readonly kind: 'bodypack' | 'handheld' | 'plug-on' | 'in-ear' | 'other';
  readonly model: string | null;
  readonly serial: string | null;
  readonly notes: string;
}

export interface Performer {
  readonly id: number;
  readonly name: string;
  readonly photoMediaId: string | null;
  readonly backgroundMediaId: string | null;
  readonly notes: string;
}

/** Who uses a channel. */
export interface Assignment {
  readonly id: number;
  readonly performerId: number;
  readonly rfChannelId: number;
  readonly priority: 'low' | 'normal' | 'high' | 'critical';
  readonly userId: string | null;
  readonly alertOnBattery: boolean;
  readonly alertOnSignal: boolean;
  readonly alertOnAudio: boolean;
  readonly alertOnOffline: boolean;
  readonly fromUnixMs: number | null;
  readonly toUnixMs: number | null;
  readonly notes: string;
}

export interface Location {
  readonly id: number;
  readonly parentId: number | null;
  readonly kind: 'site' | 'building' | 'room';
  readonly name: string;
}

/** A setting's value for the site, a vendor or a device. */
export interface SettingOverride {
  readonly id: number;
  readonly scope: 'site' | 'instance' | 'device';
  /** `''`, the instance's number, or the device's id. */
  readonly scopeId: string;
  readonly key: string;
  readonly value: unknown;
}

export interface InventoryRows {
  readonly 'plugin-instances': PluginInstance;
  readonly 'device-records': DeviceRecord;
  readonly 'rf-channels': RfChannel;
  readonly units: WirelessUnit;
  readonly performers: Performer;
  readonly assignments: Assignment;
  readonly locations: Location;
  readonly 'setting-overrides': SettingOverride;
}
