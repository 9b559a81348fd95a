// The machines, their leaf logic and what is told of them turn on one record a device: kept in one place.
import { fromCallback } from 'xstate';
import { backoff } from '../../../engine/backoff.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { parseSnapshot } from '../../../engine/persist.js';
import type { SupervisorApi, SupervisorReport } from '../../../engine/supervisor.types.js';
import type { ConnectionFacts, IdentityFacts, LinkState, PluginDevice } from '../protocol.js';
import { pluginError } from '../sdk/errors.js';
import type { DeviceIdentity, Plugin } from '../sdk/plugin.types.js';
import { type JsonObject, parseConfig, problemsError } from '../sdk/schema.js';
import {
  type ConnectionEvent,
  type ConnectionRef,
  connectionMachine,
  countsFrom,
  linkStateOf,
} from './connection.machine.js';
import type { Instance } from './instance.js';
import type { DeviceReadings, Readings } from './readings.js';
import { Session } from './session.js';
import { identityOf } from './told.js';

const KIND = 'connection';
const RESTART_DELAY = backoff({ firstMs: 200, maxMs: 30_000, jitter: 0.5 });
/** The time of the last message is told again when it moved by this. */
const HEARD_STEP_MS = 5_000;

/** A device of an instance. */
export interface LinkDevice {
  readonly id: string;
  definition: PluginDevice;
  readonly readings: DeviceReadings;
  session: Session | undefined;
  identity: DeviceIdentity;
  state: LinkState | undefined;
  sinceUnixMs: number;
  /** As last told: others hold all connections. */
  waiting: boolean;
  toldHeardUnixMs: number;
  toldDropped: number;
  /** As last said to the plugin. */
  metering: 'fast' | 'slow' | undefined;
}

/** A transition, for the history. */
export interface LinkEvent {
  readonly deviceId: string;
  readonly state: LinkState;
  readonly atUnixMs: number;
  readonly reason: string | undefined;
}

export interface LinksOptions {
  readonly clock: Clock;
  readonly supervisor: SupervisorApi;
  readonly readings: Readings;
  readonly instance: (id: number) => Instance | undefined;
  readonly plugin: () => Plugin;
  readonly random?: () => number;
  readonly onFault: (error: EngineError) => void;
}

/** The connections of a thread: one supervised machine a device, and the sessions that they begin and end. */
export class Links {
  readonly #options: LinksOptions;
  readonly #devices = new Map<string, LinkDevice>();
  readonly #changed = new Set<LinkDevice>();
  readonly #identities = new Set<LinkDevice>();
  readonly #machine: typeof connectionMachine;
  readonly #random: () => number;
  #events: LinkEvent[] = [];
  #watched: ReadonlySet<string> = new Set();

  constructor(options: LinksOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#machine = connectionMachine.provide({
      actors: {
        link: fromCallback<ConnectionEvent, { readonly deviceId: string }>(({ sendBack, input }) =>
          this.#link(input.deviceId, sendBack),
        ),
      },
    });
  }

  get size(): number {
    return this.#devices.size;
  }

  get connected(): number {
    let count = 0;
    for (const { state } of this.#devices.values()) if (state === 'connected') count += 1;
    return count;
  }

  get(id: string): LinkDevice | undefined {
    return this.#devices.get(id);
  }

  *of(instanceId: number): IterableIterator<LinkDevice> {
    for (const device of this.#devices.values()) {
      if (device.definition.instanceId === instanceId) yield device;
    }
  }

  adopt(definition: PluginDevice, instance: Instance, snapshot: string | undefined): void {
    const { clock, readings } = this.#options;
    const known = this.#devices.get(definition.id);
    const table = readings.enter(definition.id, definition.channels, instance.limits.maxReadsPerS);
    if (known !== undefined) {
      this.#edit(known, definition);
      return;
    }
    const device: LinkDevice = {
      id: definition.id,
      definition,
      readings: table,
      session: undefined,
      identity: {},
      state: undefined,
      sinceUnixMs: clock.nowMs(),
      waiting: false,
      toldHeardUnixMs: 0,
      toldDropped: 0,
      metering: undefined,
    };
    this.#devices.set(device.id, device);
    const idle = instance.running === undefined;
    this.#options.supervisor.start({
      id: device.id,
      kind: KIND,
      logic: this.#machine,
      input: {
        deviceId: device.id,
        settings: definition.settings,
        begin: definition.enabled ? (idle ? 'idle' : 'active') : 'stopped',
        counts: countsFrom(snapshot === undefined ? undefined : parseSnapshot(snapshot)),
      },
      restart: 'permanent',
      intensity: { max: 5, windowMs: 60_000 },
      backoffMs: RESTART_DELAY,
      shutdownMs: 1_000,
    });
    if (instance.failure !== undefined) this.#halt(device, instance.failure);
  }

  async release(ids: readonly string[]): Promise<number> {
    let released = 0;
    for (const id of ids) {
      const device = this.#devices.get(id);
      if (device === undefined) continue;
      await this.#options.supervisor.stop(id);
      this.#devices.delete(id);
      this.#changed.delete(device);
      this.#identities.delete(device);
      this.#options.readings.leave(device.readings);
      released += 1;
    }
    return released;
  }

  /** What the supervisor did to a machine. */
  supervised(report: SupervisorReport): void {
    const device = this.#devices.get(report.id);
    if (device === undefined) return;
    if (report.type === 'child.started') {
      const ref = this.#ref(device);
      ref?.subscribe(() => this.#look(device));
    }
    this.#look(device);
  }

  act(ids: readonly string[], action: 'start' | 'stop' | 'reconnect'): number {
    const atUnixMs = this.#options.clock.nowMs();
    let known = 0;
    for (const id of ids) {
      const device = this.#devices.get(id);
      if (device === undefined) continue;
      known += 1;
      if (action === 'start') this.#send(device, { type: 'operator.start' });
      else if (action === 'stop') this.#send(device, { type: 'operator.stop', atUnixMs });
      else this.#send(device, { type: 'operator.reconnect', atUnixMs });
    }
    return known;
  }

  /** The instance is closed, or about to be opened anew: its sessions end. */
  rest(instanceId: number, closed: boolean): void {
    const atUnixMs = this.#options.clock.nowMs();
    for (const device of this.of(instanceId)) {
      this.#send(device, { type: 'rest', atUnixMs, closed });
    }
  }

  /** The instance is open: its devices connect. */
  wake(instanceId: number): void {
    for (const device of this.of(instanceId)) this.#edit(device, device.definition, true);
  }

  /** The instance failed as a whole. */
  halt(instanceId: number, error: EngineError): void {
    for (const device of this.of(instanceId)) this.#halt(device, error);
  }

  /** Meters of these are fast, those of all others slow. */
  watch(deviceIds: readonly string[]): void {
    this.#watched = new Set(deviceIds);
    for (const device of this.#devices.values()) this.#meter(device);
  }

  /** Finds the silent ones and those whose turn is over; run about once a second. */
  sweep(): void {
    const nowUnixMs = this.#options.clock.nowMs();
    const instances = new Set<Instance>();
    for (const device of this.#devices.values()) {
      const instance = this.#options.instance(device.definition.instanceId);
      if (instance !== undefined) instances.add(instance);
      if (device.readings.dropped !== device.toldDropped) this.#changed.add(device);
      if (device.state !== 'connected') {
        if (instance?.turns.waitsForLease(device.id) !== device.waiting) this.#look(device);
        continue;
      }
      const { heardUnixMs } = device.readings;
      if (heardUnixMs - device.toldHeardUnixMs >= HEARD_STEP_MS) this.#changed.add(device);
      const { staleAfterMs } = device.definition.settings;
      if (nowUnixMs - Math.max(heardUnixMs, device.sinceUnixMs) > staleAfterMs) {
        const message = `nothing was heard for ${Math.round(staleAfterMs / 1_000)} s: the connection is stale`;
        this.#fault(device, 'lost', new EngineError('device.unreachable', message));
      }
    }
    for (const instance of instances) {
      for (const id of instance.turns.expired()) {
        const device = this.#devices.get(id);
        if (device !== undefined) this.#send(device, { type: 'rotated', atUnixMs: nowUnixMs });
      }
    }
  }

  drainFacts(): readonly ConnectionFacts[] {
    if (this.#changed.size === 0) return [];
    const facts = Array.from(this.#changed, (device) => this.facts(device));
    this.#changed.clear();
    return facts;
  }

  drainIdentities(): readonly IdentityFacts[] {
    if (this.#identities.size === 0) return [];
    const facts = Array.from(this.#identities, ({ id, identity, readings }) => ({
      ...identity,
      deviceId: id,
      channels: [...readings.specs],
    }));
    this.#identities.clear();
    return facts;
  }

  drainEvents(): readonly LinkEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  facts(device: LinkDevice): ConnectionFacts {
    const context = this.#ref(device)?.getSnapshot().context;
    const { heardUnixMs, dropped } = device.readings;
    device.toldHeardUnixMs = heardUnixMs;
    device.toldDropped = dropped;
    const instance = this.#options.instance(device.definition.instanceId);
    return {
      deviceId: device.id,
      instanceId: device.definition.instanceId,
      state: device.state ?? 'connecting',
      sinceUnixMs: device.sinceUnixMs,
      held: context?.held ?? false,
      waiting: instance?.turns.waitsForLease(device.id) ?? false,
      connectedAtUnixMs: context?.counts.connectedAtUnixMs,
      disconnectedAtUnixMs: context?.counts.disconnectedAtUnixMs,
      lastMessageAtUnixMs: heardUnixMs === 0 ? undefined : heardUnixMs,
      attempts: context?.attempts ?? 0,
      nextAttemptAtUnixMs: context?.nextAttemptAtUnixMs,
      reconnects: context?.counts.reconnects ?? 0,
      errorCount: context?.counts.errorCount ?? 0,
      errorMessage: context?.errorMessage,
      lastErrorAtUnixMs: context?.lastErrorAtUnixMs,
      readsDropped: dropped,
    };
  }

  #edit(device: LinkDevice, definition: PluginDevice, afresh = false): void {
    const before = device.definition;
    device.definition = definition;
    this.#send(device, {
      type: 'edited',
      atUnixMs: this.#options.clock.nowMs(),
      settings: definition.settings,
      enabled: definition.enabled,
      afresh:
        afresh ||
        before.externalId !== definition.externalId ||
        before.address !== definition.address ||
        before.port !== definition.port ||
        JSON.stringify(before.config) !== JSON.stringify(definition.config),
    });
    this.#changed.add(device);
  }

  /** Leaf logic of a machine: waits for its turn, connects, and ends everything when the machine leaves. */
  #link(deviceId: string, sendBack: (event: ConnectionEvent) => void): (() => void) | undefined {
    const device = this.#devices.get(deviceId);
    const instance =
      device === undefined ? undefined : this.#options.instance(device.definition.instanceId);
    if (device === undefined || instance === undefined) return undefined;
    let end: (() => void) | undefined;
    let left = false;
    const retry = (this.#ref(device)?.getSnapshot().context.streak ?? 0) > 0;
    const leave = instance.turns.join(deviceId, retry, () => {
      if (left) return;
      sendBack({ type: 'turn', atUnixMs: this.#options.clock.nowMs() });
      end = this.#begin(device, instance, sendBack);
    });
    return () => {
      left = true;
      end?.();
      leave();
    };
  }

  #begin(
    device: LinkDevice,
    instance: Instance,
    sendBack: (event: ConnectionEvent) => void,
  ): () => void {
    const { clock, readings } = this.#options;
    const { connectTimeoutMs } = device.definition.settings;
    const fail = (thrown: unknown): void => {
      if (!session.live) return;
      const type = session.connection === undefined ? 'failed' : 'lost';
      const error = instance.redactor.error(pluginError(thrown));
      this.#finish(device, session);
      clock.clearTimeout(timer);
      sendBack({ type, ...this.#faultOf(error) });
    };
    const session = new Session(readings, device.readings, {
      identify: (told) => {
        try {
          device.identity = { ...device.identity, ...identityOf(told) };
          this.#identities.add(device);
        } catch (thrown) {
          const error = instance.refused(thrown);
          // Whoever connects is told why; a connection that works is not ended for a name.
          if (session.connection === undefined) fail(error);
        }
      },
      refused: (thrown) => instance.refused(thrown),
      declared: () => this.#identities.add(device),
      lost: fail,
    });
    device.session = session;
    const timer = clock.setTimeout(() => {
      fail(new EngineError('device.unreachable', `no connection within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    const attempt = async (): Promise<void> => {
      const connection = await this.#connect(device, instance, session);
      clock.clearTimeout(timer);
      if (!session.live) {
        await connection.close();
        return;
      }
      session.connection = connection;
      session.alive();
      instance.turns.connected(device.id);
      device.metering = undefined;
      sendBack({ type: 'opened', atUnixMs: clock.nowMs() });
      this.#meter(device);
    };
    attempt().catch(fail);
    return () => {
      clock.clearTimeout(timer);
      this.#finish(device, session);
    };
  }

  async #connect(device: LinkDevice, instance: Instance, session: Session) {
    const { deviceConfiguration } = this.#options.plugin();
    const { definition } = device;
    let config: unknown = definition.config;
    if (deviceConfiguration !== undefined) {
      const parsed = parseConfig(deviceConfiguration, definition.config as JsonObject);
      if (!parsed.ok) throw problemsError(parsed.problems);
      config = parsed.config;
    }
    const running = instance.running;
    if (running === undefined) {
      throw new EngineError('device.unreachable', 'its instance is not open');
    }
    const { id: deviceId, externalId, address, port } = definition;
    return await running.connect({ deviceId, externalId, address, port, config }, session);
  }

  /** Ends a session, telling the plugin once. */
  #finish(device: LinkDevice, session: Session): void {
    if (device.session === session) device.session = undefined;
    if (!session.live) return;
    session.end();
    const { connection } = session;
    if (connection === undefined) return;
    const closing = async (): Promise<void> => {
      await connection.close();
    };
    closing().catch((thrown: unknown) => {
      const instance = this.#options.instance(device.definition.instanceId);
      instance?.log('warn', `closing ${device.id}: ${pluginError(thrown).message}`);
    });
  }

  #meter(device: LinkDevice): void {
    const connection = device.session?.connection;
    if (connection?.metering === undefined) return;
    const rate = this.#watched.has(device.id) ? 'fast' : 'slow';
    if (device.metering === rate) return;
    device.metering = rate;
    const { meterFastMs, meterSlowMs } = device.definition.settings;
    try {
      connection.metering(rate, rate === 'fast' ? meterFastMs : meterSlowMs);
    } catch (thrown) {
      device.session?.lost(pluginError(thrown));
    }
  }

  #halt(device: LinkDevice, error: EngineError): void {
    this.#send(device, { type: 'halted', ...this.#faultOf(error) });
  }

  #fault(device: LinkDevice, type: 'lost' | 'failed', error: EngineError): void {
    this.#send(device, { type, ...this.#faultOf(error) });
  }

  #faultOf({ code, message }: EngineError) {
    return { atUnixMs: this.#options.clock.nowMs(), code, message, chance: this.#random() };
  }

  /** After each step of a machine: notes what everybody is to see. */
  #look(device: LinkDevice): void {
    const snapshot = this.#ref(device)?.getSnapshot();
    const instance = this.#options.instance(device.definition.instanceId);
    const info = this.#options.supervisor.info(device.id);
    const waiting = instance?.turns.waitsForLease(device.id) ?? false;
    const state: LinkState =
      snapshot === undefined
        ? info?.state === 'stopped'
          ? 'stopped'
          : 'error'
        : linkStateOf(snapshot, waiting);
    this.#changed.add(device);
    device.waiting = waiting;
    if (state === device.state) return;
    const atUnixMs = this.#options.clock.nowMs();
    device.state = state;
    device.sinceUnixMs = atUnixMs;
    const reason = state === 'connected' ? undefined : snapshot?.context.errorMessage;
    this.#events.push({ deviceId: device.id, state, atUnixMs, reason });
  }

  #send(device: LinkDevice, event: ConnectionEvent): void {
    this.#ref(device)?.send(event);
  }

  #ref(device: LinkDevice): ConnectionRef | undefined {
    return this.#options.supervisor.get(device.id) as ConnectionRef | undefined;
  }
}
