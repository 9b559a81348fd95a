import { z } from 'zod';

/** The resources a live query may name. */
export const LIVE_RESOURCES = [
  'devices',
  'channels',
  'sessions',
  'actors',
  'alarms',
  'speakers',
  'ingest',
  'shards',
  'stores',
  'rf',
  'connections',
  'charger-slots',
  'groups',
  'plugins',
  'instances',
  'discoveries',
  'scans',
  'rules',
  'rule-sources',
  'deliveries',
  'experiments',
  'variables',
  'journal',
] as const;
export const liveResource = z.enum(LIVE_RESOURCES);
export type LiveResource = z.infer<typeof liveResource>;

const scalar = z.union([z.number(), z.string().max(1_000), z.boolean(), z.null()]);

export const filterOp = z.enum(['<', '>', '<=', '>=', '==', '!=', 'contains', 'startsWith']);
export type FilterOp = z.infer<typeof filterOp>;

/** A field is a row's column: `id`, `name`, `state`, `values.power_income` … */
export const fieldName = z.string().min(1).max(200);

export type Filter =
  | {
      readonly field: string;
      readonly op: FilterOp;
      readonly value: string | number | boolean | null;
    }
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter };

/** Depth and size are bounded by the hub (≤ 100 nodes). Text comparison ignores case. */
export const filter: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    z.strictObject({ field: fieldName, op: filterOp, value: scalar }),
    z.strictObject({ and: z.array(filter).max(50) }),
    z.strictObject({ or: z.array(filter).max(50) }),
    z.strictObject({ not: filter }),
  ]),
);

export const sortKey = z.strictObject({
  field: fieldName,
  direction: z.enum(['asc', 'desc']).default('asc'),
});
export type SortKey = z.infer<typeof sortKey>;

export const liveQuery = z.strictObject({
  resource: liveResource,
  filter: filter.optional(),
  /** At most 4 keys; ties are broken by `id`. Missing values sort last. */
  sort: z.array(sortKey).max(4).default([]),
  window: z
    .strictObject({
      offset: z.int().min(0).max(1_000_000).default(0),
      limit: z.int().min(1).max(10_000).default(100),
    })
    .default({ offset: 0, limit: 100 }),
  /** Columns sent; absent: all. `id` is always there. */
  fields: z.array(fieldName).max(200).optional(),
});
export type LiveQuery = z.infer<typeof liveQuery>;
export type LiveQueryInput = z.input<typeof liveQuery>;

/** Client → server, JSON text frames on `/v1/live`. */
export const liveRequest = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('subscribe'),
    /** Chosen by the client, unique on its socket. */
    id: z.string().min(1).max(64),
    query: liveQuery,
    /** After a reconnect: the topic, epoch and revision last seen; answered by the missing patches if still held. */
    resume: z
      .strictObject({ topic: z.int(), epoch: z.string().max(64), revision: z.int() })
      .optional(),
  }),
  z.strictObject({ type: z.literal('unsubscribe'), id: z.string().min(1).max(64) }),
  z.strictObject({ type: z.literal('ping'), at: z.number().optional() }),
]);
export type LiveRequest = z.infer<typeof liveRequest>;

export type Row = { readonly id: string } & Readonly<Record<string, unknown>>;

/**
 * Server → client. Clients of equal queries share a `topic`; the bytes of `patch` and `remove` are the
 * same for all of them. Revisions of a topic grow by one with each `patch` or `remove`.
 */
export type LiveMessage =
  | {
      readonly type: 'welcome';
      readonly protocol: 1;
      readonly epoch: string;
      readonly tickMs: number;
    }
  | {
      /** Whole window, in order. Also sent again when a slow client caught up: replace everything. */
      readonly type: 'snapshot';
      readonly id: string;
      readonly topic: number;
      readonly epoch: string;
      readonly revision: number;
      /** Rows that match the filter, in and outside of the window. */
      readonly total: number;
      readonly rows: readonly Row[];
    }
  | {
      readonly type: 'patch';
      readonly topic: number;
      readonly revision: number;
      /** Present when it changed. */
      readonly total?: number;
      /** `[id, changed fields]`; an id not seen before carries all its fields; a removed field is null. */
      readonly rows: readonly (readonly [id: string, fields: Readonly<Record<string, unknown>>])[];
      /** Ids of the window in order, when the order or membership changed: forget rows that are not in it. */
      readonly order?: readonly string[];
    }
  | {
      /** Rows left the window and nothing else happened; without `order` the others keep theirs. */
      readonly type: 'remove';
      readonly topic: number;
      readonly revision: number;
      readonly total?: number;
      readonly ids: readonly string[];
      readonly order?: readonly string[];
    }
  | {
      /** `revision` is the one the client gave; the messages it missed follow, one by one. */
      readonly type: 'resumed';
      readonly id: string;
      readonly topic: number;
      readonly revision: number;
    }
  | { readonly type: 'unsubscribed'; readonly id: string }
  | { readonly type: 'pong'; readonly at?: number }
  | {
      readonly type: 'error';
      readonly id?: string;
      readonly code: string;
      readonly message: string;
    };
