import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { type FactDevices, publishFacts } from '../facts/publish.js';
import type { LiveTable } from '../live/table.types.js';

/** Devices whose parameters are the devices of plugins, `site:connections-1` and on: `online` or `offline`. */
export const CONNECTIONS_DEVICE = 'site:connections-';

type Parent = FactDevices<{ readonly channels: readonly { readonly name: string }[] }>;

export interface ConnectionsOptions {
  readonly devices: Pick<LiveTable, 'has' | 'written'>;
  readonly channels: Pick<LiveTable, 'get'>;
  readonly device: Parent;
  /** Devices that are followed: those of plugins. */
  readonly follows: (row: Readonly<Record<string, unknown>>) => boolean;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

const LOOK_MS = 1_000;
/** A device has at most 512 parameters. */
const OF_ONE = 500;
const MOST_PARENTS = 40;
/** Of a device that is gone: rules of what is offline end with it. */
const REMOVED = 'removed';
const OFFLINE: ReadonlySet<unknown> = new Set(['disconnected', 'silent', 'error', 'parked']);

/** Whether devices of plugins are connected, as channels, so that rules and charts use it. The caller ends it by `close`. */
export class Connections {
  readonly #options: ConnectionsOptions;
  /** Device → its parent's number and what was stored last. */
  readonly #known = new Map<string, { readonly parent: number; said: string | undefined }>();
  readonly #counts = new Map<number, number>();
  #timer: TimerHandle | undefined;
  #storing: Promise<void> = Promise.resolve();
  #closed = false;
  #remembers = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#timer);
    await this.#storing;
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#storing = this.#look().catch((thrown: unknown) => {
        this.#options.onFault(EngineError.from(thrown));
      });
      void this.#storing.then(() => {
        if (!this.#closed) this.#schedule();
      });
    }, LOOK_MS);
  }

  async #look(): Promise<void> {
    const due = new Map<number, { id: string; said: string }[]>();
    for (const row of this.#options.devices.written()) {
      if (!this.#options.follows(row)) continue;
      const { state } = row as { readonly state?: unknown };
      const said = state === 'connected' ? 'online' : OFFLINE.has(state) ? 'offline' : undefined;
      if (said === undefined) continue;
      const known = this.#known.get(row.id) ?? this.#place(row.id);
      if (known === undefined || known.said === said) continue;
      known.said = said;
      due.set(known.parent, [...(due.get(known.parent) ?? []), { id: row.id, said }]);
    }
    this.#remember();
    for (const [id, known] of this.#known) {
      if (known.said === REMOVED || this.#options.devices.has(id)) continue;
      known.said = REMOVED;
      due.set(known.parent, [...(due.get(known.parent) ?? []), { id, said: REMOVED }]);
    }
    for (const [parent, rows] of due) await this.#store(parent, rows);
  }

  /** Devices of an earlier run: those that were removed meanwhile are no longer offline either. */
  #remember(): void {
    if (this.#remembers) return;
    this.#remembers = true;
    for (let parent = 1; parent <= MOST_PARENTS; parent += 1) {
      const definition = this.#options.device.tables.definition(`${CONNECTIONS_DEVICE}${parent}`);
      for (const { name } of definition?.channels ?? []) {
        if (!this.#known.has(name)) this.#place(name);
      }
    }
  }

  /** Where it was in an earlier run, or where there is room. */
  #place(id: string): { parent: number; said: string | undefined } | undefined {
    for (let parent = 1; parent <= MOST_PARENTS; parent += 1) {
      const there = this.#options.channels.get(`${CONNECTIONS_DEVICE}${parent}/${id}`);
      if (there === undefined) continue;
      return this.#put(id, parent, typeof there['value'] === 'string' ? there['value'] : undefined);
    }
    for (let parent = 1; parent <= MOST_PARENTS; parent += 1) {
      if ((this.#counts.get(parent) ?? 0) < OF_ONE) return this.#put(id, parent, undefined);
    }
    return undefined;
  }

  #put(id: string, parent: number, said: string | undefined) {
    const known = { parent, said };
    this.#known.set(id, known);
    this.#counts.set(parent, (this.#counts.get(parent) ?? 0) + 1);
    return known;
  }

  async #store(parent: number, rows: readonly { id: string; said: string }[]): Promise<void> {
    const { device, clock } = this.#options;
    const id = `${CONNECTIONS_DEVICE}${parent}`;
    const claim = { id, name: `Connections ${parent}`, protocol: 'native' };
    const facts = rows.map((row) => [row.id, row.said] as const);
    await publishFacts(device, claim, facts, clock.nowMs());
  }
}
