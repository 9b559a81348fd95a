/** Rows of the device inventory. Ids are whole numbers; `deviceId` is the engine's device id. Times are Unix ms. */
import type { DeviceRole } from '../plugins/sdk/plugin.types.js';

/** A vendor connection: a plugin with a configuration. */
export interface PluginInstanceRow {
  readonly id: number;
  /** Code of the plugin. */
  readonly plugin: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Without secrets. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Secrets, sealed; never leaves the server. */
  readonly sealed: string | null;
  readonly createdAtUnixMs: number;
  readonly updatedAtUnixMs: number;
}

/** discovered → provisioning → online ⇄ degraded ⇄ offline, maintenance, retired (the end). */
export type Lifecycle =
  | 'discovered'
  | 'provisioning'
  | 'online'
  | 'degraded'
  | 'offline'
  | 'maintenance'
  | 'retired';

/** What the site knows of a device beside its parameters. Every device of a plugin has one. */
export interface DeviceRecord {
  readonly id: number;
  readonly deviceId: string;
  readonly instanceId: number;
  readonly externalId: string;
  readonly role: DeviceRole;
  readonly address: string | null;
  readonly port: number | null;
  readonly serial: string | null;
  readonly mac: string | null;
  readonly model: string | null;
  readonly firmware: string | null;
  /** Name as the device has it. */
  readonly reportedName: string | null;
  /** Name given here; stays when the device changes its own. */
  readonly givenName: string | null;
  readonly lifecycle: Lifecycle;
  readonly lifecycleSinceUnixMs: number;
  readonly lifecycleReason: string | null;
  /** False: the operator stopped its connection. */
  readonly enabled: boolean;
  readonly locationId: number | null;
  /** Plugin's configuration of the device. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly notes: string;
  readonly createdAtUnixMs: number;
  readonly updatedAtUnixMs: number;
}

/** A numbered RF path of a receiver or in-ear transmitter; a tile of the board. */
export interface RfChannelRow {
  readonly id: number;
  readonly deviceId: string;
  /** 1-based, of the device. */
  readonly number: number;
  /** Place on the boards, 1..; null: none yet. Unique. */
  readonly slot: number | null;
  readonly direction: 'receive' | 'send' | 'bidirectional';
  readonly resource: 'free' | 'reserved' | 'active' | 'degraded' | 'disabled';
  /** Short id on the tile (`HH-03`) and name; null: what the receiver says. */
  readonly givenId: string | null;
  readonly givenName: string | null;
  /** Name at the receiver when `givenName` was given. */
  readonly reportedName: string | null;
  /** Unit that is meant to be received here. */
  readonly unitId: number | null;
  readonly notes: string;
}

/** A transmitter or in-ear pack that is carried about. */
export interface WirelessUnitRow {
  readonly id: number;
  readonly name: string;
  readonly kind: 'bodypack' | 'handheld' | 'plug-on' | 'in-ear' | 'other';
  readonly model: string | null;
  readonly serial: string | null;
  readonly notes: string;
}

export interface PerformerRow {
  readonly id: number;
  readonly name: string;
  /** Media of the site, a picture; and one or a film behind the tile. */
  readonly photoMediaId: string | null;
  readonly backgroundMediaId: string | null;
  readonly notes: string;
}

/** Who uses a channel. Of several the one with the highest priority whose time it is is shown. */
export interface AssignmentRow {
  readonly id: number;
  readonly performerId: number;
  readonly rfChannelId: number;
  readonly priority: 'low' | 'normal' | 'high' | 'critical';
  /** User it belongs to, for alerts; null: everybody. */
  readonly userId: string | null;
  readonly alertOnBattery: boolean;
  readonly alertOnSignal: boolean;
  readonly alertOnAudio: boolean;
  readonly alertOnOffline: boolean;
  readonly fromUnixMs: number | null;
  readonly toUnixMs: number | null;
  readonly notes: string;
}

/** A board: channels by slot, in order; 0 is a blank. Micboard's groups are those numbered 1 to 9. */
export interface BoardGroupRow {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  readonly slots: readonly number[];
  readonly hideCharts: boolean;
}

export interface LocationRow {
  readonly id: number;
  readonly parentId: number | null;
  readonly kind: 'site' | 'building' | 'room';
  readonly name: string;
}

export interface DiscoveryRow {
  readonly id: number;
  readonly instanceId: number;
  readonly externalId: string;
  readonly address: string | null;
  readonly port: number | null;
  readonly role: DeviceRole;
  readonly name: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly mac: string | null;
  readonly firmware: string | null;
  readonly channels: number | null;
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: 'pending' | 'approved' | 'rejected' | 'imported' | 'duplicate';
  /** Device it is, when known already: found by serial, then MAC, then address, then external id. */
  readonly duplicateOf: string | null;
  readonly source: 'server' | 'multicast' | 'scan' | 'spontaneous' | 'file';
  readonly firstSeenUnixMs: number;
  readonly lastSeenUnixMs: number;
}

/** Of site, vendor (instance) or device; `scopeId` is `''`, the instance's number or the device id. */
export interface SettingOverrideRow {
  readonly id: number;
  readonly scope: 'site' | 'instance' | 'device';
  readonly scopeId: string;
  readonly key: string;
  readonly value: unknown;
}

/** A board that may be seen without a login, by who has the link. */
export interface KioskLinkRow {
  readonly id: number;
  readonly name: string;
  readonly groupId: number | null;
  /** SHA-256 of the secret in the link. */
  readonly hash: string;
  readonly createdBy: string;
  readonly createdAtUnixMs: number;
  readonly expiresAtUnixMs: number | null;
}

/** Value an operator wants a parameter to have. */
export interface DesiredValueRow {
  readonly id: number;
  readonly deviceId: string;
  readonly name: string;
  readonly value: number | string | boolean;
  readonly by: string;
  readonly atUnixMs: number;
}
