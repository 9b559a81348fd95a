import type { SeriesAddress } from '../../engine/series/series.types.js';
import type { HostPosts, HostRequests } from '../host.protocol.js';
import type { RuleDefinition, RuleState } from './rule.types.js';

export interface RuleShardOptions {
  readonly shard: string;
  /** Windows of aggregates are filled from here at a start. */
  readonly series: SeriesAddress;
  /** How often live values are told. */
  readonly tickMs: number;
}

/**
 * Samples of watched channels on their way from a thread that takes them to a rule thread, by a port of
 * their own: never through the main thread. Columns are transferred. Numbered, so that a rule thread that is replaced
 * hears again what its predecessor had not settled.
 */
export interface FeedBatch {
  readonly type: 'samples';
  /** From 1, without a gap, of one source thread. */
  readonly sequence: number;
  readonly channel: Uint32Array;
  readonly atUnixMs: Float64Array;
  readonly value: Float64Array;
  readonly text: readonly {
    readonly channel: number;
    readonly atUnixMs: number;
    readonly value: string;
  }[];
}

/** Rule thread → source: everything up to `sequence` is settled and may be forgotten. */
export interface FeedAck {
  readonly type: 'settled';
  readonly sequence: number;
}

/** Rule thread → source: the channels it wants to hear; replaces the earlier wish. */
export interface FeedWish {
  readonly type: 'watch';
  readonly channels: Uint32Array;
}

/**
 * An edge of a rule that matters outside: it began or ceased to fire, or its state changed. Numbered by rule: `edge`
 * grows by one with each and survives restarts, so that the same edge told twice is taken once.
 */
export interface RuleEdge {
  readonly id: string;
  readonly ruleId: number;
  readonly source: string;
  readonly edge: number;
  readonly state: RuleState;
  readonly from: RuleState;
  /** When the condition said so. */
  readonly atUnixMs: number;
  /** `firing` and `clear` run actions. `cooled`: it fired within the cooldown, so nobody is told. */
  readonly kind: 'firing' | 'clear' | 'cooled' | 'state';
  readonly value: number | string | null;
  readonly error?: string | undefined;
  /** The machine's snapshot after the edge: stored in the same transaction as what the edge does. */
  readonly snapshot: string;
}

/** What a rule's line shows while somebody looks: of many rules, columns. */
export interface RuleValues {
  readonly id: readonly string[];
  readonly value: readonly (number | string | null)[];
  readonly atUnixMs: readonly number[];
}

/** Main thread → rule thread. */
export interface ToRuleShard {
  readonly requests: HostRequests & {
    /** Rules that are here already are replaced; a changed condition starts afresh. */
    'rules.adopt': {
      readonly params: {
        readonly rules: readonly RuleDefinition[];
        readonly snapshots: Readonly<Record<string, string>>;
        /** Latest values of their channels, so that edges while nobody watched are seen. */
        readonly latest: readonly {
          readonly channel: number;
          readonly atUnixMs: number;
          readonly value: number | string;
        }[];
      };
      readonly result: { readonly adopted: number };
    };
    'rules.release': {
      readonly params: { readonly ids: readonly string[] };
      readonly result: number;
    };
    /** Runs a rule over samples of the past, in order of time; decides nothing. */
    'rules.test': {
      readonly params: {
        readonly rule: RuleDefinition;
        readonly fromUnixMs: number;
        readonly toUnixMs: number;
      };
      readonly result: {
        readonly samples: number;
        readonly firings: readonly {
          readonly fromUnixMs: number;
          readonly toUnixMs: number | null;
          readonly value: number | string | null;
        }[];
        readonly states: readonly { readonly atUnixMs: number; readonly state: RuleState }[];
      };
    };
  };
  readonly posts: {
    /** A source thread's end of a feed: a `MessagePort`, transferred. An earlier one of that source is dropped. */
    'feed.attach': { readonly source: string; readonly port: unknown };
    'schedules.changed': readonly { readonly id: number; readonly open: boolean }[];
    'variables.changed': readonly {
      readonly name: string;
      readonly value: number | string | boolean;
    }[];
    /** Rules whose values somebody looks at. */
    'rules.watched': { readonly ids: readonly string[] };
  };
  readonly streams: Record<string, never>;
}

/** Rule thread → main thread. */
export interface FromRuleShard {
  readonly requests: {
    /** In order, answered when they are stored. Until then they are kept and told again. */
    'rules.edges': {
      readonly params: readonly RuleEdge[];
      readonly result: { readonly taken: number };
    };
  };
  readonly posts: HostPosts & { 'rules.values': RuleValues };
  readonly streams: Record<string, never>;
}
