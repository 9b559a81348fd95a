import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { FromPluginThread, ToPluginThread } from '../protocol.js';
import { pluginError } from '../sdk/errors.js';
import type { FoundDevice } from '../sdk/plugin.types.js';
import type { Instance } from './instance.js';
import { foundOf } from './told.js';
import { within } from './within.js';

type Wish = ToPluginThread['requests']['discover.run']['params'];
type FoundPost = FromPluginThread['posts']['discover.found'];

export interface DiscoveryPorts {
  found(post: FoundPost): void;
  asked(post: FromPluginThread['posts']['discover.asked']): void;
}

interface Scan {
  readonly instance: Instance;
  readonly control: AbortController;
  found: number;
  asked: number;
}

/** Searches at the same time, devices of one search, and devices that wait to be told. */
const MAX_SCANS = 16;
const MAX_FOUND = 20_000;
const MAX_UNTOLD = 5_000;
const SCAN_DEADLINE_MS = 3_600_000;
/** What a cancelled search gets to come to an end by itself. */
const CANCEL_MS = 3_000;

/** Searches for devices, and what turns up by itself. */
export class Discoveries {
  readonly #clock: Clock;
  readonly #ports: DiscoveryPorts;
  readonly #scans = new Map<string, Scan>();
  #untold: {
    readonly scanId: string | undefined;
    readonly instanceId: number;
    readonly device: FoundDevice;
  }[] = [];

  constructor(options: { readonly clock: Clock; readonly ports: DiscoveryPorts }) {
    this.#clock = options.clock;
    this.#ports = options.ports;
  }

  /** @throws EngineError `conflict`, `server.busy`, `input.unsupported`, `call.aborted` when cancelled, what the plugin threw */
  async run(wish: Wish, instance: Instance): Promise<{ readonly found: number }> {
    const { scanId, hosts, multicastMs, server } = wish;
    const { running } = instance;
    if (this.#scans.has(scanId)) throw new EngineError('conflict', `search ${scanId} runs already`);
    if (this.#scans.size >= MAX_SCANS) {
      throw new EngineError(
        'server.busy',
        `${MAX_SCANS} searches run already: wait for one to end`,
      );
    }
    if (running?.discover === undefined) {
      const reason = running === undefined ? 'is not open' : 'cannot search for devices';
      throw new EngineError('input.unsupported', `instance "${instance.name}" ${reason}`);
    }
    const scan: Scan = { instance, control: new AbortController(), found: 0, asked: 0 };
    this.#scans.set(scanId, scan);
    const discover = running.discover.bind(running);
    const searching = (async () => {
      await discover(
        {
          hosts,
          multicastMs,
          server,
          asked: () => {
            scan.asked += 1;
          },
        },
        (device) => {
          if (this.#scans.get(scanId) === scan) this.#take(scan, scanId, device);
        },
        scan.control.signal,
      );
    })();
    try {
      await this.#settled(searching, scan);
    } catch (thrown) {
      throw instance.redactor.error(pluginError(thrown));
    } finally {
      this.tell();
      this.#scans.delete(scanId);
    }
    return { found: scan.found };
  }

  cancel(scanId: string): boolean {
    const scan = this.#scans.get(scanId);
    scan?.control.abort();
    return scan !== undefined;
  }

  cancelOf(instanceId: number): void {
    for (const scan of this.#scans.values()) {
      if (scan.instance.id === instanceId) scan.control.abort();
    }
  }

  /**
   * A device that turned up; over the bound they are left out until the next tick. What is none is refused, and the
   * plugin named in a line of its log. @returns whether it was taken
   */
  found(scanId: string | undefined, instance: Instance, told: unknown): boolean {
    if (this.#untold.length >= MAX_UNTOLD) return false;
    try {
      this.#untold.push({ scanId, instanceId: instance.id, device: foundOf(told) });
      return true;
    } catch (thrown) {
      instance.refused(thrown);
      return false;
    }
  }

  /** Posts what was found and asked since the last call. */
  tell(): void {
    for (const [scanId, scan] of this.#scans) {
      if (scan.asked > 0) this.#ports.asked({ scanId, hosts: scan.asked });
      scan.asked = 0;
    }
    if (this.#untold.length === 0) return;
    const posts = new Map<
      string,
      { scanId: string | undefined; instanceId: number; devices: FoundDevice[] }
    >();
    for (const { scanId, instanceId, device } of this.#untold) {
      const key = `${instanceId} ${scanId ?? ''}`;
      const post = posts.get(key) ?? { scanId, instanceId, devices: [] };
      post.devices.push(device);
      posts.set(key, post);
    }
    this.#untold = [];
    for (const post of posts.values()) this.#ports.found(post);
  }

  #take(scan: Scan, scanId: string, device: FoundDevice): void {
    if (scan.found >= MAX_FOUND) {
      scan.control.abort();
      return;
    }
    if (this.found(scanId, scan.instance, device)) scan.found += 1;
  }

  async #settled(searching: Promise<void>, { control }: Scan): Promise<void> {
    const late = (): EngineError =>
      new EngineError('link.deadline', 'the search took over an hour');
    const cancelled = new Promise<void>((_, reject) => {
      control.signal.addEventListener(
        'abort',
        () => {
          this.#clock.setTimeout(
            () => reject(new EngineError('call.aborted', 'the search was cancelled')),
            CANCEL_MS,
          );
        },
        { once: true },
      );
    });
    const ended = Promise.race([searching, cancelled]);
    try {
      await within(this.#clock, SCAN_DEADLINE_MS, ended, late);
    } finally {
      // Nobody waits for the loser of the race any more.
      cancelled.catch(() => undefined);
      searching.catch(() => undefined);
      control.abort();
    }
  }
}
