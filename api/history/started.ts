/**
 * Waits for the first `chunks` (default 1) of a stream, so that a store that is away becomes an error answer and not a broken
 * file. The caller reads the answer, or returns it: then the stream ends.
 */
export async function started(
  stream: AsyncIterable<Uint8Array>,
  chunks = 1,
): Promise<AsyncIterable<Uint8Array>> {
  const iterator = stream[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let ended = false;
  while (!ended && first.length < chunks) {
    const next = await iterator.next();
    if (next.done === true) ended = true;
    else first.push(next.value);
  }
  return (async function* () {
    try {
      yield* first;
      while (!ended) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  })();
}
