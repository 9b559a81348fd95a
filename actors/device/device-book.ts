import { backoff } from '../../engine/backoff.js';
import type { Clock } from '../../engine/clock.js';
import { parseSnapshot } from '../../engine/persist.js';
import type { SupervisorApi, SupervisorReport } from '../../engine/supervisor.types.js';
import type { ChannelTable } from './channel-table.js';
import { type DeviceEvent, type DeviceRef, deviceMachine, edgeOf } from './device.machine.js';
import type { DeviceDefinition, DeviceEdge } from './protocol.js';

/** A device of this shard: its place in the columns and its parameters. */
export interface Device {
  readonly id: string;
  readonly index: number;
  readonly protocol: string;
  /** Parameter name → slot in the channel table. */
  readonly slots: Map<string, number>;
  /** Parked by the operator or by its supervisor: nothing of it is taken. */
  parked: string | undefined;
  /** Parked because the operator stopped it. */
  stopped: boolean;
}

/** What the shard remembers of a device between samples, per index. */
const QUIET = 0;
const SPEAKING = 1;
const RESTART_DELAY = backoff({ firstMs: 200, maxMs: 30_000, jitter: 0.5 });

export interface DeviceBookOptions {
  readonly clock: Clock;
  readonly supervisor: SupervisorApi;
  readonly table: ChannelTable;
  readonly silentAfterMs: number;
}

/**
 * The devices of a shard: who they are, which sockets speak for them, when each was last heard. Machines hear
 * edges only: `heard` costs two array writes while a device keeps speaking.
 */
export class DeviceBook {
  readonly #options: DeviceBookOptions;
  readonly #devices = new Map<string, Device>();
  readonly #byIndex: (Device | undefined)[] = [];
  readonly #free: number[] = [];
  /** Sockets that speak for a device, known or not yet: device id → connection → address. */
  readonly #open = new Map<string, Map<number, string>>();
  readonly #devicesOf = new Map<number, Set<string>>();
  readonly #edges = new Set<Device>();
  /** Names are the same few strings for most devices: kept once. */
  readonly #names = new Map<string, string>();
  #lastSeenUnixMs = new Float64Array(256);
  #silenceMs = new Float64Array(256);
  #speaking = new Uint8Array(256);

  constructor(options: DeviceBookOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#devices.size;
  }

  get(id: string): Device | undefined {
    return this.#devices.get(id);
  }

  /** Takes a device in, or its new parameters when it is known. Starts its machine. */
  adopt(definition: DeviceDefinition, snapshot?: string): Device {
    const known = this.#devices.get(definition.id);
    const device = known ?? this.#enter(definition);
    const { table } = this.#options;
    for (const channel of definition.channels) {
      if (device.slots.has(channel.name)) continue;
      const slot = table.add(channel);
      device.slots.set(this.#name(channel.name), slot);
    }
    if (known === undefined) this.#start(device, snapshot);
    return device;
  }

  /** Forgets devices and their latest values. @returns how many were known. */
  async release(ids: readonly string[]): Promise<number> {
    let released = 0;
    for (const id of ids) {
      const device = this.#devices.get(id);
      if (device === undefined) continue;
      this.#devices.delete(id);
      this.#byIndex[device.index] = undefined;
      this.#free.push(device.index);
      this.#edges.delete(device);
      for (const slot of device.slots.values()) {
        this.#options.table.remove(this.#options.table.channelAt(slot));
      }
      await this.#options.supervisor.stop(id);
      released += 1;
    }
    return released;
  }

  /** A socket spoke for a device, which may be unknown as yet. */
  opened(connection: number, deviceId: string, address: string, resumed: boolean): void {
    const sockets = this.#open.get(deviceId) ?? new Map<number, string>();
    if (sockets.size === 0) this.#open.set(deviceId, sockets);
    if (sockets.has(connection)) return;
    sockets.set(connection, address);
    const devices = this.#devicesOf.get(connection) ?? new Set<string>();
    if (devices.size === 0) this.#devicesOf.set(connection, devices);
    devices.add(deviceId);
    const device = this.#devices.get(deviceId);
    if (device === undefined) return;
    if (resumed && this.#stateOf(device) !== 'disconnected') return;
    this.#send(device, { type: 'opened', atUnixMs: this.#options.clock.nowMs(), address });
  }

  /** A socket is gone; its devices leave when no other socket speaks for them. */
  closed(connection: number, error: string | undefined): void {
    const devices = this.#devicesOf.get(connection);
    if (devices === undefined) return;
    this.#devicesOf.delete(connection);
    for (const id of devices) {
      const sockets = this.#open.get(id);
      sockets?.delete(connection);
      if (sockets !== undefined && sockets.size > 0) continue;
      this.#open.delete(id);
      const device = this.#devices.get(id);
      if (device !== undefined) this.#leave(device, error);
    }
  }

  /** All sockets there are were told: devices that a snapshot remembers as connected and that have none are gone. */
  settle(protocol: string): void {
    for (const device of this.#devices.values()) {
      if (device.protocol === protocol && !this.#open.has(device.id))
        this.#leave(device, undefined);
    }
  }

  /** The newest socket that speaks for a device. */
  connectionOf(deviceId: string): number | undefined {
    let newest: number | undefined;
    for (const connection of this.#open.get(deviceId)?.keys() ?? []) newest = connection;
    return newest;
  }

  /**
   * A device said something. @param connection the socket it came by: what is read of it after it closed makes no
   * device connected again. Undefined: there is none, as with samples by HTTP.
   */
  heard(device: Device, atUnixMs: number, connection?: number): void {
    const before = this.#lastSeenUnixMs[device.index] ?? 0;
    if (atUnixMs > before) this.#lastSeenUnixMs[device.index] = atUnixMs;
    if (this.#speaking[device.index] === SPEAKING) return;
    if (connection !== undefined && !this.#devicesOf.has(connection)) return;
    this.#learnSilence(device.index, before === 0 ? 0 : atUnixMs - before);
    this.#speaking[device.index] = SPEAKING;
    this.#send(device, { type: 'spoke', atUnixMs });
  }

  lastSeenUnixMs(device: Device): number | undefined {
    const at = this.#lastSeenUnixMs[device.index] ?? 0;
    return at === 0 ? undefined : at;
  }

  /** Finds those that fell silent; run every few seconds. @returns how many. */
  sweep(nowUnixMs: number): number {
    let silent = 0;
    for (let index = 0; index < this.#byIndex.length; index++) {
      if (this.#speaking[index] !== SPEAKING) continue;
      const quietMs = nowUnixMs - (this.#lastSeenUnixMs[index] ?? 0);
      if (quietMs <= (this.#silenceMs[index] ?? 0)) continue;
      this.#speaking[index] = QUIET;
      const device = this.#byIndex[index];
      if (device === undefined) continue;
      this.#send(device, { type: 'fell.silent', atUnixMs: nowUnixMs });
      silent += 1;
    }
    return silent;
  }

  /** What the supervisor did to a device's actor. */
  supervised(report: SupervisorReport): void {
    const device = this.#devices.get(report.id);
    if (device === undefined) return;
    if (report.type === 'child.parked') {
      device.stopped = report.as === 'stopped';
      device.parked = report.error?.message ?? `${report.as} by the operator`;
      this.#speaking[device.index] = QUIET;
      this.#edges.add(device);
    } else if (report.type === 'child.started') {
      const wasParked = device.parked !== undefined;
      device.parked = undefined;
      device.stopped = false;
      if (wasParked || report.restarts > 0) this.#resume(device);
    }
  }

  /** Devices whose state changed since the last call, as they are now. */
  drainEdges(): readonly DeviceEdge[] {
    if (this.#edges.size === 0) return [];
    const edges = Array.from(this.#edges, (device) => this.#edgeOf(device));
    this.#edges.clear();
    return edges;
  }

  #edgeOf(device: Device): DeviceEdge {
    const ref = this.#ref(device);
    const lastSeenUnixMs = this.lastSeenUnixMs(device);
    if (ref !== undefined && device.parked === undefined) return edgeOf(ref, lastSeenUnixMs);
    return {
      deviceId: device.id,
      state: device.stopped ? 'stopped' : device.parked === undefined ? 'error' : 'parked',
      sinceUnixMs: this.#options.clock.nowMs(),
      lastSeenUnixMs,
      reconnects: 0,
      lastError: device.parked,
      address: undefined,
    };
  }

  #enter(definition: DeviceDefinition): Device {
    const index = this.#free.pop() ?? this.#byIndex.length;
    if (index >= this.#speaking.length) this.#grow();
    const device: Device = {
      id: definition.id,
      index,
      protocol: this.#name(definition.protocol),
      slots: new Map(),
      parked: undefined,
      stopped: false,
    };
    this.#byIndex[index] = device;
    this.#lastSeenUnixMs[index] = 0;
    this.#silenceMs[index] = this.#options.silentAfterMs;
    this.#speaking[index] = QUIET;
    this.#devices.set(device.id, device);
    return device;
  }

  #start(device: Device, snapshot: string | undefined): void {
    const { clock, supervisor } = this.#options;
    supervisor.start({
      id: device.id,
      kind: 'device',
      logic: deviceMachine,
      input: { deviceId: device.id, atUnixMs: clock.nowMs() },
      snapshot: snapshot === undefined ? undefined : parseSnapshot(snapshot),
      restart: 'permanent',
      intensity: { max: 5, windowMs: 60_000 },
      backoffMs: RESTART_DELAY,
      shutdownMs: 1_000,
    });
    this.#resume(device);
  }

  /** Brings a machine that just started in line with the sockets and the time. */
  #resume(device: Device): void {
    const state = this.#stateOf(device);
    const speaking = state === 'connected';
    this.#speaking[device.index] = speaking ? SPEAKING : QUIET;
    // Its silence is counted from now: nobody could hear it while the thread was away.
    if (speaking) this.#lastSeenUnixMs[device.index] = this.#options.clock.nowMs();
    this.#edges.add(device);
    if (state !== 'disconnected' && state !== 'error') return;
    for (const address of this.#open.get(device.id)?.values() ?? []) {
      this.#send(device, { type: 'opened', atUnixMs: this.#options.clock.nowMs(), address });
    }
  }

  #leave(device: Device, error: string | undefined): void {
    this.#speaking[device.index] = QUIET;
    this.#send(device, { type: 'closed', atUnixMs: this.#options.clock.nowMs(), error });
  }

  /**
   * A device that reports less often than the limit would fall silent before each report. One that came
   * back after a silence of less than ten limits gets twice that gap, so its state stays still.
   */
  #learnSilence(index: number, gapMs: number): void {
    const limitMs = this.#options.silentAfterMs;
    if (gapMs > limitMs && gapMs < 10 * limitMs) {
      this.#silenceMs[index] = Math.max(this.#silenceMs[index] ?? limitMs, 2 * gapMs);
    }
  }

  #send(device: Device, event: DeviceEvent): void {
    this.#ref(device)?.send(event);
    this.#edges.add(device);
  }

  #ref(device: Device): DeviceRef | undefined {
    return this.#options.supervisor.get(device.id) as DeviceRef | undefined;
  }

  #stateOf(device: Device): string | undefined {
    return this.#ref(device)?.getSnapshot().value;
  }

  #name(name: string): string {
    const kept = this.#names.get(name);
    if (kept !== undefined) return kept;
    // A network that invents names must not fill the memory: past the bound they are kept with their device only.
    if (this.#names.size < 20_000) this.#names.set(name, name);
    return name;
  }

  #grow(): void {
    const capacity = this.#speaking.length * 2;
    const lastSeen = new Float64Array(capacity);
    lastSeen.set(this.#lastSeenUnixMs);
    const silence = new Float64Array(capacity);
    silence.set(this.#silenceMs);
    const speaking = new Uint8Array(capacity);
    speaking.set(this.#speaking);
    this.#lastSeenUnixMs = lastSeen;
    this.#silenceMs = silence;
    this.#speaking = speaking;
  }
}
