/**
 * The scenario every server of the fan-out bench runs: 1,000 devices, each sending ten values a second. A value
 * is the sender's clock, so that the reader can tell how old it is; every update has the same size.
 */
export const DEVICES = 1_000;
export const UPDATES_PER_SECOND = 10_000;
export const TICK_MS = 50;
/** Writes come in steps of this many ms, as batches from shards do. */
export const STEP_MS = 5;

export type ServerKind = 'earshot' | 'uws' | 'ws' | 'wsGathered' | 'socketio' | 'nats';

/** Windows of the rows: every client of one sees the same rows. One window: everybody sees everything. */
export interface Audience {
  readonly clients: number;
  readonly windows: number;
}

export function deviceId(n: number): string {
  return `dev-${String(n).padStart(4, '0')}`;
}

/** Neighbours in time are spread over all windows; 7 and 1,000 have no common factor. */
export function deviceOfUpdate(n: number): number {
  return (n * 7) % DEVICES;
}

/** Six digits of the clock, ms. */
export function stampNow(): number {
  return 100_000 + (Date.now() % 900_000);
}

/** Age of a stamp, ms. */
export function ageOf(stamp: number): number {
  return (stampNow() - stamp + 900_000) % 900_000;
}

/** One update as it is on the wire: 36 bytes. */
export function encodeUpdate(device: number, stamp: number): string {
  return `["${deviceId(device)}",{"values.level":${String(stamp)}}]`;
}

/** A gathered message in the shape of the live protocol's `patch`. */
export function encodePatch(topic: number, revision: number, rows: string): string {
  return `{"type":"patch","topic":${String(topic)},"revision":${String(revision)},"rows":[${rows}]}`;
}

/** Calls `update` at the given rate; answers how to stop. */
export function generate(
  updatesPerSecond: number,
  update: (device: number, stamp: number) => void,
): () => void {
  const startedMs = performance.now();
  let done = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * updatesPerSecond);
    const stamp = stampNow();
    for (; done < due; done++) update(deviceOfUpdate(done), stamp);
  }, STEP_MS);
  return () => {
    clearInterval(timer);
  };
}
