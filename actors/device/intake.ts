import type { ChannelTable } from './channel-table.js';
import type { Commit } from './commit.js';
import type { Device, DeviceBook } from './device-book.js';
import type { ChannelKind } from './protocol.js';
import type { Claim } from './registrar.js';
import type { SetRequests } from './set-requests.js';
import { parameterName, type SmartosFrame } from './smartos.codec.js';
import { convert, kindOf, refusal } from './values.js';

/** A decoded frame and where it came from. */
export interface Arrived {
  readonly frame: Extract<SmartosFrame, { ok: true }>;
  readonly connection: number;
  /** The frame's running number at this shard. */
  readonly number: number;
  readonly atUnixMs: number;
  /** It may be stored already under exactly this time. */
  readonly replayed: boolean;
  /** The frame as it came, kept only while somebody watches. */
  readonly verbatim: Uint8Array | undefined;
}

export interface IntakeOptions {
  readonly book: DeviceBook;
  readonly table: ChannelTable;
  readonly sets: SetRequests;
  /** Unknown serials that send `UPDT` become devices too, not only those that send `INIT`. */
  readonly autoRegister: boolean;
}

/** Puts decoded SMART-OS frames into the channel table and into a commit. */
export class Intake {
  readonly #options: IntakeOptions;
  // One frame's parameters at a time; emptied before each use.
  readonly #slots: number[] = [];
  readonly #values: (number | string)[] = [];
  #missing: { name: string; kind: ChannelKind }[] = [];

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /**
   * Takes a frame into `commit`, as a whole or not at all. Answers a claim when something in it has no
   * channel yet: nothing was taken then, and the frame has to come again after registration.
   */
  take(arrived: Arrived, commit: Commit): Claim | undefined {
    const { frame, connection, number: frameNumber, verbatim } = arrived;
    const { number, serial } = frame;
    const device = this.#options.book.get(serial);
    if (device !== undefined) {
      const closed = this.#closedTo(device);
      if (closed !== undefined) {
        commit.refuse(connection, frameNumber, number, serial, closed);
        return undefined;
      }
    }
    if (frame.kind === 'SET') {
      this.#options.sets.answered(serial, number, frame.answer);
      if (device !== undefined) this.#options.book.heard(device, arrived.atUnixMs, connection);
      commit.ok(connection, frameNumber, number, serial, undefined);
      return undefined;
    }
    const carries = frame.kind === 'INIT' || frame.kind === 'UPDT';
    if (device === undefined && !(carries && this.#mayRegister(frame.kind))) {
      commit.ok(connection, frameNumber, number, serial, verbatim);
      return undefined;
    }
    const problem = this.#read(device, frame.fields);
    if (problem !== undefined) {
      commit.refuse(connection, frameNumber, number, serial, problem);
      return undefined;
    }
    if (device === undefined || this.#missing.length > 0) {
      return { id: serial, protocol: 'smartos', channels: this.#missing };
    }
    this.#options.book.heard(device, arrived.atUnixMs, connection);
    this.#place(arrived, commit);
    if (this.#options.sets.size > 0 && carries) this.#tellSets(serial, frame.fields);
    commit.ok(connection, frameNumber, number, serial, verbatim);
    return undefined;
  }

  /** What a frame needs registered, without taking it. */
  claim(arrived: Arrived): Claim | undefined {
    const { frame } = arrived;
    const device = this.#options.book.get(frame.serial);
    if (frame.kind === 'SET' || frame.kind === 'other') return undefined;
    if (device === undefined && !this.#mayRegister(frame.kind)) return undefined;
    if (this.#read(device, frame.fields) !== undefined) return undefined;
    if (device !== undefined && this.#missing.length === 0) return undefined;
    return { id: frame.serial, protocol: 'smartos', channels: this.#missing };
  }

  #mayRegister(kind: string): boolean {
    return kind === 'INIT' || this.#options.autoRegister;
  }

  #closedTo(device: Device): string | undefined {
    if (device.parked !== undefined) return `the device is parked: ${device.parked}`;
    if (device.protocol !== 'smartos') {
      return `the id belongs to a device that speaks ${device.protocol}`;
    }
    return undefined;
  }

  /** Fills slots, values and missing. Answers what is wrong with the first bad field. */
  #read(device: Device | undefined, fields: Readonly<Record<string, unknown>>): string | undefined {
    this.#slots.length = 0;
    this.#values.length = 0;
    this.#missing = [];
    const { table } = this.#options;
    for (const field in fields) {
      const name = parameterName(field, fields);
      const value = fields[field];
      if (name === undefined || value === null) continue;
      const slot = device?.slots.get(name);
      const bad = refusal(name, value);
      if (bad !== undefined) return bad;
      if (slot === undefined) {
        const kind = kindOf(value);
        if (kind !== undefined) this.#missing.push({ name, kind });
        continue;
      }
      const kind = table.kindAt(slot);
      const converted = convert(kind, value as number | string | boolean);
      if (converted === undefined) {
        return `field "${name}": ${kind} expected, ${typeof value} sent`;
      }
      this.#slots.push(slot);
      this.#values.push(converted);
    }
    return undefined;
  }

  #place(arrived: Arrived, commit: Commit): void {
    const { table } = this.#options;
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i] ?? 0;
      const value = this.#values[i] ?? 0;
      // A frame sent again keeps its time: the store then has the same row once.
      const atUnixMs = arrived.replayed ? arrived.atUnixMs : table.after(slot, arrived.atUnixMs);
      table.put(slot, atUnixMs, value);
      commit.rows.add(table.channelAt(slot), atUnixMs, value);
    }
  }

  #tellSets(serial: string, fields: Readonly<Record<string, unknown>>): void {
    for (const field in fields) {
      const name = parameterName(field, fields);
      if (name !== undefined) this.#options.sets.reported(serial, name, fields[field]);
    }
  }
}
