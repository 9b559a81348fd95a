import type { ActorInfo } from '../engine/supervisor.types.js';

/** What every shard thread can be asked, whatever lives in it. */
export interface HostRequests {
  'actors.list': { readonly params: Record<string, never>; readonly result: readonly ActorInfo[] };
  /** `lastError`: shown beside it, when it was parked for a failure in a thread that is gone. */
  'actors.park': {
    readonly params: { readonly id: string; readonly lastError?: string | undefined };
    readonly result: boolean;
  };
  'actors.restart': { readonly params: { readonly id: string }; readonly result: boolean };
  'actors.stop': { readonly params: { readonly id: string }; readonly result: boolean };
  /** Cooperative stop: actors in reverse order, writers flushed; answered when the thread may end. */
  'host.stop': {
    readonly params: { readonly deadlineMs: number };
    readonly result: { readonly stopped: number };
  };
  /** Breaks the thread on purpose. Refused (`auth.denied`) unless the pool was made with `faults`. */
  'host.fault': { readonly params: { readonly how: FaultKind }; readonly result: boolean };
}

export type FaultKind = 'throw' | 'exit' | 'hang';

/** What every shard thread tells the main thread. */
export interface HostPosts {
  /** Inspector rows that changed; `removed` are gone. Conflated over 100 ms, at most 1,000 a message. */
  'actors.changed': { readonly changed: readonly ActorInfo[]; readonly removed: readonly string[] };
  /** Persisted machine snapshots after an edge; latest wins per id; `snapshot` undefined forgets it. */
  'actors.snapshot': readonly SnapshotRow[];
}

export interface SnapshotRow {
  readonly id: string;
  /** Empty when it is forgotten. */
  readonly kind: string;
  readonly snapshot: string | undefined;
}
