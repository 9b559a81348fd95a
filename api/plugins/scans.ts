import { randomUUID } from 'node:crypto';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { ScanRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';

export interface ScanWork {
  readonly instanceId: number;
  readonly hosts: readonly string[];
  readonly multicast: boolean;
  readonly server: boolean;
  /** One step: some hosts, and what else is asked. Resolves when they were asked. @throws EngineError */
  readonly run: (step: {
    readonly scanId: string;
    readonly hosts: readonly string[];
    readonly multicastMs: number;
    readonly server: boolean;
  }) => Promise<void>;
  readonly cancel: (scanId: string) => void;
}

interface Scan {
  row: ScanRow;
  /** Hosts of steps that are done. */
  before: number;
  cancelled: boolean;
  readonly work: ScanWork;
}

/** Hosts asked at once. */
const AT_ONCE = 64;
const MULTICAST_MS = 5_000;
const MAX_RUNNING = 8;
const MAX_ROWS = 200;
/** Ended ones leave after this. */
const SHOWN_MS = 600_000;

/** Searches for devices, with their progress in `scans`. At most 8 run at once, and one of an instance. */
export class Scans {
  readonly #clock: Clock;
  readonly #live: LiveTable;
  readonly #scans = new Map<string, Scan>();
  readonly #timers = new Map<string, TimerHandle>();

  constructor(options: { readonly clock: Clock; readonly live: LiveTable }) {
    this.#clock = options.clock;
    this.#live = options.live;
  }

  /** @throws EngineError `server.busy` */
  start(work: ScanWork): string {
    const running = [...this.#scans.values()].filter(({ row }) => row.state === 'running');
    if (running.some(({ row }) => row.instanceId === work.instanceId)) {
      throw new EngineError('server.busy', 'a scan of this instance is running: wait or cancel it');
    }
    if (running.length >= MAX_RUNNING || this.#scans.size >= MAX_ROWS) {
      throw new EngineError('server.busy', `${MAX_RUNNING} scans are running: wait or cancel one`);
    }
    const id = randomUUID();
    const scan: Scan = {
      row: {
        ...{ id, instanceId: work.instanceId, state: 'running', hosts: work.hosts.length },
        ...{ asked: 0, found: 0, progress: 0, endedUnixMs: null, error: null },
        startedUnixMs: this.#clock.nowMs(),
      },
      before: 0,
      cancelled: false,
      work,
    };
    this.#scans.set(id, scan);
    this.#show(scan, {});
    void this.#run(scan);
    return id;
  }

  /** So many more hosts were asked. */
  asked(scanId: string, hosts: number): void {
    const scan = this.#scans.get(scanId);
    // What is told after its step ended was counted with it.
    if (scan?.row.state === 'running') {
      this.#progress(scan, Math.min(scan.row.asked + hosts, scan.before + AT_ONCE));
    }
  }

  found(scanId: string, devices: number): void {
    const scan = this.#scans.get(scanId);
    if (scan !== undefined) this.#show(scan, { found: scan.row.found + devices });
  }

  /** @throws EngineError `not-found` */
  cancel(scanId: string): void {
    const scan = this.#scans.get(scanId);
    if (scan === undefined) throw new EngineError('not-found', `there is no scan ${scanId}`);
    if (scan.row.state !== 'running') return;
    scan.cancelled = true;
    this.#end(scan, 'cancelled', null);
    scan.work.cancel(scanId);
  }

  stop(): void {
    for (const [id, scan] of this.#scans) if (scan.row.state === 'running') this.cancel(id);
    for (const timer of this.#timers.values()) this.#clock.clearTimeout(timer);
  }

  /** Never rejects. */
  async #run(scan: Scan): Promise<void> {
    const { hosts, multicast, server, run } = scan.work;
    const scanId = scan.row.id;
    try {
      let first = true;
      for (let at = 0; first || at < hosts.length; at += AT_ONCE) {
        if (scan.cancelled) return;
        const step = hosts.slice(at, at + AT_ONCE);
        const multicastMs = first && multicast ? MULTICAST_MS : 0;
        await run({ scanId, hosts: step, multicastMs, server: first && server });
        first = false;
        scan.before = at + step.length;
        this.#progress(scan, scan.before);
      }
      if (!scan.cancelled) this.#end(scan, 'done', null);
    } catch (thrown) {
      if (!scan.cancelled) this.#end(scan, 'failed', EngineError.from(thrown).message);
    }
  }

  #progress(scan: Scan, asked: number): void {
    const { hosts, state } = scan.row;
    if (state !== 'running' || hosts === 0) return;
    const bounded = Math.min(hosts, Math.max(scan.row.asked, asked));
    this.#show(scan, { asked: bounded, progress: bounded / hosts });
  }

  #end(scan: Scan, state: ScanRow['state'], error: string | null): void {
    const { id } = scan.row;
    const progress = state === 'done' ? 1 : scan.row.progress;
    this.#show(scan, { state, error, progress, endedUnixMs: this.#clock.nowMs() });
    this.#timers.set(
      id,
      this.#clock.setTimeout(() => {
        this.#timers.delete(id);
        this.#scans.delete(id);
        this.#live.remove(id);
      }, SHOWN_MS),
    );
  }

  #show(scan: Scan, changes: Partial<ScanRow>): void {
    scan.row = { ...scan.row, ...changes };
    this.#live.put({ ...scan.row });
  }
}
