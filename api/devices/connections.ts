import { peekSerial } from '../../actors/device/smartos.codec.js';
import { EngineError } from '../../engine/errors.js';

/** A device's socket, as its personality has it. */
export interface DeviceSocket {
  readonly address: string;
  /** The device that the presented token belongs to; undefined: none was presented. */
  readonly tokenOf: string | undefined;
  /** Texts for the device, in order. Never throws. */
  send(texts: readonly Uint8Array[]): void;
  close(error: EngineError): void;
}

export interface Connection {
  readonly number: number;
  readonly socket: DeviceSocket;
  /** Devices it has spoken for → their shard. */
  readonly devices: Map<string, number>;
  lastDeviceId: string;
  lastSlot: number;
}

export interface ConnectionsOptions {
  ownerOf(deviceId: string): number;
  /** A socket spoke for a device for the first time. */
  opened(slot: number, connection: Connection, deviceId: string): void;
  /** A socket that spoke for devices of this shard is gone. */
  closed(slot: number, connection: Connection, error: string | undefined): void;
  /** True when the device must present its token. */
  needsToken(deviceId: string): boolean;
}

/** Devices behind one socket, at most: a gateway may speak for many. */
const MAX_DEVICES_PER_SOCKET = 2_000;

/** Open device sockets, and which devices each speaks for. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #open = new Map<number, Connection>();
  #next = 1;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  get(connection: number): Connection | undefined {
    return this.#open.get(connection);
  }

  all(): IterableIterator<Connection> {
    return this.#open.values();
  }

  open(socket: DeviceSocket): Connection {
    const connection: Connection = {
      number: this.#next,
      socket,
      devices: new Map(),
      lastDeviceId: '',
      lastSlot: 0,
    };
    // Numbers cross threads as 32 bit, and 0xffff_ffff means observers.
    this.#next = this.#next >= 0xffff_0000 ? 1 : this.#next + 1;
    this.#open.set(connection.number, connection);
    return connection;
  }

  /** The device has a token now: sockets that speak for it without one are closed. */
  guard(deviceId: string): void {
    for (const connection of [...this.#open.values()]) {
      if (connection.socket.tokenOf !== undefined || !connection.devices.has(deviceId)) continue;
      connection.socket.close(
        new EngineError('auth.required', 'this device must present its token from now on'),
      );
    }
  }

  close(connection: Connection, error: string | undefined): void {
    if (!this.#open.delete(connection.number)) return;
    for (const slot of new Set(connection.devices.values())) {
      this.#options.closed(slot, connection, error);
    }
  }

  /**
   * Finds the device that a frame is from. Frames that name none go where the socket's last frame went, to be
   * answered in order.
   * @throws EngineError `auth.required` or `auth.denied` when the socket may not speak for it, `server.busy`.
   */
  route(
    connection: Connection,
    frame: Buffer,
  ): { readonly slot: number; readonly deviceId: string } {
    const deviceId = peekSerial(frame);
    if (deviceId === undefined) return { slot: connection.lastSlot, deviceId: '' };
    if (deviceId === connection.lastDeviceId) return { slot: connection.lastSlot, deviceId };
    let slot = connection.devices.get(deviceId);
    if (slot === undefined) {
      this.#admit(connection, deviceId);
      slot = this.#options.ownerOf(deviceId);
      connection.devices.set(deviceId, slot);
      this.#options.opened(slot, connection, deviceId);
    }
    connection.lastDeviceId = deviceId;
    connection.lastSlot = slot;
    return { slot, deviceId };
  }

  #admit(connection: Connection, deviceId: string): void {
    const { tokenOf } = connection.socket;
    if (tokenOf !== undefined && tokenOf !== deviceId) {
      throw new EngineError('auth.denied', `the token belongs to device ${tokenOf}`);
    }
    if (tokenOf === undefined && this.#options.needsToken(deviceId)) {
      throw new EngineError('auth.required', 'this device must present its token');
    }
    if (connection.devices.size >= MAX_DEVICES_PER_SOCKET) {
      throw new EngineError(
        'server.busy',
        `one socket may speak for ${MAX_DEVICES_PER_SOCKET} devices`,
      );
    }
  }
}
