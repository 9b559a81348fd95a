/**
 * What a rule is. Times and spans are ms. A channel is named by text:
 * `<device>/<parameter>`; in a rule that runs for each of several channels also `@` (that channel) and
 * `@/<parameter>` (another parameter of its device).
 */
export type ChannelName = string;

export type Comparison = '>' | '>=' | '<' | '<=';

export type AggregateFunction = 'avg' | 'min' | 'max' | 'sum' | 'count' | 'stddev' | 'range';

/** When a rule holds. `clear` of a comparison is where it stops to hold; absent: the same value. */
export type Condition =
  | {
      readonly type: 'threshold';
      readonly channel: ChannelName;
      readonly op: Comparison;
      readonly value: number;
      readonly clear?: number | undefined;
    }
  | {
      /** Inside: low ≤ value ≤ high. `hysteresis` widens the range to leave, ≥ 0. */
      readonly type: 'range';
      readonly channel: ChannelName;
      readonly low: number;
      readonly high: number;
      readonly when: 'inside' | 'outside';
      readonly hysteresis?: number | undefined;
    }
  | {
      /** |value − wanted| ≤ tolerance for numbers (default 1e-9), the same text or flag else. */
      readonly type: 'equals';
      readonly channel: ChannelName;
      readonly value: number | string | boolean;
      readonly tolerance?: number | undefined;
      readonly negate?: boolean | undefined;
    }
  | {
      /** Change over `overMs`, in units a second. */
      readonly type: 'rate';
      readonly channel: ChannelName;
      readonly overMs: number;
      readonly op: Comparison;
      readonly perSecond: number;
      readonly clear?: number | undefined;
    }
  | { readonly type: 'no-data'; readonly channel: ChannelName; readonly afterMs: number }
  | {
      readonly type: 'aggregate';
      readonly channel: ChannelName;
      readonly function: AggregateFunction;
      readonly windowMs: number;
      readonly op: Comparison;
      readonly value: number;
      readonly clear?: number | undefined;
    }
  | {
      /** See `docs/rules.md`: holds while the text is true; `clear` is true when it stops to hold. */
      readonly type: 'expression';
      readonly text: string;
      readonly clear?: string | undefined;
    }
  /** Holds while the schedule is open. */
  | { readonly type: 'schedule'; readonly scheduleId: number };

export const SEVERITIES = ['critical', 'major', 'minor', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a rule does when it begins to fire (`on: 'firing'`, the default) or ends (`'clear'`). */
export type Action = {
  readonly on?: 'firing' | 'clear' | 'both' | undefined;
} & ActionKind;

export type ActionKind =
  /** A target of `automation.targets`: webhook, e-mail, chat, MQTT, syslog. Text is a template. */
  | {
      readonly type: 'notify';
      readonly targetId: number;
      readonly subject?: string | undefined;
      readonly text?: string | undefined;
      /** Of webhooks: `sensor.threshold_exceeded` when absent. */
      readonly event?: string | undefined;
    }
  /** All webhooks that listen to the event. */
  | { readonly type: 'webhooks'; readonly event: string }
  | {
      readonly type: 'journal';
      readonly level: 'error' | 'warning' | 'info';
      readonly text: string;
    }
  | {
      readonly type: 'command';
      readonly deviceId: string;
      readonly parameter: string;
      readonly value: number | string | boolean;
    }
  /** `value` may be an expression when it begins with `=`. */
  | {
      readonly type: 'variable';
      readonly name: string;
      readonly value: number | string | boolean;
    }
  | {
      readonly type: 'experiment';
      readonly do: 'start' | 'stop';
      /** Template; a name that is there already gets the time behind it. */
      readonly name: string;
    }
  | {
      readonly type: 'audio';
      readonly do: 'speaker-volume';
      readonly speakerId: number;
      /** 0..1 */
      readonly volume: number;
    }
  | {
      readonly type: 'audio';
      readonly do: 'mute' | 'unmute';
      readonly speakerId: number;
    }
  | {
      readonly type: 'audio';
      readonly do: 'play';
      readonly projectId: number;
      readonly assetId: number;
      /** Only to listeners within `radiusM` of it. */
      readonly place?:
        | { readonly latitude: number; readonly longitude: number; readonly radiusM: number }
        | undefined;
    }
  | {
      readonly type: 'audio';
      readonly do: 'tags';
      readonly projectId: number;
      readonly tagIds: readonly number[];
    }
  | {
      readonly type: 'audio';
      readonly do: 'pause' | 'resume';
      readonly projectId: number;
    }
  | {
      readonly type: 'audio';
      readonly do: 'text';
      readonly projectId: number;
      readonly text: string;
    };

/**
 * States of a rule for one source. `normal` → `pending` (holds, for less than `holdMs`) → `firing` →
 * `recovering` (holds no more, for less than `keepMs`) → `normal`.
 */
export type RuleState =
  | 'disabled'
  | 'normal'
  | 'pending'
  | 'firing'
  | 'recovering'
  | 'no-data'
  | 'error';

/** A rule as its thread runs it: one for each source. Channels are numbers of the series store. */
export interface RuleDefinition {
  /** `rule:<rule>:<source>`; the source is a channel name, or empty for a rule without `each`. */
  readonly id: string;
  readonly ruleId: number;
  readonly source: string;
  readonly enabled: boolean;
  readonly condition: Condition;
  /** Numbers of the channels that the condition names, by the name as it stands in the condition. */
  readonly channels: Readonly<Record<ChannelName, RuleChannel>>;
  readonly holdMs: number;
  readonly keepMs: number;
  readonly cooldownMs: number;
  /** Times in a row that it must hold before it counts, from 1. */
  readonly inARow: number;
  /** What silence of a channel for `noDataAfterMs` (0: never) means. */
  readonly noData: 'no-data' | 'normal' | 'firing' | 'keep';
  readonly noDataAfterMs: number;
  readonly onError: 'error' | 'normal' | 'firing' | 'keep';
  /** Firings in a minute; more stop the rule as an error until it is changed or enabled again. 0: any. */
  readonly maxPerMinute: number;
  /** While it fires, it is told again by the first sample after each cooldown, as WebMACS does; plain conditions only. */
  readonly repeats?: boolean | undefined;
  /** Stopped and shown, with the reason: a cycle, a channel that is not there. */
  readonly fault?: string | undefined;
  /** Values of variables that the condition names, by name. */
  readonly variables?: Readonly<Record<string, number | string | boolean>>;
  /** Units of those that have one. */
  readonly variableUnits?: Readonly<Record<string, string>>;
}

export interface RuleChannel {
  readonly channel: number;
  readonly kind: 'number' | 'text' | 'boolean';
  readonly unit: string | null;
}
