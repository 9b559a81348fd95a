import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeriesQueries } from '../../../engine/series/queries.js';
import { covers } from './testing/contract.js';
import { linkedEvents, startWebmacsSite, type WebmacsSite } from './testing/site.js';

const PATIENCE = { timeout: 30_000, interval: 100 };

let site: WebmacsSite;
let queries: SeriesQueries;
beforeAll(async () => {
  site = await startWebmacsSite();
  queries = new SeriesQueries(site.devices.address);
});
afterAll(async () => {
  await queries.close();
  await site.stop();
});

test('a datapoint that is deleted is in no roll-up any more', async () => {
  const operator = await site.login('olga');
  const [id] = await linkedEvents(site, operator, 1, 'Removal');
  const datapoints = [10, 500, 20].map((value) => ({ value, event_public_id: id }));
  await site.ask(operator, 'POST', '/datapoints/batch', { body: { datapoints } });
  const peaks = async () =>
    (
      await queries.rows<{ n: string; peak: number }>(
        'SELECT toString(sum(points)) AS n, max(maximum) AS peak FROM samples_1d',
        {},
      )
    )[0];
  const list = async () =>
    (await site.ask(operator, 'GET', '/datapoints')).body['data'] as Record<string, unknown>[];
  await expect.poll(async () => (await list()).length, PATIENCE).toBe(3);
  await expect.poll(peaks, PATIENCE).toEqual({ n: '3', peak: 500 });
  const wrong = (await list()).find(({ value }) => value === 500);
  const path = `/datapoints/${String(wrong?.['public_id'])}`;
  expect((await site.ask(operator, 'DELETE', path)).status).toBe(200);
  expect((await list()).map(({ value }) => value).sort()).toEqual([10, 20]);
  await expect.poll(peaks, PATIENCE).toEqual({ n: '2', peak: 20 });
  covers('DELETE /datapoints/{id}', '=roll-ups no more count it');
});
