import type { HostPosts, HostRequests } from '../../host.protocol.js';
import type { FeedAttachment } from '../protocol.js';

interface Counts {
  readonly sent: number;
  readonly missed: number;
  readonly kept: number;
}

/** Contract of the source thread of tests and benches. */
export interface ToSource {
  readonly requests: HostRequests & {
    'source.say': {
      readonly params: {
        readonly channel: Uint32Array;
        readonly atUnixMs: Float64Array;
        readonly value: Float64Array;
      };
      readonly result: Counts;
    };
    /** Channels 1…n in turn, each `period` samples of one value and as many of the
     * other; `staggered`: not all channels at once. `ratePerS` 0: as fast as it goes. */
    'source.flood': {
      readonly params: {
        readonly channels: number;
        readonly rows: number;
        readonly batch: number;
        readonly low: number;
        readonly high: number;
        readonly ratePerS: number;
        readonly period: number;
        readonly staggered: boolean;
      };
      readonly result: Counts;
    };
    'source.counts': { readonly params: Record<string, never>; readonly result: Counts };
  };
  readonly posts: { 'feed.attach': FeedAttachment };
  readonly streams: Record<string, never>;
}

export interface FromSource {
  readonly requests: Record<string, never>;
  readonly posts: HostPosts;
  readonly streams: Record<string, never>;
}
