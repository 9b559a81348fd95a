import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { DeviceConnection, DeviceSession } from '../sdk/plugin.types.js';
import { OrderBook, orderOf } from './commands.js';
import type { InstanceConfig } from './config.js';
import { FAMILIES, type Family, familyOfModel } from './families.js';
import { type FieldId, type FieldSink, specOf } from './fields.js';
import type { Frame } from './frame.js';
import { IdentityFacts, identityOf } from './identity.js';
import { FrameParser } from './parser.js';
import { Recogniser, silent, unknownSeries } from './recogniser.js';
import { DEVICE_RULES } from './rules.js';
import type { SampleValue } from './samples.js';
import { Waiter } from './waiter.js';
import type { Wire, WireUser } from './wire.js';

/** Asked again this often: what a lost report would leave wrong. */
const ASK_AGAIN_MS = 10_000;
/** Quiet for this long: the device is asked whether it is there. */
const PING_AFTER_MS = 4_000;
/** A device that takes a connection and says nothing. */
const FIRST_ANSWER_MS = 4_000;
/** Devices that know `MODEL` answer it at once. */
const MODEL_ANSWER_MS = 700;
const KEYS_ANSWER_MS = 2_000;
/** After the decisive key: for the other channels of the same answer. */
const SETTLE_MS = 300;
/** What receivers take for the pace of their meters. */
const MIN_METER_MS = 100;
const MAX_METER_MS = 65_535;

export interface ConnectionEnvironment {
  readonly clock: Clock;
  readonly config: InstanceConfig;
  log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void;
  /** The device's identity is complete or has changed. */
  identified(facts: IdentityFacts): void;
  /** The connection broke; its session hears of it after this. */
  lost(): void;
}

type Handles = Map<FieldId, number>;

/** Of the frame in hand, of all connections: each value is read before the next frame comes. */
const sampleValues: SampleValue[] = [];

/** One device: asks, listens, reports to its session. The series is known when `identify` has resolved. */
export class ShureConnection implements DeviceConnection, FieldSink, WireUser {
  readonly #env: ConnectionEnvironment;
  readonly #session: DeviceSession;
  readonly #parser: FrameParser;
  readonly #facts = new IdentityFacts();
  readonly #orders: OrderBook;
  readonly #waiter: Waiter;
  readonly #recogniser = new Recogniser();
  readonly #datagrams: boolean;
  #reports = 0;
  #refusals = 0;

  #wire: Wire | undefined;
  #family: Family | undefined;
  #parts = 0;
  /** Index is the part; 0 the device. */
  #handles: Handles[] = [new Map<FieldId, number>()];
  /** Handles that are wanted with every frame: of part 1 in the order of the family's sample, then of part 2, and so on. */
  #sampleHandles: number[] = [];
  /** 0 until the host says how often: a receiver that nobody asked for meters sends none. */
  #meterMs = 0;
  #meterTold: number[] = [];
  #heardAtMonoMs: number;
  #askAgainAtMonoMs = 0;
  /** A meter was heard since it was last asked. */
  #sampled = false;
  #pingedAtMonoMs = 0;
  #identityChanged = false;
  #started = false;
  #ended = false;
  #impossibleTold = false;

  constructor(
    env: ConnectionEnvironment,
    session: DeviceSession,
    preset: { readonly family: Family | undefined; readonly parts: number; readonly udp: boolean },
  ) {
    this.#env = env;
    this.#session = session;
    this.#family = preset.family;
    this.#parts = preset.parts;
    this.#datagrams = preset.udp;
    this.#orders = new OrderBook(env.clock);
    this.#waiter = new Waiter(env.clock);
    this.#heardAtMonoMs = env.clock.monoMs();
    this.#parser = new FrameParser(preset.udp ? 'star' : 'angle', (frame) => {
      this.#frame(frame);
    });
  }

  /** Undefined until it is known. */
  get series(): Family['id'] | undefined {
    return this.#family?.id;
  }

  /**
   * Finds out what the device is and begins to listen. @throws EngineError `device.unreachable` (says nothing),
   * `input.invalid` (says a series that is not known here)
   */
  async identify(wire: Wire): Promise<void> {
    this.#wire = wire;
    const family = this.#family ?? (await this.#ask());
    const parts = this.#parts > 0 ? this.#parts : this.#partsOf(family);
    this.#become(family, parts);
    if (
      this.#reports === 0 &&
      !(await this.#waiter.until(() => this.#reports > 0, FIRST_ANSWER_MS))
    ) {
      throw silent();
    }
    this.#started = true;
    const now = this.#env.clock.monoMs();
    // Spread over the period, so that many devices that connect at once are not asked at once.
    this.#askAgainAtMonoMs = now + ASK_AGAIN_MS / 2 + (now % (ASK_AGAIN_MS / 2));
    this.#tellIdentity();
  }

  async #ask(): Promise<Family> {
    this.#send('< GET MODEL >\r\n');
    await this.#waiter.until(
      () => this.#facts.model !== undefined || this.#refusals > 0,
      MODEL_ANSWER_MS,
    );
    const told = this.#facts.model;
    if (told === undefined) {
      // Each frame on its line: the in-ear transmitters take nothing else.
      this.#send('< GET 0 ALL >\r\n< GET 1 ALL >\r\n< GET 1 CHAN_NAME >\r\n');
      await this.#waiter.until(
        () => this.#recogniser.family !== undefined || this.#facts.model !== undefined,
        KEYS_ANSWER_MS,
      );
      if (this.#reports === 0) throw silent();
      await this.#waiter.until(() => false, SETTLE_MS);
    }
    const model = this.#facts.model;
    const found = model === undefined ? undefined : familyOfModel(model)?.family;
    const family = found ?? this.#recogniser.family;
    if (family !== undefined) return FAMILIES[family];
    throw unknownSeries(model);
  }

  #partsOf(family: Family): number {
    const model = this.#facts.model;
    const known = model === undefined ? undefined : familyOfModel(model);
    if (known?.family === family.id) return known.parts;
    return this.#recogniser.partsOf(family);
  }

  #become(family: Family, parts: number): void {
    this.#family = family;
    this.#parts = parts;
    while (this.#handles.length <= parts) this.#handles.push(new Map());
    this.#sampleHandles = new Array<number>(parts * (family.sample?.fields.length ?? 0)).fill(-1);
    this.#meterTold = new Array<number>(parts + 1).fill(-1);
    const asks: string[] = [];
    if (family.id === 'p10t') asks.push('< GET DEVICE_NAME >');
    else if (family.transport === 'tcp') {
      asks.push('< GET MODEL >', '< GET DEVICE_ID >', '< GET FW_VER >', '< GET SERIAL_NUM >');
      asks.push(family.id === 'charger' ? '< GET CONTROL_MAC_ADDR >' : '< GET NET_SETTINGS SC >');
    }
    for (let part = 1; part <= parts; part++) asks.push(...family.askAll(part));
    this.#sendAll(asks);
  }

  bytes(chunk: Uint8Array): void {
    if (this.#ended) return;
    const before = this.#parser.counts.frames;
    this.#parser.push(chunk);
    if (this.#datagrams) this.#parser.end();
    if (this.#parser.counts.frames === before) return;
    this.#heardAtMonoMs = this.#env.clock.monoMs();
    this.#session.alive();
    if (this.#identityChanged && this.#started) this.#tellIdentity();
    this.#waiter.look();
  }

  gone(error: EngineError): void {
    if (this.#ended) return;
    this.#finish('', error);
    if (!this.#started) return;
    this.#env.lost();
    this.#session.lost(error);
  }

  #frame(frame: Frame): void {
    const verb = frame.verb;
    if (verb === 'sample') {
      this.#sample(frame);
      return;
    }
    if (verb !== 'rep' && verb !== 'report') return;
    const part = Math.max(0, frame.channel);
    this.#orders.heard(part, frame);
    if (frame.key === 'ERR') {
      this.#refusals += 1;
      return;
    }
    this.#reports += 1;
    if (part === 0) this.#deviceReport(frame);
    else this.#partReport(frame, part);
  }

  #sample(frame: Frame): void {
    this.#sampled = true;
    const sample = this.#family?.sample;
    if (sample === undefined) return;
    const part = frame.channel;
    if (part < 1 || part > this.#parts || !sample.read(frame, sampleValues)) {
      this.impossible(part, 'SAMPLE', frame.text());
      return;
    }
    const { fields } = sample;
    const handles = this.#sampleHandles;
    const first = (part - 1) * fields.length;
    for (let i = 0; i < fields.length; i++) {
      const value = sampleValues[i];
      const field = fields[i];
      if (value === undefined || field === undefined) continue;
      const handle = handles[first + i] ?? -1;
      if (handle < 0) handles[first + i] = this.#read(part, field, value) ?? -1;
      else this.#session.read(handle, value);
    }
  }

  #deviceReport(frame: Frame): void {
    if (this.#facts.take(frame)) {
      this.#identityChanged = true;
      if (frame.key === 'MODEL') this.#modelTold();
    }
    if (this.#family !== undefined) DEVICE_RULES.get(frame.key)?.(frame, 0, this);
  }

  /** The device knows better than its configuration. */
  #modelTold(): void {
    const family = this.#family;
    const model = this.#facts.model;
    if (family === undefined || model === undefined) return;
    const known = familyOfModel(model);
    if (known === undefined || known.family === family.id) return;
    this.#env.log(
      'warn',
      `${this.#session.deviceId} is set up as ${family.label} but is a ${model}; treated as what it is.`,
    );
    this.#become(FAMILIES[known.family], known.parts);
    if (this.#started) this.#setMeters();
  }

  #partReport(frame: Frame, part: number): void {
    const family = this.#family;
    if (family === undefined) {
      this.#recogniser.note(frame, part);
      return;
    }
    if (part > this.#parts) {
      if (family.partKind !== 'charger-slot' || part > family.maxParts) {
        this.impossible(part, frame.key, frame.text());
        return;
      }
      // Linked chargers answer for all bays behind one address.
      this.#parts = part;
      while (this.#handles.length <= part) this.#handles.push(new Map());
      this.#identityChanged = true;
    }
    if (frame.key === 'METER_RATE') {
      this.#meterTold[part] = frame.integer(0);
      return;
    }
    // The meters of in-ear transmitters are reports.
    if (frame.key === 'AUDIO_IN_LVL_L') this.#sampled = true;
    family.rules.get(frame.key)?.(frame, part, this);
  }

  value(part: number, field: FieldId, value: number | string | boolean | null): void {
    // One switch for the whole receiver, shown with each of its channels.
    if (part === 0 && field === 'encryption') {
      for (let each = 1; each <= this.#parts; each++) this.#read(each, field, value);
    } else this.#read(part, field, value);
  }

  /** Answers the handle; undefined: nothing is declared for what was never known. */
  #read(part: number, field: FieldId, value: number | string | boolean | null): number | undefined {
    const handles = this.#handles[part];
    if (handles === undefined) return undefined;
    let handle = handles.get(field);
    if (handle === undefined) {
      if (value === null) return undefined;
      handle = this.#session.channel(specOf(part, field));
      handles.set(field, handle);
    }
    this.#session.read(handle, value);
    return handle;
  }

  impossible(part: number, key: string, text: string): void {
    if (this.#impossibleTold) return;
    this.#impossibleTold = true;
    const where = part === 0 ? '' : ` of channel ${part}`;
    this.#env.log(
      'warn',
      `${this.#session.deviceId} says what cannot be: ${key}${where} = "${text.slice(0, 60)}". Such values are left out.`,
    );
  }

  async command(id: string, value: number | string | boolean, signal: AbortSignal): Promise<void> {
    const family = this.#family;
    if (family === undefined || this.#ended) {
      throw new EngineError('device.unreachable', 'The device is not connected.');
    }
    const order = orderOf(family, this.#parts, id, value);
    await this.#orders.place(order, (text) => this.#send(text), signal);
  }

  metering(_rate: 'fast' | 'slow', everyMs: number): void {
    const wanted =
      everyMs <= 0 ? 0 : Math.min(MAX_METER_MS, Math.max(MIN_METER_MS, Math.round(everyMs)));
    if (wanted === this.#meterMs) return;
    this.#meterMs = wanted;
    this.#setMeters();
  }

  #setMeters(): void {
    this.#sendAll(this.#meterFrames(this.#meterMs));
  }

  #meterFrames(everyMs: number): string[] {
    const meter = this.#family?.meter;
    if (meter === undefined) return [];
    const frames: string[] = [];
    for (let part = 1; part <= this.#parts; part++) frames.push(meter(part, everyMs));
    return frames;
  }

  /** Called about once a second. */
  tick(nowMonoMs: number): void {
    if (!this.#started || this.#ended) return;
    const family = this.#family;
    const quietMs = nowMonoMs - this.#heardAtMonoMs;
    if (quietMs > this.#env.config.silenceMs) {
      this.gone(
        new EngineError(
          'device.unreachable',
          `Silent for ${Math.round(quietMs / 1_000)} s, though asked.`,
        ),
      );
      return;
    }
    if (family === undefined) return;
    if (nowMonoMs >= this.#askAgainAtMonoMs) {
      this.#askAgainAtMonoMs = nowMonoMs + ASK_AGAIN_MS;
      this.#askAgain(family);
    } else if (quietMs > PING_AFTER_MS && nowMonoMs - this.#pingedAtMonoMs > PING_AFTER_MS) {
      this.#pingedAtMonoMs = nowMonoMs;
      this.#sendAll(family.askAgain(1));
    }
  }

  #askAgain(family: Family): void {
    const asks: string[] = [];
    const { meter } = family;
    // A receiver that restarted by itself, or lost the order, meters not at all or at a pace of its own.
    const still = this.#meterMs > 0 && this.#meterMs < ASK_AGAIN_MS / 2 && !this.#sampled;
    this.#sampled = false;
    for (let part = 1; part <= this.#parts; part++) {
      asks.push(...family.askAgain(part));
      const told = this.#meterTold[part] ?? -1;
      const wrong = told >= 0 && told !== this.#meterMs;
      if (meter !== undefined && (still || wrong)) asks.push(meter(part, this.#meterMs));
    }
    this.#sendAll(asks);
  }

  close(): void {
    const family = this.#family;
    // A receiver that meters into a closed connection works for nobody.
    const last = this.#started && family !== undefined ? this.#joined(this.#meterFrames(0)) : '';
    this.#finish(last, new EngineError('device.unreachable', 'The connection was closed.'));
  }

  #finish(last: string, error: EngineError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiter.end(error);
    this.#orders.close(error);
    this.#wire?.end(last);
  }

  #tellIdentity(): void {
    const family = this.#family;
    if (family === undefined) return;
    this.#identityChanged = false;
    this.#env.identified(this.#facts);
    this.#session.identify(identityOf(family, this.#parts, this.#facts));
  }

  #joined(frames: readonly string[]): string {
    const family = this.#family;
    return family?.line === true ? frames.map((frame) => `${frame}\r\n`).join('') : frames.join('');
  }

  #sendAll(frames: readonly string[]): void {
    if (frames.length === 0) return;
    // A datagram holds one frame; a stream takes them all.
    if (this.#datagrams) for (const frame of frames) this.#send(frame);
    else this.#send(this.#joined(frames));
  }

  #send(text: string): boolean {
    return this.#wire?.send(text) ?? false;
  }
}
