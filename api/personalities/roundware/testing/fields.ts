import { expect } from 'vitest';
import type { Client, Row } from './client.js';
import { covers, shows } from './covers.js';

type Values = Readonly<Record<string, unknown>>;

/** Asserts which rows a parameter leaves, and notes it. `query` may name further parameters. */
export async function narrows(
  client: Client,
  path: string,
  parameter: string,
  query: string,
  expected: readonly number[],
): Promise<void> {
  const asked = `${path}/?${query}`;
  expect(
    [...(await client.ids(asked))].sort((a, b) => a - b),
    asked,
  ).toEqual([...expected].sort((a, b) => a - b));
  covers(`GET ${path}`, `?${parameter}`);
}

/**
 * Makes a row, reads it in both ways, changes each of its fields and removes another one: all five calls of a
 * resource. `made` and `shown` name the same fields unless the wire differs; `changed` the new value of each.
 */
export async function fiveCalls(options: {
  readonly staff: Client;
  readonly reader: Client;
  readonly path: string;
  readonly made: Values;
  /** What is read of it; default: `made`. */
  readonly shown?: Values;
  readonly changed: Values;
  /** What is read after the change; default: `changed`. */
  readonly after?: Values;
  /** Query of a single read. */
  readonly item?: string;
}): Promise<Row> {
  const { staff, reader, path, made, changed, item = '' } = options;
  const shown = options.shown ?? made;
  const row = await staff.post(`${path}/`, made);
  expect(row.id).toBeGreaterThan(0);
  expect(row).toMatchObject(shown);
  covers(`POST ${path}`, '=200', ...Object.keys(made).map((name) => `>${name}`));
  const listed = (await reader.list(`${path}/${item}`)).find(({ id }) => id === row.id);
  shows(`GET ${path}`, listed, { id: row.id, ...shown });
  expect(await reader.get(`${path}/${row.id}/${item}`)).toEqual(listed);
  covers(`GET ${path}/{id}`, '=item');
  for (const [name, value] of Object.entries(changed)) {
    const got = await staff.patch(`${path}/${row.id}/`, { [name]: value });
    expect(got, `PATCH ${path} ${name}`).toMatchObject({
      [name]: (options.after ?? changed)[name],
    });
  }
  expect(await reader.get(`${path}/${row.id}${item}`)).toMatchObject(options.after ?? changed);
  covers(`PATCH ${path}/{id}`, '=changes');
  const gone = await staff.post(`${path}/`, made);
  const removed = await staff.call('DELETE', `${path}/${gone.id}/`);
  expect(removed).toMatchObject({ status: 204, body: undefined });
  expect((await reader.call('GET', `${path}/${gone.id}/${item}`)).status).toBe(404);
  covers(`DELETE ${path}/{id}`, '=204');
  return row;
}
