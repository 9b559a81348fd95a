import type { FrameBatch } from '../../actors/device/protocol.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';

export interface FrameGathererOptions {
  readonly protocol: string;
  readonly shards: number;
  readonly clock: Clock;
  /** Hands a batch to a shard's thread; the buffers of the batch are given away. False: it was not taken. */
  readonly post: (slot: number, batch: FrameBatch) => boolean;
  /** Frames are gathered at most this long. Default 4. */
  readonly gatherMs?: number;
  /** Frames and bytes of a shard that are not answered yet, at most. Default 50,000 and 64 MiB. */
  readonly maxFrames?: number;
  readonly maxBytes?: number;
}

/** A clock this far behind the last stamp was set back by hand or by its time server. */
const SET_BACK_MS = 60_000;

/** Frames that were sent off together, kept until each is answered. */
interface Sent {
  readonly first: number;
  readonly deviceId: string[];
  readonly connection: Uint32Array;
  readonly atUnixMs: Float64Array;
  readonly offset: Uint32Array;
  readonly bytes: Uint8Array;
  readonly answered: Uint8Array;
  open: number;
  posted: boolean;
  /** A thread had it once: it goes again under its own times and without what was answered. */
  again: boolean;
}

interface Slot {
  next: number;
  lastAtUnixMs: number;
  /** Its thread is away or not yet given its devices: nothing is posted. */
  held: boolean;
  sent: Sent[];
  openFrames: number;
  openBytes: number;
  deviceId: string[];
  connection: number[];
  atUnixMs: number[];
  offset: number[];
  bytes: Buffer;
}

const FLUSH_BYTES = 262_144;
const FLUSH_FRAMES = 1_024;

/**
 * Gathers the frames of device sockets for their shards, and keeps them until they are answered: what a lost thread
 * left unanswered is sent to the one that takes its place, under the same times, so that the store keeps one
 * row however often it was written. Over the bounds a frame is not taken, and its device is told so.
 */
export class FrameGatherer {
  readonly #options: FrameGathererOptions;
  readonly #slots: Slot[];
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  #timer: TimerHandle | undefined;

  constructor(options: FrameGathererOptions) {
    this.#options = options;
    this.#maxFrames = options.maxFrames ?? 50_000;
    this.#maxBytes = options.maxBytes ?? 67_108_864;
    this.#slots = Array.from({ length: options.shards }, () => ({
      next: 0,
      lastAtUnixMs: 0,
      held: false,
      sent: [],
      openFrames: 0,
      openBytes: 0,
      deviceId: [],
      connection: [],
      atUnixMs: [],
      offset: [0],
      bytes: Buffer.allocUnsafeSlow(65_536),
    }));
  }

  /** Frames not answered yet, of all shards. */
  get open(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.openFrames, 0);
  }

  /** Takes a copy of `frame`. False: the shard has too much under way. */
  push(slotIndex: number, connection: number, deviceId: string, frame: Uint8Array): boolean {
    const slot = this.#slots[slotIndex];
    if (slot === undefined) return false;
    if (slot.openFrames >= this.#maxFrames || slot.openBytes + frame.length > this.#maxBytes) {
      return false;
    }
    const used = slot.offset[slot.offset.length - 1] ?? 0;
    if (used + frame.length > slot.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(slot.bytes.length * 2, used + frame.length));
      slot.bytes.copy(grown, 0, 0, used);
      slot.bytes = grown;
    }
    slot.bytes.set(frame, used);
    slot.offset.push(used + frame.length);
    slot.deviceId.push(deviceId);
    slot.connection.push(connection);
    slot.atUnixMs.push(this.#stamp(slot));
    slot.openFrames += 1;
    slot.openBytes += frame.length;
    if (used + frame.length >= FLUSH_BYTES || slot.deviceId.length >= FLUSH_FRAMES) {
      this.#flush(slotIndex, slot);
    } else if (this.#timer === undefined) {
      this.#timer = this.#options.clock.setTimeout(() => {
        this.#timer = undefined;
        this.flush();
      }, this.#options.gatherMs ?? 4);
    }
    return true;
  }

  /** Posts what was gathered, and what could not be posted before. */
  flush(): void {
    for (const [index, slot] of this.#slots.entries()) this.#flush(index, slot);
  }

  /** Frame `number` of a shard was answered. False: it was before. */
  answered(slotIndex: number, number: number): boolean {
    const slot = this.#slots[slotIndex];
    const sent = slot === undefined ? undefined : batchOf(slot.sent, number);
    if (slot === undefined || sent === undefined) return false;
    const i = number - sent.first;
    if (sent.answered[i] !== 0) return false;
    sent.answered[i] = 1;
    sent.open -= 1;
    slot.openFrames -= 1;
    slot.openBytes -= (sent.offset[i + 1] ?? 0) - (sent.offset[i] ?? 0);
    if (sent.open === 0) {
      let done = 0;
      while (slot.sent[done]?.open === 0) done += 1;
      if (done > 0) slot.sent.splice(0, done);
    }
    return true;
  }

  /** The shard's thread is lost or new: nothing more is posted to it. */
  hold(slotIndex: number): void {
    const slot = this.#slots[slotIndex];
    if (slot !== undefined) slot.held = true;
  }

  /**
   * The shard's thread is there and knows its devices: what is unanswered is sent again, then what was
   * gathered meanwhile. @returns how many frames were sent again.
   */
  resume(slotIndex: number): number {
    const slot = this.#slots[slotIndex];
    if (slot === undefined) return 0;
    slot.held = false;
    let again = 0;
    for (const sent of slot.sent) {
      if (!sent.posted || sent.open === 0) continue;
      const { batch, count } = this.#unanswered(sent);
      again += count;
      sent.again = true;
      sent.posted = this.#options.post(slotIndex, batch);
    }
    this.#flush(slotIndex, slot);
    return again;
  }

  close(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Unix ms in whole microseconds, later than any before at this shard. */
  #stamp(slot: Slot): number {
    const nowMs = this.#options.clock.nowMs();
    // A clock that was set back by much is followed: standing still would stamp the future for as long.
    const setBack = slot.lastAtUnixMs - nowMs > SET_BACK_MS;
    const atUnixMs =
      setBack || nowMs > slot.lastAtUnixMs
        ? nowMs
        : Math.round(slot.lastAtUnixMs * 1_000 + 1) / 1_000;
    slot.lastAtUnixMs = atUnixMs;
    return atUnixMs;
  }

  #flush(index: number, slot: Slot): void {
    if (slot.deviceId.length > 0) this.#seal(slot);
    if (slot.held) return;
    for (const sent of slot.sent) {
      if (sent.posted) continue;
      // A full or closed link: what is left waits for the next flush or for the thread that takes over.
      const batch = sent.again
        ? this.#unanswered(sent).batch
        : copyOf(this.#options.protocol, sent);
      if (!this.#options.post(index, batch)) break;
      sent.posted = true;
    }
    if (slot.sent.some((sent) => !sent.posted) && this.#timer === undefined) {
      this.#timer = this.#options.clock.setTimeout(() => {
        this.#timer = undefined;
        this.flush();
      }, 20);
    }
  }

  #seal(slot: Slot): void {
    const count = slot.deviceId.length;
    const used = slot.offset[count] ?? 0;
    slot.sent.push({
      first: slot.next,
      deviceId: slot.deviceId,
      connection: Uint32Array.from(slot.connection),
      atUnixMs: Float64Array.from(slot.atUnixMs),
      offset: Uint32Array.from(slot.offset),
      bytes: new Uint8Array(slot.bytes.subarray(0, used)),
      answered: new Uint8Array(count),
      open: count,
      posted: false,
      again: false,
    });
    slot.next += count;
    slot.deviceId = [];
    slot.connection = [];
    slot.atUnixMs = [];
    slot.offset = [0];
    // One huge frame must not keep a huge buffer for ever.
    if (slot.bytes.length > 2 * FLUSH_BYTES) slot.bytes = Buffer.allocUnsafeSlow(65_536);
  }

  #unanswered(sent: Sent): { readonly batch: FrameBatch; readonly count: number } {
    const rows: number[] = [];
    for (let i = 0; i < sent.answered.length; i++) if (sent.answered[i] === 0) rows.push(i);
    const parts = rows.map((i) => sent.bytes.subarray(sent.offset[i], sent.offset[i + 1]));
    const offset = new Uint32Array(rows.length + 1);
    for (const [i, part] of parts.entries()) offset[i + 1] = (offset[i] ?? 0) + part.length;
    const bytes = new Uint8Array(offset[rows.length] ?? 0);
    for (const [i, part] of parts.entries()) bytes.set(part, offset[i]);
    const batch: FrameBatch = {
      protocol: this.#options.protocol,
      count: rows.length,
      first: sent.first,
      numbers: Float64Array.from(rows, (i) => sent.first + i),
      deviceId: rows.map((i) => sent.deviceId[i] ?? ''),
      connection: Uint32Array.from(rows, (i) => sent.connection[i] ?? 0),
      atUnixMs: Float64Array.from(rows, (i) => sent.atUnixMs[i] ?? 0),
      offset,
      bytes,
    };
    return { batch, count: rows.length };
  }
}

function copyOf(protocol: string, sent: Sent): FrameBatch {
  return {
    protocol,
    count: sent.deviceId.length,
    first: sent.first,
    numbers: undefined,
    deviceId: sent.deviceId,
    connection: sent.connection.slice(),
    atUnixMs: sent.atUnixMs.slice(),
    offset: sent.offset.slice(),
    bytes: sent.bytes.slice(),
  };
}

/** The batch that holds frame `number`, by binary search: batches are in order. */
function batchOf(batches: readonly Sent[], number: number): Sent | undefined {
  let low = 0;
  let high = batches.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const batch = batches[middle];
    if (batch === undefined) return undefined;
    if (number < batch.first) high = middle - 1;
    else if (number >= batch.first + batch.deviceId.length) low = middle + 1;
    else return batch;
  }
  return undefined;
}

/** The buffers of a batch, for the transfer list. */
export function buffersOf(batch: FrameBatch): ArrayBuffer[] {
  const arrays = [batch.connection, batch.atUnixMs, batch.offset, batch.bytes];
  if (batch.numbers !== undefined) arrays.push(batch.numbers);
  return arrays.map((array) => array.buffer as ArrayBuffer);
}
