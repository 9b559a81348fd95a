const AT_ONCE = 6;

/** Runs over a list, six at a time; one that fails stops no other. `fault` is the first that was thrown. */
export async function eachOf<T>(
  list: readonly T[],
  run: (one: T) => Promise<unknown>,
): Promise<{ readonly done: readonly T[]; readonly fault: unknown }> {
  const rest = [...list];
  const done: T[] = [];
  let fault: unknown;
  const worker = async (): Promise<void> => {
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) {
      try {
        await run(one);
        done.push(one);
      } catch (thrown) {
        fault ??= thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, worker));
  return { done, fault };
}
