import type { RfRow } from '../../../api/contract/rows.js';
import { qualityDots } from './tile-words.js';

/** What moves many times a second: drawn by the strip, not written into the page. */
const FAST: ReadonlySet<string> = new Set([
  'rfPercent',
  'rfAPercent',
  'rfBPercent',
  'rssiADbm',
  'rssiBDbm',
  'antenna',
  'audioPercent',
  'audioLeftPercent',
  'audioRightPercent',
  'audioDbfs',
  'audioPeak',
  'signal',
  'interference',
  'heardUnixMs',
  'qualityPercent',
]);

function same(a: RfRow, b: RfRow): boolean {
  if (qualityDots(a.qualityPercent) !== qualityDots(b.qualityPercent)) return false;
  if (a.interference !== b.interference) return false;
  // Who is silent is shown with the time of the last sign of life; who is heard, is heard.
  if (!b.active && a.heardUnixMs !== b.heardUnixMs) return false;
  const left = a as unknown as Readonly<Record<string, unknown>>;
  const right = b as unknown as Readonly<Record<string, unknown>>;
  for (const field in right) {
    if (left[field] !== right[field] && !FAST.has(field)) return false;
  }
  return true;
}

/**
 * Rows that stay the same object while only levels move, so that a hundred tiles at ten changes a second cost the
 * page nothing but the drawing of their strips.
 */
export class SlowRows {
  #before = new Map<string, RfRow>();
  #list: readonly RfRow[] = [];

  /** The same list as before when nothing changed in it. */
  update(rows: readonly RfRow[]): readonly RfRow[] {
    const next = new Map<string, RfRow>();
    let changed = rows.length !== this.#list.length;
    const list = rows.map((row, place) => {
      const known = this.#before.get(row.id);
      const kept = known !== undefined && (known === row || same(known, row)) ? known : row;
      if (this.#list[place] !== kept) changed = true;
      next.set(row.id, kept);
      return kept;
    });
    this.#before = next;
    if (changed) this.#list = list;
    return this.#list;
  }
}
