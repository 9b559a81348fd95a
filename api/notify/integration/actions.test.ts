import { join } from 'node:path';
import Database from 'libsql';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../engine/testing/free-port.js';
import { EAST_HZ, TEST_PROJECT, WEST_HZ } from '../../testing/audio-site.js';
import { call, type SessionAnswer, TestListener } from '../../testing/listen.js';
import { TextSocket } from '../../testing/text-socket.js';
import { ActionSite, BELL_HZ, levelOf, peakOf, soon } from '../testing/action-site.js';

const site = new ActionSite();
const env = {
  EARSHOT_MQTT_BROKER: 'yes',
  EARSHOT_MQTT_PORT: '0',
  EARSHOT_REQUESTS_PER_ADDRESS: '0',
  EARSHOT_SESSIONS_PER_ADDRESS: '50',
};
const audio = { type: 'audio' };
const sessionOf = async ({ id }: SessionAnswer) =>
  (await call<SessionAnswer>('GET', site.of(`sessions/${id}`))).body;

beforeAll(async () => {
  await site.prepare();
  env.EARSHOT_MQTT_PORT = String(await freePort());
  await site.start({ env });
  await site.device('tank');
}, 120_000);
afterAll(() => site.stop());

const journal = async (text: string): Promise<readonly Record<string, unknown>[]> =>
  site
    .rows<Record<string, unknown>>('select * from automation_journal')
    .filter((row) => row['text'] === text);
const variable = async (name: string) =>
  (await site.ask<{ value: unknown }>('GET', `variables/${name}`)).body.value;

test('a rule writes to the journal, sets variables and starts and ends a recording; asked again after a kill, all that stays as it is', async () => {
  for (const [name, kind, value] of [
    ['count', 'number', 4],
    ['mode', 'text', 'a'],
  ] as const) {
    expect((await site.ask('POST', 'variables', { name, kind, value })).status).toBe(201);
  }
  const id = await site.done(
    { type: 'journal', level: 'warning', text: '{{rule}} is at {{value}}' },
    { type: 'variable', name: 'count', value: '=$count + 1' },
    { type: 'variable', name: 'mode', value: 'hot {{value}}' },
    { type: 'experiment', do: 'start', name: 'run of {{rule}}' },
  );
  const line = 't1 is at 60';
  expect(await journal(line)).toMatchObject([{ level: 'warning' }]);
  expect(await variable('count')).toBe(5);
  expect(await variable('mode')).toBe('hot 60');
  const runs = () =>
    site.rows('select name, stopped_at_unix_ms as ended from automation_experiments');
  expect(runs()).toEqual([{ name: 'run of t1', ended: null }]);
  await site.kill();
  // As if the kill had come after they were done and before that was written.
  const db = new Database(join(site.data, 'control.db'));
  db.exec(`update automation_deliveries set state = 'pending', attempts = 0
    where public_id like 'rule:${id}:%'`);
  db.close();
  await site.start({ env });
  await soon(() => {
    const states = site.rows<{ state: string }>(`select state from automation_deliveries
      where public_id like 'rule:${id}:%'`);
    expect(states.map(({ state }) => state)).toEqual(Array(4).fill('delivered'));
  });
  expect(await journal(line)).toHaveLength(1);
  expect(await variable('count')).toBe(5);
  expect(runs()).toHaveLength(1);
  await site.done({ type: 'experiment', do: 'stop', name: 'run of t1' });
  expect(runs()[0]?.['ended']).not.toBeNull();
}, 180_000);

test('a command reaches a device that is there, and is tried again for one that is away', async () => {
  const frame = (type: string, message: string): string => JSON.stringify({ type, message });
  const connect = async () => {
    const board = await TextSocket.open(`${site.server?.wsUrl ?? ''}/update/`);
    await board.next();
    board.send(frame('UPDT', `0001:B001:${JSON.stringify({ limit: 1 })}`));
    await board.next();
    return board;
  };
  const board = await connect();
  await site.done({ type: 'command', deviceId: 'B001', parameter: 'limit', value: 5 });
  const asked = (await board.nextJson()) as { type: string; message: string };
  expect(asked.type).toBe('SET');
  expect(asked.message).toMatch(/^\d+:B001:\{"limit":5\}$/);
  board.close();
  await soon(async () => {
    const { body } = await site.ask<{ device: { state: string } }>('GET', 'devices/B001');
    expect(body.device.state).toBe('disconnected');
  });
  const late = await site.fire({
    type: 'command',
    deviceId: 'B001',
    parameter: 'limit',
    value: 7,
  });
  const standing = () =>
    site.rows(`select state, last_error as error from automation_deliveries
      where public_id like 'rule:${late}:%'`)[0];
  await soon(() => expect(standing()).toMatchObject({ state: 'failed' }));
  expect(standing()?.['error']).toContain('B001 is away');
  const back = await connect();
  expect(((await back.nextJson()) as { message: string }).message).toMatch(/:B001:\{"limit":7\}$/);
  await soon(() => expect(standing()).toEqual({ state: 'delivered', error: null }));
  back.close();
  const id = await site.fire({ type: 'command', deviceId: 'none', parameter: 'limit', value: 7 });
  await soon(() => {
    const [row] = site.rows(`select state, last_error as error from automation_deliveries
      where public_id like 'rule:${id}:%'`);
    expect(row?.['state']).toBe('dead');
    expect(row?.['error']).toContain('none');
  });
}, 120_000);

test('a rule turns a speaker down, mutes it and gives it back, and its listener hears that', async () => {
  const session = await site.listen(TEST_PROJECT, 0);
  const listener = await TestListener.connect(session.streamUrl);
  await soon(async () => expect(await levelOf(listener, WEST_HZ)).toBeGreaterThan(0.3));
  const full = await levelOf(listener, WEST_HZ);
  const [west] = site.rows<{ id: number }>(`select id from content_speakers where code = 'west'`);
  const speakerId = west?.id;
  await site.done({ ...audio, do: 'speaker-volume', speakerId, volume: 0.25 });
  await soon(async () => {
    const quiet = (await levelOf(listener, WEST_HZ)) / full;
    expect(quiet).toBeGreaterThan(0.15);
    expect(quiet).toBeLessThan(0.35);
  });
  await site.done({ ...audio, do: 'mute', speakerId });
  await soon(async () => expect(await levelOf(listener, WEST_HZ)).toBeLessThan(0.005));
  await site.done(
    { ...audio, do: 'speaker-volume', speakerId, volume: 1 },
    { ...audio, do: 'unmute', speakerId },
  );
  await soon(async () => expect(await levelOf(listener, WEST_HZ)).toBeGreaterThan(full * 0.9));
  expect(await levelOf(listener, EAST_HZ)).toBeLessThan(0.01);
  listener.close();
}, 180_000);

test('a recording is heard by all of a project, or only by those within the radius of a place', async () => {
  const sessions = [await site.listen(site.voicesId, 0), await site.listen(site.voicesId, 5_000)];
  const [near, far] = await Promise.all(
    sessions.map(({ streamUrl }) => TestListener.connect(streamUrl)),
  );
  if (near === undefined || far === undefined) throw new Error('nobody listens');
  await Promise.all([near.reaches(16_000), far.reaches(16_000)]);
  const play = { ...audio, do: 'play', projectId: site.voicesId, assetId: site.bellId };
  await site.done({ ...play, place: { latitude: 0, longitude: 0, radiusM: 100 } });
  await soon(async () => {
    await near.next(8_000);
    expect(await peakOf(near, BELL_HZ)).toBeGreaterThan(0.1);
  });
  // Long enough for the one who is far to have heard it as well.
  await far.next(48_000);
  expect(await peakOf(far, BELL_HZ)).toBeLessThan(0.005);
  await site.done(play);
  await soon(async () => {
    await far.next(8_000);
    expect(await peakOf(far, BELL_HZ)).toBeGreaterThan(0.1);
  });
  near.close();
  far.close();
}, 180_000);

test('tags, a pause and a text reach every listener of a project, and no other', async () => {
  const here = await site.listen(TEST_PROJECT, 0);
  const elsewhere = await site.listen(site.voicesId, 0);
  const listener = await TestListener.connect(here.streamUrl);
  await soon(async () => expect(await levelOf(listener, WEST_HZ)).toBeGreaterThan(0.3));
  const projectId = TEST_PROJECT;
  await site.done({ ...audio, do: 'tags', projectId, tagIds: [1] });
  await soon(async () => expect((await sessionOf(here)).tagIds).toEqual([1]));
  expect((await sessionOf(elsewhere)).tagIds).toBeNull();
  await site.done({ ...audio, do: 'pause', projectId });
  await soon(async () => expect(await levelOf(listener, WEST_HZ)).toBeLessThan(0.005));
  expect((await sessionOf(here)).state).toBe('paused');
  expect((await sessionOf(elsewhere)).state).not.toBe('paused');
  await site.done({ ...audio, do: 'resume', projectId });
  await soon(async () => expect(await levelOf(listener, WEST_HZ)).toBeGreaterThan(0.3));
  await site.done({ ...audio, do: 'text', projectId, text: 'We close at {{value}}: ü' });
  const textOf = async ({ id }: SessionAnswer) =>
    (
      await call<{ announcement: { text: string } | null }>(
        'GET',
        site.of(`sessions/${id}/playing`),
      )
    ).body.announcement;
  expect(await textOf(here)).toMatchObject({ text: 'We close at 60: ü' });
  expect(await textOf(elsewhere)).toBeNull();
  listener.close();
}, 180_000);

test('the thread that tells is among the threads that the health page shows', async () => {
  const { body } = await site.ask<{ shards: { id: string; kind: string; state: string }[] }>(
    'GET',
    'health',
  );
  expect(body.shards).toContainEqual(
    expect.objectContaining({ id: 'notify-0', kind: 'notify', state: 'running' }),
  );
});

test('the embedded broker carries what an MQTT target is told', async () => {
  const client = await connectAsync(`mqtt://127.0.0.1:${env.EARSHOT_MQTT_PORT}`, {
    username: 'admin',
    password: site.password,
    reconnectPeriod: 0,
  });
  const heard: unknown[] = [];
  client.on('message', (_, bytes) => heard.push(JSON.parse(bytes.toString())));
  await client.subscribeAsync('hall/alarms');
  const target = { name: 'hall', kind: 'mqtt', config: { topic: 'hall/alarms' } };
  const { body } = await site.ask('POST', 'targets', target);
  await site.done({ type: 'notify', targetId: body['id'], subject: '{{rule}}', text: '{{value}}' });
  await soon(() => expect(heard).toMatchObject([{ text: '60', value: 60 }]));
  await client.endAsync(true);
}, 120_000);
