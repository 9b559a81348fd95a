import { connectSeries } from '../engine/series/client.js';
import { SAMPLE_COLUMNS } from '../engine/series/native-block.js';
import { SampleColumns } from '../engine/series/sample-columns.js';
import { insertRows } from '../engine/series/store-insert.js';

// The yardstick of the ingest bench: `ingest-raw-load URL DATABASE SECONDS`. Inserts rows like those of the devices into
// the same table with the same client and format, 4,000 at a time as the group commits are, two inserts under way.
// Nothing is parsed, acknowledged or shown. Prints one line of figures.

const [url = '', database = '', seconds = ''] = process.argv.slice(2);
const ROWS = 4_000;
const CHANNELS = 2_000;
const FIRST_CHANNEL = 3_000_000_000;

const client = connectSeries({ url, database });
let atUs = Date.now() * 1_000;

function body(): Uint8Array {
  const rows = new SampleColumns();
  const channel = Uint32Array.from({ length: ROWS }, (_, i) => FIRST_CHANNEL + (i % CHANNELS));
  const halves = rows.append(
    channel,
    Float64Array.from(channel, (_, i) => (i % 1_000) / 10),
  );
  for (let i = 0; i < ROWS; i++) {
    atUs += 1;
    halves[i * 2] = atUs;
    halves[i * 2 + 1] = atUs / 4_294_967_296;
  }
  return rows.seal();
}

let inserted = 0;
const startedMs = performance.now();
const untilMs = startedMs + Number(seconds) * 1_000;
await Promise.all(
  Array.from({ length: 2 }, async () => {
    while (performance.now() < untilMs) {
      await insertRows(client, 'samples', SAMPLE_COLUMNS, body(), { format: 'Native' });
      inserted += ROWS;
    }
  }),
);
const took = (performance.now() - startedMs) / 1_000;
await client.close();
process.stdout.write(`${JSON.stringify({ inserted, seconds: took })}\n`);
