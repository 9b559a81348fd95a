import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DeviceSite, startDeviceSite } from '../../../testing/device-site.js';
import { TextSocket } from '../../../testing/text-socket.js';

let site: DeviceSite;
let folder: string;
const sockets: TextSocket[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-smartos-'));
  site = await startDeviceSite({ folder, setDeadlineMs: 500 });
});

afterAll(async () => {
  for (const socket of sockets) socket.close();
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function open(path: string): Promise<TextSocket> {
  const socket = await TextSocket.open(`ws://127.0.0.1:${site.port}${path}`);
  sockets.push(socket);
  return socket;
}

async function device(): Promise<TextSocket> {
  const socket = await open('/update/');
  await socket.next();
  return socket;
}

/** A browser that has its greeting and first rows. */
async function browser(): Promise<TextSocket> {
  const socket = await open('/client/');
  await socket.next();
  await socket.next();
  return socket;
}

const frame = (type: string, message: string): string => JSON.stringify({ type, message });
const update = (number: string, serial: string, fields: object): string =>
  frame('UPDT', `${number}:${serial}:${JSON.stringify(fields)}`);
const info = (message: string) => ({ type: 'INFO', message });

test.each(['/update/', '/update', '/old/server/update/'])(
  'a device is greeted on %s',
  async (path) => {
    const socket = await open(path);
    expect(await socket.nextJson()).toEqual(
      info(
        "Welcome to SMART-Server - SolMate Real-Time ObServer! - SolServerConsumer: groups ['updates']",
      ),
    );
  },
);

test('a browser is greeted and gets its rows with the keys in order', async () => {
  const d = await device();
  const dump = {
    _power_income: 55.5,
    _power_inject: 12,
    _battery: 80,
    _power_consumption: 3,
    _local_time: '2025-01-01T00:00:00Z',
    _software_version: '1.2',
    _country: 'AT',
    _postcode: '8010',
    solmate_version: 'v1',
    pv_connectors: 2,
    serial_number: '0137',
  };
  d.send(frame('INIT', `0000:0137:${JSON.stringify(dump)}`));
  expect(await d.nextJson()).toEqual(info('0000:0137:OK'));
  await expect.poll(() => site.devices.get('0137')?.['values.battery']).toBe(80);
  const b = await open('/client/');
  expect(await b.nextJson()).toEqual(
    info(
      "Welcome to SMART-Server - SolMate Real-Time ObServer! - ClientConsumer: groups ['broadcast']",
    ),
  );
  const rows = (await b.nextJson()) as { type: string; message: Record<string, unknown>[] };
  expect(rows.type).toBe('INIT');
  const row = rows.message.find((r) => r['serial_number'] === '0137') ?? {};
  expect(Object.keys(row)).toEqual(
    'serial_number owner software_version country postcode manufacturing_date power_income power_inject power_consumption battery last_status_update solmate_version pv_connectors local_time statusdata_ptr'.split(
      ' ',
    ),
  );
  expect(row).toMatchObject({
    owner: 'EET',
    country: 'AT',
    postcode: '8010',
    power_income: 55.5,
    battery: 80,
    solmate_version: 'v1',
    pv_connectors: 2,
  });
  expect(row['last_status_update']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('updates reach every browser as they were sent, byte for byte', async () => {
  const d = await device();
  const [one, two] = [await browser(), await browser()];
  const odd =
    '{"type": "UPDT",  "message": "0001:0137:{\\"battery\\": 81, \\"note\\": \\"größe 🎤\\"}"}';
  await expect.poll(() => site.service.framesOpen).toBe(0);
  d.send(odd);
  expect(await d.nextJson()).toEqual(info('0001:0137:OK'));
  expect(await one.next()).toBe(odd);
  expect(await two.next()).toBe(odd);
  await expect.poll(() => site.devices.get('0137')?.['values.note']).toBe('größe 🎤');
});

test('running numbers past 9999, unknown types and unknown fields are fine', async () => {
  const d = await device();
  d.send(update('12345', '0137', { battery: 5, colour: 'red' }));
  expect(await d.nextJson()).toEqual(info('12345:0137:OK'));
  const b = await browser();
  const strange = frame('BLAH', '0002:0137:whatever');
  d.send(strange);
  expect(await d.nextJson()).toEqual(info('0002:0137:OK'));
  expect(await b.next()).toBe(strange);
  await expect.poll(() => site.devices.get('0137')?.['values.colour']).toBe('red');
});

test('bad frames get one answer that names the field, and the socket stays', async () => {
  const d = await device();
  const answers: string[] = [];
  for (const bad of [
    'no json',
    '{"type":"UPDT","message":"0001"}',
    frame('UPDT', '0003:0137:{oops'),
    update('0004', '0137', { battery: 'full' }),
    update('0005', '0137', { battery: { deep: 1 } }),
    '{"type":"UPDT","message":["0001:0137:{}"]}',
  ]) {
    d.send(bad);
    answers.push(((await d.nextJson()) as { message: string }).message);
  }
  expect(answers[0]).toMatch(/^::ERROR: .*JSON/);
  expect(answers[1]).toMatch(/^::ERROR: .*colon/);
  expect(answers[2]).toMatch(/^0003:0137:ERROR: /);
  expect(answers[3]).toMatch(/^0004:0137:ERROR: field "battery"/);
  expect(answers[4]).toMatch(/^0005:0137:ERROR: field "battery"/);
  expect(answers[5]).toMatch(/^::ERROR: message/);
  d.send(update('0006', '0137', { battery: 7 }));
  expect(await d.nextJson()).toEqual(info('0006:0137:OK'));
});

test('a megabyte is answered, and more than that closes that socket only', async () => {
  const [big, other] = [await device(), await device()];
  big.send(update('0001', '0137', { note: 'x'.repeat(1_000_000) }));
  expect(((await big.nextJson()) as { message: string }).message).toMatch(
    /^0001:0137:ERROR: field "note"/,
  );
  big.send(`[${'['.repeat(500_000)}${']'.repeat(500_000)}]`);
  expect(((await big.nextJson()) as { message: string }).message).toMatch(/^::ERROR/);
  big.send('x'.repeat(2_000_000));
  expect(await big.closed).toBeGreaterThanOrEqual(1_000);
  other.send(update('0002', '0137', { battery: 8 }));
  expect(await other.nextJson()).toEqual(info('0002:0137:OK'));
});

test('queries filter and sort as intended', async () => {
  const d = await device();
  const fleet = [
    ['F001', { country: 'AT', power_income: 10, power_inject: 411, solmate_version: 'v1' }],
    ['F002', { country: 'AT', power_income: 90, power_inject: 5, solmate_version: 'v1' }],
    ['F003', { country: 'de', power_income: 20, power_inject: 190, solmate_version: 'v2' }],
    ['F004', { country: 'AT', power_income: 30, power_inject: 382, solmate_version: 'v2' }],
  ] as const;
  for (const [serial, fields] of fleet) {
    d.send(update('0001', serial, { ...fields, site: 'a:b' }));
    await d.next();
  }
  await expect.poll(() => site.devices.get('F004')?.['values.site']).toBe('a:b');
  const b = await browser();
  const ask = async (...message: string[]): Promise<unknown> => {
    b.send(JSON.stringify({ type: 'FILT', message }));
    const answer = (await b.nextJson()) as { type: string; message: unknown };
    if (answer.type !== 'FILT') return answer.message;
    return (answer.message as { serial_number: string }[]).map((row) => row.serial_number);
  };
  const mine = 'filter:serial_number:^:f00';
  expect(await ask(mine)).toEqual(['F001', 'F002', 'F003', 'F004']);
  expect(
    await ask('filter:country:=:AT', mine, 'filter:power_income:<:80', 'sort:power_inject:>:123'),
  ).toEqual(['F001', 'F004']);
  expect(await ask(mine, 'sort:power_inject:<:123')).toEqual(['F002', 'F003', 'F004', 'F001']);
  expect(await ask(mine, 'filter:country:=:DE')).toEqual(['F003']);
  expect(await ask(mine, 'filter:power_income:==:20')).toEqual(['F003']);
  expect(await ask(mine, 'filter:power_income:>=:20', 'filter:power_income:<=:30')).toEqual([
    'F003',
    'F004',
  ]);
  expect(await ask(mine, 'filter:country:=:AT', 'filter:country:=:de')).toEqual(['F003']);
  expect(await ask(mine, 'filter:owner:=:eet', 'filter:solmate_version:=:v1')).toEqual([
    'F001',
    'F002',
  ]);
  expect(await ask(mine, 'filter:site:=:a:b', 'sort:serial_number:>:abc')).toEqual([
    'F004',
    'F003',
    'F002',
    'F001',
  ]);
  expect(((await ask()) as string[]).length).toBe(site.devices.size);
  expect(await ask('filter:nonsense:=:1')).toMatch(/^ERROR: .*nonsense/);
  expect(await ask('filter:power_income:<:warm')).toMatch(/^ERROR: line 1/);
  expect(await ask('filter:power_income:~:1')).toMatch(/^ERROR: line 1/);
  b.send(JSON.stringify({ type: 'FILT', message: 'all' }));
  expect(await b.nextJson()).toMatchObject({
    type: 'INFO',
    message: expect.stringMatching(/^ERROR: message/) as string,
  });
});

test('a browser may ask for updates of matching rows only', async () => {
  const d = await device();
  const b = await browser();
  b.send(JSON.stringify({ type: 'FILT', message: ['filter:country:=:de', 'live:filtered'] }));
  await b.next();
  d.send(update('0001', 'F001', { power_income: 11 }));
  await d.next();
  const wanted = update('0002', 'F003', { power_income: 21 });
  d.send(wanted);
  expect(await b.next()).toBe(wanted);
});

test('a flooding device is told, then closed with a code that says reconnect; others do not notice', async () => {
  const [flood, other] = [await device(), await device()];
  flood.send(update('0000', 'FL01', { n: 0 }));
  await flood.next();
  flood.onMessage = () => undefined;
  for (let i = 0; i < 12_000; i++) flood.send(update(String(i).padStart(4, '0'), 'FL01', { n: i }));
  other.send(update('0001', 'F001', { power_income: 12 }));
  expect(await other.nextJson()).toEqual(info('0001:F001:OK'));
  expect(await flood.closed).toBe(4029);
  await expect.poll(() => site.devices.get('FL01')?.['state']).toBe('error');
  expect(site.devices.get('FL01')?.['lastError']).toMatch(/too many messages/);
});

test('a setting reaches the device and is tracked until it answers', async () => {
  const d = await device();
  d.send(update('0001', 'S001', { limit: 1 }));
  await d.next();
  await expect.poll(() => site.devices.get('S001')?.['values.limit']).toBe(1);
  const stateOf = async (id: string) => (await site.store.commands.get(id))?.state;

  const first = await site.service.setParameter('S001', 'limit', 5, 'test');
  expect(first.state).toBe('pending');
  const asked = (await d.nextJson()) as { type: string; message: string };
  expect(asked.type).toBe('SET');
  const [number, serial] = asked.message.split(':');
  expect(asked.message).toBe(`${number}:${serial}:{"limit":5}`);
  d.send(frame('SET', `${number}:${serial}:OK`));
  await expect.poll(() => stateOf(first.id)).toBe('confirmed');

  const second = await site.service.setParameter('S001', 'limit', 6, 'test');
  await expect.poll(() => stateOf(second.id)).toBe('unanswered');
  d.close();
  await expect.poll(() => site.devices.get('S001')?.['state']).toBe('disconnected');
  const third = await site.service.setParameter('S001', 'limit', 7, 'test');
  await expect.poll(() => stateOf(third.id)).toBe('offline');
});
