const FIRST_SLICE_MS = 3_600_000;
const MIN_SLICE_MS = 1_000;
/** A slice with fewer bytes is followed by a longer one, one with more by a shorter. */
const FEW_BYTES = 16_777_216;
const MANY_BYTES = 134_217_728;

interface Range {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

/**
 * A long range as many questions, one after the other, each as long as the one before suggests: no store has to sort more
 * than a slice, and others are answered in between. `progress` is told the part of the range that is done.
 */
export async function* slices(
  { fromUnixMs, toUnixMs }: Range,
  ask: (slice: Range) => AsyncIterable<Uint8Array>,
  progress: (part: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  let sliceMs = FIRST_SLICE_MS;
  for (let fromMs = fromUnixMs; fromMs < toUnixMs; ) {
    const toMs = Math.min(toUnixMs, fromMs + sliceMs);
    let bytes = 0;
    for await (const chunk of ask({ fromUnixMs: fromMs, toUnixMs: toMs })) {
      bytes += chunk.length;
      yield chunk;
    }
    if (bytes < FEW_BYTES) sliceMs *= 4;
    else if (bytes > MANY_BYTES) sliceMs = Math.max(MIN_SLICE_MS, sliceMs / 2);
    fromMs = toMs;
    progress((toMs - fromUnixMs) / (toUnixMs - fromUnixMs));
  }
}
