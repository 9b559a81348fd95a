import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditPort } from '../../automation/ports.js';
import { basic, type MicSite, openMicSite } from '../testing/mic-site.js';
import { type Micboard, openMicboard } from './index.js';

type Entry = Parameters<AuditPort['note']>[0];

const entries: Entry[] = [];
let site: MicSite;
let closed: Micboard;
let open: Micboard;

beforeAll(async () => {
  site = await openMicSite();
  const audit: AuditPort = { note: (entry) => void entries.push(entry) };
  const options = { ...site, host: '127.0.0.1', port: 0, audit };
  closed = await openMicboard({ ...options, allowWrites: false });
  open = await openMicboard({ ...options, allowWrites: true });
  await site.rows.instance({ plugin: 'simulated' });
  await site.rows.device(1, 'a', { address: '10.0.0.7', model: 'ULXD4D' });
  await site.rows.channel('simulated:1:a', 1, { slot: 1, givenName: 'Ada' });
  await site.rows.channel('simulated:1:a', 2, { slot: 2, givenName: 'Grace' });
});
afterAll(async () => {
  await Promise.all([closed.stop(), open.stop()]);
  await site.close();
});

async function post(
  board: Micboard,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const url = `http://127.0.0.1:${board.port}${path}`;
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

test('a group, names and places are noted as they were and as they are, and nothing that stayed', async () => {
  const headers = { authorization: basic('olga') };
  await post(closed, '/api/group', { group: 2, title: 'Choir', slots: [1] }, headers);
  await post(closed, '/api/group', { group: 2, title: 'Band', slots: [1] }, headers);
  await post(closed, '/api/slot', [{ slot: 2, extended_name: 'Hopper' }], headers);
  const place = { slot: 7, type: 'ulxd', ip: '10.0.0.7', channel: 1 };
  await post(closed, '/api/config', [place], headers);
  const choir = { group: 2, title: 'Choir', slots: [1], hide_charts: false };
  const noted = entries.splice(0);
  expect(noted).toMatchObject([
    {
      action: 'POST /api/group',
      subject: 'micboard/api/group',
      before: {},
      after: { groups: [choir] },
    },
    { before: { groups: [choir] }, after: { groups: [{ ...choir, title: 'Band' }] } },
    {
      action: 'POST /api/slot',
      before: { slots: [{ slot: 2, extended_name: 'Grace' }] },
      after: { slots: [{ slot: 2, extended_name: 'Hopper' }] },
    },
    {
      action: 'POST /api/config',
      before: { slots: [{ slot: 1, extended_name: 'Ada' }, { slot: 2 }] },
      after: { slots: [{ slot: 7, extended_name: 'Ada' }] },
    },
  ]);
  expect(Object.keys(noted[2]?.after as object)).toEqual(['slots']);
  for (const { by, address, requestId } of noted) {
    expect([by, address]).toEqual(['olga', '127.0.0.1']);
    expect(requestId).toMatch(/./);
  }
});

test('where everybody may write it is noted without a name, unless one is shown; what is refused is not', async () => {
  const body = { group: 3, title: 'Brass', slots: [] };
  expect(await post(closed, '/api/group', body)).toBe(401);
  expect(await post(open, '/api/group', { group: 'x' })).toBe(400);
  expect(entries.splice(0)).toEqual([]);
  await post(open, '/api/group', body);
  await post(open, '/api/group', { ...body, title: 'Horns' }, { authorization: basic('olga') });
  await post(open, '/api/group', { ...body, title: 'Tuba' }, { authorization: basic('olga', 'x') });
  expect(entries.splice(0).map(({ by }) => by)).toEqual(['anonymous', 'olga', 'anonymous']);
});
