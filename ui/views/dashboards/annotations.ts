import { call } from '../../data/api.js';

/** A note on the time axis. */
export interface Annotation {
  readonly id: number;
  readonly fromUnixMs: number;
  /** Null: a moment. */
  readonly toUnixMs: number | null;
  readonly text: string;
  /** Empty: of all channels. */
  readonly channels: readonly string[];
}

export async function annotationsOf(from: number, to: number): Promise<readonly Annotation[]> {
  const answer = await call<{ readonly items: readonly Annotation[] }>('GET', '/v1/annotations', {
    query: { from, to, limit: 500 },
  });
  return answer.items;
}
