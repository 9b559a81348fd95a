import { type Line, seriesLines } from './series.js';
import { type HistoryWish, requestsOf, seriesQuery } from './series-requests.js';

/** Who asks this much later takes what was asked for ahead. */
const AHEAD_MS = 3_000;

interface Wish extends HistoryWish {
  readonly resolve: (line: Line | undefined) => void;
  readonly reject: (thrown: unknown) => void;
}

/** History of the channels of a page: what widgets ask for at the same time goes in one request. */
export class SeriesBatch {
  readonly #secret: string | undefined;
  #wishes: Wish[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ahead: readonly { readonly wish: HistoryWish; readonly line: Promise<Line | undefined> }[] = [];
  /** Requests sent so far. */
  requests = 0;

  /** @param secret of a shared dashboard: asked as who holds its link may. */
  constructor(secret?: string) {
    this.#secret = secret;
  }

  /** Asks at once for what widgets will ask for when they are there; what was asked for ahead a moment ago stays. */
  ahead(wishes: readonly HistoryWish[]): void {
    this.#ahead = wishes.map((wish) => {
      const known = this.#ahead.find((one) => serves(one.wish, wish));
      return known ?? { wish, line: this.#wish(wish) };
    });
    // Who takes it says what is wrong.
    for (const { line } of this.#ahead) line.catch(() => undefined);
    clearTimeout(this.#timer);
    this.#send();
  }

  /** Undefined: the channel is not known (yet). Rejects with `ApiError`. */
  load(wish: HistoryWish): Promise<Line | undefined> {
    return this.#ahead.find((one) => serves(one.wish, wish))?.line ?? this.#wish(wish);
  }

  #wish(wish: HistoryWish): Promise<Line | undefined> {
    return new Promise((resolve, reject) => {
      this.#wishes.push({ ...wish, resolve, reject });
      this.#timer ??= setTimeout(() => this.#send(), 0);
    });
  }

  #send(): void {
    this.#timer = undefined;
    const wishes = this.#wishes;
    this.#wishes = [];
    for (const one of requestsOf(wishes)) void this.#ask(one.names, one.wishes);
  }

  /** A channel that is not known makes the server refuse all: the others are then asked for without it. */
  async #ask(names: readonly string[], wishes: readonly Wish[]): Promise<void> {
    const query = seriesQuery({ names, wishes });
    if (query === undefined) return;
    try {
      this.requests += 1;
      const lines = await seriesLines(query, this.#secret);
      for (const wish of wishes) wish.resolve(lines.get(wish.channel));
    } catch (thrown) {
      const lost = lostName(thrown, names);
      if (lost === undefined) {
        for (const wish of wishes) wish.reject(thrown);
        return;
      }
      for (const wish of wishes) if (wish.channel === lost) wish.resolve(undefined);
      await this.#ask(
        names.filter((name) => name !== lost),
        wishes.filter(({ channel }) => channel !== lost),
      );
    }
  }
}

/** The same part of the same channel, but for a moment at its end. */
function serves(asked: HistoryWish, wish: HistoryWish): boolean {
  const laterMs = wish.toUnixMs - asked.toUnixMs;
  return (
    asked.channel === wish.channel &&
    asked.points >= wish.points &&
    laterMs >= 0 &&
    laterMs <= AHEAD_MS &&
    wish.fromUnixMs - asked.fromUnixMs === laterMs
  );
}

function lostName(thrown: unknown, names: readonly string[]): string | undefined {
  if (!(thrown instanceof Error) || Reflect.get(thrown, 'status') !== 404) return undefined;
  return names.find((name) => thrown.message.includes(`"${name}"`));
}
