import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TableWriter } from '../../../engine/series/table-writer.js';
import { openStoreBench, type StoreBench } from '../../../engine/series/testing.js';
import { statisticsAnswer } from '../../contract/statistics.js';
import { createGateway, type Gateway } from '../../http/server.js';
import { statisticsRoutes } from '../../routes/statistics.js';
import { call } from '../../testing/listen.js';
import { openListeningLog } from '../listening-log.js';
import { Statistics } from '../statistics.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const HOUR = 3_600_000;
/** 2026-03-02, midnight UTC. */
const MONDAY = 1_772_409_600_000;

let bench: StoreBench;
let statistics: Statistics;
let gateway: Gateway;
let url: string;

beforeAll(async () => {
  bench = await openStoreBench();
  statistics = new Statistics(bench.address);
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes: statisticsRoutes({
      statistics,
      project: (id) => (id === 1 ? { center: { latitude: 60, longitude: 0 } } : undefined),
      assetName: (id) => (id === 7 ? '=Bees, "wild"' : undefined),
    }).map((one) => ({ ...one, access: 'open' as const })),
  });
  url = `http://127.0.0.1:${gateway.port}/v1/statistics`;
  const log = openListeningLog({
    address: bench.address,
    clock: bench.clock,
    onError: (error) => expect(error).toBeUndefined(),
  });
  const at = (projectId: number, session: number, hours: number, eastDeg?: number) => ({
    projectId,
    session,
    position: eastDeg === undefined ? undefined : { latitude: 60.00001, longitude: eastDeg },
    atUnixMs: MONDAY + hours * HOUR,
  });
  for (let i = 0; i < 30; i += 1) {
    const session = i + 1;
    log.session(at(1, session, i, 0));
    for (let tens = 0; tens < 6; tens += 1)
      log.place(at(1, session, i, i % 2 === 0 ? 0.001 : 0.002), 10);
    log.asset(at(1, session, i, 0.001), i % 3 === 0 ? 8 : 7, 4.5);
  }
  log.session(at(2, 99, 1));
  log.place(at(2, 99, 1), 10);
  await log.flush();
  await log.close();
});

afterAll(async () => {
  await gateway.stop(200);
  await statistics.close();
  await bench.close();
});

const ask = async (query: string) => {
  const { status, body } = await call(
    'GET',
    `${url}?from=${MONDAY}&to=${MONDAY + 48 * HOUR}${query}`,
  );
  expect(status).toBe(200);
  return statisticsAnswer.parse(body);
};

test('sessions, listening time and what was heard are counted by day and by hour', async () => {
  const byDay = await ask('&projectId=1');
  expect(byDay.totals).toEqual({ sessions: 30, listeningS: 1_800, heard: 30 });
  expect(byDay.times).toEqual([
    { atUnixMs: MONDAY, sessions: 24, listeningS: 1_440, heard: 24 },
    { atUnixMs: MONDAY + 24 * HOUR, sessions: 6, listeningS: 360, heard: 6 },
  ]);
  expect((await ask('&projectId=1&interval=hour')).times).toHaveLength(30);
  expect((await ask('')).totals.sessions).toBe(31);
});

test('days begin where the asker lives', async () => {
  const { times } = await ask('&projectId=1&timezone=Asia/Tokyo');
  expect(times.map(({ sessions }) => sessions)).toEqual([15, 15]);
  expect(times[0]?.atUnixMs).toBe(MONDAY - 9 * HOUR);
});

test('the most heard recordings come first, with how many heard them and for how long', async () => {
  expect((await ask('&projectId=1&limit=1')).assets).toEqual([
    { assetId: 7, name: '=Bees, "wild"', heard: 20, sessions: 20, seconds: 90 },
  ]);
  expect((await ask('&projectId=1')).assets[1]).toMatchObject({
    assetId: 8,
    name: null,
    heard: 10,
  });
});

test('the heat map sums listening in cells that are square on the ground', async () => {
  // 0.001° of longitude at 60° north are 56 m.
  const { places, cellM } = await ask('&projectId=1&cellM=20');
  expect(cellM).toBe(20);
  expect(places.map(({ seconds }) => seconds)).toEqual([900, 900]);
  for (const { latitude } of places) expect(latitude).toBeCloseTo(60, 3);
  expect((await ask('&projectId=1&cellM=1000')).places).toHaveLength(1);
  expect((await ask('')).places).toEqual([]);
});

test('each part comes as CSV, and a name cannot become a formula', async () => {
  const get = async (part: string): Promise<string> =>
    (
      await fetch(`${url}/export?part=${part}&projectId=1&from=${MONDAY}&to=${MONDAY + 48 * HOUR}`)
    ).text();
  expect((await get('times')).split('\r\n').slice(0, 2)).toEqual([
    'at,sessions,listeningS,heard',
    '2026-03-02T00:00:00.000Z,24,1440,24',
  ]);
  expect(await get('assets')).toContain('7,"\'=Bees, ""wild""",20,20,90');
  expect((await get('places')).split('\r\n')).toHaveLength(4);
});

test('a wrong range, time zone or project is refused in words', async () => {
  for (const [query, words] of [
    [`from=5&to=4`, /to after from/],
    [`from=0&to=1&timezone=Mars/Base`, /IANA/],
    [`from=0&to=1&projectId=9`, /no project 9/],
    [`from=0&to=1&interval=week`, /interval/],
  ] as const) {
    const { status, body } = await call<{ detail: string; errors?: unknown }>(
      'GET',
      `${url}?${query}`,
    );
    expect(status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(body)).toMatch(words);
  }
});

test('rows wait while the store refuses or is away, and no more than the bound of them', async () => {
  const errors: string[] = [];
  const writer = new TableWriter({
    address: { url: 'http://127.0.0.1:9', database: 'earshot' },
    table: 'listening',
    columns: ['at'],
    clock: bench.clock,
    maxRows: 100,
    onError: (error) => errors.push(error.code),
  });
  for (let i = 0; i < 150; i += 1) writer.push([i]);
  await writer.flush();
  expect(errors).toEqual(['store.away']);
  expect(writer.pending).toBeLessThanOrEqual(100);
  expect(writer.pending + writer.dropped).toBe(150);
  await writer.close();
});
