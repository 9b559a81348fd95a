import { networkInterfaces } from 'node:os';
import type { Clock } from '../../../engine/clock.js';
import type { EngineError } from '../../../engine/errors.js';
import { guarded } from '../../../engine/guarded.js';
import { closeDatagrams } from '../sdk/datagrams.js';
import type { PluginNet } from '../sdk/net.types.js';
import type { FoundDevice } from '../sdk/plugin.types.js';
import { type DeviceKind, seriesOfKind } from './dcid.js';
import { FAMILIES, type FamilyId } from './families.js';

/** Service location protocol, as these devices use it: not the port and group of the standard. */
const GROUP = '239.255.254.253';
const PORT = 8_427;
/** Devices repeat themselves every few seconds. */
const TOLD_FOR_MS = 30_000;
const MAX_TOLD = 4_096;
const MAX_BYTES = 1_500;

/** What one datagram says. */
export interface Announcement {
  /** Number of the kind of device, 36 characters; undefined: it names none. */
  readonly dcid: string | undefined;
  /** Series that it names in words. */
  readonly family: FamilyId | undefined;
}

const DCID = /cd:([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})/i;
const WORDS: readonly (readonly [string, FamilyId])[] = [
  ['UHFR', 'uhfr'],
  ['QLXD', 'qlxd'],
  ['ULXD', 'ulxd'],
  ['AXTD', 'axtd'],
];

/** Takes any bytes. Undefined: no announcement of a device. */
export function readAnnouncement(bytes: Uint8Array): Announcement | undefined {
  const text = Buffer.from(
    bytes.buffer,
    bytes.byteOffset,
    Math.min(bytes.length, MAX_BYTES),
  ).toString('latin1');
  const dcid = DCID.exec(text)?.[1]?.toUpperCase();
  const family = WORDS.find(([word]) => text.includes(word))?.[1];
  return dcid === undefined && family === undefined ? undefined : { dcid, family };
}

/** Undefined: not a device that this plugin can attach. */
export function announcedDevice(
  said: Announcement,
  address: string,
  kinds: ReadonlyMap<string, DeviceKind>,
): FoundDevice | undefined {
  const kind = said.dcid === undefined ? undefined : kinds.get(said.dcid);
  const series = kind === undefined ? undefined : seriesOfKind(kind.model);
  // A number that is known and no receiver's, as a transmitter's, is not overruled by a word.
  if (kind !== undefined && series === undefined) return undefined;
  const family = series?.family ?? said.family;
  if (family === undefined) return undefined;
  return {
    externalId: address,
    address,
    role: FAMILIES[family].role,
    ...(kind === undefined ? {} : { model: kind.model }),
    ...(series === undefined ? {} : { channels: series.parts }),
    config: { model: family, channels: series?.parts ?? 0 },
  };
}

/** Listens until `close`. */
export class AnnouncementListener {
  readonly #clock: Clock;
  readonly #told = new Map<string, number>();
  readonly #found: (device: FoundDevice) => void;
  readonly #kinds: ReadonlyMap<string, DeviceKind>;
  #close: (() => void) | undefined;

  constructor(
    clock: Clock,
    kinds: ReadonlyMap<string, DeviceKind>,
    found: (device: FoundDevice) => void,
  ) {
    this.#clock = clock;
    this.#kinds = kinds;
    this.#found = found;
  }

  /** @throws EngineError `device.unreachable` when the port cannot be had, or no network takes part */
  async open(net: PluginNet, failed: (error: EngineError) => void): Promise<void> {
    const socket = await net.udp({ port: PORT, shared: true });
    let joined = 0;
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { family, address } of addresses ?? []) {
        if (family !== 'IPv4') continue;
        joined += tryJoin(() => {
          socket.addMembership(GROUP, address);
        });
      }
    }
    // A machine without networks still hears what is sent to it directly.
    if (joined === 0) tryJoin(() => socket.addMembership(GROUP));
    socket.on(
      'message',
      guarded((bytes: Buffer, from: { readonly address: string }) => {
        this.#hear(bytes, from.address);
      }, failed),
    );
    this.#close = () => {
      closeDatagrams(socket);
    };
  }

  #hear(bytes: Uint8Array, address: string): void {
    const said = readAnnouncement(bytes);
    const device = said === undefined ? undefined : announcedDevice(said, address, this.#kinds);
    if (device === undefined) return;
    const now = this.#clock.monoMs();
    const toldAtMonoMs = this.#told.get(address);
    if (toldAtMonoMs !== undefined && now - toldAtMonoMs < TOLD_FOR_MS) return;
    this.#told.delete(address);
    this.#told.set(address, now);
    if (this.#told.size > MAX_TOLD) {
      const oldest = this.#told.keys().next();
      if (oldest.done !== true) this.#told.delete(oldest.value);
    }
    this.#found(device);
  }

  close(): void {
    this.#close?.();
    this.#close = undefined;
  }
}

/** An interface that is down or knows no multicast does not keep the others from it. */
function tryJoin(join: () => void): number {
  try {
    join();
    return 1;
  } catch (thrown) {
    if (thrown instanceof Error) return 0;
    throw thrown;
  }
}
