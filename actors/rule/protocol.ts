import type { SeriesAddress } from '../../engine/series/series.types.js';
import type { HostPosts, HostRequests, SnapshotRow } from '../host.protocol.js';
import type { RuleDefinition, RuleState } from './rule.types.js';

export interface RuleShardOptions {
  readonly shard: string;
  /** Windows of aggregates are filled from here at a start. */
  readonly series: SeriesAddress;
  /** How often live values are told. */
  readonly tickMs: number;
}

/** One end of a feed, given to a source thread and to a rule thread. A later one of the same name takes its place. */
export interface FeedAttachment {
  /** Name of the thread at the other end. */
  readonly name: string;
  /** A `MessagePort`, transferred. */
  readonly port: unknown;
}

/**
 * Samples of watched channels on their way from a thread that takes them to a rule thread, by a port of
 * their own: never through the main thread. The source keeps its own copy until it is settled. Numbered, so that a rule
 * thread that is replaced hears again what its predecessor had not settled.
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

/**
 * Rule thread → source, everything up to `sequence`: `taken` was evaluated, so that more may be sent; `settled` is in a
 * checkpoint that the main thread has, so that it may be forgotten.
 */
export interface FeedAck {
  readonly type: 'taken' | 'settled';
  readonly sequence: number;
}

/**
 * Rule thread → source: the channels it wants to hear; replaces the earlier wish. The first of a port also asks for what
 * is not settled. Latest values of channels that are new in it come at once.
 */
export interface FeedWish {
  readonly type: 'watch';
  readonly channels: Uint32Array;
}

/**
 * An edge of a rule that matters outside: it began or ceased to fire, or its state changed. Numbered by rule and source: `edge`
 * grows with each and survives restarts, so that the same edge told twice is taken once. Numbers may be left out: of a rule that
 * flaps while nobody answers only the latest edges are kept.
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
  /**
   * `firing` and `clear` run actions and come in turn. `cooled`: it fired within the cooldown, so nobody is told; when it
   * still fires after it, `firing` follows.
   */
  readonly kind: 'firing' | 'clear' | 'cooled' | 'state';
  readonly value: number | string | null;
  readonly error?: string | undefined;
  /** What the rule goes on from, after this edge or a later one: stored in the same transaction as what the edge does. */
  readonly snapshot: string;
}

/** What a rule's line shows while somebody looks: of many rules, columns. */
export interface RuleValues {
  readonly id: readonly string[];
  readonly value: readonly (number | string | null)[];
  readonly atUnixMs: readonly number[];
}

/**
 * How far the rules of a thread have come whose condition turned or counted since the last one, in columns: what a replaced thread goes on from. Row i is rule `id[i]`; its channels, in the order of its
 * condition, are the next `channels[i]` rows of `seenUnixMs`.
 */
export interface RuleCheckpoint {
  readonly id: readonly string[];
  /** The condition holds, hysteresis included. */
  readonly on: Uint8Array;
  /** Times in a row that it held. */
  readonly count: Uint32Array;
  readonly channels: Uint8Array;
  /** Newest sample of each channel that was decided on; −∞ before the first. */
  readonly seenUnixMs: Float64Array;
}

/**
 * Long waits that began and that no machine knows of yet, in columns, see `LateTurns`. JSON. A rule is in it once. They are kept apart from
 * the rules' snapshots: many may begin and break off between two checkpoints, and those that did leave no row.
 */
export interface RuleWaits {
  readonly id: readonly string[];
  /** The condition began to hold; else it ceased to. */
  readonly held: readonly boolean[];
  /** When, by the clock of the engine. */
  readonly sinceUnixMs: readonly number[];
  /** Time and value of the sample that did it. */
  readonly atUnixMs: readonly number[];
  readonly value: readonly (number | string | null)[];
}

/** A value of a channel that is known already. */
export interface KnownValue {
  readonly channel: number;
  readonly atUnixMs: number;
  readonly value: number | string;
}

/** Main thread → rule thread. `RulePool` is the main thread's side of all this. */
export interface ToRuleShard {
  readonly requests: HostRequests & {
    /** Rules that are here already are replaced; a changed condition starts afresh. */
    'rules.adopt': {
      readonly params: {
        readonly rules: readonly RuleDefinition[];
        readonly snapshots: Readonly<Record<string, string>>;
        /** Latest values of their channels, so that edges while nobody watched are seen. */
        readonly latest: readonly KnownValue[];
        /** Of the thread before this one. */
        readonly checkpoint: RuleCheckpoint | null;
        /** Of the thread before this one, or of the engine before its start. */
        readonly waits: RuleWaits;
        /** Silence is not announced sooner: after a start devices have to come back first. */
        readonly graceMs: number;
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
    /** A feed of a source thread. What is still in an earlier one of that source is heard all the same. */
    'feed.attach': FeedAttachment;
    /** All rules are adopted: sources are told what is watched, and what was not settled is heard again. */
    'feed.open': Record<string, never>;
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
    /** At most each second; samples are settled when it is answered. `snapshots` are those of rules that moved on. */
    'rules.checkpoint': {
      readonly params: {
        readonly snapshots: readonly SnapshotRow[];
        readonly columns: RuleCheckpoint;
        /** All of this thread; null: none began or ended since the last checkpoint. */
        readonly waits: RuleWaits | null;
      };
      readonly result: { readonly taken: number };
    };
  };
  readonly posts: HostPosts & { 'rules.values': RuleValues };
  readonly streams: Record<string, never>;
}
