import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { Action } from '../../actors/rule/rule.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { DeliveryPort, EdgeOfRule, NewDelivery } from '../automation/ports.js';
import type { DeliveryTable } from './delivery-table.js';
import { channelOf, viewOf, webhookBody } from './facts.js';
import { alarmMessage, payloadOf, type TargetMessage } from './message.js';
import type { TargetBook } from './target-book.js';
import { fill } from './templates.js';

/** What an action's delivery carries. */
export interface ActionPayload {
  readonly action: Action;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface DeliveriesOptions {
  readonly table: DeliveryTable;
  readonly targets: TargetBook;
  readonly clock: Clock;
  /** Something new may be in the table. */
  readonly wake: () => void;
  /** Name of the experiment that runs, for webhooks. */
  readonly experiment: () => string | undefined;
}

const THRESHOLD_EVENT = 'sensor.threshold_exceeded';
const READING_EVENT = 'sensor.reading';
/** A sensor's readings are told at most this often. */
const READING_EVERY_MS = 5_000;
/** Sensors remembered for it; the one longest unheard goes. */
const MOST_SENSORS = 20_000;
/** Events wait this long for others, to be written together. */
const GATHER_MS = 5;
/** Events that wait to be written; more are refused. */
const MOST_GATHERED = 20_000;

/** The door for all who have something to tell or to do. */
export class Deliveries implements DeliveryPort {
  readonly #options: DeliveriesOptions;
  readonly #readings = new Map<string, number>();
  #gathered: NewDelivery[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  async enqueueIn(scope: SiteScope, deliveries: readonly NewDelivery[]): Promise<void> {
    await this.#options.table.insertIn(scope, deliveries, this.#options.clock.nowMs());
  }

  wake(): void {
    this.#options.wake();
  }

  actionsOf(edge: EdgeOfRule, alarm: AlarmRow | undefined): Promise<readonly NewDelivery[]> {
    const { kind } = edge.edge;
    if (kind !== 'firing' && kind !== 'clear') return Promise.resolve([]);
    const view = viewOf(edge, alarm);
    const out: NewDelivery[] = [];
    for (const [index, action] of edge.rule.actions.entries()) {
      const on = action.on ?? 'firing';
      if (on !== 'both' && on !== kind) continue;
      const key = `rule:${edge.rule.id}:${edge.edge.source}:${edge.edge.edge}:${index}`;
      out.push(...this.#ofAction(action, key, edge, alarm, view));
    }
    return Promise.resolve(out);
  }

  /** Rejects with what kept it from being stored. @throws EngineError `store.away`, `server.busy`. */
  async event(event: string, body: Readonly<Record<string, unknown>>, key: string): Promise<void> {
    const targets = this.#options.targets.listening(event);
    if (targets.length === 0) return;
    if (event === READING_EVENT && !this.#mayTellReading(String(body['sensor'] ?? ''))) return;
    const time = new Date(this.#options.clock.nowMs()).toISOString();
    const message: TargetMessage = {
      subject: event,
      text: Object.entries(body)
        .filter(([, value]) => value !== null && typeof value !== 'object')
        .map(([name, value]) => `${name}: ${String(value)}`)
        .join('\n'),
      body: { type: event, time, ...body },
    };
    const payload = payloadOf(message);
    if (this.#gathered.length + targets.length > MOST_GATHERED) {
      throw new EngineError(
        'server.busy',
        `${MOST_GATHERED} events wait to be stored; this one was not taken: tell it again`,
      );
    }
    for (const { row } of targets) {
      this.#gathered.push({
        key: `${key}:${row.id}`,
        kind: 'target',
        targetId: row.id,
        event,
        subject: textOrNull(body['sensor'] ?? body['experiment']),
        payload,
        alarmId: null,
      });
    }
    this.#writing ??= this.#write();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { clock, table } = this.#options;
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, GATHER_MS));
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#writing = undefined;
    await table.insert(gathered, clock.nowMs());
    this.#options.wake();
  }

  #mayTellReading(sensor: string): boolean {
    const now = this.#options.clock.monoMs();
    const before = this.#readings.get(sensor);
    if (before !== undefined && now - before < READING_EVERY_MS) return false;
    this.#readings.delete(sensor);
    if (this.#readings.size >= MOST_SENSORS) {
      this.#readings.delete(this.#readings.keys().next().value ?? '');
    }
    this.#readings.set(sensor, now);
    return true;
  }

  #ofAction(
    action: Action,
    key: string,
    edge: EdgeOfRule,
    alarm: AlarmRow | undefined,
    view: Readonly<Record<string, unknown>>,
  ): readonly NewDelivery[] {
    const base = { key, alarmId: alarm?.id ?? null };
    if (action.type === 'webhooks') {
      const payload = payloadOf(this.#messageOf({}, action.event, edge, alarm, view));
      return this.#options.targets.listening(action.event).map(({ row }) => ({
        ...base,
        key: `${key}:${row.id}`,
        kind: 'target',
        targetId: row.id,
        event: action.event,
        subject: this.#sensorOf(edge),
        payload,
      }));
    }
    if (action.type === 'notify') {
      const event = action.event ?? THRESHOLD_EVENT;
      return [
        {
          ...base,
          kind: 'target',
          targetId: action.targetId,
          event,
          subject: this.#sensorOf(edge),
          payload: payloadOf(this.#messageOf(action, event, edge, alarm, view)),
        },
      ];
    }
    const filled = filledIn(action, view);
    const payload: ActionPayload = {
      action: filled,
      facts: { ...edge.facts, rule: edge.rule.name, ruleId: edge.rule.id, value: edge.edge.value },
    };
    return [
      {
        ...base,
        kind: 'action',
        targetId: null,
        event: `action.${action.type}`,
        subject: subjectOf(filled),
        payload: JSON.stringify(payload),
      },
    ];
  }

  #sensorOf(edge: EdgeOfRule): string {
    return this.#options.targets.signalOf(channelOf(edge));
  }

  #messageOf(
    action: { readonly subject?: string | undefined; readonly text?: string | undefined },
    event: string,
    edge: EdgeOfRule,
    alarm: AlarmRow | undefined,
    view: Readonly<Record<string, unknown>>,
  ): TargetMessage {
    const sensor = this.#sensorOf(edge);
    const { rule, edge: facts } = edge;
    const words = facts.kind === 'clear' ? 'is normal again' : 'holds';
    const plain = `${rule.name} ${words}${sensor === '' ? '' : `: ${sensor}`}${
      facts.value === null ? '' : ` is ${facts.value}`
    }`;
    const fallback = alarm !== undefined && alarm.text !== '' ? alarm.text : plain;
    // Alarms have a body of their own; what WebMACS's receivers know has exactly its fields.
    const body =
      event.startsWith('alarm.') && alarm !== undefined
        ? alarmMessage(alarm, event, facts.atUnixMs, edge.deviceName).body
        : webhookBody(event, edge, sensor, this.#options.experiment());
    return {
      subject: fill(action.subject ?? plain, view),
      text: fill(action.text ?? fallback, view),
      severity: alarm?.severity ?? rule.severity ?? 'info',
      body,
    };
  }
}

/** Templates of what is done here. */
function filledIn(action: Action, view: Readonly<Record<string, unknown>>): Action {
  switch (action.type) {
    case 'journal':
      return { ...action, text: fill(action.text, view) };
    case 'experiment':
      return { ...action, name: fill(action.name, view) };
    case 'variable':
      return typeof action.value === 'string' && !action.value.startsWith('=')
        ? { ...action, value: fill(action.value, view) }
        : action;
    case 'audio':
      return action.do === 'text' ? { ...action, text: fill(action.text, view) } : action;
    case 'command':
    case 'notify':
    case 'webhooks':
      return action;
  }
}

/** What of an action's kind is changed: actions on the same are done one after the other. */
function subjectOf(action: Action): string {
  switch (action.type) {
    case 'command':
      return action.deviceId;
    case 'variable':
      return action.name;
    case 'experiment':
      return 'experiments';
    case 'audio':
      return 'speakerId' in action ? `speaker:${action.speakerId}` : `project:${action.projectId}`;
    case 'journal':
    case 'notify':
    case 'webhooks':
      return '';
  }
}

const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' ? value.slice(0, 500) : null;
