import { randomUUID } from 'node:crypto';
import type { ExperimentRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { ExperimentPort } from '../automation/ports.js';
import type { ExperimentRow as LiveExperiment } from '../contract/automation-rows.js';
import type { LiveTable } from '../live/table.types.js';
import { TableMirror } from './mirror.js';

/** Recordings kept in memory and shown live; older ones are in the store only. */
const SHOWN = 10_000;

export type ExperimentListener = (
  event: 'experiment.started' | 'experiment.stopped',
  experiment: ExperimentRow,
  by: string,
) => void;

export interface ExperimentOptions {
  readonly store: Pick<SiteStore, 'automation' | 'control'>;
  readonly live: LiveTable;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

/**
 * Named recordings. Their values are those of the channels between start and stop, so a recording that runs goes on over
 * a restart, and nothing is written twice.
 */
export class Experiments implements ExperimentPort {
  readonly #options: ExperimentOptions;
  readonly #mirror: TableMirror<ExperimentRow>;
  readonly #listeners = new Set<ExperimentListener>();
  /** Starts and stops one after the other: two of one name at once are one. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: ExperimentOptions) {
    this.#options = options;
    const { store, live, onFault } = options;
    this.#mirror = new TableMirror<ExperimentRow>({
      feed: store.control.feed,
      domain: 'automation.experiments',
      table: store.automation.experiments,
      live,
      shown: (row) => ({ ...liveRow(row) }),
      limit: SHOWN,
      onFault,
    });
  }

  /** The caller ends it by `close`. */
  static async open(options: ExperimentOptions): Promise<Experiments> {
    const experiments = new Experiments(options);
    await experiments.#mirror.start();
    return experiments;
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    await this.#mirror.stop();
  }

  /** @returns ends it. */
  onChange(listener: ExperimentListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  running(): readonly ExperimentRow[] {
    return [...this.#mirror.rows.values()].filter((row) => stateOf(row) === 'running');
  }

  /** Of those in memory and older ones. */
  async get(id: number): Promise<ExperimentRow | undefined> {
    return await this.#options.store.automation.experiments.get(id);
  }

  start(name: string, by: string, ownerId: string | null = null): Promise<ExperimentRow> {
    return this.#inTurn(async () => {
      const wanted = name.trim();
      if (wanted === '' || wanted.length > 200) {
        throw new EngineError(
          'input.invalid',
          'name: a recording has a name of 1 to 200 characters',
        );
      }
      const known = await this.#named(wanted);
      if (known !== undefined && stateOf(known) === 'running') throw runs(known);
      if (known !== undefined && stateOf(known) === 'new') return await this.#begin(known, by);
      const nowUnixMs = this.#options.clock.nowMs();
      const made = await this.#options.store.automation.experiments.create({
        publicId: randomUUID(),
        name: known === undefined ? wanted : await this.#free(wanted, nowUnixMs),
        notes: '',
        channels: known?.channels ?? [],
        startedAtUnixMs: nowUnixMs,
        stoppedAtUnixMs: null,
        ownerId,
        createdAtUnixMs: nowUnixMs,
      });
      this.#told('experiment.started', made, by);
      return made;
    });
  }

  stop(name: string, by: string): Promise<ExperimentRow> {
    return this.#inTurn(async () => {
      const found = this.#find(name) ?? (await this.#named(name));
      if (found === undefined) throw unknown(name);
      return await this.#end(found, by);
    });
  }

  /** @throws EngineError `not-found`, `conflict` when it was started before. */
  startById(id: number, by: string): Promise<ExperimentRow> {
    return this.#inTurn(async () => {
      const found = await this.get(id);
      if (found === undefined) throw unknown(String(id));
      if (stateOf(found) === 'running') throw runs(found);
      if (stateOf(found) === 'stopped') {
        throw new EngineError(
          'conflict',
          `"${found.name}" was recorded already: make another one for a further run`,
        );
      }
      return await this.#begin(found, by);
    });
  }

  /** @throws EngineError `not-found`, `conflict` when it does not run. */
  stopById(id: number, by: string): Promise<ExperimentRow> {
    return this.#inTurn(async () => {
      const found = await this.get(id);
      if (found === undefined) throw unknown(String(id));
      return await this.#end(found, by);
    });
  }

  /** Whatever else changed a row is shown before the answer leaves. */
  async changed(): Promise<void> {
    await this.#mirror.settled();
  }

  async #begin(row: ExperimentRow, by: string): Promise<ExperimentRow> {
    return await this.#set(row, 'experiment.started', by, {
      startedAtUnixMs: this.#options.clock.nowMs(),
    });
  }

  async #end(row: ExperimentRow, by: string): Promise<ExperimentRow> {
    if (stateOf(row) !== 'running') {
      throw new EngineError('conflict', `"${row.name}" does not run: start it first`);
    }
    // A clock that was set back in between must not end it before it began.
    const stoppedAtUnixMs = Math.max(this.#options.clock.nowMs(), (row.startedAtUnixMs ?? 0) + 1);
    return await this.#set(row, 'experiment.stopped', by, { stoppedAtUnixMs });
  }

  async #set(
    row: ExperimentRow,
    event: 'experiment.started' | 'experiment.stopped',
    by: string,
    values: Partial<Omit<ExperimentRow, 'id'>>,
  ): Promise<ExperimentRow> {
    const after = await this.#options.store.automation.experiments.update(row.id, values);
    if (after === undefined) throw unknown(row.name);
    this.#told(event, after, by);
    return after;
  }

  #told(event: 'experiment.started' | 'experiment.stopped', row: ExperimentRow, by: string): void {
    this.#mirror.take(row);
    for (const listener of this.#listeners) {
      try {
        listener(event, row, by);
      } catch (thrown) {
        this.#options.onFault(EngineError.from(thrown));
      }
    }
  }

  /** By public id; or a running one by its name, also one that got the time behind it. */
  #find(name: string): ExperimentRow | undefined {
    const rows = [...this.#mirror.rows.values()];
    return (
      rows.find((row) => row.publicId === name) ??
      this.running().find((row) => row.name === name) ??
      this.running().find((row) => isRunOf(row.name, name))
    );
  }

  async #named(name: string): Promise<ExperimentRow | undefined> {
    const running = this.running().find((row) => isRunOf(row.name, name));
    if (running !== undefined) return running;
    return await this.#options.store.automation.experiments.first({
      where: [{ field: 'name', op: '=', value: name }],
    });
  }

  /** The name with the time behind it; two in one second are counted. */
  async #free(name: string, nowUnixMs: number): Promise<string> {
    const at = new Date(nowUnixMs).toISOString().slice(0, 19).replace('T', ' ');
    const { experiments } = this.#options.store.automation;
    for (let count = 1; ; count += 1) {
      const free = `${name} ${at}${count === 1 ? '' : ` (${count})`}`;
      const taken = await experiments.count({ where: [{ field: 'name', op: '=', value: free }] });
      if (taken === 0) return free;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** Where a recording stands. */
export function stateOf(row: ExperimentRow): LiveExperiment['state'] {
  if (row.startedAtUnixMs === null) return 'new';
  return row.stoppedAtUnixMs === null ? 'running' : 'stopped';
}

function isRunOf(rowName: string, name: string): boolean {
  if (rowName === name) return true;
  if (!rowName.startsWith(`${name} `)) return false;
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( \(\d+\))?$/.test(rowName.slice(name.length + 1));
}

function liveRow(row: ExperimentRow): LiveExperiment {
  return {
    id: String(row.id),
    publicId: row.publicId,
    name: row.name,
    state: stateOf(row),
    startedAtUnixMs: row.startedAtUnixMs,
    stoppedAtUnixMs: row.stoppedAtUnixMs,
    channels: row.channels,
  };
}

const runs = (row: ExperimentRow) =>
  new EngineError('conflict', `"${row.name}" runs already: stop it first`);
const unknown = (name: string) =>
  new EngineError('not-found', `there is no recording "${name}": GET /v1/experiments lists them`);
