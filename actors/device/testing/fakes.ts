import { TestClock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type {
  SampleBatch,
  SeriesWriter,
  SeriesWriterStatus,
  Stored,
} from '../../../engine/series/series.types.js';
import { Supervisor } from '../../../engine/supervisor.js';
import type {
  ChangeBatch,
  DeviceDefinition,
  DeviceEdge,
  FrameBatch,
  InternAnswer,
  ReplyBatch,
} from '../protocol.js';
import type { Claim } from '../registrar.js';
import { DeviceShard } from '../shard.js';

export interface StoredRow {
  readonly channel: number;
  readonly atUnixMs: number;
  readonly value: number | string;
}

/** Stores in memory; `fail` refuses, `hold` waits until `release`. */
export class FakeWriter implements SeriesWriter {
  readonly rows: StoredRow[] = [];
  fail: EngineError | undefined;
  #held: (() => void)[] | undefined;

  hold(): void {
    this.#held = [];
  }

  release(): void {
    for (const go of this.#held ?? []) go();
    this.#held = undefined;
  }

  async append(batch: SampleBatch): Promise<Stored> {
    await new Promise<void>((resolve) => {
      if (this.#held === undefined) resolve();
      else this.#held.push(resolve);
    });
    if (this.fail !== undefined) throw this.fail;
    for (let i = 0; i < batch.channel.length; i++) {
      this.rows.push({
        channel: batch.channel[i] ?? 0,
        atUnixMs: batch.atUnixMs[i] ?? 0,
        value: batch.value[i] ?? 0,
      });
    }
    this.rows.push(...batch.text);
    return 'store';
  }

  appendEvents(): Promise<Stored> {
    return Promise.resolve('store');
  }

  status(): SeriesWriterStatus {
    throw new EngineError('internal', 'not asked for here');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Registers whatever is asked, with channel numbers from 1. */
export class FakeRegistry {
  readonly calls: (readonly Claim[])[] = [];
  readonly devices = new Map<string, DeviceDefinition>();
  refuse: string | undefined;
  fail: EngineError | undefined;
  #channel = 0;

  async intern(claims: readonly Claim[]): Promise<InternAnswer> {
    this.calls.push(claims);
    await Promise.resolve();
    if (this.fail !== undefined) throw this.fail;
    const refused: { deviceId: string; reason: string }[] = [];
    const devices: DeviceDefinition[] = [];
    for (const claim of claims) {
      if (this.refuse !== undefined) {
        refused.push({ deviceId: claim.id, reason: this.refuse });
        continue;
      }
      const known = this.devices.get(claim.id);
      const channels = [...(known?.channels ?? [])];
      for (const { name, kind } of claim.channels) {
        if (channels.some((c) => c.name === name)) continue;
        this.#channel += 1;
        channels.push({ id: this.#channel, deviceId: claim.id, name, kind, unit: undefined });
      }
      const device = { id: claim.id, name: claim.id, protocol: claim.protocol, channels };
      this.devices.set(claim.id, device);
      devices.push(device);
    }
    return { devices, refused };
  }
}

/** A shard with everything around it in memory. */
export class Bench {
  readonly clock = new TestClock();
  readonly writer = new FakeWriter();
  readonly registry = new FakeRegistry();
  readonly replies: { connection: number; frame: number; text: string }[] = [];
  readonly changes: ChangeBatch[] = [];
  readonly edges: DeviceEdge[] = [];
  readonly faults: EngineError[] = [];
  readonly supervisor: Supervisor;
  readonly shard: DeviceShard;
  #next = 0;

  constructor(options: { readonly autoRegister?: boolean } = {}) {
    let shard: DeviceShard | undefined;
    this.supervisor = new Supervisor({
      shard: 'device-0',
      clock: this.clock,
      report: (report) => shard?.supervised(report),
    });
    shard = new DeviceShard({
      clock: this.clock,
      supervisor: this.supervisor,
      writer: this.writer,
      silentAfterMs: 60_000,
      autoRegister: options.autoRegister ?? true,
      changeTickMs: 50,
      onFault: (error) => this.faults.push(error),
      ports: {
        intern: (claims) => this.registry.intern(claims),
        replies: (batch) => this.#note(batch),
        changes: (batch) => this.changes.push(batch),
        edges: (edges) => this.edges.push(...edges),
      },
    });
    this.shard = shard;
  }

  /** Frames of connection 1, one microsecond apart from the clock's time on. */
  batch(frames: readonly (readonly [deviceId: string, frame: string])[]): FrameBatch {
    const parts = frames.map(([, text]) => Buffer.from(text));
    const offset = [0];
    for (const part of parts) offset.push((offset.at(-1) ?? 0) + part.length);
    const first = this.#next;
    this.#next += frames.length;
    return {
      protocol: 'smartos',
      count: frames.length,
      first,
      numbers: undefined,
      deviceId: frames.map(([id]) => id),
      connection: Uint32Array.from(frames, () => 1),
      atUnixMs: Float64Array.from(frames, (_, i) => this.clock.nowMs() + (first + i) / 1_000),
      offset: Uint32Array.from(offset),
      bytes: new Uint8Array(Buffer.concat(parts)),
    };
  }

  /** Sends frames and waits for the registrations and appends behind them. */
  async send(...frames: readonly (readonly [deviceId: string, frame: string])[]): Promise<void> {
    this.shard.frames(this.batch(frames));
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 50; i++) await Promise.resolve();
  }

  /** What the socket was told, as the text of the INFO messages. */
  get told(): string[] {
    return this.replies
      .filter((reply) => reply.frame >= 0)
      .map((reply) => (JSON.parse(reply.text) as { message: string }).message);
  }

  #note(batch: ReplyBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const bytes = batch.bytes.subarray(batch.offset[i], batch.offset[i + 1]);
      this.replies.push({
        connection: batch.connection[i] ?? 0,
        frame: batch.frame[i] ?? 0,
        text: Buffer.from(bytes).toString(),
      });
    }
  }
}

export function update(number: number | string, serial: string, fields: object): string {
  const padded = String(number).padStart(4, '0');
  return JSON.stringify({ type: 'UPDT', message: `${padded}:${serial}:${JSON.stringify(fields)}` });
}

export function init(number: number | string, serial: string, fields: object): string {
  const padded = String(number).padStart(4, '0');
  return JSON.stringify({ type: 'INIT', message: `${padded}:${serial}:${JSON.stringify(fields)}` });
}
