import { EngineError } from '../../../engine/errors.js';
import { WRONG_KIND } from '../host/readings.js';
import type { PluginDescription } from '../protocol.js';
import type { ChannelSpec, FoundDevice } from '../sdk/plugin.types.js';
import { CHANNEL_ROLES } from '../sdk/roles.js';
import { PluginBench } from './bench.js';
import { formFaults } from './form.js';

export interface CheckTarget {
  /** `file:` URL of the module. */
  readonly module: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Where a device or its emulator listens; undefined: what the plugin finds by itself. */
  readonly device:
    | {
        readonly externalId: string;
        readonly address: string | undefined;
        readonly port: number | undefined;
        readonly config: Readonly<Record<string, unknown>>;
      }
    | undefined;
  /** How long values may take to come. */
  readonly waitMs: number;
}

export interface CheckResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What was seen, or what is wrong and what to do. */
  readonly detail: string;
}

/** Why a check does not apply to this plugin. */
class Skipped extends Error {}

const HEARTBEAT_MS = 100;
/** Nobody listens there; the address is set aside for documents. */
const NOBODY = { address: '127.0.0.1', port: 9 };

/**
 * Everything a plugin has to keep to, one after the other, in a real plugin thread. Calls `told` with each result;
 * never rejects. What depends on a connected device is skipped when there is none to connect to.
 */
export async function checkPlugin(
  target: CheckTarget,
  told: (result: CheckResult) => void,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const tell = (result: CheckResult): void => {
    results.push(result);
    told(result);
  };
  let bench: PluginBench;
  try {
    bench = await PluginBench.open({ module: target.module, heartbeatMs: HEARTBEAT_MS });
  } catch (thrown) {
    tell({ name: 'starts', outcome: 'failed', detail: EngineError.from(thrown).message });
    return results;
  }
  const run = new CheckRun(bench, target);
  for (const [name, check] of run.checks()) {
    try {
      tell({ name, outcome: 'passed', detail: await check() });
    } catch (thrown) {
      const outcome = thrown instanceof Skipped ? 'skipped' : 'failed';
      tell({ name, outcome, detail: EngineError.from(thrown).message });
      if (outcome === 'failed' && name === 'describes itself') break;
    }
  }
  await bench.close();
  return results;
}

class CheckRun {
  readonly #bench: PluginBench;
  readonly #target: CheckTarget;
  #description: PluginDescription | undefined;
  #deviceId: string | undefined;

  constructor(bench: PluginBench, target: CheckTarget) {
    this.#bench = bench;
    this.#target = target;
  }

  checks(): readonly (readonly [string, () => Promise<string>])[] {
    return [
      ['describes itself', () => this.#describes()],
      ['labels every field of its form', () => this.#labels()],
      ['refuses a configuration it does not know', () => this.#refuses()],
      ['opens', () => this.#opens()],
      ['answers whether it is healthy', () => this.#health()],
      ['searches for devices and stops when told', () => this.#searches()],
      ['connects a device', () => this.#connects()],
      ['declares parameters by the rules', () => this.#declares()],
      ['reads values in range', () => this.#reads()],
      ['meters at two rates', () => this.#meters()],
      ['refuses what cannot be set', () => this.#refusesCommands()],
      ['connects again after a stop', () => this.#reconnects()],
      ['says so when nobody answers', () => this.#nobody()],
      ['opens anew', () => this.#reopens()],
      ['is silent once it is closed', () => this.#silent()],
      ['leaves no socket and no timer behind', () => this.#leaks()],
      ['never broke its thread', () => this.#unbroken()],
    ];
  }

  async #describes(): Promise<string> {
    this.#description = await this.#bench.link.call('plugin.describe', {}, { deadlineMs: 20_000 });
    const { manifest } = this.#description;
    return `${manifest.name} ${manifest.version} (${manifest.code}), ${manifest.vendor}`;
  }

  async #labels(): Promise<string> {
    const { configurationSchema, deviceConfigurationSchema = {} } = this.#described();
    const forms = [formFaults(configurationSchema), formFaults(deviceConfigurationSchema)];
    const bare = forms.flatMap((form) => form.bare);
    if (bare.length > 0) fail(`${bare.join(', ')}: add .meta({ title: '…' })`);
    const open = forms.flatMap((form) => form.open);
    if (open.length > 0) {
      fail(`${open.join(', ')}: looks like a secret, add .meta({ secret: true })`);
    }
    return `${forms.reduce((sum, { fields }) => sum + fields, 0)} fields`;
  }

  async #refuses(): Promise<string> {
    const config = { ...this.#target.config, notAField: 1 };
    const { problems } = await this.#bench.link.call('plugin.validate', { of: 'instance', config });
    if (problems.length === 0) fail('it takes fields it does not know: use z.strictObject');
    return problems[0]?.message ?? '';
  }

  async #opens(): Promise<string> {
    await this.#bench.openInstance(this.#target.config);
    return 'within its deadline';
  }

  async #health(): Promise<string> {
    const report = await this.#bench.link.call(
      'instance.check',
      { instanceId: 1 },
      { deadlineMs: 20_000 },
    );
    const known = ['healthy', 'unhealthy', 'unreachable', 'error'];
    if (!known.includes(report.status)) fail(`its status must be one of ${known.join(', ')}`);
    return `${report.status}${report.message === undefined ? '' : `: ${report.message}`}`;
  }

  async #searches(): Promise<string> {
    const { discovers } = this.#described().manifest;
    if (discovers.length === 0) skip('its manifest names no way to search');
    const { device } = this.#target;
    const hosts =
      discovers.includes('scan') && device?.address !== undefined ? [device.address] : [];
    const wish = {
      scanId: 'check',
      instanceId: 1,
      hosts,
      multicastMs: discovers.includes('multicast') ? 500 : 0,
      server: discovers.includes('server'),
    };
    const search = this.#bench.link.call('discover.run', wish, { deadlineMs: 30_000 });
    const cancel = this.#bench.clock.setTimeout(() => {
      this.#bench.link.call('discover.cancel', { scanId: 'check' }).catch(() => undefined);
    }, 5_000);
    try {
      const { found } = await search;
      return `${found} found`;
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code === 'call.aborted') fail('it did not stop within 3 s after its signal');
      if (error.code === 'device.unreachable') return error.message;
      throw error;
    } finally {
      this.#bench.clock.clearTimeout(cancel);
    }
  }

  async #connects(): Promise<string> {
    const found = this.#target.device ?? asTarget(this.#bench.found[0]);
    if (found === undefined) {
      skip('there is no device: give --address, or put an emulator.mjs beside the plugin');
      return '';
    }
    const device = this.#bench.device(found.externalId, found);
    await this.#bench.adopt([device]);
    await this.#bench.until(
      'connecting',
      () => ['connected', 'error', 'disconnected'].includes(this.#bench.state(device.id) ?? ''),
      this.#target.waitMs,
    );
    if (this.#bench.state(device.id) !== 'connected') {
      fail(this.#bench.facts.get(device.id)?.errorMessage ?? 'it does not connect');
    }
    this.#deviceId = device.id;
    const identity = this.#bench.identities.get(device.id);
    if (identity?.name === undefined && identity?.model === undefined) {
      fail('it never said what the device is: call session.identify before connect resolves');
    }
    return `${identity?.name ?? ''} ${identity?.model ?? ''}`.trim();
  }

  async #declares(): Promise<string> {
    const specs = this.#specs();
    if (specs.length === 0) fail('it declared no parameter: call session.channel');
    for (const { id, role, unit, kind } of specs) {
      if (role === undefined || role === 'measurement') continue;
      const rule: { readonly kind: string; readonly unit?: string } = CHANNEL_ROLES[role];
      if (rule.unit !== undefined && unit !== undefined && unit !== rule.unit) {
        fail(`"${id}": the unit of ${role} is "${rule.unit}", not "${unit}"`);
      }
      if (rule.kind !== kind) fail(`"${id}": ${role} is a ${rule.kind}`);
    }
    const unsafe = specs.filter(
      ({ direction, safeValue }) => direction === 'output' && safeValue === undefined,
    );
    const advice = unsafe.length === 0 ? '' : `; without a safe value: ${unsafe[0]?.id ?? ''} …`;
    return `${specs.length} parameters${advice}`;
  }

  async #reads(): Promise<string> {
    const id = this.#connected();
    const wanted = this.#specs().filter(({ direction }) => direction !== 'output');
    if (wanted.length === 0) skip('it only has outputs');
    await this.#bench.until('values', () => this.#bench.values.has(id), this.#target.waitMs);
    await this.#settle();
    for (const spec of wanted) this.#inRange(id, spec);
    const wrong = this.#bench.logged.find(({ text }) => text.includes(WRONG_KIND));
    if (wrong !== undefined) fail(wrong.text);
    const dropped = this.#bench.facts.get(id)?.readsDropped ?? 0;
    if (dropped > 0)
      fail(`${dropped} values were dropped: not finite, of another kind, or too many`);
    return `${this.#bench.values.get(id)?.size ?? 0} of ${wanted.length} have a value`;
  }

  async #meters(): Promise<string> {
    const id = this.#connected();
    if (!this.#specs().some(({ meter }) => meter === true)) skip('it has no meters');
    for (const deviceIds of [[id], [], [id]]) {
      this.#bench.link.post('meters.watched', { deviceIds });
      await this.#settle();
    }
    if (this.#bench.state(id) !== 'connected') fail('it lost its connection over it');
    return 'fast, slow, fast';
  }

  async #refusesCommands(): Promise<string> {
    const deviceId = this.#connected();
    const input = this.#specs().find(({ direction }) => direction === 'input');
    const wish = { deviceId, name: input?.id ?? 'nothing', value: 1, deadlineMs: 2_000 };
    const refused = await this.#bench.link.call('device.command', wish).then(
      () => false,
      () => true,
    );
    if (!refused) fail('it took a command for what cannot be set');
    return `"${wish.name}" was refused`;
  }

  async #reconnects(): Promise<string> {
    const id = this.#connected();
    await this.#bench.link.call('connections.act', { ids: [id], action: 'stop' });
    await this.#bench.until('stopped', () => this.#bench.state(id) === 'stopped');
    await this.#bench.link.call('connections.act', { ids: [id], action: 'start' });
    const again = (): boolean => this.#bench.state(id) === 'connected';
    await this.#bench.until('connected again', again, this.#target.waitMs);
    return 'connected';
  }

  async #nobody(): Promise<string> {
    if (this.#described().manifest.reach !== 'devices') skip('its devices have no address');
    const device = this.#bench.device('check-nobody', {
      ...NOBODY,
      config: this.#target.device?.config ?? {},
      settings: { connectTimeoutMs: 3_000, backoffFirstMs: 60_000, staleAfterMs: 3_000 },
    });
    await this.#bench.adopt([device]);
    const told = (): boolean => (this.#bench.facts.get(device.id)?.errorCount ?? 0) > 0;
    await this.#bench.until('an error', told, 15_000);
    const message = this.#bench.facts.get(device.id)?.errorMessage ?? '';
    await this.#bench.link.call('devices.release', { ids: [device.id] });
    return message;
  }

  async #reopens(): Promise<string> {
    await this.#bench.openInstance(this.#target.config);
    const id = this.#deviceId;
    if (id === undefined) return 'opened twice';
    const again = (): boolean => this.#bench.state(id) === 'connected';
    await this.#bench.until('connected again', again, this.#target.waitMs);
    return 'opened twice, connected again';
  }

  async #silent(): Promise<string> {
    await this.#bench.link.call('instance.close', { instanceId: 1 }, { deadlineMs: 20_000 });
    await this.#settle();
    const complaint = this.#bench.logged.find(({ text }) => text.startsWith('closing'));
    if (complaint !== undefined) fail(complaint.text);
    const lines = this.#bench.logged.length;
    const found = this.#bench.found.length;
    await this.#settle();
    if (this.#bench.logged.length !== lines) fail('it still logs');
    if (this.#bench.found.length !== found) fail('it still finds devices');
    return 'nothing was heard';
  }

  // What the thread itself holds is the same after each round; what grows from round to round is the plugin's.
  async #leaks(): Promise<string> {
    const before = await this.#resources();
    await this.#bench.openInstance(this.#target.config);
    const id = this.#deviceId;
    const again = (): boolean => id === undefined || this.#bench.state(id) === 'connected';
    await this.#bench.until('connected again', again, this.#target.waitMs);
    await this.#settle();
    await this.#bench.link.call('instance.close', { instanceId: 1 }, { deadlineMs: 20_000 });
    const after = await this.#resources();
    const sockets = after.sockets - before.sockets;
    const timers = after.timers - before.timers;
    if (sockets > 0) fail(`${sockets} sockets are still open: open them by context.net`);
    if (timers > 0) fail(`${timers} timers still run: set them by context.clock`);
    return 'nothing';
  }

  async #unbroken(): Promise<string> {
    const [fault] = this.#bench.faults;
    if (fault !== undefined) fail(fault.message);
    return 'not once';
  }

  #inRange(deviceId: string, spec: ChannelSpec): void {
    const value = this.#bench.value(deviceId, spec.id);
    if (value === undefined) return;
    if (spec.kind === 'text') {
      if (typeof value !== 'string') fail(`"${spec.id}" is a text and read as ${typeof value}`);
      return;
    }
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = spec;
    if (typeof value !== 'number' || value < min || value > max) {
      fail(`"${spec.id}" reads ${value}, its range is ${min} to ${max}`);
    }
  }

  /** The least of several looks: timers of the thread itself come and go. */
  async #resources(): Promise<{ readonly sockets: number; readonly timers: number }> {
    let sockets = Number.POSITIVE_INFINITY;
    let timers = Number.POSITIVE_INFINITY;
    for (let look = 0; look < 8; look += 1) {
      await this.#settle(HEARTBEAT_MS * 1.5);
      const { openSockets = 0, openTimers = 0 } = this.#bench.counters;
      sockets = Math.min(sockets, openSockets);
      timers = Math.min(timers, openTimers);
    }
    return { sockets, timers };
  }

  #settle(delayMs = 500): Promise<void> {
    return new Promise((resolve) => {
      this.#bench.clock.setTimeout(resolve, delayMs);
    });
  }

  #described(): PluginDescription {
    if (this.#description === undefined) throw new Skipped('it did not describe itself');
    return this.#description;
  }

  #connected(): string {
    if (this.#deviceId === undefined) throw new Skipped('no device is connected');
    return this.#deviceId;
  }

  #specs(): readonly ChannelSpec[] {
    return this.#bench.identities.get(this.#connected())?.channels ?? [];
  }
}

function asTarget(found: FoundDevice | undefined): CheckTarget['device'] {
  if (found === undefined) return undefined;
  const { externalId, address, port, config = {} } = found;
  return { externalId, address, port, config };
}

function fail(message: string): void {
  throw new EngineError('input.invalid', message);
}

function skip(reason: string): void {
  throw new Skipped(reason);
}
