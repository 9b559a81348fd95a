import { sqlAnswer, sqlQuery } from '../contract/history.js';
import { Reply, type Route, route } from '../http/route.types.js';
import type { ChannelNames } from './channel-names.js';
import { joined } from './json-lines.js';
import type { SqlColumn, SqlDoor } from './sql-door.js';
import { started } from './started.js';

/** `POST /v1/sql`. */
export function sqlRoutes(options: {
  readonly sql: SqlDoor;
  readonly names: ChannelNames;
}): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/sql',
      summary: 'One SELECT on the tables and views of the history, read-only and within limits',
      tag: 'history',
      access: 'admin',
      body: sqlQuery,
      response: sqlAnswer,
      timeLimitMs: 330_000,
      handler: async ({ body, signal }) => {
        // Names given a moment ago are there as well.
        await options.names.flush();
        const { columns, rows } = await options.sql.read(body.sql, body.format, body, signal);
        const csv = body.format === 'csv';
        const stream = csv ? withHead(columns, rows) : asDocument(columns, rows);
        return new Reply({
          headers: {
            'content-type': csv ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8',
          },
          // The first rows are there before the answer begins: a refusal has a status of its own.
          stream: await started(stream, 2),
        });
      },
    }),
  ];
}

async function* withHead(
  columns: readonly SqlColumn[],
  rows: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const names = columns.map(({ name }) => `"${name.replaceAll('"', '""')}"`);
  yield Buffer.from(`${names.join(',')}\n`);
  yield* rows;
}

/** `{"columns":[…],"rows":[…]}`; a statement that fails on its way leaves it without an end. */
async function* asDocument(
  columns: readonly SqlColumn[],
  rows: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`{"columns":${JSON.stringify(columns)},"rows":[`);
  yield* joined(rows);
  yield Buffer.from(']}\n');
}
