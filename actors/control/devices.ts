import { sql } from 'kysely';
import { z } from 'zod';
import {
  bulkRows,
  fromRow,
  inBulks,
  isPlainText,
  requirePlainText,
} from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import type { ChannelDefinition, ChannelKind, DeviceDefinition } from '../device/protocol.js';
import { note, type SiteScope } from './scope.js';
import type { SiteControl } from './tables.js';

const deviceRow = z.object({ id: z.string(), name: z.string(), protocol: z.string() });
const channelRow = z.object({
  id: z.int().min(1).max(0xffff_fffe),
  device_id: z.string(),
  name: z.string(),
  kind: z.enum(['number', 'text', 'boolean']),
  unit: z.string().nullable(),
});

/** A device and parameters as a shard or the API asks for them. */
export interface DeviceClaim {
  readonly id: string;
  /** Absent: the id. Ignored when the device is known. */
  readonly name?: string | undefined;
  readonly protocol: string;
  readonly channels: readonly {
    readonly name: string;
    readonly kind: ChannelKind;
    readonly unit?: string | undefined;
  }[];
}

/** A device or some of its parameters that were not taken; the rest of the batch was. */
export interface Refusal {
  readonly deviceId: string;
  readonly error: EngineError;
}

export interface Interned {
  /** In the order asked for, with all their channels; refused devices are missing. */
  readonly devices: readonly DeviceDefinition[];
  readonly refused: readonly Refusal[];
}

/** Bounds against a device that invents parameters, and a network that invents devices. */
export interface DeviceCaps {
  readonly maxDevices: number;
  readonly maxChannelsPerDevice: number;
  readonly maxChannels: number;
}

const DEVICE_CAPS: DeviceCaps = {
  maxDevices: 20_000,
  maxChannelsPerDevice: 512,
  maxChannels: 1_000_000,
};

const MAX_NAME = 200;
const MAX_ID = 128;
const MAX_PROTOCOL = 32;

/** Devices and their channels. Channel numbers are given once and never to another parameter. */
export class Devices {
  readonly #control: SiteControl;
  readonly #caps: DeviceCaps;

  constructor(control: SiteControl, caps: DeviceCaps = DEVICE_CAPS) {
    this.#control = control;
    this.#caps = caps;
  }

  /** All devices with their channels, ordered by id. */
  async list(): Promise<readonly DeviceDefinition[]> {
    return await this.#control.read(async (db) => {
      const devices = await db.selectFrom('devices').selectAll().orderBy('id').execute();
      const channels = await db
        .selectFrom('channels')
        .innerJoin('devices', 'devices.id', 'channels.device_id')
        .selectAll('channels')
        .orderBy('channels.id')
        .execute();
      return assemble(devices, channels);
    });
  }

  /** Those of `ids` that exist, in that order. */
  async find(ids: readonly string[]): Promise<readonly DeviceDefinition[]> {
    return await this.#control.read(async (db) => {
      const found: DeviceDefinition[] = [];
      await inBulks(ids, async (some) => {
        const wanted = [...new Set(some)];
        const devices = await db
          .selectFrom('devices')
          .selectAll()
          .where('id', 'in', wanted)
          .execute();
        const channels = await db
          .selectFrom('channels')
          .selectAll()
          .where('device_id', 'in', wanted)
          .orderBy('id')
          .execute();
        const byId = new Map(assemble(devices, channels).map((device) => [device.id, device]));
        for (const id of some) {
          const device = byId.get(id);
          if (device !== undefined) found.push(device);
        }
      });
      return found;
    });
  }

  async get(id: string): Promise<DeviceDefinition | undefined> {
    return (await this.find([id]))[0];
  }

  /**
   * Makes unknown devices and parameters in one transaction. Known ones keep name, protocol, kind and number.
   * What is over a cap or has an unusable name is refused by itself and the rest is taken.
   */
  async intern(claims: readonly DeviceClaim[]): Promise<Interned> {
    const refused: Refusal[] = [];
    const merged = mergeClaims(claims, refused);
    if (merged.size === 0) return { devices: [], refused };
    await this.#control.write(async (scope) => {
      const known = await this.#known(scope, [...merged.keys()]);
      const counts = await this.#counts(scope);
      const newDevices: DeviceClaim[] = [];
      const newChannels: Record<string, string | number | null>[] = [];
      const touched = new Set<string>();
      for (const claim of merged.values()) {
        const has = known.get(claim.id);
        if (has?.registered !== true) {
          if (counts.devices >= this.#caps.maxDevices) {
            refused.push(
              refusal(claim.id, `the site has its limit of ${this.#caps.maxDevices} devices`),
            );
            merged.delete(claim.id);
            continue;
          }
          counts.devices++;
          newDevices.push(claim);
          touched.add(claim.id);
        }
        let size = has?.channels.size ?? 0;
        const over: string[] = [];
        for (const channel of claim.channels) {
          if (has?.channels.has(channel.name) === true) continue;
          if (
            size >= this.#caps.maxChannelsPerDevice ||
            counts.channels >= this.#caps.maxChannels
          ) {
            over.push(channel.name);
            continue;
          }
          size++;
          counts.channels++;
          touched.add(claim.id);
          newChannels.push({
            device_id: claim.id,
            name: channel.name,
            kind: channel.kind,
            unit: channel.unit ?? null,
          });
        }
        if (over.length > 0) {
          const limit =
            counts.channels >= this.#caps.maxChannels
              ? `the site has its limit of ${this.#caps.maxChannels} parameters`
              : `the device has its limit of ${this.#caps.maxChannelsPerDevice} parameters`;
          refused.push(
            refusal(
              claim.id,
              `${limit}: ${over.length} not taken, the first is "${over[0] ?? ''}"`,
            ),
          );
        }
      }
      await this.#insert(scope, newDevices, newChannels);
      for (const id of touched) note(scope, 'devices', id, 'put');
    });
    return { devices: await this.find([...merged.keys()]), refused };
  }

  /** One device by hand. @throws EngineError `conflict` when it exists, `input.invalid`, also `conflict` over a cap. */
  async create(claim: DeviceClaim): Promise<DeviceDefinition> {
    requirePlainText('id', claim.id, MAX_ID);
    if ((await this.get(claim.id)) !== undefined) {
      throw new EngineError('conflict', `device ${claim.id} exists already`);
    }
    const { devices, refused } = await this.intern([claim]);
    const error = refused[0]?.error;
    if (error !== undefined) throw error;
    const device = devices[0];
    if (device === undefined) throw new EngineError('internal', `device ${claim.id} was not made`);
    return device;
  }

  /** @throws EngineError `not-found`, `input.invalid`. */
  async rename(id: string, name: string): Promise<DeviceDefinition> {
    requirePlainText('name', name, MAX_NAME);
    await this.#control.write(async (scope) => {
      const done = await scope.db
        .updateTable('devices')
        .set({ name })
        .where('id', '=', id)
        .returning('id')
        .execute();
      if (done.length === 0) throw new EngineError('not-found', `there is no device ${id}`);
      note(scope, 'devices', id, 'put');
    });
    const device = await this.get(id);
    if (device === undefined) throw new EngineError('not-found', `there is no device ${id}`);
    return device;
  }

  /** Units are learnt late from some devices; all in one transaction. Unknown channels are ignored. */
  async setUnits(
    units: readonly (readonly [channel: number, unit: string | null])[],
  ): Promise<void> {
    if (units.length === 0) return;
    await this.#control.write(async (scope) => {
      const changed = new Set<string>();
      await inBulks(units, async (some) => {
        for (const [channel, unit] of some) {
          const done = await scope.db
            .updateTable('channels')
            .set({ unit })
            .where('id', '=', channel)
            .returning('device_id')
            .execute();
          for (const row of done) changed.add(row.device_id);
        }
      });
      for (const id of changed) note(scope, 'devices', id, 'put');
    });
  }

  /** Removes devices with tokens and commands; channel numbers stay reserved for their return. @returns how many. */
  async remove(ids: readonly string[]): Promise<number> {
    return await this.#control.write(async (scope) => {
      let removed = 0;
      await inBulks(ids, async (some) => {
        const done = await scope.db
          .deleteFrom('devices')
          .where('id', 'in', [...some])
          .returning('id')
          .execute();
        removed += done.length;
        for (const row of done) note(scope, 'devices', row.id, 'delete');
      });
      return removed;
    });
  }

  async #counts(scope: SiteScope): Promise<{ devices: number; channels: number }> {
    const { rows } = await sql<{ devices: number; channels: number }>`
      select (select count(*) from devices) as devices, (select count(*) from channels) as channels`.execute(
      scope.db,
    );
    return rows[0] ?? { devices: 0, channels: 0 };
  }

  async #known(
    scope: SiteScope,
    ids: readonly string[],
  ): Promise<Map<string, { registered: boolean; channels: Set<string> }>> {
    const known = new Map<string, { registered: boolean; channels: Set<string> }>();
    const entry = (id: string) => {
      const has = known.get(id) ?? { registered: false, channels: new Set<string>() };
      known.set(id, has);
      return has;
    };
    await inBulks(ids, async (some) => {
      const given = bulkRows(
        this.#control.dialect,
        { id: 'text' },
        some.map((id) => ({ id })),
      );
      const devices = await sql<{ id: string }>`
        select d.id as id from devices d where d.id in (select r.id from ${given} as r)`.execute(
        scope.db,
      );
      for (const row of devices.rows) entry(row.id).registered = true;
      const channels = await sql<{ device_id: string; name: string }>`
        select c.device_id as device_id, c.name as name from channels c
        where c.device_id in (select r.id from ${given} as r)`.execute(scope.db);
      for (const row of channels.rows) entry(row.device_id).channels.add(row.name);
    });
    return known;
  }

  async #insert(
    scope: SiteScope,
    devices: readonly DeviceClaim[],
    channels: readonly Record<string, string | number | null>[],
  ): Promise<void> {
    const { dialect, clock } = this.#control;
    const nowUnixMs = clock.nowMs();
    // `on conflict`: another engine on the same Postgres may have met the device a moment ago.
    await inBulks(devices, async (some) => {
      const given = bulkRows(
        dialect,
        { id: 'text', name: 'text', protocol: 'text' },
        some.map(({ id, name, protocol }) => ({ id, name: name ?? id, protocol })),
      );
      await sql`insert into devices (id, name, protocol, created_at_unix_ms)
        select r.id, r.name, r.protocol, ${sql.lit(nowUnixMs)} from ${given} as r where true
        on conflict do nothing`.execute(scope.db);
    });
    await inBulks(channels, async (some) => {
      const given = bulkRows(
        dialect,
        { device_id: 'text', name: 'text', kind: 'text', unit: 'text' },
        some,
      );
      await sql`insert into channels (device_id, name, kind, unit)
        select r.device_id, r.name, r.kind, r.unit from ${given} as r where true
        on conflict do nothing`.execute(scope.db);
    });
  }
}

function refusal(deviceId: string, why: string): Refusal {
  return { deviceId, error: new EngineError('conflict', `device ${deviceId}: ${why}`) };
}

/** One claim a device, usable names only. */
function mergeClaims(claims: readonly DeviceClaim[], refused: Refusal[]): Map<string, DeviceClaim> {
  const merged = new Map<string, DeviceClaim>();
  const invalid = (deviceId: string, why: string) =>
    refused.push({ deviceId, error: new EngineError('input.invalid', why) });
  for (const claim of claims) {
    if (
      !isPlainText(claim.id, MAX_ID) ||
      !isPlainText(claim.protocol, MAX_PROTOCOL) ||
      !isPlainText(claim.name ?? claim.id, MAX_NAME)
    ) {
      invalid(
        claim.id.slice(0, MAX_ID),
        `device id (1 to ${MAX_ID}), name (1 to ${MAX_NAME}) and protocol (1 to ${MAX_PROTOCOL} characters) must be plain text`,
      );
      continue;
    }
    const channels = claim.channels.filter((channel) => {
      const usable =
        isPlainText(channel.name, MAX_ID) &&
        (channel.unit === undefined || isPlainText(channel.unit, MAX_PROTOCOL));
      if (!usable) {
        invalid(
          claim.id,
          `device ${claim.id}: a parameter's name (1 to ${MAX_ID} characters) or unit is not plain text`,
        );
      }
      return usable;
    });
    const before = merged.get(claim.id);
    const all = [...(before?.channels ?? []), ...channels];
    const unique = [...new Map(all.map((channel) => [channel.name, channel])).values()];
    merged.set(claim.id, { ...(before ?? claim), channels: unique });
  }
  return merged;
}

function assemble(devices: readonly unknown[], channels: readonly unknown[]): DeviceDefinition[] {
  const byDevice = new Map<string, ChannelDefinition[]>();
  for (const raw of channels) {
    const row = fromRow(channelRow, raw, 'a row of channels');
    const list = byDevice.get(row.device_id) ?? [];
    if (list.length === 0) byDevice.set(row.device_id, list);
    list.push({
      id: row.id,
      deviceId: row.device_id,
      name: row.name,
      kind: row.kind,
      unit: row.unit ?? undefined,
    });
  }
  return devices.map((raw) => {
    const row = fromRow(deviceRow, raw, 'a row of devices');
    return {
      id: row.id,
      name: row.name,
      protocol: row.protocol,
      channels: byDevice.get(row.id) ?? [],
    };
  });
}
