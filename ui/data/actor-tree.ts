import type { ActorRow, ShardRow } from '../../api/contract/rows.js';
import { kindWord } from './actors.js';
import { count, number } from './format.js';
import { shardName } from './health.js';
import { stateWord, TONE_ORDER, type Tone, worst } from './states.js';

/** A line of the supervision tree: the engine, a thread, a kind in it, or an actor. */
export interface TreeRow {
  readonly id: string;
  readonly level: number;
  readonly label: string;
  /** Undefined for an actor without children. */
  readonly open: boolean | undefined;
  readonly members: number;
  readonly tone: Tone;
  readonly stateText: string;
  readonly restarts: number;
  readonly mailboxDepth: number;
  readonly sinceUnixMs: number | undefined;
  readonly lastError: string | null;
  readonly actor: ActorRow | undefined;
}

/** Ids of groups begin with what no actor's id begins with. */
const ROOT = '› ';

/** A group larger than this is folded until it is opened. */
export const FOLDED_FROM = 40;

/**
 * The tree, as lines to draw. `folds` holds what was opened (true) or folded (false) by hand. Trouble comes first
 * inside each group, then the name.
 */
export function treeOf(
  actors: readonly ActorRow[],
  shards: readonly ShardRow[],
  folds: ReadonlyMap<string, boolean>,
): TreeRow[] {
  const byShard = new Map<string, Map<string, ActorRow[]>>();
  for (const shard of shards) byShard.set(shard.id, new Map());
  const ids = new Set(actors.map((row) => row.id));
  const threads = new Set([
    ...shards.map((shard) => shard.id),
    ...actors.map((row) => row.shard),
    'engine',
  ]);
  const children = new Map<string, ActorRow[]>();
  for (const row of actors) {
    // A thread may be listed as an actor too; what lives in it hangs below the thread itself.
    const nested = row.parent !== row.id && ids.has(row.parent) && !threads.has(row.parent);
    if (nested) {
      const list = children.get(row.parent);
      if (list) list.push(row);
      else children.set(row.parent, [row]);
      continue;
    }
    let kinds = byShard.get(row.shard);
    if (!kinds) {
      kinds = new Map();
      byShard.set(row.shard, kinds);
    }
    const list = kinds.get(row.kind);
    if (list) list.push(row);
    else kinds.set(row.kind, [row]);
  }
  const lines: TreeRow[] = [];
  const rootOpen = folds.get(ROOT) ?? true;
  lines.push({
    ...group(ROOT, 0, 'Engine', rootOpen, actors),
  });
  if (!rootOpen) return lines;
  for (const id of [...byShard.keys()].toSorted()) {
    const kinds = byShard.get(id) ?? new Map<string, ActorRow[]>();
    const shard = shards.find((one) => one.id === id);
    const members = [...kinds.values()].flat();
    const key = `${ROOT}${id}`;
    const open = folds.get(key) ?? true;
    const line = group(key, 1, shard ? shardName(shard) : id, open, members);
    const state = shard ? stateWord(shard.state) : undefined;
    lines.push({
      ...line,
      open: members.length > 0 ? open : undefined,
      tone: state && state.tone !== 'good' ? state.tone : line.tone,
      stateText: state && state.tone !== 'good' ? state.word : line.stateText,
      restarts: shard?.restarts ?? 0,
      lastError: shard?.lastError ?? null,
    });
    if (!open) continue;
    for (const kind of [...kinds.keys()].toSorted()) {
      const list = kinds.get(kind) ?? [];
      const kindKey = `${key} › ${kind}`;
      const kindOpen = folds.get(kindKey) ?? list.length < FOLDED_FROM;
      lines.push(group(kindKey, 2, kindWord(kind, list.length), kindOpen, list));
      if (kindOpen) for (const row of sorted(list)) addActor(lines, row, 3, children, folds);
    }
  }
  return lines;
}

function addActor(
  lines: TreeRow[],
  row: ActorRow,
  level: number,
  children: ReadonlyMap<string, readonly ActorRow[]>,
  folds: ReadonlyMap<string, boolean>,
): void {
  const below = children.get(row.id);
  const state = stateWord(row.state);
  const open = below ? (folds.get(row.id) ?? true) : undefined;
  lines.push({
    id: row.id,
    level,
    label: row.id,
    open,
    members: below?.length ?? 0,
    tone: state.tone,
    stateText: state.word,
    restarts: row.restarts,
    mailboxDepth: row.mailboxDepth,
    sinceUnixMs: row.sinceUnixMs,
    lastError: row.lastError,
    actor: row,
  });
  if (below && open)
    for (const one of sorted(below)) addActor(lines, one, level + 1, children, folds);
}

function group(
  id: string,
  level: number,
  label: string,
  open: boolean,
  members: readonly ActorRow[],
): TreeRow {
  const tones = new Map<Tone, number>();
  let restarts = 0;
  let mailboxDepth = 0;
  for (const row of members) {
    const { tone } = stateWord(row.state);
    tones.set(tone, (tones.get(tone) ?? 0) + 1);
    restarts += row.restarts;
    mailboxDepth += row.mailboxDepth;
  }
  const trouble = (tones.get('critical') ?? 0) + (tones.get('attention') ?? 0);
  return {
    id,
    level,
    label,
    open,
    members: members.length,
    tone: members.length === 0 ? 'off' : worst([...tones.keys()]),
    stateText: wellOf(trouble, members.length),
    restarts,
    mailboxDepth,
    sinceUnixMs: undefined,
    lastError: null,
    actor: undefined,
  };
}

function wellOf(trouble: number, all: number): string {
  if (all === 0) return 'empty';
  if (trouble > 0) return `${number(trouble, 0)} of ${number(all, 0)} in trouble`;
  return all === 1 ? 'well' : `all ${number(all, 0)} well`;
}

const RANK = new Map(TONE_ORDER.map((tone, place) => [tone, place]));

/** Made once: a comparison by locale for each pair takes a second for 8,000 rows. */
const BY_ID = new Intl.Collator(undefined, { numeric: true });

function sorted(rows: readonly ActorRow[]): ActorRow[] {
  return rows
    .map((row) => {
      const { tone } = stateWord(row.state);
      const trouble = tone === 'critical' || tone === 'attention';
      return { row, rank: trouble ? (RANK.get(tone) ?? 0) : RANK.size };
    })
    .sort((a, b) => a.rank - b.rank || BY_ID.compare(a.row.id, b.row.id))
    .map(({ row }) => row);
}

/** Something that happened to an actor while the page looked. */
export interface ActorNews {
  readonly key: number;
  readonly id: string;
  readonly kind: string;
  readonly tone: Tone;
  readonly text: string;
  readonly atUnixMs: number;
}

const MAX_NEWS = 30;

/** Tells restarts and parkings from the rows as they change; bounded, newest first. */
export class ActorWatch {
  readonly #before = new Map<string, { readonly restarts: number; readonly state: string }>();
  #news: readonly ActorNews[] = [];
  #key = 0;
  #primed = false;

  /** Answers the news after these rows; the same array when there are none. */
  look(rows: readonly ActorRow[], atUnixMs: number): readonly ActorNews[] {
    const fresh: ActorNews[] = [];
    for (const row of rows) {
      const before = this.#before.get(row.id);
      if (before?.restarts === row.restarts && before.state === row.state) continue;
      this.#before.set(row.id, { restarts: row.restarts, state: row.state });
      if (!before || !this.#primed) continue;
      const text = this.#textOf(before, row);
      if (text === undefined) continue;
      this.#key += 1;
      fresh.push({
        key: this.#key,
        id: row.id,
        kind: row.kind,
        tone: stateWord(row.state).tone,
        text,
        atUnixMs,
      });
    }
    this.#primed ||= rows.length > 0;
    if (this.#before.size > rows.length * 2 + 1_000) this.#forgetBut(rows);
    if (fresh.length > 0) this.#news = [...fresh.toReversed(), ...this.#news].slice(0, MAX_NEWS);
    return this.#news;
  }

  #textOf(
    before: { readonly restarts: number; readonly state: string },
    row: ActorRow,
  ): string | undefined {
    const { word, tone } = stateWord(row.state);
    if (row.restarts > before.restarts)
      return `restarted (${count(row.restarts, 'time')} so far), now ${word.toLowerCase()}`;
    if (row.state === before.state) return undefined;
    const was = stateWord(before.state);
    if (tone === was.tone && tone === 'good') return undefined;
    return `${was.word.toLowerCase()} → ${word.toLowerCase()}`;
  }

  #forgetBut(rows: readonly ActorRow[]): void {
    const kept = new Set(rows.map((row) => row.id));
    for (const id of this.#before.keys()) if (!kept.has(id)) this.#before.delete(id);
  }
}
