import { ArrivalClock, type Clock, type TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { SeriesEvent, SeriesWriter } from '../../../engine/series/series.types.js';
import type { SupervisorApi, SupervisorReport } from '../../../engine/supervisor.types.js';
import type { ChangeBatch, DeviceEdge, InternAnswer } from '../../device/protocol.js';
import type { Claim } from '../../device/registrar.js';
import type { FeedSource } from '../../rule/feed-source.js';
import type {
  ConnectionFacts,
  FromPluginThread,
  IdentityFacts,
  PluginDescription,
  ToPluginThread,
} from '../protocol.js';
import { pluginError } from '../sdk/errors.js';
import { plainText, textOf } from '../sdk/plain.js';
import type { HealthReport } from '../sdk/plugin.types.js';
import { parseConfig } from '../sdk/schema.js';
import { Commands } from './commands.js';
import { Discoveries } from './discoveries.js';
import { Instance, type InstanceDefinition, type LogLine, newTurns } from './instance.js';
import { Links } from './links.js';
import type { LoadedPlugin } from './load.js';
import { Readings } from './readings.js';
import { healthOf, MAX_TOLD_CHARS } from './told.js';
import { within } from './within.js';

type Params<M extends keyof ToPluginThread['requests']> = ToPluginThread['requests'][M]['params'];

const CHECK_DEADLINE_MS = 15_000;
const SWEEP_EVERY_MS = 1_000;
const MAX_LINES = 1_000;
const MAX_PROBLEMS = 100;
const MAX_PROBLEM_CHARS = 500;

/** Where a plugin thread says what it has to say. */
export interface PluginThreadPorts {
  intern(claims: readonly Claim[]): Promise<InternAnswer>;
  changes(batch: ChangeBatch): void;
  edges(edges: readonly DeviceEdge[]): void;
  connections(facts: readonly ConnectionFacts[]): void;
  identities(facts: readonly IdentityFacts[]): void;
  found(post: FromPluginThread['posts']['discover.found']): void;
  asked(post: FromPluginThread['posts']['discover.asked']): void;
  failed(post: FromPluginThread['posts']['instance.failed']): void;
  logged(lines: readonly LogLine[]): void;
}

export interface PluginThreadSetup {
  readonly clock: Clock;
  readonly supervisor: SupervisorApi;
  readonly writer: SeriesWriter;
  readonly ports: PluginThreadPorts;
  /** What rules watch of the values that are read. */
  readonly feed?: FeedSource;
  /** Rejects when the module cannot be used; every request then says why. */
  readonly loaded: Promise<LoadedPlugin>;
  readonly changeTickMs: number;
  /** A throw in one of its own timers. */
  readonly onFault: (error: EngineError) => void;
}

/** One plugin with its instances and devices. Knows no thread and no socket. */
export class PluginThread {
  readonly readings: Readings;
  readonly links: Links;
  readonly #setup: PluginThreadSetup;
  /** By this what is read is dated. */
  readonly #arrivals: ArrivalClock;
  readonly #instances = new Map<number, Instance>();
  /** Openings and closings of an instance follow each other. */
  readonly #turnOf = new Map<number, Promise<unknown>>();
  readonly #commands: Commands;
  readonly #discoveries: Discoveries;
  #plugin: LoadedPlugin | undefined;
  #lines: LogLine[] = [];
  #tick: TimerHandle;
  #sweptMonoMs: number;
  #eventsLost = 0;
  #closed = false;

  constructor(setup: PluginThreadSetup) {
    const { supervisor, writer, ports } = setup;
    const clock = new ArrivalClock(setup.clock);
    this.#setup = setup;
    this.#arrivals = clock;
    this.readings = new Readings({
      clock,
      writer,
      ...(setup.feed === undefined ? {} : { feed: setup.feed }),
      intern: (claims) => ports.intern(claims),
      protocol: () => this.#plugin?.description.manifest.code ?? '',
      tell: (device, text) => this.#instanceOf(device.deviceId)?.log('warn', text),
      onFault: setup.onFault,
    });
    this.links = new Links({
      clock,
      supervisor,
      readings: this.readings,
      instance: (id) => this.#instances.get(id),
      plugin: () => this.#mustBeLoaded().plugin,
      onFault: setup.onFault,
    });
    this.#commands = new Commands(clock, this.links);
    this.#discoveries = new Discoveries({ clock, ports });
    setup.loaded.then(
      (loaded) => {
        this.#plugin = loaded;
      },
      // Whoever asks for anything is told; there is nobody else to tell.
      () => undefined,
    );
    this.#sweptMonoMs = clock.monoMs();
    this.#tick = this.#nextTick();
  }

  /** Events that could not be kept since the start. */
  get eventsLost(): number {
    return this.#eventsLost;
  }

  supervised(report: SupervisorReport): void {
    this.links.supervised(report);
  }

  async describe(): Promise<PluginDescription> {
    return (await this.#setup.loaded).description;
  }

  async validate({ of, config }: Params<'plugin.validate'>) {
    const { plugin } = await this.#setup.loaded;
    const schema = of === 'instance' ? plugin.configuration : plugin.deviceConfiguration;
    if (schema === undefined) return { problems: [] };
    const parsed = parseConfig(schema, config);
    if (parsed.ok) return { problems: [] };
    // A plugin's own rules have words of their own, and may find something wrong with each item of a list.
    const problems = parsed.problems.slice(0, MAX_PROBLEMS).map(({ field, message }) => ({
      field: plainText(textOf(field), MAX_TOLD_CHARS),
      message: plainText(textOf(message), MAX_PROBLEM_CHARS),
    }));
    return { problems };
  }

  /** @throws EngineError what the plugin threw; its devices are in `error` then. */
  async open(definition: InstanceDefinition): Promise<void> {
    const loaded = await this.#setup.loaded;
    await this.#inTurn(definition.instanceId, async () => {
      const { clock, ports } = this.#setup;
      const before = this.#instances.get(definition.instanceId);
      const turns = before?.turns ?? newTurns(clock, definition.limits);
      if (before !== undefined) {
        this.links.rest(before.id, false);
        await before.close();
      }
      turns.limit(definition.limits);
      const instance = new Instance(
        definition,
        loaded,
        {
          clock: this.#arrivals,
          logged: (line) => this.#log(line),
          found: (instanceId, device) => {
            const holder = this.#instances.get(instanceId);
            if (holder !== undefined) this.#discoveries.found(undefined, holder, device);
          },
        },
        turns,
      );
      this.#instances.set(instance.id, instance);
      try {
        await instance.open(loaded, definition.config);
      } catch (thrown) {
        const error = EngineError.from(thrown);
        this.links.halt(instance.id, error);
        ports.failed({ instanceId: instance.id, message: error.message });
        throw error;
      }
      this.links.wake(instance.id);
    });
  }

  /** @returns false when it is not open. */
  tune({ instanceId, limits, net }: Params<'instance.tune'>): boolean {
    const instance = this.#instances.get(instanceId);
    instance?.tune({ limits, net });
    return instance !== undefined;
  }

  /** Its devices stay, stopped, until they are released or it is opened again. */
  async closeInstance(instanceId: number): Promise<void> {
    await this.#inTurn(instanceId, async () => {
      const instance = this.#instances.get(instanceId);
      if (instance === undefined) return;
      this.#discoveries.cancelOf(instanceId);
      this.links.rest(instanceId, true);
      await instance.close();
      this.#instances.delete(instanceId);
    });
  }

  async check(instanceId: number): Promise<HealthReport> {
    const instance = this.#instanceBy(instanceId);
    if (instance.failure !== undefined) return report('error', instance.failure.message);
    const { running } = instance;
    if (running === undefined) return report('error', 'it is being opened');
    if (running.checkHealth === undefined) return this.#countsOf(instanceId);
    const control = new AbortController();
    const late = (): EngineError => {
      control.abort();
      return new EngineError('device.unreachable', `no answer within ${CHECK_DEADLINE_MS} ms`);
    };
    try {
      const asked = (async () => await running.checkHealth?.(control.signal))();
      const answer = await within(this.#setup.clock, CHECK_DEADLINE_MS, asked, late);
      if (answer === undefined) return report('error', 'the plugin answered nothing');
      const told = healthOf(answer);
      const message = told.message === undefined ? undefined : instance.redactor.text(told.message);
      return { ...told, message };
    } catch (thrown) {
      const error = instance.redactor.error(pluginError(thrown));
      return report(error.code === 'device.unreachable' ? 'unreachable' : 'error', error.message);
    }
  }

  async discover(wish: Params<'discover.run'>): Promise<{ readonly found: number }> {
    return await this.#discoveries.run(wish, this.#instanceBy(wish.instanceId));
  }

  cancelDiscovery(scanId: string): boolean {
    return this.#discoveries.cancel(scanId);
  }

  /** Devices of instances that were never opened are refused; those of one that failed are taken, in `error`. */
  async adopt({ devices, snapshots, latest }: Params<'devices.adopt'>): Promise<number> {
    await this.#setup.loaded;
    let adopted = 0;
    for (const definition of devices) {
      const instance = this.#instances.get(definition.instanceId);
      if (instance === undefined) continue;
      this.links.adopt(definition, instance, snapshots[definition.id]);
      adopted += 1;
    }
    const { table } = this.readings;
    for (const { channel, atUnixMs, value } of latest) {
      const slot = table.slotOf(channel);
      if (slot !== undefined) table.restore(slot, atUnixMs, value);
    }
    return adopted;
  }

  /** @throws EngineError `not-found`, `input.invalid`, `device.refused`, `server.busy` */
  async command(wish: Params<'device.command'>): Promise<'confirmed' | 'unanswered' | 'offline'> {
    return await this.#commands.run(wish);
  }

  /** Ends everything; the writer is closed by its owner. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#setup.clock.clearTimeout(this.#tick);
    await Promise.all([...this.#instances.values()].map((instance) => instance.close()));
    this.#tell();
    this.readings.close();
  }

  #countsOf(instanceId: number): HealthReport {
    let devices = 0;
    let connected = 0;
    for (const { state } of this.links.of(instanceId)) {
      devices += 1;
      if (state === 'connected') connected += 1;
    }
    const status = devices > 0 && connected === 0 ? 'unreachable' : 'healthy';
    const message = `${connected} of ${devices} devices are connected`;
    return { status, message, detail: { devices, connected } };
  }

  #instanceOf(deviceId: string): Instance | undefined {
    const device = this.links.get(deviceId);
    return device === undefined ? undefined : this.#instances.get(device.definition.instanceId);
  }

  #instanceBy(instanceId: number): Instance {
    const instance = this.#instances.get(instanceId);
    if (instance !== undefined) return instance;
    throw new EngineError('not-found', `instance ${instanceId} is not open`);
  }

  #mustBeLoaded(): LoadedPlugin {
    if (this.#plugin !== undefined) return this.#plugin;
    throw new EngineError('device.unreachable', 'the plugin is not loaded');
  }

  async #inTurn(instanceId: number, work: () => Promise<void>): Promise<void> {
    const before = this.#turnOf.get(instanceId) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#turnOf.set(instanceId, mine);
    try {
      await mine;
    } finally {
      if (this.#turnOf.get(instanceId) === mine) this.#turnOf.delete(instanceId);
    }
  }

  #log(line: LogLine): void {
    if (this.#lines.length < MAX_LINES) this.#lines.push(line);
  }

  #nextTick(): TimerHandle {
    const { clock, changeTickMs, onFault } = this.#setup;
    return clock.setTimeout(() => {
      if (this.#closed) return;
      try {
        this.#tell();
        this.#sweep();
      } catch (thrown) {
        onFault(EngineError.from(thrown));
      }
      this.#tick = this.#nextTick();
    }, changeTickMs);
  }

  #tell(): void {
    const { ports } = this.#setup;
    const changes = this.readings.changes();
    if (changes !== undefined) ports.changes(changes);
    const identities = this.links.drainIdentities();
    if (identities.length > 0) ports.identities(identities);
    this.#tellTransitions();
    const facts = this.links.drainFacts();
    if (facts.length > 0) ports.connections(facts);
    this.#discoveries.tell();
    if (this.#lines.length > 0) ports.logged(this.#lines.splice(0));
  }

  #tellTransitions(): void {
    const transitions = this.links.drainEvents();
    if (transitions.length === 0) return;
    const edges = new Map<string, DeviceEdge>();
    const events: SeriesEvent[] = [];
    for (const { deviceId, state, atUnixMs, reason } of transitions) {
      events.push({
        atUnixMs,
        kind: `connection.${state}`,
        subject: deviceId,
        detail: reason === undefined ? {} : { reason },
      });
      const device = this.links.get(deviceId);
      if (device === undefined) continue;
      const facts = this.links.facts(device);
      edges.set(deviceId, {
        deviceId,
        state,
        sinceUnixMs: atUnixMs,
        lastSeenUnixMs: facts.lastMessageAtUnixMs,
        reconnects: facts.reconnects,
        lastError: facts.errorMessage,
        address: device.definition.address,
      });
    }
    this.#setup.ports.edges([...edges.values()]);
    // Events are a by-product: nobody was promised them, so a full spool only counts.
    this.#setup.writer.appendEvents(events).catch(() => {
      this.#eventsLost += events.length;
    });
  }

  #sweep(): void {
    const nowMonoMs = this.#setup.clock.monoMs();
    if (nowMonoMs - this.#sweptMonoMs < SWEEP_EVERY_MS) return;
    this.#sweptMonoMs = nowMonoMs;
    this.links.sweep();
  }
}

function report(status: HealthReport['status'], message: string): HealthReport {
  return { status, message, detail: {} };
}
