import { Readable } from 'node:stream';
import { connectSeries } from '../engine/series/client.js';
import { RowText } from '../engine/series/row-text.js';

// The yardstick of the ingest bench: `ingest-raw-load URL DATABASE SECONDS`. Inserts rows like those of the devices into
// the same table with the same client and format, 4,000 at a time as the group commits are, two inserts under way.
// Nothing is parsed, acknowledged or shown. Prints one line of figures.

const [url = '', database = '', seconds = ''] = process.argv.slice(2);
const ROWS = 4_000;
const CHANNELS = 2_000;
const FIRST_CHANNEL = 3_000_000_000;

const client = connectSeries({ url, database });
let atUs = Date.now() * 1_000;

function body(): Buffer {
  const rows = new RowText(ROWS * 40);
  for (let i = 0; i < ROWS; i++) {
    atUs += 1;
    rows.sample(FIRST_CHANNEL + (i % CHANNELS), atUs, (i % 1_000) / 10);
  }
  return rows.take();
}

let inserted = 0;
const startedMs = performance.now();
const untilMs = startedMs + Number(seconds) * 1_000;
await Promise.all(
  Array.from({ length: 2 }, async () => {
    while (performance.now() < untilMs) {
      await client.insert({
        table: 'samples',
        columns: ['channel', 'at', 'value'],
        values: Readable.from([body()], { objectMode: false }),
        format: 'TabSeparated',
      });
      inserted += ROWS;
    }
  }),
);
const took = (performance.now() - startedMs) / 1_000;
await client.close();
process.stdout.write(`${JSON.stringify({ inserted, seconds: took })}\n`);
