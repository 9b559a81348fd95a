import type { LiveTable } from '../live/table.types.js';
import type { PluginPort } from '../plugins/plugins.types.js';

/** Which rows live clients look at now. */
export type WatchedRows = (resource: 'rf') => Iterable<string>;

/** Meters go fast for devices whose tiles a live client has in its window, and slow for the others. */
export class Watching {
  readonly #rf: Pick<LiveTable, 'get'>;
  readonly #watch: PluginPort['watchMeters'];
  #devices: ReadonlySet<string> = new Set();
  #release: (() => void) | undefined;

  constructor(rf: Pick<LiveTable, 'get'>, watch: PluginPort['watchMeters']) {
    this.#rf = rf;
    this.#watch = watch;
  }

  /** Called once a second with the ids of rows that are looked at. */
  look(rowIds: Iterable<string>): void {
    const devices = new Set<string>();
    for (const id of rowIds) {
      const deviceId = this.#rf.get(id)?.['deviceId'];
      if (typeof deviceId === 'string') devices.add(deviceId);
    }
    if (devices.size === this.#devices.size && [...devices].every((id) => this.#devices.has(id))) {
      return;
    }
    // The new ones first, so that meters that stay fast are not told to slow down in between.
    const release = this.#release;
    this.#release = devices.size === 0 ? undefined : this.#watch([...devices]);
    this.#devices = devices;
    release?.();
  }

  close(): void {
    this.#release?.();
    this.#release = undefined;
    this.#devices = new Set();
  }
}
