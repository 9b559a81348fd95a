import type {
  AlarmRow,
  ExperimentRow,
  RuleRow,
  VariableRow,
} from '../../actors/automation/automation.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { RuleEdge } from '../../actors/rule/protocol.js';
import type { Action } from '../../actors/rule/rule.types.js';
import type { Audited } from '../http/route.types.js';

/**
 * How rules, alarms and notifications hold together. An edge of a rule is taken in ONE transaction of the control store:
 * its state, its alarm, and everything that is to be told or done, each under a key that is the same when the same edge is
 * told again. After it, `committed` wakes those that tell and show. So a kill at any moment leaves exactly one alarm and at least
 * one delivery.
 */
export interface EdgeOfRule {
  readonly rule: RuleRow;
  readonly edge: RuleEdge;
  readonly deviceId: string | null;
  readonly deviceName: string | null;
  /** Latest values of the source's device, for templates and the alarm's facts. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface AlarmPort {
  /** Raises, updates or clears; answers the alarm as it is now. Undefined: the rule raises none. */
  takeIn(scope: SiteScope, edge: EdgeOfRule): Promise<AlarmRow | undefined>;
  /** As `takeIn` of each in this order, in few statements. */
  takeManyIn(
    scope: SiteScope,
    edges: readonly EdgeOfRule[],
  ): Promise<readonly (AlarmRow | undefined)[]>;
  /** Clears what is active of sources that are gone; each is answered with the key it was active under. */
  clearIn(
    scope: SiteScope,
    sources: readonly { readonly ruleId: number; readonly source: string }[],
    atUnixMs: number,
  ): Promise<readonly { readonly activeKeyBefore: string; readonly row: AlarmRow }[]>;
  /** After the commit: live rows, history, routing. */
  committed(alarms: readonly AlarmRow[]): void;
}

/** Something to tell or do. `key` is stable: the same key is taken once. */
export interface NewDelivery {
  readonly key: string;
  readonly kind: 'target' | 'action';
  readonly targetId: number | null;
  readonly event: string;
  readonly subject: string | null;
  /**
   * `payloadOf(message)` of `api/notify/message.ts` (`alarmMessage` makes one of an alarm), or plain text; of an action
   * its JSON, `{action, facts}`. Without a target, a message's `email` names who gets it as mail.
   */
  readonly payload: string;
  readonly alarmId: number | null;
}

export interface DeliveryPort {
  /** In the caller's transaction; what is there under a key already stays. */
  enqueueIn(scope: SiteScope, deliveries: readonly NewDelivery[]): Promise<void>;
  /** After the commit. */
  wake(): void;
  /** Actions of a rule at an edge as deliveries: templates filled in, `webhooks` spread over the targets that listen. */
  actionsOf(edge: EdgeOfRule, alarm: AlarmRow | undefined): Promise<readonly NewDelivery[]>;
  /** An event that webhooks may listen to (`sensor.reading`, `experiment.started`, `system.health_changed`). */
  event(event: string, body: Readonly<Record<string, unknown>>, key: string): Promise<void>;
}

/** What an action does here; each settles when it is done. @throws EngineError with the remedy. */
export interface ActionPort {
  run(action: Action, key: string, facts: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface VariablePort {
  get(name: string): VariableRow | undefined;
  /** @throws EngineError `not-found`, `input.invalid`. */
  set(name: string, value: number | string | boolean, by: string): Promise<VariableRow>;
  /** Value of the expression behind `=`, with variables and the latest values of channels. @throws EngineError `input.invalid`. */
  evaluate?(text: string): number | string | boolean;
  onChange(listener: (row: VariableRow) => void): () => void;
}

export interface ExperimentPort {
  /** @throws EngineError `conflict` when one of that name runs. */
  start(name: string, by: string): Promise<ExperimentRow>;
  /** By name or public id. */
  stop(name: string, by: string): Promise<ExperimentRow>;
  running(): readonly ExperimentRow[];
}

export interface JournalPort {
  write(
    level: 'error' | 'warning' | 'info',
    text: string,
    by: string,
    ownerId?: string,
    /** The same key is written once: it is `publicId` of the line. */
    key?: string,
  ): Promise<void>;
}

/** Before and after of a change, for the audit log. Never throws; what cannot be written is counted. */
export interface AuditPort {
  note(entry: Omit<Audited, 'requestId'> & { readonly requestId: string | null }): void;
}
