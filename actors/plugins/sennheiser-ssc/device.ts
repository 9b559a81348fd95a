import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { Misses } from '../sdk/misses.js';
import { Pace } from '../sdk/pace.js';
import type { DeviceConnection, DeviceSession } from '../sdk/plugin.types.js';
import type { SscApi } from './api.js';
import type { Layout } from './layout.js';
import type { Reading } from './resources.js';
import { Subscription } from './subscription.js';

interface SscDeviceOptions {
  readonly api: SscApi;
  readonly layout: Layout;
  readonly session: DeviceSession;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly log: (text: string) => void;
}

/** One device: events for what changes now and then; meters by events while somebody looks, else by polling. */
export class SscDevice implements DeviceConnection {
  readonly #options: SscDeviceOptions;
  readonly #handles = new Map<string, number>();
  readonly #misses = new Misses();
  readonly #subscription: Subscription;
  #pace: Pace | undefined;
  #live = false;
  #fast = false;
  #closed = false;
  /** Metering orders one after the other. */
  #ordered: Promise<void> = Promise.resolve();

  constructor(options: SscDeviceOptions) {
    this.#options = options;
    const { api, clock, session, layout } = options;
    this.#subscription = new Subscription({
      api,
      clock,
      signal: session.signal,
      resources: () => (this.#fast ? [...layout.steady, ...layout.fast] : layout.steady),
      take: (path, value) => this.#take(path, value),
      live: (yes) => {
        this.#live = yes;
      },
      lost: (error) => {
        if (!this.#closed) session.lost(error);
      },
    });
  }

  /** @throws EngineError as `PluginNet.http` */
  async start(): Promise<void> {
    const { clock, session, intervalMs, layout, log } = this.#options;
    await this.#poll([...layout.steady, ...layout.fast]);
    try {
      await this.#subscription.start();
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code === 'auth.denied' || session.signal.aborted) throw error;
      log(`${session.deviceId}: no events, it is polled: ${error.message}`);
    }
    this.#pace = new Pace({
      clock,
      id: session.deviceId,
      periodMs: intervalMs,
      task: () => this.#poll(this.#polled()),
      failed: (error) => {
        if (this.#closed || session.signal.aborted) return;
        if (this.#misses.missed(error)) session.lost(error);
      },
    });
    session.signal.addEventListener('abort', () => this.close(), { once: true });
  }

  async command(id: string, value: number | string | boolean): Promise<void> {
    const write = this.#options.layout.write(id, value);
    if (write === undefined) throw new EngineError('not-found', `"${id}" cannot be set`);
    for (const path of write.paths) if (await this.#options.api.put(path, write.body)) return;
    throw new EngineError('device.refused', `the device has no ${write.paths[0]}`);
  }

  metering(rate: 'fast' | 'slow'): void {
    const fast = rate === 'fast';
    if (fast === this.#fast) return;
    this.#fast = fast;
    this.#ordered = this.#ordered.then(async () => {
      if (this.#closed) return;
      const { layout, log } = this.#options;
      try {
        await this.#subscription.change(fast ? 'add' : 'remove', layout.fast);
      } catch (thrown) {
        // Polled as before; whether the device is still there is found out elsewhere.
        log(`meters stay as they are: ${EngineError.from(thrown).message}`);
      }
    });
  }

  close(): void {
    this.#closed = true;
    this.#pace?.stop();
    this.#subscription.close();
  }

  /** With events on there are only the meters to ask, or, when they come too, whether it is still there. */
  #polled(): readonly string[] {
    const { layout } = this.#options;
    if (!this.#live) return [...layout.steady, ...layout.fast];
    return this.#fast ? [layout.probe] : layout.fast;
  }

  async #poll(paths: readonly string[]): Promise<void> {
    const { api, layout, session } = this.#options;
    for (const path of paths) {
      const value = await api.get(path);
      if (session.signal.aborted) return;
      if (value === null) this.#tell(layout.absent(path));
      else if (value !== undefined) this.#take(path, value);
    }
    this.#misses.heard();
    session.alive();
  }

  #take(path: string, value: unknown): void {
    const { layout, session } = this.#options;
    const { identity, readings } = layout.read(path, value);
    if (identity !== undefined) session.identify(identity);
    this.#tell(readings);
    session.alive();
  }

  #tell(readings: readonly Reading[]): void {
    const { session } = this.#options;
    for (const { spec, value } of readings) {
      let handle = this.#handles.get(spec.id);
      if (handle === undefined) {
        handle = session.channel(spec);
        this.#handles.set(spec.id, handle);
      }
      session.read(handle, value);
    }
  }
}
