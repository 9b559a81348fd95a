import type {
  AlarmRow,
  NotificationPreferenceRow,
} from '../../actors/automation/automation.types.js';
import type { AutomationStore } from '../../actors/automation/store.types.js';
import type { SiteControl } from '../../actors/control/tables.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { DeliveryPort } from '../automation/ports.js';
import type { AlarmDesk } from './desk.js';
import { alarmsPayload } from './group-message.js';
import { type PersonalTelling, personalTelling, toldAfter, wantedTypes } from './personal.js';

export interface PreferencesOptions {
  readonly control: SiteControl;
  readonly preferences: AutomationStore['preferences'];
  readonly desk: AlarmDesk;
  readonly isQuiet: (row: AlarmRow) => boolean;
  /** The latest value of an alarm's channel. */
  readonly latestOf: (row: AlarmRow) => number | string | null;
  readonly deliveries: () => DeliveryPort | undefined;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

/** What comes within this goes in one mail. */
const GATHER_MS = 2_000;
const RETRY_MS = 10_000;

/** Tells users by e-mail as they wish. That a user was told is stored in the transaction of the delivery. */
export class Preferences {
  readonly #options: PreferencesOptions;
  #rows = new Map<number, NotificationPreferenceRow>();
  #due: number | undefined;

  constructor(options: PreferencesOptions) {
    this.#options = options;
    options.desk.onChange((rows) => {
      if (rows.some((row) => row.clearedAtUnixMs === null)) this.#soon();
    });
  }

  async load(): Promise<void> {
    const rows = await this.#options.preferences.find();
    this.#rows = new Map(rows.map((row) => [row.id, row]));
    this.#soon();
  }

  of(userId: string): NotificationPreferenceRow | undefined {
    return [...this.#rows.values()].find((row) => row.userId === userId);
  }

  nextDue(): number | undefined {
    return this.#due;
  }

  async run(): Promise<void> {
    const { clock, desk, isQuiet, latestOf, onFault } = this.#options;
    const now = clock.nowMs();
    if (this.#due === undefined || this.#due > now) return;
    this.#due = undefined;
    const mailed = [...this.#rows.values()].filter(
      ({ method, email }) => (method === 'email' || method === 'both') && email !== null,
    );
    if (mailed.length === 0) return;
    const wanted = new Set(mailed.flatMap(wantedTypes));
    const active = [...desk.book.rows()].filter(
      (row) => row.clearedAtUnixMs === null && wanted.has(row.type),
    );
    const loud = active.filter((row) => !isQuiet(row));
    let again = loud.length < active.length ? now + 60_000 : Number.POSITIVE_INFINITY;
    for (const preference of mailed) {
      const telling = personalTelling(preference, loud, latestOf, now);
      again = Math.min(again, telling.againAtUnixMs ?? again);
      if (telling.alarms.length === 0) continue;
      try {
        await this.#tell(preference, telling, now);
      } catch (thrown) {
        again = Math.min(again, now + RETRY_MS);
        onFault(EngineError.from(thrown));
      }
    }
    if (Number.isFinite(again)) this.#due = Math.min(this.#due ?? again, again);
  }

  async #tell(
    preference: NotificationPreferenceRow,
    telling: PersonalTelling,
    now: number,
  ): Promise<void> {
    const { alarms } = telling;
    const { control, preferences } = this.#options;
    const deliveries = this.#options.deliveries();
    const { email, userId } = preference;
    if (deliveries === undefined || email === null) return;
    const told = toldAfter(preference, telling, now);
    const message = alarmsPayload({
      event: 'alarm.firing',
      title: 'Alarms',
      firing: alarms,
      resolved: [],
      atUnixMs: now,
      email: [email],
    });
    const after = await control.write(async (scope) => {
      const key = `preference:${userId}:${alarms[0]?.id ?? 0}:${Math.round(now)}`;
      await deliveries.enqueueIn(scope, [
        {
          key,
          kind: 'target',
          targetId: null,
          event: 'alarm.firing',
          ...message,
          alarmId: alarms.length === 1 ? (alarms[0]?.id ?? null) : null,
        },
      ]);
      return await preferences.updateIn(scope, preference.id, { told });
    });
    if (after !== undefined) this.#rows.set(after.id, after);
    deliveries.wake();
  }

  #soon(): void {
    const at = this.#options.clock.nowMs() + GATHER_MS;
    this.#due = Math.min(this.#due ?? at, at);
  }
}
