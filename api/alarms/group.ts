import { severityRank } from '../../actors/alarm/alarm.machine.js';
import type {
  AlarmRow,
  AlertGroupRow,
  RouteRow,
} from '../../actors/automation/automation.types.js';
import type { Severity } from '../../actors/rule/rule.types.js';

/** Alarms of one route that are told together, as its row keeps them. */
export class Group {
  readonly routeId: number;
  readonly key: string;
  /** Undefined until it is stored. */
  id: number | undefined;
  /** As they were committed last; cleared ones stay until that is told. */
  readonly members = new Map<number, AlarmRow>();
  told: Readonly<Record<string, Severity>> = {};
  toldAtUnixMs: number | null = null;
  dueAtUnixMs: number | null = null;
  sequence = 0;

  constructor(routeId: number, key: string) {
    this.routeId = routeId;
    this.key = key;
  }

  copy(): Group {
    const copy = new Group(this.routeId, this.key);
    copy.id = this.id;
    for (const [id, row] of this.members) copy.members.set(id, row);
    copy.told = this.told;
    copy.toldAtUnixMs = this.toldAtUnixMs;
    copy.sequence = this.sequence;
    return copy;
  }

  values(): Omit<AlertGroupRow, 'id'> {
    return {
      routeId: this.routeId,
      key: this.key,
      alarmIds: [...this.members.keys()],
      dueAtUnixMs: this.dueAtUnixMs,
      toldAtUnixMs: this.toldAtUnixMs,
      told: this.told,
      sequence: this.sequence,
    };
  }

  /** Whether there is something to tell of a member, were it not quiet. */
  isNews(row: AlarmRow): boolean {
    const told = this.told[row.id];
    if (row.clearedAtUnixMs !== null) return told !== undefined;
    if (row.held) return false;
    return told === undefined || severityRank(row.severity) < severityRank(told);
  }

  /** The time at which news that are there since then are told: together with what comes meanwhile. */
  newsDue(route: RouteRow, nowUnixMs: number, sinceUnixMs: number = nowUnixMs): number {
    // Never told, or all that was told is over: it begins anew. What was quiet for long has waited already.
    return this.toldAtUnixMs === null
      ? Math.max(nowUnixMs, Math.min(sinceUnixMs, nowUnixMs) + route.groupWaitMs)
      : Math.max(nowUnixMs, this.toldAtUnixMs + route.groupIntervalMs);
  }
}

/** What a group tells now. */
export interface Telling {
  readonly firing: readonly AlarmRow[];
  readonly resolved: readonly AlarmRow[];
  /** Something of it was not told yet; else it is a repetition. */
  readonly news: boolean;
  /** Since when the oldest of the news is there. */
  readonly newsSinceUnixMs: number;
  /** Members that would be told, were they not quiet now. */
  readonly waiting: number;
}

export function tellingOf(group: Group, isQuiet: (row: AlarmRow) => boolean): Telling {
  const firing: AlarmRow[] = [];
  const resolved: AlarmRow[] = [];
  let newsSinceUnixMs = Number.POSITIVE_INFINITY;
  let waiting = 0;
  for (const row of group.members.values()) {
    const isNews = group.isNews(row);
    const active = row.clearedAtUnixMs === null;
    if (!active && !isNews) continue;
    if (active && row.held && !isNews && group.told[row.id] === undefined) continue;
    if (isQuiet(row)) {
      if (isNews) waiting += 1;
      continue;
    }
    (active ? firing : resolved).push(row);
    if (isNews) newsSinceUnixMs = Math.min(newsSinceUnixMs, row.updatedAtUnixMs);
  }
  return {
    firing,
    resolved,
    news: Number.isFinite(newsSinceUnixMs),
    newsSinceUnixMs,
    waiting,
  };
}

/** Takes over what was told. When nothing is left, the group begins anew with the next alarm. */
export function markTold(group: Group, telling: Telling, atUnixMs: number): void {
  const told: Record<string, Severity> = { ...group.told };
  for (const { id, severity } of telling.firing) told[id] = severity;
  for (const { id } of telling.resolved) delete told[id];
  group.told = told;
  group.toldAtUnixMs = atUnixMs;
  group.dueAtUnixMs = null;
  group.sequence += 1;
  forgetRest(group);
}

/** Drops members that are over and need not be told. @returns their ids. */
export function forget(group: Group): readonly number[] {
  group.dueAtUnixMs = null;
  return forgetRest(group);
}

function forgetRest(group: Group): readonly number[] {
  const gone: number[] = [];
  for (const row of group.members.values()) {
    if (row.clearedAtUnixMs === null || group.isNews(row)) continue;
    group.members.delete(row.id);
    gone.push(row.id);
  }
  if (group.members.size === 0) group.toldAtUnixMs = null;
  return gone;
}
