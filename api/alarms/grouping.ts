import type { AlarmRow, RouteRow } from '../../actors/automation/automation.types.js';
import type { AutomationStore } from '../../actors/automation/store.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { SiteControl } from '../../actors/control/tables.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { DeliveryPort, NewDelivery } from '../automation/ports.js';
import type { AlarmDesk } from './desk.js';
import { DueQueue } from './due-queue.js';
import { forget, Group, markTold, type Telling, tellingOf } from './group.js';
import { alarmsPayload } from './group-message.js';
import type { QuietBook } from './quiet.js';
import { groupKeyOf, RouteTree } from './route-tree.js';

export interface GroupingOptions {
  readonly control: SiteControl;
  readonly automation: Pick<AutomationStore, 'alarms' | 'alertGroups' | 'routes'>;
  readonly desk: Pick<AlarmDesk, 'book'>;
  readonly quiet: QuietBook;
  readonly deliveries: () => DeliveryPort | undefined;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

/** Alarms of one group; of more it tells nothing until others left. */
const MOST_MEMBERS = 10_000;
/** Groups told in one transaction. */
const AT_ONCE = 50;
/** What is quiet is looked at again after this; so is what could not be stored. */
const LOOK_AGAIN_MS = 30_000;
const RETRY_MS = 5_000;
/** Members are written this long after they came. */
const WRITE_AFTER_MS = 500;
/** Groups without alarms that are kept; beyond it the oldest go. */
const MOST_EMPTY = 1_000;

/**
 * Gathers alarms by route and group, and tells the targets: first after the group's wait, what changes after its
 * interval, what stays after its repetition. A notification and the note that it was told are one transaction, so that a
 * restart neither loses nor doubles one.
 */
export class Grouping {
  readonly #options: GroupingOptions;
  readonly #groups = new Map<string, Group>();
  readonly #numbers = new Map<string, number>();
  readonly #byNumber = new Map<number, Group>();
  /** Groups that an alarm is in. */
  readonly #of = new Map<number, Set<Group>>();
  readonly #due = new DueQueue();
  readonly #unwritten = new Map<Group, number>();
  readonly #empty = new Set<Group>();
  #tree = new RouteTree([]);
  #next = 1;

  constructor(options: GroupingOptions) {
    this.#options = options;
  }

  get tree(): RouteTree {
    return this.#tree;
  }

  /** Groups as they were stored, then every active alarm, so that none that was raised before a kill is lost. */
  async load(): Promise<void> {
    const { automation, desk } = this.#options;
    await this.#loadTree();
    for await (const rows of automation.alertGroups.each()) {
      for (const row of rows) {
        if (this.#tree.get(row.routeId) === undefined) continue;
        const group = this.#group(row.routeId, row.key);
        group.id = row.id;
        group.told = row.told;
        group.toldAtUnixMs = row.toldAtUnixMs;
        group.dueAtUnixMs = row.dueAtUnixMs;
        group.sequence = row.sequence;
        for (const alarm of await automation.alarms.many(row.alarmIds)) this.#join(group, alarm);
        if (group.dueAtUnixMs !== null) this.#setDue(group, group.dueAtUnixMs);
        else this.#plan(group);
      }
    }
    this.changed([...desk.book.rows()]);
  }

  /** Routes were changed: alarms are sorted anew; what was told stays told. */
  async reroute(): Promise<void> {
    await this.#loadTree();
    for (const group of [...this.#groups.values()]) {
      if (this.#tree.get(group.routeId) === undefined) this.#drop(group);
      else this.#plan(group);
    }
    this.changed([...this.#options.desk.book.rows()]);
  }

  /** Silences or schedules changed: what was quiet may be told. */
  lookAgain(): void {
    for (const group of this.#groups.values()) this.#plan(group);
  }

  changed(rows: readonly AlarmRow[]): void {
    const now = this.#options.clock.nowMs();
    for (const row of rows) {
      for (const group of [...(this.#of.get(row.id) ?? [])]) {
        const route = this.#tree.get(group.routeId);
        if (route !== undefined) this.#update(group, route, row, now);
      }
      if (row.clearedAtUnixMs !== null) continue;
      const taken = this.#tree.of(row);
      for (const route of taken) {
        if (route.targetIds.length === 0) continue;
        const group = this.#group(route.id, groupKeyOf(route, row));
        if (group.members.has(row.id) || group.members.size >= MOST_MEMBERS) continue;
        this.#join(group, row);
        this.#update(group, route, row, now);
      }
    }
  }

  /** When there is something to do; undefined: nothing. */
  nextDue(): number | undefined {
    const due = this.#due.next();
    const [write] = this.#unwritten.values();
    return due === undefined ? write : write === undefined ? due : Math.min(due, write);
  }

  /** Tells what is due, and stores who is in which group. @returns groups told. */
  async run(): Promise<number> {
    const now = this.#options.clock.nowMs();
    const groups = this.#due
      .take(now, AT_ONCE)
      .flatMap((number) => this.#byNumber.get(number) ?? []);
    try {
      const told = groups.length === 0 ? 0 : await this.#tell(groups, now);
      await this.#write(now);
      return told;
    } catch (thrown) {
      for (const group of groups) this.#setDue(group, now + RETRY_MS);
      for (const group of [...this.#unwritten.keys()]) {
        this.#unwritten.set(group, now + RETRY_MS);
      }
      this.#options.onFault(EngineError.from(thrown));
      return 0;
    }
  }

  async #loadTree(): Promise<void> {
    this.#tree = new RouteTree(await this.#options.automation.routes.find());
  }

  async #tell(groups: readonly Group[], now: number): Promise<number> {
    const { control, quiet, automation, clock } = this.#options;
    const tellings = groups.flatMap((group) => {
      const route = this.#tree.get(group.routeId);
      if (route === undefined) return [];
      const muted = quiet.isMuted(route.muteScheduleIds, now);
      const telling = tellingOf(group, (row) => muted || quiet.of(row, now) !== null);
      return this.#mayTell(group, route, telling, now) ? [{ group, route, telling }] : [];
    });
    const deliveries = this.#options.deliveries();
    if (tellings.length > 0 && deliveries !== undefined) {
      const ids = await control.write(async (scope) => {
        const stored: number[] = [];
        for (const { group, route, telling } of tellings) {
          const id = group.id ?? (await createIn(automation, scope, group));
          stored.push(id);
          await deliveries.enqueueIn(scope, deliveriesOf(group, route, telling, id, now));
          const next = group.copy();
          markTold(next, telling, now);
          await automation.alertGroups.updateIn(scope, id, next.values());
        }
        return stored;
      });
      for (const [at, { group, telling }] of tellings.entries()) {
        group.id = ids[at];
        markTold(group, telling, now);
      }
      deliveries.wake();
    }
    for (const group of groups) {
      for (const id of forget(group)) this.#leave(id, group);
      if (group.members.size === 0) this.#empty.add(group);
      this.#plan(group, clock.nowMs());
    }
    return tellings.length;
  }

  #mayTell(group: Group, route: RouteRow, { firing, resolved, news }: Telling, now: number) {
    if (firing.length + resolved.length === 0) return false;
    if (news) return true;
    const open = firing.some(({ acknowledgedAtUnixMs }) => acknowledgedAtUnixMs === null);
    return open && route.repeatMs > 0 && now >= (group.toldAtUnixMs ?? now) + route.repeatMs;
  }

  /** Sets when a group is looked at next, from everything that is in it. */
  #plan(group: Group, now = this.#options.clock.nowMs()): void {
    const { quiet } = this.#options;
    const route = this.#tree.get(group.routeId);
    if (route === undefined || !this.#groups.has(keyOf(group))) return;
    const muted = quiet.isMuted(route.muteScheduleIds, now);
    const telling = tellingOf(group, (row) => muted || quiet.of(row, now) !== null);
    if (telling.news) {
      group.dueAtUnixMs ??= group.newsDue(route, now, telling.newsSinceUnixMs);
      this.#setDue(group, group.dueAtUnixMs);
      return;
    }
    const open = telling.firing.some((row) => row.acknowledgedAtUnixMs === null);
    const repeat =
      open && route.repeatMs > 0 && group.toldAtUnixMs !== null
        ? group.toldAtUnixMs + route.repeatMs
        : Number.POSITIVE_INFINITY;
    const quietAgain = telling.waiting > 0 ? now + LOOK_AGAIN_MS : Number.POSITIVE_INFINITY;
    const next = Math.min(repeat, quietAgain);
    this.#setDue(group, Number.isFinite(next) ? next : null);
  }

  /** One member changed: only what that means, however many there are. */
  #update(group: Group, route: RouteRow, row: AlarmRow, now: number): void {
    const before = group.members.get(row.id);
    if (before !== undefined && before.changes > row.changes) return;
    group.members.set(row.id, row);
    if (before === undefined || before === row || before.clearedAtUnixMs !== row.clearedAtUnixMs) {
      if (!this.#unwritten.has(group)) this.#unwritten.set(group, now + WRITE_AFTER_MS);
    }
    const number = this.#numbers.get(keyOf(group)) ?? 0;
    if (group.isNews(row)) {
      group.dueAtUnixMs ??= group.newsDue(route, now);
      if ((this.#due.get(number) ?? Number.POSITIVE_INFINITY) > group.dueAtUnixMs) {
        this.#setDue(group, group.dueAtUnixMs);
      }
    } else if (row.clearedAtUnixMs !== null) {
      group.members.delete(row.id);
      this.#leave(row.id, group);
      if (group.members.size === 0) this.#setDue(group, now);
    } else if (this.#due.get(number) === undefined) {
      // Acknowledged or not: whether it is told again may have changed.
      this.#setDue(group, now + WRITE_AFTER_MS);
    }
  }

  #group(routeId: number, key: string): Group {
    const name = keyOf({ routeId, key });
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const group = new Group(routeId, key);
    this.#groups.set(name, group);
    this.#numbers.set(name, this.#next);
    this.#byNumber.set(this.#next, group);
    this.#next += 1;
    return group;
  }

  #join(group: Group, row: AlarmRow): void {
    group.members.set(row.id, row);
    this.#empty.delete(group);
    const groups = this.#of.get(row.id) ?? new Set();
    this.#of.set(row.id, groups.add(group));
  }

  #setDue(group: Group, atUnixMs: number | null): void {
    const number = this.#numbers.get(keyOf(group));
    if (number !== undefined) this.#due.set(number, atUnixMs);
  }

  /** Of a route that is gone; its row went with it. */
  #drop(group: Group): void {
    const name = keyOf(group);
    const number = this.#numbers.get(name);
    if (number !== undefined) {
      this.#due.set(number, null);
      this.#byNumber.delete(number);
    }
    this.#numbers.delete(name);
    this.#groups.delete(name);
    this.#unwritten.delete(group);
    this.#empty.delete(group);
    for (const id of group.members.keys()) this.#leave(id, group);
  }

  #leave(id: number, group: Group): void {
    const groups = this.#of.get(id);
    if (groups?.delete(group) === true && groups.size === 0) this.#of.delete(id);
  }

  /** Stores the members of groups that changed some time ago. */
  async #write(now: number): Promise<void> {
    const { control, automation } = this.#options;
    const due = [...this.#unwritten].filter(([, at]) => at <= now).slice(0, AT_ONCE);
    if (due.length > 0) {
      const ids = await control.write(async (scope) => {
        const stored: number[] = [];
        for (const [group] of due) {
          const id = group.id ?? (await createIn(automation, scope, group));
          stored.push(id);
          await automation.alertGroups.updateIn(scope, id, group.values());
        }
        return stored;
      });
      for (const [at, [group, since]] of due.entries()) {
        group.id = ids[at];
        if (this.#unwritten.get(group) === since) this.#unwritten.delete(group);
      }
    }
    // Groups that nobody is in any more are kept for a while: their numbers go on.
    for (const group of this.#empty) {
      if (this.#empty.size <= MOST_EMPTY) break;
      this.#empty.delete(group);
      if (group.members.size > 0) continue;
      if (group.id !== undefined) await automation.alertGroups.remove(group.id);
      group.id = undefined;
      if (group.members.size === 0) this.#drop(group);
    }
  }
}

const keyOf = ({ routeId, key }: Pick<Group, 'routeId' | 'key'>): string => `${routeId}\0${key}`;

async function createIn(
  automation: GroupingOptions['automation'],
  scope: SiteScope,
  group: Group,
): Promise<number> {
  const [made] = await automation.alertGroups.createManyIn(scope, [group.values()]);
  if (made === undefined) throw new EngineError('internal', 'the new group did not come back');
  return made.id;
}

/** One for each target of the route, under keys that are the same when it is told again after a kill. */
function deliveriesOf(
  group: Group,
  route: RouteRow,
  telling: Telling,
  id: number,
  atUnixMs: number,
): NewDelivery[] {
  const event = telling.firing.length > 0 ? 'alarm.firing' : 'alarm.resolved';
  const title = group.key === '' ? route.name : `${route.name}: ${group.key}`;
  const { subject, payload } = alarmsPayload({ event, title, atUnixMs, ...telling });
  const [first] = [...telling.firing, ...telling.resolved];
  return route.targetIds.map((targetId) => ({
    key: `group:${route.id}:${group.key}:${id}-${group.sequence + 1}:${targetId}`,
    kind: 'target',
    targetId,
    event,
    subject,
    payload,
    alarmId: telling.firing.length + telling.resolved.length === 1 ? (first?.id ?? null) : null,
  }));
}
