import type { SiteStore } from '../../actors/control/site.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { FeedEvent } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';
import { guarded } from '../../engine/guarded.js';
import type { DeliveryPort } from '../automation/ports.js';
import type { LiveTable } from '../live/table.types.js';
import { AlarmDesk } from './desk.js';
import { Grouping } from './grouping.js';
import type { AlarmHistory } from './history.js';
import { Preferences } from './preferences.js';
import { QuietBook } from './quiet.js';
import { sweepAlarms } from './retention.js';
import { AlarmTimers } from './timers.js';

export interface AlarmServiceOptions {
  readonly store: Pick<SiteStore, 'control' | 'automation'>;
  readonly table: LiveTable;
  readonly deviceName: (deviceId: string) => string | null;
  /** Latest value of a channel by its name; undefined: there is none. */
  readonly latestOf: (channel: string) => number | string | undefined;
  readonly history: AlarmHistory;
  readonly deliveries: () => DeliveryPort | undefined;
  readonly isOpen: (scheduleId: number, atUnixMs: number) => boolean;
  /** Cleared alarms are forgotten after these days; 0: never. */
  readonly keepDays: number;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

/** The clock may be set, and schedules open: at least this often everything is looked at. */
const LOOK_MS = 30_000;
/** At most so often; what is due in between goes together. */
const PAUSE_MS = 50;
const SWEEP_EVERY_MS = 3_600_000;
const REFRESH_AT_ONCE = 1_000;

/** The desk with everything around it: who is told when, and one timer for all that is due. */
export class AlarmService {
  readonly desk: AlarmDesk;
  readonly quiet: QuietBook;
  readonly preferences: Preferences;
  readonly #options: AlarmServiceOptions;
  readonly #grouping: Grouping;
  readonly #timers: AlarmTimers;
  readonly #stale = new Set<'silences' | 'routes' | 'preferences' | 'rows'>();
  readonly #rulesGone = new Set<number>();
  #openSchedules = '';
  #sweepAtUnixMs = 0;
  #timer: TimerHandle | undefined;
  #timerAtMonoMs = 0;
  #running: Promise<void> | undefined;
  #unfollow: () => void = () => undefined;
  #stopped = false;

  private constructor(options: AlarmServiceOptions, desk: AlarmDesk) {
    const { store, deliveries, clock, onFault } = options;
    this.#options = options;
    this.desk = desk;
    this.quiet = new QuietBook(desk.book, options.isOpen);
    const isQuiet = (row: Parameters<QuietBook['of']>[0]) =>
      row.held || this.quiet.of(row, clock.nowMs()) !== null;
    this.#grouping = new Grouping({
      control: store.control,
      automation: store.automation,
      desk,
      quiet: this.quiet,
      deliveries,
      clock,
      onFault,
    });
    desk.quietBy((row) => this.quiet.shown(row, this.#grouping.tree, clock.nowMs()));
    this.#timers = new AlarmTimers({ desk, isQuiet, deliveries, clock, onFault });
    this.preferences = new Preferences({
      control: store.control,
      preferences: store.automation.preferences,
      desk,
      isQuiet,
      latestOf: (row) => options.latestOf(row.source) ?? row.value,
      deliveries,
      clock,
      onFault,
    });
  }

  /** Loads everything that was stored. Before the first edge of a rule. */
  static async start(options: AlarmServiceOptions): Promise<AlarmService> {
    const { store, clock } = options;
    const { feed } = store.control;
    const seq = await feed.head();
    const desk = new AlarmDesk(options);
    const service = new AlarmService(options, desk);
    await service.quiet.load(store.automation.silences, clock.nowMs());
    await desk.load();
    await service.#grouping.load();
    service.#timers.changed([...desk.book.rows()]);
    await service.preferences.load();
    for (const row of desk.book.rows()) if (row.ruleId === null) service.#rulesGone.add(0);
    service.#stale.add('rows');
    desk.onChange((rows) => {
      service.#grouping.changed(rows);
      service.#refreshRelatives(rows.flatMap(({ deviceId }) => deviceId ?? []));
      service.#arm();
    });
    service.#unfollow = feed.follow(seq, (event) => service.#follow(event));
    service.#arm();
    return service;
  }

  /** Does what is due now; also called by the timer. Settles when it is done. */
  async tick(): Promise<void> {
    if (this.#stopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#arm();
    });
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unfollow();
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    await this.#running?.catch(() => undefined);
  }

  #follow(event: FeedEvent): void {
    const changes = event.type === 'changes' ? event.changes : undefined;
    for (const what of ['silences', 'routes', 'preferences'] as const) {
      const domain = `automation.${what}`;
      if (changes?.some((change) => change.domain === domain) ?? true) this.#stale.add(what);
    }
    for (const { domain, id, op } of changes ?? []) {
      if (domain === 'automation.rules' && op === 'delete') this.#rulesGone.add(Number(id));
    }
    if (this.#stale.size + this.#rulesGone.size > 0) this.#arm();
  }

  async #run(): Promise<void> {
    const { store, clock, keepDays } = this.#options;
    const now = clock.nowMs();
    await this.#reload(now);
    await this.#clearOrphans(now);
    await this.#timers.run();
    await this.#grouping.run();
    await this.preferences.run();
    if (
      keepDays > 0 &&
      (now >= this.#sweepAtUnixMs || this.#sweepAtUnixMs > now + SWEEP_EVERY_MS)
    ) {
      const more = await sweepAlarms(store, now - keepDays * 86_400_000);
      this.#sweepAtUnixMs = more ? now + 1_000 : now + SWEEP_EVERY_MS;
    }
  }

  async #reload(now: number): Promise<void> {
    const { automation } = this.#options.store;
    const stale = new Set(this.#stale);
    const open = this.#muted(now);
    if (open !== this.#openSchedules || (this.#silencesAt ?? now + 1) <= now) stale.add('silences');
    if (stale.size === 0) return;
    if (stale.has('silences')) {
      await this.quiet.load(automation.silences, now);
      this.#silencesAt = this.quiet.nextChange(now);
    }
    if (stale.has('routes')) await this.#grouping.reroute();
    if (stale.has('preferences')) await this.preferences.load();
    this.#openSchedules = this.#muted(now);
    for (const what of stale) this.#stale.delete(what);
    if (stale.size === 1 && stale.has('preferences')) return;
    this.#grouping.lookAgain();
    let shown = 0;
    for (const { id } of [...this.desk.book.rows()]) {
      this.desk.refresh([id]);
      shown += 1;
      if (shown % REFRESH_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #silencesAt: number | undefined;

  /** Which mute schedules are open now. */
  #muted(now: number): string {
    const ids = new Set([...this.#grouping.tree.rows()].flatMap((row) => row.muteScheduleIds));
    return [...ids].filter((id) => this.#options.isOpen(id, now)).join(',');
  }

  /** Alarms whose rule was removed are over. */
  async #clearOrphans(now: number): Promise<void> {
    if (this.#rulesGone.size === 0) return;
    const gone = new Set(this.#rulesGone);
    const ids = [...this.desk.book.rows()]
      .filter(
        ({ clearedAtUnixMs, ruleId }) =>
          clearedAtUnixMs === null && (ruleId === null || gone.has(ruleId)),
      )
      .map(({ id }) => id);
    for (let at = 0; at < ids.length; at += REFRESH_AT_ONCE) {
      await this.desk.move(
        ids.slice(at, at + REFRESH_AT_ONCE),
        (row) =>
          row.clearedAtUnixMs === null ? { type: 'cleared', atUnixMs: now, by: null } : undefined,
        undefined,
        { reason: 'its rule was removed' },
      );
    }
    for (const id of gone) this.#rulesGone.delete(id);
  }

  /** Others of the same device may have got, or lost, a parent. */
  #refreshRelatives(deviceIds: readonly string[]): void {
    for (const deviceId of new Set(deviceIds)) {
      const relatives = this.desk.book.activeOfDevice(deviceId);
      if (relatives.length > 0) this.desk.refresh(relatives.slice(0, 200).map(({ id }) => id));
    }
  }

  /** One timer for the earliest of everything. */
  #arm(): void {
    if (this.#stopped || this.#running !== undefined) return;
    const { clock } = this.#options;
    const now = clock.nowMs();
    const waits = this.#stale.size + this.#rulesGone.size > 0;
    const times = [
      waits ? now : undefined,
      this.#timers.nextDue(),
      this.#grouping.nextDue(),
      this.preferences.nextDue(),
      this.#silencesAt,
    ].map((at) => at ?? Number.POSITIVE_INFINITY);
    const delayMs = Math.min(LOOK_MS, Math.max(PAUSE_MS, Math.min(...times) - now));
    const atMonoMs = clock.monoMs() + delayMs;
    if (this.#timer !== undefined) {
      if (this.#timerAtMonoMs <= atMonoMs) return;
      clock.clearTimeout(this.#timer);
    }
    this.#timerAtMonoMs = atMonoMs;
    this.#timer = clock.setTimeout(
      guarded(
        async () => {
          this.#timer = undefined;
          await this.tick();
        },
        (error) => {
          this.#options.onFault(EngineError.from(error));
        },
      ),
      delayMs,
    );
  }
}
