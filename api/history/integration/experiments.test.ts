import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { z } from 'zod';
import { until } from '../../../engine/series/testing.js';
import type { Experiment, experimentsCompareAnswer } from '../../contract/history.js';
import { parseDatapointId } from '../datapoint-id.js';
import { type HistorySite, historySite } from './site.js';

const data = mkdtempSync(join(tmpdir(), 'earshot-experiments-'));
let site: HistorySite;
let password = '';

beforeAll(async () => {
  site = await historySite({ data });
  password = site.server.adminPassword ?? '';
});
afterAll(async () => {
  await site.server.stop();
  rmSync(data, { recursive: true, force: true });
});

const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

async function make(name: string, channels: readonly string[]): Promise<Experiment> {
  const made = await site.call('POST', '/v1/experiments', { name, channels });
  expect(made.status).toBe(201);
  return made.body as Experiment;
}

test('a recording holds what its channels said between start and stop, as CSV in the agreed form', async () => {
  await site.samples('tank', [['level', Date.now() - 60_000, 1]]);
  const { id, publicId } = await make('First, "fill"', ['tank/level', 'tank/note']);
  expect((await site.call('POST', `/v1/experiments/${id}/start`)).status).toBe(200);
  await tick();
  const at = Date.now();
  await site.samples('tank', [
    ['level', at, 12.5],
    ['note', at, 'half, "full"'],
  ]);
  await tick();
  expect((await site.call('POST', `/v1/experiments/${id}/stop`)).status).toBe(200);
  await tick();
  await site.samples('tank', [['level', Date.now(), 99]]);

  const csv = await site.text('GET', `/v1/experiments/${id}/csv`);
  expect(csv.status).toBe(200);
  expect(csv.headers.get('content-disposition')).toContain(
    `filename="experiment_First_ _fill__${publicId.slice(0, 8)}.csv"`,
  );
  const [head, ...lines] = csv.text.trimEnd().split('\r\n');
  expect(head).toBe('timestamp,event_name,event_public_id,value,unit,datapoint_public_id');
  expect(lines).toHaveLength(2);
  const iso = new Date(at).toISOString().replace('Z', '000+00:00');
  const level = lines.find((line) => line.includes('tank/level')) ?? '';
  expect(level).toMatch(new RegExp(`^${iso.replaceAll('+', '\\+')},tank/level,,12.5,,`));
  expect(parseDatapointId(level.split(',').at(-1) ?? '').atUnixMs).toBe(at);
  expect(lines.find((line) => line.includes('tank/note'))).toContain('"half, ""full"""');
});

test('a recording is started once, runs once and has a name of its own', async () => {
  const { id } = await make('Once', []);
  expect((await site.call('POST', `/v1/experiments/${id}/stop`)).status).toBe(409);
  expect((await site.call('POST', `/v1/experiments/${id}/start`)).status).toBe(200);
  expect((await site.call('POST', `/v1/experiments/${id}/start`)).status).toBe(409);
  expect((await site.call('POST', `/v1/experiments/${id}/stop`)).status).toBe(200);
  expect((await site.call('POST', `/v1/experiments/${id}/start`)).status).toBe(409);
  expect((await site.call('POST', '/v1/experiments', { name: 'Once' })).status).toBe(409);
  expect((await site.call('POST', '/v1/experiments/4711/start')).status).toBe(404);
});

test('a recording that runs goes on over a kill of the engine', async () => {
  const { id } = await make('Long', ['tank/level']);
  await site.call('POST', `/v1/experiments/${id}/start`);
  const before = (await site.call('GET', `/v1/experiments/${id}`)).body as Experiment;
  await site.server.kill();
  site = await historySite({ data }, password);
  const after = (await site.call('GET', `/v1/experiments/${id}`)).body as Experiment;
  expect(after.startedAtUnixMs).toBe(before.startedAtUnixMs);
  expect(after.stoppedAtUnixMs).toBeNull();
  await tick();
  await site.samples('tank', [['level', Date.now(), 41]]);
  await tick();
  expect((await site.call('POST', `/v1/experiments/${id}/stop`)).status).toBe(200);
  const csv = await site.text('GET', `/v1/experiments/${id}/csv`);
  expect(csv.text).toContain('tank/level,,41,');
});

test('runs are compared by the time since the start of each', async () => {
  const ids: number[] = [];
  for (const [name, value] of [
    ['A', 1],
    ['B', 2],
  ] as const) {
    const { id } = await make(`Run ${name}`, ['tank/level']);
    ids.push(id);
    await site.call('POST', `/v1/experiments/${id}/start`);
    await tick();
    await site.samples('tank', [['level', Date.now(), value]]);
    await tick();
    await site.call('POST', `/v1/experiments/${id}/stop`);
  }
  const answer = await site.call('GET', `/v1/experiments/compare?ids=${ids.join(',')}`);
  const { runs } = answer.body as z.infer<typeof experimentsCompareAnswer>;
  expect(runs.map(({ name }) => name)).toEqual(['Run A', 'Run B']);
  for (const [i, run] of runs.entries()) {
    expect(run.series[0]?.value).toEqual([i + 1]);
    expect(run.series[0]?.atMs[0]).toBeGreaterThanOrEqual(0);
    expect(run.series[0]?.atMs[0]).toBeLessThanOrEqual(run.durationMs);
  }
  expect((await site.call('GET', '/v1/experiments/compare?ids=999999')).status).toBe(404);
});

test('recordings and the journal are shown live', async () => {
  const { id } = await make('Watched', []);
  await site.call('POST', '/v1/journal', { level: 'warning', text: 'Pump 2 is loud' });
  const socket = new WebSocket(`${site.server.wsUrl}/v1/live`, {
    headers: { cookie: site.cookie },
  });
  const seen: string[] = [];
  socket.on('message', (message: Buffer) => seen.push(message.toString()));
  await new Promise((resolve) => socket.once('open', resolve));
  for (const resource of ['experiments', 'journal']) {
    socket.send(JSON.stringify({ type: 'subscribe', id: resource, query: { resource } }));
  }
  await until(
    'both are shown',
    () => /Pump 2 is loud/.test(seen.join()) && /Watched/.test(seen.join()),
  );
  await site.call('POST', `/v1/experiments/${id}/start`);
  await until('it runs', () => seen.some((text) => text.includes('"running"')));
  await site.call('DELETE', `/v1/experiments/${id}`);
  await until('it is gone', () => seen.some((text) => text.includes('"remove"')));
  socket.close();
});

test('notes on the time axis are found by range, and one that ends before it begins is refused', async () => {
  const made = await site.call('POST', '/v1/annotations', {
    fromUnixMs: 1_000_000,
    toUnixMs: 2_000_000,
    text: 'Filter changed',
    channels: ['tank/level'],
  });
  expect(made.status).toBe(201);
  const found = await site.call('GET', '/v1/annotations?from=1500000&to=3000000');
  expect(JSON.stringify(found.body)).toContain('Filter changed');
  const before = await site.call('GET', '/v1/annotations?to=900000');
  expect(JSON.stringify(before.body)).not.toContain('Filter changed');
  const wrong = await site.call('POST', '/v1/annotations', {
    fromUnixMs: 2,
    toUnixMs: 1,
    text: 'x',
  });
  expect(wrong.status).toBe(400);
  expect(JSON.stringify(wrong.body)).toContain('toUnixMs');
});
