import type { InstanceLimits, InstanceNet } from '../../actors/plugins/protocol.js';
import { backoff } from '../../engine/backoff.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Instances } from './instances.js';
import type { PluginHost, PluginLink } from './plugin-host.js';

export interface OpeningsOptions {
  readonly clock: Clock;
  readonly instances: Instances;
  /** As they are set now. */
  readonly limits: (instanceId: number) => {
    readonly limits: InstanceLimits;
    readonly net: InstanceNet;
  };
  readonly failed: (instanceId: number, reason: string) => void;
  /** What failed for a reason that may pass is due again: to be opened, with its devices. */
  readonly retry: (host: PluginHost) => void;
}

interface Opened {
  readonly instances: Map<number, Promise<boolean>>;
  readonly devices: Set<string>;
}

interface Retry {
  readonly attempts: number;
  readonly timer: TimerHandle;
}

const OPEN_MS = 30_000;
const retryDelayMs = backoff({ firstMs: 2_000, maxMs: 60_000, jitter: 0.3 });

/** Which instances are open in which thread, and which devices it was given: a new thread has none of them. */
export class Openings {
  readonly #options: OpeningsOptions;
  readonly #links = new WeakMap<PluginLink, Opened>();
  readonly #reasons = new Map<number, string>();
  readonly #current = new Map<PluginHost, PluginLink>();
  readonly #retries = new Map<number, Retry>();

  constructor(options: OpeningsOptions) {
    this.#options = options;
  }

  /** Opens it when it is not open in this thread yet. Never rejects: why not is told once, see `reason`. */
  async isOpen(host: PluginHost, link: PluginLink, instanceId: number): Promise<boolean> {
    this.#current.set(host, link);
    const { instances } = this.#of(link);
    let opening = instances.get(instanceId);
    if (opening === undefined) {
      opening = this.#open(host, link, instanceId);
      instances.set(instanceId, opening);
    }
    return await opening;
  }

  /** @throws EngineError `conflict` with what is wrong with it */
  async requireOpen(host: PluginHost, link: PluginLink, instanceId: number): Promise<void> {
    if (await this.isOpen(host, link, instanceId)) return;
    throw new EngineError('conflict', this.#reasons.get(instanceId) ?? 'the instance is not open');
  }

  reason(instanceId: number): string | undefined {
    return this.#reasons.get(instanceId);
  }

  /** Instances that are open get their limits as they are set now. A thread that is lost gets them when it is back. */
  async tune(): Promise<void> {
    for (const link of this.#current.values()) {
      for (const [instanceId, opening] of this.#of(link).instances) {
        if (!(await opening) || link.closed !== undefined) continue;
        const params = { instanceId, ...this.#options.limits(instanceId) };
        await link.call('instance.tune', params, { deadlineMs: OPEN_MS });
      }
    }
  }

  adopted(link: PluginLink, deviceId: string): void {
    this.#of(link).devices.add(deviceId);
  }

  has(link: PluginLink, deviceId: string): boolean {
    return this.#of(link).devices.has(deviceId);
  }

  /** It is closed, or will be opened anew: its devices are to be given again. */
  forget(instanceId: number, deviceIds: readonly string[]): void {
    this.#endRetry(instanceId);
    this.#reasons.delete(instanceId);
    for (const link of this.#current.values()) {
      const opened = this.#of(link);
      opened.instances.delete(instanceId);
      for (const id of deviceIds) opened.devices.delete(id);
    }
  }

  /** Nothing is opened again by itself any more. */
  stop(): void {
    for (const id of [...this.#retries.keys()]) this.#endRetry(id);
  }

  #of(link: PluginLink): Opened {
    const known = this.#links.get(link);
    if (known !== undefined) return known;
    const opened: Opened = { instances: new Map(), devices: new Set() };
    this.#links.set(link, opened);
    return opened;
  }

  async #open(host: PluginHost, link: PluginLink, instanceId: number): Promise<boolean> {
    const { instances, limits, failed } = this.#options;
    try {
      const { name, enabled } = instances.require(instanceId);
      if (!enabled) return false;
      const config = await instances.wholeConfig(instanceId);
      const params = { instanceId, name, config, ...limits(instanceId) };
      await link.call('instance.open', params, { deadlineMs: OPEN_MS });
      this.#endRetry(instanceId);
      this.#reasons.delete(instanceId);
      instances.state(instanceId, 'open');
      return true;
    } catch (thrown) {
      const error = EngineError.from(thrown);
      // The next thread opens it anew.
      if (link.closed !== undefined) return false;
      this.#reasons.set(instanceId, error.message);
      failed(instanceId, error.message);
      if (error.remedy === 'retry') this.#retryLater(host, link, instanceId);
      return false;
    }
  }

  #retryLater(host: PluginHost, link: PluginLink, instanceId: number): void {
    const { clock, retry } = this.#options;
    const before = this.#retries.get(instanceId);
    clock.clearTimeout(before?.timer);
    const attempts = (before?.attempts ?? 0) + 1;
    const timer = clock.setTimeout(() => {
      this.#of(link).instances.delete(instanceId);
      // A new thread opens all of its instances anew.
      if (link.closed === undefined) retry(host);
    }, retryDelayMs(attempts));
    this.#retries.set(instanceId, { attempts, timer });
  }

  #endRetry(instanceId: number): void {
    this.#options.clock.clearTimeout(this.#retries.get(instanceId)?.timer);
    this.#retries.delete(instanceId);
  }
}
