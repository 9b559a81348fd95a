import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesEvent, SeriesWriter } from '../../engine/series/series.types.js';
import type { SupervisorApi, SupervisorReport } from '../../engine/supervisor.types.js';
import type { FeedSource } from '../rule/feed-source.js';
import { ChannelTable } from './channel-table.js';
import { Commit } from './commit.js';
import { DeviceBook } from './device-book.js';
import { type Arrived, Intake } from './intake.js';
import { appendColumns, claimOf } from './native-samples.js';
import type {
  ChangeBatch,
  DeviceDefinition,
  DeviceEdge,
  FrameBatch,
  InternAnswer,
  ReplyBatch,
  SampleColumns,
} from './protocol.js';
import { type Claim, Registrar, type Round } from './registrar.js';
import { NO_FRAME, ReplyBuilder } from './reply-builder.js';
import { SetRequests } from './set-requests.js';
import { decodeFrame, setRequest } from './smartos.codec.js';

const PROTOCOL = 'smartos';
/** Frames that wait for registration, at most; more are refused as busy. */
const MAX_WAITING_FRAMES = 20_000;
const MAX_WAITING_BYTES = 16_777_216;

/** Where a shard sends what it has to say. */
export interface ShardPorts {
  intern(claims: readonly Claim[]): Promise<InternAnswer>;
  replies(batch: ReplyBatch): void;
  changes(batch: ChangeBatch): void;
  edges(edges: readonly DeviceEdge[]): void;
}

export interface DeviceShardSetup {
  readonly clock: Clock;
  readonly supervisor: SupervisorApi;
  readonly writer: SeriesWriter;
  readonly ports: ShardPorts;
  readonly silentAfterMs: number;
  readonly autoRegister: boolean;
  readonly changeTickMs: number;
  /** What rules watch of the rows on their way to the store. */
  readonly feed?: Pick<FeedSource, 'rows'>;
  /** A throw in one of its timers. */
  readonly onFault: (error: EngineError) => void;
}

interface Waiting extends Arrived {
  readonly round: number;
  readonly bytes: number;
}

/** Devices of one thread: frames in; rows, answers, changes and edges out. Knows no thread and no socket. */
export class DeviceShard {
  readonly book: DeviceBook;
  readonly table = new ChannelTable();
  readonly #setup: DeviceShardSetup;
  readonly #sets: SetRequests;
  readonly #intake: Intake;
  readonly #registrar: Registrar;
  /** Frames behind a registration, by device, in order. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #rounds: ((round: Round) => void)[] = [];
  #waitingFrames = 0;
  #waitingBytes = 0;
  #observers = 0;
  #framesTaken = 0;
  #eventsLost = 0;
  #answered: Promise<void> = Promise.resolve();
  #tick: TimerHandle;
  #sweptMonoMs: number;
  #closed = false;

  constructor(setup: DeviceShardSetup) {
    const { clock, supervisor, silentAfterMs, autoRegister } = setup;
    this.#setup = setup;
    this.book = new DeviceBook({ clock, supervisor, table: this.table, silentAfterMs });
    this.#sets = new SetRequests(clock);
    this.#intake = new Intake({
      book: this.book,
      table: this.table,
      sets: this.#sets,
      autoRegister,
    });
    this.#registrar = new Registrar(
      (claims) => setup.ports.intern(claims),
      (round) => this.#registered(round),
    );
    this.#sweptMonoMs = clock.monoMs();
    this.#tick = this.#nextTick();
  }

  /** Frames taken since the start. */
  get framesTaken(): number {
    return this.#framesTaken;
  }

  /** Events that could not be kept beside the samples since the start. */
  get eventsLost(): number {
    return this.#eventsLost;
  }

  /** Verbatim copies are made only while somebody observes. */
  observe(count: number): void {
    this.#observers = count;
  }

  supervised(report: SupervisorReport): void {
    this.book.supervised(report);
  }

  adopt(
    devices: readonly DeviceDefinition[],
    snapshots: Readonly<Record<string, string>>,
    latest: readonly {
      readonly channel: number;
      readonly atUnixMs: number;
      readonly value: number | string;
    }[],
  ): number {
    for (const device of devices) this.book.adopt(device, snapshots[device.id]);
    for (const { channel, atUnixMs, value } of latest) {
      const slot = this.table.slotOf(channel);
      if (slot !== undefined) this.table.restore(slot, atUnixMs, value);
    }
    return devices.length;
  }

  /** All frames of a batch are stored and answered together, but those that wait for a registration. */
  frames(batch: FrameBatch): void {
    const commit = new Commit();
    const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
    for (let i = 0; i < batch.count; i++) {
      const number = batch.numbers?.[i] ?? batch.first + i;
      const connection = batch.connection[i] ?? 0;
      const start = batch.offset[i] ?? 0;
      const end = batch.offset[i + 1] ?? start;
      const frame = decodeFrame(bytes, start, end);
      if (!frame.ok) {
        commit.refuse(connection, number, frame.number, frame.serial, frame.reason);
        continue;
      }
      // A frame that names its message twice could be routed by the one and read by the other.
      if (frame.serial !== batch.deviceId[i]) {
        const reason = 'type and message must be there once each';
        commit.refuse(connection, number, frame.number, frame.serial, reason);
        continue;
      }
      const verbatim = this.#observers > 0 ? bytes.subarray(start, end) : undefined;
      const atUnixMs = batch.atUnixMs[i] ?? 0;
      const replayed = batch.numbers !== undefined;
      this.#take({ frame, connection, number, atUnixMs, replayed, verbatim }, commit, end - start);
    }
    this.#framesTaken += batch.count;
    this.#finish(commit);
    this.#registrar.flush();
  }

  /** @throws EngineError `device.refused`, `server.busy`. */
  async set(
    deviceId: string,
    name: string,
    value: number | string | boolean,
    deadlineMs: number,
  ): Promise<'confirmed' | 'unanswered' | 'offline'> {
    const connection = this.book.connectionOf(deviceId);
    if (connection === undefined) return 'offline';
    return await this.#sets.ask(deviceId, name, value, deadlineMs, (number) => {
      const message = new ReplyBuilder(256);
      message.addText(connection, NO_FRAME, setRequest(number, deviceId, name, value));
      this.#setup.ports.replies(message.take(PROTOCOL));
    });
  }

  /**
   * The native path: as a whole or not at all.
   * @throws EngineError `not-found`, `input.invalid` naming the field, and what the writer throws.
   */
  async append(
    columns: SampleColumns,
  ): Promise<{ stored: number; repeated: number; where: 'store' | 'spool' }> {
    const { clock, writer } = this.#setup;
    const found = this.book.get(columns.deviceId);
    if (found === undefined) {
      throw new EngineError('not-found', `there is no device ${columns.deviceId}`);
    }
    if (found.parked !== undefined) {
      throw new EngineError('device.refused', `device ${found.id} is parked: ${found.parked}`);
    }
    const claim = claimOf(found, columns);
    if (claim !== undefined) await this.#register(claim);
    const nowUnixMs = clock.nowMs();
    const { builder, repeated } = appendColumns(found, this.table, columns, nowUnixMs);
    this.book.heard(found, nowUnixMs);
    const stored = builder.rows;
    const rows = builder.take();
    this.#setup.feed?.rows(rows);
    const where = await writer.append(rows, columns.journal === true ? 'journal' : 'soon');
    return { stored, repeated, where };
  }

  /** Answers what can still be answered; the writer is closed by its owner. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#setup.clock.clearTimeout(this.#tick);
    this.#sets.close();
    await this.#answered;
    this.#flushChanges();
  }

  #take(arrived: Arrived, commit: Commit, bytes: number): void {
    const { serial } = arrived.frame;
    const queue = this.#waiting.get(serial);
    // Behind frames of the same device that wait, to keep its order.
    if (queue === undefined) {
      const claim = this.#intake.take(arrived, commit);
      if (claim !== undefined) this.#wait(arrived, claim, commit, bytes);
      return;
    }
    this.#wait(arrived, this.#intake.claim(arrived), commit, bytes);
  }

  #wait(arrived: Arrived, claim: Claim | undefined, commit: Commit, bytes: number): void {
    const { frame, connection, number } = arrived;
    if (
      this.#waitingFrames >= MAX_WAITING_FRAMES ||
      this.#waitingBytes + bytes > MAX_WAITING_BYTES
    ) {
      const reason = 'the server is busy registering devices, send again';
      commit.refuse(connection, number, frame.number, frame.serial, reason);
      return;
    }
    const queue = this.#waiting.get(frame.serial) ?? [];
    const round = claim === undefined ? (queue.at(-1)?.round ?? 0) : this.#registrar.claim(claim);
    if (queue.length === 0) this.#waiting.set(frame.serial, queue);
    queue.push({ ...arrived, round, bytes });
    this.#waitingFrames += 1;
    this.#waitingBytes += bytes;
  }

  #registered(round: Round): void {
    for (const device of round.devices) this.book.adopt(device);
    const commit = new Commit();
    for (const [serial, queue] of this.#waiting) {
      const ready = queue.findIndex((waiting) => waiting.round > round.number);
      const frames = queue.splice(0, ready < 0 ? queue.length : ready);
      if (queue.length === 0) this.#waiting.delete(serial);
      for (const arrived of frames) {
        this.#waitingFrames -= 1;
        this.#waitingBytes -= arrived.bytes;
        const claim = this.#intake.take(arrived, commit);
        if (claim === undefined) continue;
        const reason = round.failure ?? round.refused.get(serial) ?? 'not registered, send again';
        const { frame, connection, number } = arrived;
        commit.refuse(connection, number, frame.number, serial, reason);
      }
    }
    this.#finish(commit);
    for (const settle of this.#rounds.splice(0)) settle(round);
  }

  /** One claim of the native path. @throws EngineError when it is not taken. */
  async #register(claim: Claim): Promise<void> {
    const wanted = this.#registrar.claim(claim);
    const round = await new Promise<Round>((resolve) => {
      const wait = (done: Round): void => {
        if (done.number >= wanted) resolve(done);
        else this.#rounds.push(wait);
      };
      this.#rounds.push(wait);
      this.#registrar.flush();
    });
    const reason = round.failure ?? round.refused.get(claim.id);
    if (reason !== undefined) throw new EngineError('store.refused', reason);
  }

  /** Stores and answers, after everything that was taken before. */
  #finish(commit: Commit): void {
    if (commit.frames === 0) return;
    const { writer, ports, feed } = this.#setup;
    const stored = commit.store(writer, PROTOCOL, feed);
    const before = this.#answered;
    this.#answered = (async () => {
      const batch = await stored;
      await before;
      ports.replies(batch);
    })().catch((thrown: unknown) => this.#setup.onFault(EngineError.from(thrown)));
  }

  #nextTick(): TimerHandle {
    const { clock, changeTickMs, onFault } = this.#setup;
    return clock.setTimeout(() => {
      if (this.#closed) return;
      try {
        this.#flushChanges();
        this.#sweep();
      } catch (thrown) {
        onFault(EngineError.from(thrown));
      }
      this.#tick = this.#nextTick();
    }, changeTickMs);
  }

  #flushChanges(): void {
    const { ports, writer } = this.#setup;
    const changes = this.table.drainChanges();
    if (changes !== undefined) ports.changes(changes);
    const edges = this.book.drainEdges();
    if (edges.length === 0) return;
    ports.edges(edges);
    const events: SeriesEvent[] = edges.map((edge) => ({
      atUnixMs: edge.sinceUnixMs,
      kind: `device.${edge.state}`,
      subject: edge.deviceId,
      detail: edge.lastError === undefined ? {} : { error: edge.lastError },
    }));
    // Events are a by-product: nobody was promised them, so a full spool only counts.
    writer.appendEvents(events).catch(() => {
      this.#eventsLost += events.length;
    });
  }

  #sweep(): void {
    const { clock, silentAfterMs } = this.#setup;
    const everyMs = Math.min(5_000, silentAfterMs / 4);
    const nowMonoMs = clock.monoMs();
    if (nowMonoMs - this.#sweptMonoMs < everyMs) return;
    this.#sweptMonoMs = nowMonoMs;
    this.book.sweep(clock.nowMs());
  }
}
