/** Bounds of the live protocol; every one has a clear error. */
export interface LiveLimits {
  /** Time between two looks at the rows, ms. Default 50. */
  readonly tickMs: number;
  /** Subscriptions of one socket. Default 50. */
  readonly subscriptionsPerSocket: number;
  /** Distinct queries held, in use or waiting for a client to come back. Default 2,000. */
  readonly topics: number;
  /** Comparisons and combinations in one filter. Default 100. */
  readonly filterNodes: number;
  /** Bytes of one message of a client. Default 64 KiB. */
  readonly messageBytes: number;
  /** Messages of one socket: steady rate and burst. Default 20 and 100. */
  readonly messagesPerSecond: number;
  readonly messageBurst: number;
  /** Unsent bytes at which a client gets no more patches, but the latest state when it caught up. Default 256 KiB. */
  readonly softBufferBytes: number;
  /** Unsent bytes at which a client is closed with `client.slow` (4008: reconnect). Default 8 MiB. */
  readonly hardBufferBytes: number;
  /** Bytes of messages kept for `resume`, of one topic and of all. Default 256 KiB and 64 MiB. */
  readonly resumeBytesPerTopic: number;
  readonly resumeBytes: number;
  /** How long a topic without clients is kept up for `resume`, ms. Default 15,000. */
  readonly lingerMs: number;
}

export const DEFAULT_LIMITS: LiveLimits = {
  tickMs: 50,
  subscriptionsPerSocket: 50,
  topics: 2_000,
  filterNodes: 100,
  messageBytes: 64 * 1024,
  messagesPerSecond: 20,
  messageBurst: 100,
  softBufferBytes: 256 * 1024,
  hardBufferBytes: 8 * 1024 * 1024,
  resumeBytesPerTopic: 256 * 1024,
  resumeBytes: 64 * 1024 * 1024,
  lingerMs: 15_000,
};
