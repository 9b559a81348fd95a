// A little over 400 lines: one row after the other.
/**
 * Rows of rules, alarms, notifications, recordings of measurements and dashboards. Ids are whole numbers, times
 * Unix ms. `publicId` is a UUID that other systems know the row by. `ownerId` is the id of the user that made it.
 */
import type { Action, Condition, RuleState, Severity } from '../rule/rule.types.js';

export interface RuleRow {
  readonly id: number;
  readonly publicId: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly condition: Condition;
  /** Globs over channel names (`*` any text without `/`): it runs once for each channel that one of them names. Null: once. */
  readonly each: readonly string[] | null;
  readonly holdMs: number;
  readonly keepMs: number;
  readonly cooldownMs: number;
  readonly inARow: number;
  readonly noData: 'no-data' | 'normal' | 'firing' | 'keep';
  readonly noDataAfterMs: number;
  readonly onError: 'error' | 'normal' | 'firing' | 'keep';
  readonly maxPerMinute: number;
  /** It runs only while this schedule is open. */
  readonly scheduleId: number | null;
  /** Raises an alarm of this severity; null: only its actions. */
  readonly severity: Severity | null;
  /** Of its alarms: what routes, silences and filters match. */
  readonly labels: Readonly<Record<string, string>>;
  /** Template of the alarm's text. */
  readonly text: string;
  readonly actions: readonly Action[];
  /** Rule whose active alarm of the same device explains this one's: its notifications are held back. */
  readonly parentRuleId: number | null;
  readonly escalation: readonly EscalationStep[];
  readonly origin: 'native' | 'default' | 'webmacs';
  readonly ownerId: string | null;
  readonly lastTriggeredAtUnixMs: number | null;
  readonly createdAtUnixMs: number;
  readonly updatedAtUnixMs: number;
}

export interface EscalationStep {
  /** Since it was raised, while nobody acknowledged it. */
  readonly afterMs: number;
  readonly severity?: Severity | undefined;
  readonly targetIds: readonly number[];
}

/** Where a rule stands for one source; written with what its edge did. */
export interface RuleStateRow {
  readonly id: number;
  readonly ruleId: number;
  readonly source: string;
  readonly state: RuleState;
  /** Number of the last edge taken. */
  readonly edge: number;
  readonly snapshot: string;
  readonly atUnixMs: number;
}

export interface AlarmRow {
  readonly id: number;
  readonly publicId: string;
  readonly ruleId: number | null;
  readonly ruleName: string;
  readonly source: string;
  /** `<rule>:<source>` while it is active, else null: there is at most one. */
  readonly activeKey: string | null;
  readonly deviceId: string | null;
  readonly type: string;
  readonly severity: Severity;
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | string | null;
  readonly raisedAtUnixMs: number;
  readonly updatedAtUnixMs: number;
  readonly clearedAtUnixMs: number | null;
  readonly acknowledgedAtUnixMs: number | null;
  readonly acknowledgedBy: string | null;
  readonly assignedTo: string | null;
  readonly shelvedUntilUnixMs: number | null;
  readonly shelvedBy: string | null;
  /** Times it was raised again while it was active. */
  readonly repeats: number;
  readonly escalated: number;
  /** Steps of this are due by `raisedAtUnixMs`; as the rule had it. */
  readonly escalation: readonly EscalationStep[];
  readonly parentAlarmId: number | null;
  /** Of its rule, as it was when it was raised. */
  readonly parentRuleId: number | null;
  /** Raised again within the cooldown of its rule: nobody is told until it is raised anew. */
  readonly held: boolean;
  /** Last edge of the rule that was taken: told again it changes nothing. */
  readonly edge: number;
  readonly edgeAtUnixMs: number;
  /** Counts its changes; with the kind of the last one the history is complete also after a kill. */
  readonly changes: number;
  readonly lastChange: string;
  readonly comments: number;
  /** What the channels said when it was raised. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface AlarmCommentRow {
  readonly id: number;
  readonly alarmId: number;
  readonly atUnixMs: number;
  readonly by: string;
  readonly text: string;
}

/** A label, or `rule`, `device`, `source`, `severity`, `type`. */
export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface SilenceRow {
  readonly id: number;
  readonly matchers: readonly Matcher[];
  readonly fromUnixMs: number;
  readonly untilUnixMs: number;
  readonly by: string;
  readonly reason: string;
}

/** Weekly times in a time zone, and days that differ. A rule or a mute schedule refers to it. */
export interface ScheduleRow {
  readonly id: number;
  readonly name: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly weekly: readonly {
    /** 1 Monday … 7 Sunday. */
    readonly days: readonly number[];
    /** `HH:MM`; an end before its start is on the next day. `24:00` is midnight. */
    readonly from: string;
    readonly to: string;
  }[];
  /** Opens at each time of this cron line, for `cronOpenMs`. */
  readonly cron: string | null;
  readonly cronOpenMs: number;
  /** Calendar: `YYYY-MM-DD` or `MM-DD` (each year); closed all day, or open at other times. */
  readonly days: readonly {
    readonly day: string;
    readonly name?: string | undefined;
    readonly times: readonly { readonly from: string; readonly to: string }[];
  }[];
}

/** Who is told: a webhook, an address, a chat, a topic, a log server. */
export interface TargetRow {
  readonly id: number;
  readonly publicId: string;
  readonly name: string;
  readonly kind: 'webhook' | 'email' | 'chat' | 'mqtt' | 'syslog';
  readonly enabled: boolean;
  /** Without secrets. Webhook: `{url, headers?, allowPrivate?}`; e-mail: `{to[]}`; see `docs/notifications.md`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Sealed; never leaves the server. */
  readonly sealed: string | null;
  /** Webhook events that it hears of by itself; empty: only when a rule or a route names it. */
  readonly events: readonly string[];
  readonly ownerId: string | null;
  readonly createdAtUnixMs: number;
}

/** One thing to tell one target, or to do; written in the transaction of what caused it. */
export interface DeliveryRow {
  readonly id: number;
  /** Idempotency key: stable over tries and restarts; unique. */
  readonly publicId: string;
  /** `target`: tell it; `action`: `payload` is an action of a rule that is done here. */
  readonly kind: 'target' | 'action';
  readonly targetId: number | null;
  readonly event: string;
  readonly payload: string;
  readonly subject: string | null;
  readonly alarmId: number | null;
  readonly state: 'pending' | 'delivered' | 'failed' | 'dead';
  readonly attempts: number;
  readonly nextAtUnixMs: number | null;
  readonly lastError: string | null;
  readonly responseCode: number | null;
  readonly createdAtUnixMs: number;
  readonly deliveredAtUnixMs: number | null;
}

/** The routing tree; one row a node, the root has no parent. First child that matches takes it unless `goOn`. */
export interface RouteRow {
  readonly id: number;
  readonly parentId: number | null;
  readonly position: number;
  readonly name: string;
  readonly matchers: readonly Matcher[];
  readonly targetIds: readonly number[];
  readonly groupBy: readonly string[];
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatMs: number;
  readonly goOn: boolean;
  /** Nothing is told while one of these schedules is open. */
  readonly muteScheduleIds: readonly number[];
}

/** A group of alarms on its way to the targets of a route. */
export interface AlertGroupRow {
  readonly id: number;
  readonly routeId: number;
  readonly key: string;
  readonly alarmIds: readonly number[];
  readonly dueAtUnixMs: number | null;
  readonly toldAtUnixMs: number | null;
  /** What was told last, severity by alarm: told again only when it differs or `repeatMs` passed. */
  readonly told: Readonly<Record<string, Severity>>;
  /** Of the last notification, from 1; part of its key. */
  readonly sequence: number;
}

/** How a user wants to be told of wireless microphones (§1.9). */
export interface NotificationPreferenceRow {
  readonly id: number;
  readonly userId: string;
  readonly method: 'email' | 'page' | 'both' | 'none';
  readonly email: string | null;
  /** Own thresholds by alarm type; absent: the rule's. */
  readonly thresholds: Readonly<Record<string, number>>;
  readonly types: readonly string[];
  /** `HH:MM` in `timeZone`; may cross midnight; null: none. */
  readonly quietFrom: string | null;
  readonly quietTo: string | null;
  readonly timeZone: string;
  readonly minIntervalMs: number;
  /** When the user was told last, by alarm type and source; bounded. */
  readonly told: Readonly<Record<string, number>>;
}

export interface VariableRow {
  readonly id: number;
  readonly name: string;
  readonly kind: 'number' | 'text' | 'boolean';
  readonly value: number | string | boolean;
  readonly unit: string | null;
  readonly description: string;
  readonly updatedAtUnixMs: number;
  readonly updatedBy: string;
}

export interface ExperimentRow {
  readonly id: number;
  readonly publicId: string;
  readonly name: string;
  readonly notes: string;
  /** Channel names; empty: all signals. */
  readonly channels: readonly string[];
  readonly startedAtUnixMs: number | null;
  readonly stoppedAtUnixMs: number | null;
  readonly ownerId: string | null;
  readonly createdAtUnixMs: number;
}

/** A line of the operators' log. */
export interface JournalRow {
  readonly id: number;
  readonly publicId: string;
  readonly atUnixMs: number;
  readonly level: 'error' | 'warning' | 'info';
  readonly text: string;
  readonly read: boolean;
  /** `rule:7`, `user:…`, `webmacs`. */
  readonly by: string;
  readonly ownerId: string | null;
}

/** A note on the time axis. */
export interface AnnotationRow {
  readonly id: number;
  readonly fromUnixMs: number;
  /** Null: a moment. */
  readonly toUnixMs: number | null;
  readonly text: string;
  /** Channel names it belongs to; empty: all. */
  readonly channels: readonly string[];
  readonly tags: readonly string[];
  readonly by: string;
}

/** Days kept, other than the site's; 0 keeps for ever. */
export interface RetentionRow {
  readonly id: number;
  readonly scope: 'device' | 'channel';
  readonly scopeId: string;
  readonly rawDays: number;
  readonly rollupDays: number;
}

/** A named measuring point or actuator, bound to a parameter of a device. */
export interface SignalRow {
  readonly id: number;
  readonly publicId: string;
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
  readonly type: 'sensor' | 'actuator' | 'range' | 'cmd_button' | 'cmd_opened' | 'cmd_closed';
  readonly deviceId: string;
  readonly parameter: string;
  readonly ownerId: string | null;
  readonly createdAtUnixMs: number;
}

/** A plugin that runs in a controller of its own and sends its values here. */
export interface EdgePluginRow {
  readonly id: number;
  readonly publicId: string;
  readonly pluginId: string;
  readonly name: string;
  readonly demo: boolean;
  readonly enabled: boolean;
  readonly status: 'inactive' | 'connected' | 'error' | 'demo';
  readonly config: string;
  readonly errorMessage: string | null;
  readonly createdAtUnixMs: number;
  readonly updatedAtUnixMs: number;
  readonly ownerId: string | null;
}

export interface EdgeChannelRow {
  readonly id: number;
  readonly publicId: string;
  readonly edgePluginId: number;
  readonly channelId: string;
  readonly channelName: string;
  readonly direction: 'input' | 'output' | 'bidirectional';
  readonly unit: string;
  readonly signalId: number | null;
  readonly createdAtUnixMs: number;
}

export interface EdgePackageRow {
  readonly id: number;
  readonly publicId: string;
  readonly name: string;
  readonly version: string;
  readonly source: 'bundled' | 'uploaded';
  readonly pluginIds: readonly string[];
  readonly file: string | null;
  readonly sizeBytes: number | null;
  readonly installedAtUnixMs: number;
}

export interface FirmwareRow {
  readonly id: number;
  readonly publicId: string;
  readonly version: string;
  readonly changelog: string;
  readonly file: string | null;
  readonly sha256: string | null;
  readonly sizeBytes: number | null;
  readonly status:
    | 'pending'
    | 'downloading'
    | 'verifying'
    | 'applying'
    | 'completed'
    | 'failed'
    | 'rolled_back';
  readonly errorMessage: string | null;
  readonly createdAtUnixMs: number;
  readonly startedAtUnixMs: number | null;
  readonly completedAtUnixMs: number | null;
  readonly ownerId: string | null;
}

export interface DashboardRow {
  readonly id: number;
  readonly publicId: string;
  readonly name: string;
  /** Every user sees it. */
  readonly shared: boolean;
  /** `{name, label, kind: device|channel|text, value, options?}`: `$name` in widgets. */
  readonly variables: readonly Readonly<Record<string, unknown>>[];
  readonly rangeMs: number;
  /** Of the link that opens it without a login; null: none. */
  readonly shareHash: string | null;
  readonly ownerId: string | null;
  readonly createdAtUnixMs: number;
  readonly updatedAtUnixMs: number;
}

export interface WidgetRow {
  readonly id: number;
  readonly publicId: string;
  readonly dashboardId: number;
  /** `line_chart`, `gauge`, `stat_card`, `table`, `state_timeline`, `alarm_list`, `map`, `actuator_toggle`, `actuator_slider`, `text`, `image`. */
  readonly type: string;
  readonly title: string;
  readonly signalId: number | null;
  /** Columns and rows of the 12-column grid. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Who changed what; never changed itself. */
export interface AuditRow {
  readonly id: number;
  readonly atUnixMs: number;
  readonly by: string;
  readonly address: string;
  /** `POST /v1/rules`, `alarm.acknowledge`, … */
  readonly action: string;
  /** `rules/7` */
  readonly subject: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly requestId: string | null;
  /** All of it in one, to search in; at most 4,000 characters. */
  readonly text: string;
}

/** What the WebMACS API knows of a user beside the account. */
export interface EdgeUserRow {
  readonly id: number;
  readonly userId: string;
  readonly email: string;
  /** Who signed the user in, and by which subject; null: only a password. */
  readonly ssoProvider: string | null;
  readonly ssoSubject: string | null;
}
