interface Asked {
  readonly answer: Promise<Response>;
  readonly atMs: number;
}

/** What was asked for longer ago is asked for again. */
const FRESH_MS = 5_000;
const asked = new Map<string, Asked>();

/** Asks for a path of the API before the code is there that wants it. The answer is for who takes it. */
export function askEarly(address: string): Promise<Response> {
  const answer = fetch(address, { headers: { accept: 'application/json' } });
  asked.set(address, { answer, atMs: performance.now() });
  return answer;
}

/** What was asked for early and is still fresh, once; undefined: nothing. */
export function takeEarly(address: string): Promise<Response> | undefined {
  const found = asked.get(address);
  asked.delete(address);
  return found !== undefined && performance.now() - found.atMs < FRESH_MS
    ? found.answer
    : undefined;
}
