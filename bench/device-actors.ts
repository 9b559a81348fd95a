import type { HostPosts, HostRequests } from '../actors/host.protocol.js';

/** Contract of the bench's shard: real device machines, nothing around them. */
export interface ToDeviceActors {
  readonly requests: HostRequests & {
    'actors.adopt': {
      readonly params: {
        readonly ids: readonly string[];
        readonly snapshots: Readonly<Record<string, string>>;
      };
      readonly result: number;
    };
    /** Every device opens and speaks; answers how many are connected. */
    'actors.connect': { readonly params: Record<string, never>; readonly result: number };
  };
  readonly posts: Record<string, never>;
  readonly streams: Record<string, never>;
}

export interface FromDeviceActors {
  readonly requests: Record<string, never>;
  readonly posts: HostPosts;
  readonly streams: Record<string, never>;
}
