import { Transform } from 'node:stream';
import { EngineError } from '../../engine/errors.js';

/** An error of the store is at the end; more of the rows is not kept, bytes. */
const TAIL_BYTES = 65_536;
const ERROR = /(?:^|\n)(?:Code: \d+\. DB::Exception.*|__exception__)/;

/** In the middle of a row there is no line of its own for it; its last words are these. */
const ERROR_WITHIN = /Code: \d+\. DB::Exception.*\(version [^)]*(?:\([^)]*\))?\)$/;
const LINE = 0x0a;
const TAB = 0x09;

/**
 * Passes rows of a table on. The store writes what goes wrong within a query behind the rows, as text, because the
 * answer has begun, and it may begin in the middle of a row: the stream fails then, with `store.refused`, so that no
 * backup lacks rows without a word. A last row that is cut, or has other columns than the first, fails it too.
 */
export function wholeRows(table: string): Transform {
  let tail = Buffer.alloc(0);
  let tabs = 0;
  let firstSeen = false;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      if (!firstSeen) {
        const end = chunk.indexOf(LINE);
        firstSeen = end >= 0;
        tabs += tabsIn(firstSeen ? chunk.subarray(0, end) : chunk);
      }
      tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
      done(null, chunk);
    },
    flush(done) {
      const wrong = ERROR.exec(tail.toString())?.[0] ?? brokenEnd(tail, tabs);
      if (wrong === undefined) done();
      else {
        const message = `${table} could not be read whole: ${wrong.trim().slice(0, 500)}: try the backup again`;
        done(new EngineError('store.refused', message));
      }
    },
  });
}

/** What is wrong with the last row; undefined: nothing. @param tabs of the first row */
function brokenEnd(tail: Buffer, tabs: number): string | undefined {
  if (tail.length === 0) return undefined;
  const cut = tail.at(-1) !== LINE;
  const rows = cut ? tail : tail.subarray(0, -1);
  const begin = rows.lastIndexOf(LINE) + 1;
  const last = rows.subarray(begin);
  const error = ERROR_WITHIN.exec(last.toString())?.[0];
  if (error !== undefined) return error;
  if (cut) return 'its last row is cut';
  // A row that is longer than what is kept of it cannot be counted.
  const whole = begin > 0 || tail.length < TAIL_BYTES;
  return whole && tabsIn(last) !== tabs ? 'its last row lacks columns' : undefined;
}

function tabsIn(row: Uint8Array): number {
  let count = 0;
  for (const byte of row) if (byte === TAB) count += 1;
  return count;
}
