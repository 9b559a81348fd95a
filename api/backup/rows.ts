import { Transform } from 'node:stream';
import { EngineError } from '../../engine/errors.js';

/** An error of the store is at the end; more of the rows is not kept, bytes. */
const TAIL_BYTES = 65_536;
const ERROR = /(?:^|\n)(?:Code: \d+\. DB::Exception.*|__exception__)/;

/**
 * Passes rows of a table on. The store writes what goes wrong within a query behind the rows, as text, because the
 * answer has begun: the stream fails then, with `store.refused`, so that no backup lacks rows without a word.
 */
export function wholeRows(table: string): Transform {
  let tail = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
      done(null, chunk);
    },
    flush(done) {
      const found = ERROR.exec(tail.toString());
      if (found === null) done();
      else {
        const message = `${table} could not be read whole: ${found[0].trim().slice(0, 500)}: try the backup again`;
        done(new EngineError('store.refused', message));
      }
    },
  });
}
