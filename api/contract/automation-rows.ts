/** Columns of the live resources of rules, alarms and recordings. Times are Unix ms. */

export type Severity = 'critical' | 'major' | 'minor' | 'warning' | 'info';

/** Id: the alarm's number as text. Cleared ones leave when they are acknowledged, or after a day. */
export interface AlarmRow {
  readonly id: string;
  readonly ruleId: number | null;
  readonly ruleName: string;
  /** Channel name, or empty. */
  readonly source: string;
  readonly deviceId: string | null;
  readonly deviceName: string | null;
  readonly type: string;
  readonly severity: Severity;
  /** 0 critical … 4 info, to sort by. */
  readonly severityRank: number;
  readonly text: string;
  readonly value: number | string | null;
  readonly active: boolean;
  readonly acknowledged: boolean;
  readonly acknowledgedBy: string | null;
  readonly assignedTo: string | null;
  readonly raisedAtUnixMs: number;
  readonly updatedAtUnixMs: number;
  readonly clearedAtUnixMs: number | null;
  readonly shelvedUntilUnixMs: number | null;
  /** A silence, a mute schedule or its parent holds its notifications back; null: nothing does. */
  readonly quiet: 'silence' | 'schedule' | 'parent' | 'shelved' | null;
  /** Active for 30 min, and nobody acknowledged it. */
  readonly overdue: boolean;
  readonly repeats: number;
  readonly escalated: number;
  readonly comments: number;
  readonly parentAlarmId: number | null;
  readonly [label: `labels.${string}`]: string;
}

/** Id: the rule's number as text. Counts are of its sources. */
export interface RuleRow {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** The worst of its sources: error, firing, recovering, no-data, pending, normal, disabled. */
  readonly state: RuleStateName;
  readonly sources: number;
  readonly firing: number;
  readonly pending: number;
  readonly noData: number;
  readonly errors: number;
  readonly severity: Severity | null;
  readonly origin: 'native' | 'default' | 'webmacs';
  readonly error: string | null;
  readonly lastTriggeredAtUnixMs: number | null;
}

export type RuleStateName =
  | 'disabled'
  | 'normal'
  | 'pending'
  | 'firing'
  | 'recovering'
  | 'no-data'
  | 'error';

/** One source of a rule; rows are there for sources that are not normal, and for rules that somebody looks at. */
export interface RuleSourceRow {
  /** `<rule>:<source>` */
  readonly id: string;
  readonly ruleId: number;
  readonly source: string;
  readonly deviceName: string | null;
  readonly state: RuleStateName;
  readonly value: number | string | null;
  readonly valueAtUnixMs: number | null;
  readonly sinceUnixMs: number;
  /** When a pending one fires, or a recovering one is normal. */
  readonly dueUnixMs: number | null;
  readonly error: string | null;
}

/** Pending ones, and the last 1,000. */
export interface DeliveryRow {
  readonly id: string;
  readonly targetId: number | null;
  readonly targetName: string | null;
  readonly event: string;
  readonly state: 'pending' | 'delivered' | 'failed' | 'dead';
  readonly attempts: number;
  readonly responseCode: number | null;
  readonly lastError: string | null;
  readonly createdAtUnixMs: number;
  readonly deliveredAtUnixMs: number | null;
}

export interface ExperimentRow {
  readonly id: string;
  readonly publicId: string;
  readonly name: string;
  readonly state: 'new' | 'running' | 'stopped';
  readonly startedAtUnixMs: number | null;
  readonly stoppedAtUnixMs: number | null;
  readonly channels: readonly string[];
}

/** Id: its name. */
export interface VariableRow {
  readonly id: string;
  readonly kind: 'number' | 'text' | 'boolean';
  readonly value: number | string | boolean;
  readonly unit: string | null;
  readonly updatedAtUnixMs: number;
  readonly updatedBy: string;
}

/** The last 1,000 lines. */
export interface JournalRow {
  readonly id: string;
  readonly atUnixMs: number;
  readonly level: 'error' | 'warning' | 'info';
  readonly text: string;
  readonly by: string;
}
