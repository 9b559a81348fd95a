import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Evaluator } from './conditions.js';
import type { RuleHistory } from './history.js';
import type { RuleTable } from './rule-table.js';

/** Rules whose past is read by one question. */
const AT_ONCE = 200;
/** Samples of a rule that wait for its past; the oldest go. */
const MOST_HELD_BACK = 10_000;

interface Wish {
  readonly rule: number;
  readonly real: Evaluator;
  readonly holder: HeldBack;
}

/** Keeps what comes while the past of its channels is read. */
class HeldBack implements Evaluator {
  readonly timed = false;
  readonly shown = undefined;
  readonly historyMs = 0;
  rows: { readonly channel: number; readonly atUnixMs: number; readonly value: number | string }[] =
    [];

  take(channel: number, atUnixMs: number, value: number | string): void {
    if (this.rows.length >= MOST_HELD_BACK) this.rows.splice(0, MOST_HELD_BACK / 2);
    this.rows.push({ channel, atUnixMs, value });
  }

  holds(): undefined {
    return undefined;
  }
}

/**
 * Fills the windows of rules from the series store when they begin, up to the newest sample that their predecessor had decided on. What comes meanwhile
 * waits, so that each window takes its samples in order and each once. While the store is away windows begin empty.
 */
export class WindowFiller {
  readonly #table: RuleTable;
  readonly #history: Pick<RuleHistory, 'samples'>;
  readonly #clock: Clock;
  readonly #onTrouble: (error: EngineError) => void;
  #wishes: Wish[] = [];
  #running = false;

  constructor(
    table: RuleTable,
    history: Pick<RuleHistory, 'samples'>,
    clock: Clock,
    onTrouble: (error: EngineError) => void,
  ) {
    this.#table = table;
    this.#history = history;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  fill(rule: number): void {
    const real = this.#table.evaluator(rule);
    if (real === undefined) return;
    const holder = new HeldBack();
    if (!this.#table.exchange(rule, real, holder)) return;
    this.#wishes.push({ rule, real, holder });
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    // All that are adopted in this turn are asked for together.
    await Promise.resolve();
    while (this.#wishes.length > 0) await this.#some(this.#wishes.splice(0, AT_ONCE));
    this.#running = false;
  }

  async #some(wishes: readonly Wish[]): Promise<void> {
    const nowUnixMs = this.#clock.nowMs();
    const places = new Map<number, { readonly wish: Wish; readonly at: number; link: number }[]>();
    for (const wish of wishes) {
      for (const [at, { channel, link }] of this.#table.links(wish.rule).entries()) {
        const list = places.get(channel) ?? [];
        list.push({ wish, at, link });
        places.set(channel, list);
      }
    }
    const longestMs = Math.max(...wishes.map(({ real }) => real.historyMs));
    const { seenUnixMs } = this.#table.list;
    const stopped = new Map(
      [...places.values()].flat().map(({ link }) => [link, seenUnixMs[link] ?? 0] as const),
    );
    try {
      const past = this.#history.samples([...places.keys()], nowUnixMs - longestMs, nowUnixMs);
      for await (const part of past) {
        for (const { channel, atUnixMs, value } of part) {
          for (const { wish, at, link } of places.get(channel) ?? []) {
            const upTo = stopped.get(link) ?? 0;
            if (Number.isFinite(upTo) && atUnixMs > upTo) continue;
            const firstHeld = wish.holder.rows.find((row) => row.channel === at)?.atUnixMs;
            if (firstHeld !== undefined && atUnixMs >= firstHeld) continue;
            wish.real.take(at, atUnixMs, value);
            const seen = this.#table.list.seenUnixMs;
            if (atUnixMs > (seen[link] ?? 0)) seen[link] = atUnixMs;
          }
        }
      }
    } catch (thrown) {
      this.#onTrouble(EngineError.from(thrown));
    }
    for (const { rule, real, holder } of wishes) {
      for (const { channel, atUnixMs, value } of holder.rows) real.take(channel, atUnixMs, value);
      if (!this.#table.exchange(rule, holder, real)) continue;
      this.#table.look(rule, this.#clock.nowMs());
    }
  }
}
