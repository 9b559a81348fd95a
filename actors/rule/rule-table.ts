// Over 400 lines: the columns and all that reads them side by side, where a sample costs fractions of a microsecond.
import {
  CODE,
  type CompiledCondition,
  type Evaluator,
  holdsPlain,
  NOWHERE,
  stayOf,
} from './conditions.js';
import { UNANSWERED } from './expression/program.js';
import { NO_ANSWER } from './expression-evaluator.js';
import type { Programs } from './expression-texts.js';
import type { FeedBatch, KnownValue, RuleCheckpoint } from './protocol.js';
import type { RuleDefinition } from './rule.types.js';
import { grown, WatchList } from './watch-list.js';

const FIRST = 256;

/** The machine was told of a silence. */
const SILENT = 1;
/** The machine was told of an error. */
const FAILING = 2;
/** A silence was dealt with, whatever that means for the rule. */
const ANNOUNCED = 4;

/** What the machine of a rule is told. */
export type Turn =
  | { readonly type: 'held' | 'ceased' | 'again' | 'silent' }
  | { readonly type: 'spoke' | 'mended'; readonly holds: boolean }
  | { readonly type: 'failed'; readonly reason: string };

/** How far a rule had come. */
export interface Restored {
  readonly on: boolean;
  readonly count: number;
  readonly seen: readonly (number | null)[];
}

export interface RuleTableOptions {
  /** `value`: what the condition looked at. */
  readonly onTurn: (
    rule: number,
    turn: Turn,
    atUnixMs: number,
    value: number | string | null,
  ) => void;
}

/**
 * Conditions of all rules of a thread over columns: a sample costs a few array reads for each rule that watches its channel, and
 * only a turn of a condition leaves this class. A sample that is not newer than the newest one that a rule decided on decides nothing for it: late
 * and backfilled samples, and those that are told again after a loss. Numbers that are not finite decide nothing either.
 */
export class RuleTable {
  readonly list = new WatchList();
  readonly #onTurn: RuleTableOptions['onTurn'];
  readonly #definitions: (RuleDefinition | undefined)[] = [];
  readonly #evaluators: (Evaluator | undefined)[] = [];
  readonly #programs: (Programs | undefined)[] = [];
  readonly #fallbacks: ((() => Evaluator) | undefined)[] = [];
  readonly #free: number[] = [];
  /** Rules that something may happen to without a sample. */
  readonly #timed = new Set<number>();
  readonly #changed: number[] = [];
  #code = new Uint8Array(FIRST);
  #a = new Float64Array(FIRST);
  #b = new Float64Array(FIRST);
  #clearA = new Float64Array(FIRST);
  #clearB = new Float64Array(FIRST);
  #on = new Uint8Array(FIRST);
  #flags = new Uint8Array(FIRST);
  #dirty = new Uint8Array(FIRST);
  #channels = new Uint8Array(FIRST);
  #count = new Uint32Array(FIRST);
  #need = new Uint32Array(FIRST);
  #first = new Uint32Array(FIRST);
  #silentMs = new Float64Array(FIRST);
  #quietMs = new Float64Array(FIRST);
  #graceMonoMs = new Float64Array(FIRST);
  /** A sample that holds is told again from then on; 0: never. */
  #againMonoMs = new Float64Array(FIRST);
  #used = 0;
  #decisions = 0;

  constructor(options: RuleTableOptions) {
    this.#onTurn = options.onTurn;
  }

  /** Samples decided on, once for each rule that watches. */
  get decisions(): number {
    return this.#decisions;
  }

  /** Some rule may turn without a sample. */
  get timed(): boolean {
    return this.#timed.size > 0;
  }

  definition(rule: number): RuleDefinition | undefined {
    return this.#definitions[rule];
  }

  add(definition: RuleDefinition, compiled: CompiledCondition, nowMonoMs: number): number {
    const rule = this.#free.pop() ?? this.#used++;
    while (rule >= this.#code.length) this.#grow();
    const { plain, evaluator, programs, fallback, channels, silentMs } = compiled;
    this.#definitions[rule] = definition;
    this.#evaluators[rule] = evaluator;
    this.#programs[rule] = programs;
    this.#fallbacks[rule] = fallback;
    this.#code[rule] = silentMs > 0 ? CODE.silence : plain.code;
    this.#a[rule] = plain.a;
    this.#b[rule] = plain.b;
    this.#clearA[rule] = plain.clearA;
    this.#clearB[rule] = plain.clearB;
    this.#on[rule] = 0;
    this.#againMonoMs[rule] = 0;
    this.#flags[rule] = 0;
    this.#dirty[rule] = 0;
    this.#count[rule] = 0;
    this.#channels[rule] = channels.length;
    this.#first[rule] = this.list.link(rule, channels, nowMonoMs);
    this.#silentMs[rule] = silentMs;
    this.tune(rule, definition);
    return rule;
  }

  /** Another definition with the same condition. */
  tune(rule: number, definition: RuleDefinition): void {
    this.#definitions[rule] = definition;
    const need = Math.max(1, Math.floor(definition.inARow));
    this.#need[rule] = need;
    // More often in a row than it has to is as often as it has to, whichever way it was counted.
    this.#count[rule] = Math.min(need, this.#count[rule] ?? 0);
    this.#quietMs[rule] = (this.#channels[rule] ?? 0) > 0 ? definition.noDataAfterMs : 0;
    const timed =
      (this.#quietMs[rule] ?? 0) > 0 ||
      (this.#silentMs[rule] ?? 0) > 0 ||
      this.#evaluators[rule]?.timed === true;
    if (timed) this.#timed.add(rule);
    else this.#timed.delete(rule);
    this.#stay(rule);
  }

  remove(rule: number): void {
    this.list.unlink(this.#first[rule] ?? 0, this.#channels[rule] ?? 0);
    this.#definitions[rule] = undefined;
    this.#evaluators[rule] = undefined;
    this.#programs[rule] = undefined;
    this.#fallbacks[rule] = undefined;
    this.#timed.delete(rule);
    this.#free.push(rule);
  }

  /** The first sample from then on that finds the condition holding is told as `again`; undefined: none. */
  repeat(rule: number, fromMonoMs: number | undefined): void {
    this.#againMonoMs[rule] = fromMonoMs === undefined ? 0 : Math.max(1, fromMonoMs);
    this.#stay(rule);
  }

  /** Nothing is announced as silent before. */
  grace(rule: number, untilMonoMs: number): void {
    this.#graceMonoMs[rule] = untilMonoMs;
  }

  /** The condition has not held, for whoever looks from now on. */
  reset(rule: number): void {
    this.#flags[rule] = 0;
    this.#put(rule, false, 0);
    this.touch(rule);
  }

  restore(rule: number, { on, count, seen }: Restored): void {
    this.#put(rule, on, Math.min(count, this.#need[rule] ?? 1));
    const first = this.#first[rule] ?? 0;
    for (let i = 0; i < (this.#channels[rule] ?? 0); i++) {
      this.list.seenUnixMs[first + i] = seen[i] ?? Number.NEGATIVE_INFINITY;
    }
  }

  stand(rule: number): { readonly on: boolean; readonly count: number; readonly seen: number[] } {
    const first = this.#first[rule] ?? 0;
    return {
      on: this.#on[rule] === 1,
      count: this.#count[rule] ?? 0,
      seen: [...this.list.seenUnixMs.subarray(first, first + (this.#channels[rule] ?? 0))],
    };
  }

  /** How far many rules have come, in columns. */
  stands(rules: readonly number[]): Omit<RuleCheckpoint, 'id'> {
    const on = new Uint8Array(rules.length);
    const count = new Uint32Array(rules.length);
    const channels = new Uint8Array(rules.length);
    let links = 0;
    for (const rule of rules) links += this.#channels[rule] ?? 0;
    const seenUnixMs = new Float64Array(links);
    let row = 0;
    for (const [i, rule] of rules.entries()) {
      on[i] = this.#on[rule] ?? 0;
      count[i] = this.#count[rule] ?? 0;
      channels[i] = this.#channels[rule] ?? 0;
      const first = this.#first[rule] ?? 0;
      for (let link = first; link < first + (channels[i] ?? 0); link++) {
        seenUnixMs[row++] = this.list.seenUnixMs[link] ?? Number.NEGATIVE_INFINITY;
      }
    }
    return { on, count, channels, seenUnixMs };
  }

  /** The condition holds as often in a row as it has to. */
  holds(rule: number): boolean {
    return (this.#count[rule] ?? 0) >= (this.#need[rule] ?? 1);
  }

  /** The machine of a rule says that it is silent or at fault, from before. */
  quiet(rule: number, state: 'no-data' | 'error'): void {
    this.#mark(rule, state === 'no-data' ? SILENT | ANNOUNCED : FAILING);
  }

  evaluator(rule: number): Evaluator | undefined {
    return this.#evaluators[rule];
  }

  /** Another one in its place, while the past is read. @returns false: the rule is gone. */
  exchange(rule: number, from: Evaluator, to: Evaluator): boolean {
    if (this.#evaluators[rule] !== from) return false;
    this.#evaluators[rule] = to;
    return true;
  }

  /** Newest samples that a rule decided on, by its channels, with their numbers. */
  links(rule: number): readonly { readonly channel: number; readonly link: number }[] {
    const first = this.#first[rule] ?? 0;
    return Array.from({ length: this.#channels[rule] ?? 0 }, (_, i) => ({
      channel: this.list.channelAt(this.list.slot[first + i] ?? 0),
      link: first + i,
    }));
  }

  /** Rules whose condition turned or counted since the last call. */
  takeChanged(): readonly number[] {
    const changed = this.#changed.splice(0);
    for (const rule of changed) this.#dirty[rule] = 0;
    return changed;
  }

  /** What a rule looks at. */
  shown(rule: number): {
    readonly value: number | string | null;
    readonly atUnixMs: number;
  } {
    const slot = this.list.slot[this.#first[rule] ?? 0] ?? 0;
    const none = (this.#channels[rule] ?? 0) === 0;
    const own = this.#evaluators[rule]?.shown;
    return {
      value: own !== undefined ? own : none ? null : (this.list.latest(slot) ?? null),
      atUnixMs: none ? 0 : Math.max(0, this.list.atUnixMs[slot] ?? 0),
    };
  }

  /** Values known already; they decide nothing by themselves, see `look`. */
  know(values: readonly KnownValue[], nowUnixMs: number, nowMonoMs: number): void {
    const { list } = this;
    for (const { channel, atUnixMs, value } of values) {
      const slot = list.slotOf(channel);
      if (slot < 0 || atUnixMs <= (list.atUnixMs[slot] ?? 0)) continue;
      list.atUnixMs[slot] = atUnixMs;
      if (typeof value === 'string') list.text[slot] = value;
      else list.value[slot] = value;
      list.heardMonoMs[slot] = nowMonoMs - Math.max(0, nowUnixMs - atUnixMs);
    }
  }

  /** Decides on what is known of a rule's channels, as far as it is new to it. */
  look(rule: number, nowUnixMs: number): void {
    const first = this.#first[rule] ?? 0;
    const { list } = this;
    for (let link = first; link < first + (this.#channels[rule] ?? 0); link++) {
      const slot = list.slot[link] ?? 0;
      const value = list.latest(slot);
      const atUnixMs = list.atUnixMs[slot] ?? Number.NEGATIVE_INFINITY;
      if (value === undefined || atUnixMs <= (list.seenUnixMs[link] ?? 0)) continue;
      list.seenUnixMs[link] = atUnixMs;
      this.#sample(rule, link - first, atUnixMs, value);
    }
    const asks = this.#evaluators[rule] ?? this.#programs[rule];
    if (asks !== undefined) this.ask(rule, nowUnixMs);
  }

  take(batch: FeedBatch, nowMonoMs: number): void {
    const { channel, atUnixMs, value, text } = batch;
    const { list } = this;
    // First: they bring the lists up to date, and those make new arrays.
    const { start, order } = list;
    const { seenUnixMs: seen, rule: ruleOf, heardMonoMs: heard, low, high } = list;
    const [codes, as, bs, clearAs, clearBs, ons, counts, needs, flags] = [
      this.#code,
      this.#a,
      this.#b,
      this.#clearA,
      this.#clearB,
      this.#on,
      this.#count,
      this.#need,
      this.#flags,
    ];
    const againsMonoMs = this.#againMonoMs;
    const firsts = this.#first;
    let decisions = 0;
    for (let i = 0; i < channel.length; i++) {
      const slot = list.slotOf(channel[i] ?? 0);
      if (slot < 0) continue;
      const at = atUnixMs[i] ?? 0;
      const sample = value[i] ?? Number.NaN;
      heard[slot] = nowMonoMs;
      if (!Number.isFinite(sample)) continue;
      if (at > (list.atUnixMs[slot] ?? 0)) {
        list.atUnixMs[slot] = at;
        list.value[slot] = sample;
      }
      const end = start[slot + 1] ?? 0;
      for (let entry = start[slot] ?? 0; entry < end; entry++) {
        const link = order[entry] ?? 0;
        if (at <= (seen[link] ?? 0)) continue;
        seen[link] = at;
        decisions += 1;
        // Nothing turns: by far the most samples.
        if (sample >= (low[link] ?? 0) && sample <= (high[link] ?? 0)) continue;
        const rule = ruleOf[link] ?? 0;
        const code = codes[rule] ?? CODE.off;
        if (code === CODE.program) {
          this.#number(rule, link - (firsts[rule] ?? 0), at, sample, ons[rule] === 1);
          continue;
        }
        if (code === CODE.evaluator || code >= CODE.off || flags[rule] !== 0) {
          this.#sample(rule, link - (this.#first[rule] ?? 0), at, sample);
          continue;
        }
        const held = ons[rule] === 1;
        const holds = holdsPlain(
          code,
          as[rule] ?? 0,
          bs[rule] ?? 0,
          clearAs[rule] ?? 0,
          clearBs[rule] ?? 0,
          held,
          sample,
        );
        if (!holds && !held) continue;
        if (holds && held && (counts[rule] ?? 0) >= (needs[rule] ?? 1)) {
          const againMonoMs = againsMonoMs[rule] ?? 0;
          if (againMonoMs > 0 && nowMonoMs >= againMonoMs) {
            this.#onTurn(rule, { type: 'again' }, at, sample);
          }
          continue;
        }
        this.#settle(rule, holds, at, sample);
      }
    }
    for (const row of text) decisions += this.#text(row, nowMonoMs);
    this.#decisions += decisions;
  }

  /** Silence, and what changes without a sample. `everySecond`: ask those conditions too that time alone changes. */
  sweep(nowUnixMs: number, nowMonoMs: number, everySecond: boolean): void {
    for (const rule of this.#timed) {
      if (this.#code[rule] === CODE.off) continue;
      const silentMs = this.#silentMs[rule] ?? 0;
      if (silentMs > 0) {
        const silent = this.#isSilent(rule, silentMs, nowMonoMs);
        if (silent && this.#on[rule] === 0) this.#count[rule] = (this.#need[rule] ?? 1) - 1;
        if (silent !== (this.#on[rule] === 1)) this.#settle(rule, silent, nowUnixMs, null);
        continue;
      }
      const quietMs = this.#quietMs[rule] ?? 0;
      const flags = this.#flags[rule] ?? 0;
      if (quietMs > 0) {
        const silent = this.#isSilent(rule, quietMs, nowMonoMs);
        if (silent && (flags & ANNOUNCED) === 0) this.#fallSilent(rule, nowUnixMs);
        else if (!silent && (flags & ANNOUNCED) !== 0) {
          this.#speak(rule, nowUnixMs, this.shown(rule).value);
        }
      }
      if (everySecond && this.#evaluators[rule]?.timed === true && (flags & SILENT) === 0) {
        this.ask(rule, this.#clockOf(rule, nowUnixMs, nowMonoMs));
      }
    }
  }

  /** Asks a condition again without a sample. */
  ask(rule: number, nowUnixMs: number): void {
    const evaluator = this.#evaluators[rule];
    const code = this.#code[rule];
    if ((evaluator === undefined && code !== CODE.program) || code === CODE.off) return;
    const held = this.#on[rule] === 1;
    const answer =
      evaluator === undefined ? this.#answerOf(rule, held) : evaluator.holds(held, nowUnixMs);
    if (typeof answer === 'string') this.#fail(rule, answer, nowUnixMs);
    else if (answer !== undefined && (answer !== held || (this.#flags[rule] ?? 0) & FAILING)) {
      this.#settle(rule, answer, nowUnixMs, evaluator?.shown ?? null);
    }
  }

  #text(
    row: { readonly channel: number; readonly atUnixMs: number; readonly value: string },
    nowMonoMs: number,
  ): number {
    const { list } = this;
    const slot = list.slotOf(row.channel);
    if (slot < 0) return 0;
    list.heardMonoMs[slot] = nowMonoMs;
    if (row.atUnixMs > (list.atUnixMs[slot] ?? 0)) {
      list.atUnixMs[slot] = row.atUnixMs;
      list.text[slot] = row.value;
    }
    const { start, order } = list;
    let decisions = 0;
    for (let entry = start[slot] ?? 0; entry < (start[slot + 1] ?? 0); entry++) {
      const link = order[entry] ?? 0;
      if (row.atUnixMs <= (list.seenUnixMs[link] ?? 0)) continue;
      list.seenUnixMs[link] = row.atUnixMs;
      decisions += 1;
      const rule = list.rule[link] ?? 0;
      this.#sample(rule, link - (this.#first[rule] ?? 0), row.atUnixMs, row.value);
    }
    return decisions;
  }

  /** One sample the long way: any condition, also of a rule that was silent or failed. */
  #sample(rule: number, channel: number, atUnixMs: number, value: number | string): void {
    const code = this.#code[rule] ?? CODE.off;
    if (code === CODE.off) return;
    if (code === CODE.silence) {
      this.#settle(rule, false, atUnixMs, value);
      return;
    }
    const held = this.#on[rule] === 1;
    if (code === CODE.program) {
      if (typeof value === 'number') this.#number(rule, channel, atUnixMs, value, held);
      else this.#word(rule, channel, atUnixMs, value);
      return;
    }
    if (code !== CODE.evaluator) {
      if (typeof value !== 'number') return;
      const [a = 0, b = 0] = [this.#a[rule], this.#b[rule]];
      const [clearA = 0, clearB = 0] = [this.#clearA[rule], this.#clearB[rule]];
      this.#settle(rule, holdsPlain(code, a, b, clearA, clearB, held, value), atUnixMs, value);
      return;
    }
    const evaluator = this.#evaluators[rule];
    evaluator?.take(channel, atUnixMs, value);
    const answer = evaluator?.holds(held, atUnixMs);
    if (typeof answer === 'string') this.#fail(rule, answer, atUnixMs);
    else if (answer !== undefined) {
      const shown = evaluator?.shown;
      this.#settle(rule, answer, atUnixMs, shown === undefined ? value : shown);
    }
  }

  /** A sample of a rule with a program. */
  #number(rule: number, channel: number, atUnixMs: number, value: number, held: boolean): void {
    this.list.said[(this.#first[rule] ?? 0) + channel] = value;
    const answer = this.#run(rule, held);
    if (answer === UNANSWERED) this.#fail(rule, NO_ANSWER, atUnixMs);
    if (answer < 0) return;
    const holds = answer === 1;
    const count = this.#count[rule] ?? 0;
    const settled = count === (holds ? this.#need[rule] : 0);
    if (holds === held && settled && this.#flags[rule] === 0) return;
    this.#settle(rule, holds, atUnixMs, value);
  }

  /** A channel of numbers says a text: from now on an evaluator decides, with what the program knew. */
  #word(rule: number, channel: number, atUnixMs: number, value: string): void {
    const evaluator = this.#fallbacks[rule]?.();
    if (evaluator === undefined) return;
    const first = this.#first[rule] ?? 0;
    const { said, seenUnixMs } = this.list;
    for (let i = 0; i < (this.#channels[rule] ?? 0); i++) {
      const known = said[first + i] ?? Number.NaN;
      if (!Number.isNaN(known)) evaluator.take(i, seenUnixMs[first + i] ?? 0, known);
    }
    this.#evaluators[rule] = evaluator;
    this.#programs[rule] = undefined;
    this.#code[rule] = CODE.evaluator;
    this.#sample(rule, channel, atUnixMs, value);
  }

  /** 1, 0, or why there is none; see `Program`. */
  #run(rule: number, held: boolean): number {
    const programs = this.#programs[rule];
    if (programs === undefined) return 0;
    const { clear } = programs;
    const first = this.#first[rule] ?? 0;
    if (!held || clear === undefined) return programs.held.run(this.list.said, first);
    const cleared = clear.run(this.list.said, first);
    return cleared < 0 ? cleared : 1 - cleared;
  }

  #answerOf(rule: number, held: boolean): ReturnType<Evaluator['holds']> {
    const answer = this.#run(rule, held);
    return answer >= 0 ? answer === 1 : answer === UNANSWERED ? NO_ANSWER : undefined;
  }

  #put(rule: number, on: boolean, count: number): void {
    this.#on[rule] = on ? 1 : 0;
    this.#count[rule] = count;
    this.#stay(rule);
  }

  #mark(rule: number, flags: number): void {
    this.#flags[rule] = flags;
    this.#stay(rule);
  }

  /** Which samples need not be looked at, as the rule is now. To be called when anything of it changed that `take` looks at. */
  #stay(rule: number): void {
    if (this.#channels[rule] !== 1) return;
    const held = this.#on[rule] === 1;
    const counted = !held || (this.#count[rule] ?? 0) >= (this.#need[rule] ?? 1);
    const plain = counted && this.#flags[rule] === 0 && this.#againMonoMs[rule] === 0;
    const [a = 0, b = 0] = [this.#a[rule], this.#b[rule]];
    const [clearA = 0, clearB = 0] = [this.#clearA[rule], this.#clearB[rule]];
    const code = this.#code[rule] ?? CODE.off;
    const link = this.#first[rule] ?? 0;
    const [low, high] = plain ? stayOf(code, a, b, clearA, clearB, held) : NOWHERE;
    this.list.low[link] = low;
    this.list.high[link] = high;
  }

  #settle(rule: number, holds: boolean, atUnixMs: number, value: number | string | null): void {
    const need = this.#need[rule] ?? 1;
    const before = this.#count[rule] ?? 0;
    const after = holds ? Math.min(need, before + 1) : 0;
    if (before !== after || holds !== (this.#on[rule] === 1)) this.touch(rule);
    this.#put(rule, holds, after);
    const flags = this.#flags[rule] ?? 0;
    if ((flags & SILENT) !== 0) {
      // A rule of several channels speaks again when all of them do: the sweep sees it.
      if ((this.#channels[rule] ?? 0) === 1) this.#speak(rule, atUnixMs, value);
      return;
    }
    if ((flags & FAILING) !== 0) {
      this.#mark(rule, 0);
      this.#onTurn(rule, { type: 'mended', holds: after >= need }, atUnixMs, value);
      return;
    }
    if (flags !== 0 && (this.#channels[rule] ?? 0) === 1) this.#mark(rule, 0);
    if (before < need && after >= need) this.#onTurn(rule, { type: 'held' }, atUnixMs, value);
    else if (before >= need && after < need) {
      this.#onTurn(rule, { type: 'ceased' }, atUnixMs, value);
    }
  }

  #speak(rule: number, atUnixMs: number, value: number | string | null): void {
    const silent = ((this.#flags[rule] ?? 0) & SILENT) !== 0;
    this.#mark(rule, 0);
    if (silent) this.#onTurn(rule, { type: 'spoke', holds: this.holds(rule) }, atUnixMs, value);
  }

  #fallSilent(rule: number, nowUnixMs: number): void {
    this.#mark(rule, (this.#flags[rule] ?? 0) | ANNOUNCED);
    const policy = this.#definitions[rule]?.noData ?? 'no-data';
    this.#instead(rule, policy, nowUnixMs, () => {
      this.#mark(rule, (this.#flags[rule] ?? 0) | SILENT);
      this.#onTurn(rule, { type: 'silent' }, nowUnixMs, null);
    });
  }

  #fail(rule: number, reason: string, atUnixMs: number): void {
    if (((this.#flags[rule] ?? 0) & FAILING) !== 0) return;
    const policy = this.#definitions[rule]?.onError ?? 'error';
    this.#instead(rule, policy, atUnixMs, () => {
      this.#mark(rule, (this.#flags[rule] ?? 0) | FAILING);
      this.#onTurn(rule, { type: 'failed', reason }, atUnixMs, null);
    });
  }

  /** What a silence or an error stands for. */
  #instead(
    rule: number,
    policy: 'no-data' | 'error' | 'normal' | 'firing' | 'keep',
    atUnixMs: number,
    otherwise: () => void,
  ): void {
    const need = this.#need[rule] ?? 1;
    const held = (this.#count[rule] ?? 0) >= need;
    if (policy === 'keep') return;
    if (policy === 'no-data' || policy === 'error') {
      otherwise();
      return;
    }
    this.touch(rule);
    this.#put(rule, policy === 'firing', policy === 'firing' ? need : 0);
    if (policy === 'firing' && !held) this.#onTurn(rule, { type: 'held' }, atUnixMs, null);
    if (policy === 'normal' && held) this.#onTurn(rule, { type: 'ceased' }, atUnixMs, null);
  }

  #isSilent(rule: number, afterMs: number, nowMonoMs: number): boolean {
    if (nowMonoMs < (this.#graceMonoMs[rule] ?? 0)) return false;
    const first = this.#first[rule] ?? 0;
    for (let link = first; link < first + (this.#channels[rule] ?? 0); link++) {
      const heardMonoMs = this.list.heardMonoMs[this.list.slot[link] ?? 0] ?? 0;
      if (nowMonoMs - heardMonoMs >= afterMs) return true;
    }
    return false;
  }

  /**
   * The present, by the clock of the device that sent the newest sample: its time and what passed since by the monotonic clock, so
   * that neither a device whose clock is off nor a clock that is set empties a window.
   */
  #clockOf(rule: number, nowUnixMs: number, nowMonoMs: number): number {
    const first = this.#first[rule] ?? 0;
    let newest = Number.NEGATIVE_INFINITY;
    for (let link = first; link < first + (this.#channels[rule] ?? 0); link++) {
      const slot = this.list.slot[link] ?? 0;
      const atUnixMs = this.list.atUnixMs[slot] ?? Number.NEGATIVE_INFINITY;
      newest = Math.max(newest, atUnixMs + nowMonoMs - (this.list.heardMonoMs[slot] ?? 0));
    }
    return Number.isFinite(newest) ? newest : nowUnixMs;
  }

  /** It is in the next checkpoint. */
  touch(rule: number): void {
    if (this.#dirty[rule] === 1) return;
    this.#dirty[rule] = 1;
    this.#changed.push(rule);
  }

  #grow(): void {
    const bytes = (column: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
      const next = new Uint8Array(column.length * 2);
      next.set(column);
      return next;
    };
    const words = (column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const next = new Uint32Array(column.length * 2);
      next.set(column);
      return next;
    };
    this.#code = bytes(this.#code);
    this.#on = bytes(this.#on);
    this.#flags = bytes(this.#flags);
    this.#dirty = bytes(this.#dirty);
    this.#channels = bytes(this.#channels);
    this.#count = words(this.#count);
    this.#need = words(this.#need);
    this.#first = words(this.#first);
    this.#a = grown(this.#a, 0);
    this.#b = grown(this.#b, 0);
    this.#clearA = grown(this.#clearA, 0);
    this.#clearB = grown(this.#clearB, 0);
    this.#silentMs = grown(this.#silentMs, 0);
    this.#quietMs = grown(this.#quietMs, 0);
    this.#graceMonoMs = grown(this.#graceMonoMs, 0);
    this.#againMonoMs = grown(this.#againMonoMs, 0);
  }
}
