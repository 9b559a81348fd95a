import { expect, test } from 'vitest';
import { EngineError } from '../../engine/errors.js';
import { OBSERVERS } from './protocol.js';
import { Bench, init, update } from './testing/fakes.js';

test('a new device and its parameters are registered once, stored, and only then acknowledged', async () => {
  const bench = new Bench();
  bench.writer.hold();
  await bench.send(
    ['0001', init(0, '0001', { _power_income: 5, _country: 'AT', serial_number: '0001' })],
    ['0001', update(1, '0001', { power_income: 6 })],
    ['0002', update(0, '0002', { battery: 80 })],
  );
  expect(bench.registry.calls).toHaveLength(1);
  expect(bench.registry.calls[0]?.map((claim) => claim.id)).toEqual(['0001', '0002']);
  expect(bench.told).toEqual([]);
  bench.writer.release();
  await bench.settle();
  expect(bench.told).toEqual(['0000:0001:OK', '0001:0001:OK', '0000:0002:OK']);
  expect(bench.registry.devices.get('0001')?.channels.map((c) => [c.name, c.kind])).toEqual([
    ['power_income', 'number'],
    ['country', 'text'],
    ['serial_number', 'text'],
  ]);
  expect(bench.writer.rows).toHaveLength(5);
});

test('a parameter never seen before becomes a channel, and frames behind it keep their order', async () => {
  const bench = new Bench();
  await bench.send(['1', update(0, '1', { a: 1 })]);
  await bench.send(
    ['1', update(1, '1', { a: 2, b: true })],
    ['1', update(2, '1', { a: 3 })],
    ['1', update(3, '1', { c: 'x' })],
  );
  expect(bench.told).toEqual(['0000:1:OK', '0001:1:OK', '0002:1:OK', '0003:1:OK']);
  const a = bench.registry.devices.get('1')?.channels[0]?.id;
  expect(bench.writer.rows.filter((row) => row.channel === a).map((row) => row.value)).toEqual([
    1, 2, 3,
  ]);
  const times = bench.writer.rows.filter((row) => row.channel === a).map((row) => row.atUnixMs);
  expect(new Set(times).size).toBe(3);
});

test('two updates of one millisecond are two rows', async () => {
  const bench = new Bench();
  await bench.send(['1', update(0, '1', { a: 0 })]);
  const twice = bench.batch([
    ['1', update(1, '1', { a: 1 })],
    ['1', update(2, '1', { a: 2 })],
  ]);
  twice.atUnixMs.fill(bench.clock.nowMs() + 5);
  bench.shard.frames(twice);
  await bench.settle();
  const times = bench.writer.rows.map((row) => Math.round(row.atUnixMs * 1_000));
  expect(new Set(times).size).toBe(3);
});

test('a batch sent again after a lost thread is stored under the same times', async () => {
  const bench = new Bench();
  await bench.send(['1', update(0, '1', { a: 0 })]);
  const batch = bench.batch([['1', update(1, '1', { a: 1 })]]);
  bench.shard.frames(structuredClone(batch));
  await bench.settle();
  bench.shard.frames({ ...batch, numbers: Float64Array.of(77) });
  await bench.settle();
  const [, first, again] = bench.writer.rows;
  expect(again).toEqual(first);
  expect(bench.replies.at(-1)?.frame).toBe(77);
});

test('bad frames get one polite answer each, in order, and disturb nobody', async () => {
  const bench = new Bench();
  await bench.send(
    ['1', update(0, '1', { a: 1 })],
    ['', '{"type":"UPDT","message":"no colons"}'],
    ['1', '{"type":"UPDT","message":"0002:1:{oops"}'],
    ['1', update(3, '1', { a: { deep: 1 } })],
    ['1', '{"type":"BLAH","message":"0004:1:whatever"}'],
    ['1', update(5, '1', { a: 5 })],
  );
  await bench.send(['1', update(6, '1', { a: 'warm' })], ['1', update(7, '1', { a: '7' })]);
  expect(bench.told).toHaveLength(8);
  const answers = [...bench.told].sort();
  expect(answers.filter((text) => text.endsWith(':OK'))).toEqual([
    '0000:1:OK',
    '0004:1:OK',
    '0005:1:OK',
    '0007:1:OK',
  ]);
  expect(answers).toContainEqual(expect.stringMatching(/^::ERROR: .*colon/));
  expect(answers).toContainEqual(expect.stringMatching(/^0002:1:ERROR: .*JSON object/));
  expect(answers).toContainEqual(expect.stringMatching(/^0003:1:ERROR: field "a"/));
  expect(answers).toContainEqual(
    expect.stringMatching(/^0006:1:ERROR: field "a": number expected/),
  );
  expect(bench.writer.rows.map((row) => row.value)).toEqual([1, 5, 7]);
});

test('without auto-registration an unknown serial is acknowledged and passed on but not kept; INIT still registers', async () => {
  const bench = new Bench({ autoRegister: false });
  bench.shard.observe(1);
  const stranger = update(0, '9', { a: 1 });
  await bench.send(['9', stranger]);
  expect(bench.told).toEqual(['0000:9:OK']);
  expect(bench.replies.at(-1)).toMatchObject({ connection: OBSERVERS, text: stranger });
  expect(bench.registry.calls).toEqual([]);
  await bench.send(['9', init(1, '9', { _a: 1 })], ['9', update(2, '9', { a: 2 })]);
  expect(bench.writer.rows.map((row) => row.value)).toEqual([1, 2]);
});

test('observers get the bytes as they came, and nothing is copied while nobody watches', async () => {
  const bench = new Bench();
  await bench.send(['1', update(0, '1', { a: 1 })]);
  expect(bench.replies.every((reply) => reply.connection !== OBSERVERS)).toBe(true);
  bench.shard.observe(2);
  const odd = '{"type": "UPDT",  "message": "0001:1:{\\"a\\": 2, \\"n\\": \\"größe 🎤\\"}"}';
  await bench.send(['1', odd]);
  expect(bench.replies.filter((reply) => reply.connection === OBSERVERS)).toEqual([
    { connection: OBSERVERS, frame: -1, text: odd },
  ]);
});

test('what cannot be stored is not acknowledged', async () => {
  const bench = new Bench();
  await bench.send(['1', update(0, '1', { a: 1 })]);
  bench.writer.fail = new EngineError('spool.full', 'the spool is full');
  await bench.send(['1', update(1, '1', { a: 2 })]);
  expect(bench.told.at(-1)).toBe('0001:1:ERROR: the spool is full');
});

test('a device that is not taken is told why, and a registration that fails can be tried again', async () => {
  const bench = new Bench();
  bench.registry.refuse = 'the site has its limit of 2 devices';
  await bench.send(['1', update(0, '1', { a: 1 })]);
  expect(bench.told.at(-1)).toBe('0000:1:ERROR: the site has its limit of 2 devices');
  bench.registry.refuse = undefined;
  bench.registry.fail = new EngineError('store.away', 'the control store is away');
  await bench.send(['1', update(1, '1', { a: 1 })]);
  expect(bench.told.at(-1)).toBe('0001:1:ERROR: the control store is away');
  bench.registry.fail = undefined;
  await bench.send(['1', update(2, '1', { a: 1 })]);
  expect(bench.told.at(-1)).toBe('0002:1:OK');
});

test('edges: connected, silent, back, gone; a slow reporter does not flap', async () => {
  const bench = new Bench();
  bench.shard.book.opened(1, '1', '10.0.0.1', false);
  await bench.send(['1', update(0, '1', { a: 1 })]);
  bench.clock.advance(50);
  expect(bench.edges).toMatchObject([{ deviceId: '1', state: 'connected', address: '10.0.0.1' }]);
  bench.clock.advance(66_000);
  expect(bench.edges.at(-1)?.state).toBe('silent');
  await bench.send(['1', update(1, '1', { a: 2 })]);
  bench.clock.advance(80_000);
  expect(bench.edges.at(-1)?.state).toBe('connected');
  bench.shard.book.closed(1, undefined);
  bench.clock.advance(50);
  expect(bench.edges.at(-1)?.state).toBe('disconnected');
  expect(bench.faults).toEqual([]);
});

test('a parked device is refused by name and taken again after a restart', async () => {
  const bench = new Bench();
  bench.shard.book.opened(1, '1', '10.0.0.1', false);
  await bench.send(['1', update(0, '1', { a: 1 })]);
  await bench.supervisor.park('1');
  await bench.send(['1', update(1, '1', { a: 2 })]);
  expect(bench.told.at(-1)).toMatch(/^0001:1:ERROR: the device is parked/);
  bench.clock.advance(50);
  expect(bench.edges.at(-1)?.state).toBe('parked');
  await bench.supervisor.restart('1');
  await bench.send(['1', update(2, '1', { a: 3 })]);
  expect(bench.told.at(-1)).toBe('0002:1:OK');
  bench.clock.advance(50);
  expect(bench.edges.at(-1)?.state).toBe('connected');
});

test('a stopped device is shown as stopped, refused by name, and taken again after a restart', async () => {
  const bench = new Bench();
  bench.shard.book.opened(1, '1', '10.0.0.1', false);
  await bench.send(['1', update(0, '1', { a: 1 })]);
  await bench.supervisor.stopByHand('1');
  await bench.send(['1', update(1, '1', { a: 2 })]);
  expect(bench.told.at(-1)).toMatch(/^0001:1:ERROR: .*stopped by the operator/);
  bench.clock.advance(50);
  expect(bench.edges.at(-1)?.state).toBe('stopped');
  await bench.supervisor.restart('1');
  await bench.send(['1', update(2, '1', { a: 3 })]);
  expect(bench.told.at(-1)).toBe('0002:1:OK');
});

test('a setting is confirmed by an answer or by the reported value, refused by words, and times out', async () => {
  const bench = new Bench();
  await expect(bench.shard.set('1', 'limit', 5, 1_000)).resolves.toBe('offline');
  bench.shard.book.opened(1, '1', '10.0.0.1', false);
  await bench.send(['1', update(0, '1', { limit: 1 })]);

  const answered = bench.shard.set('1', 'limit', 5, 1_000);
  expect(bench.replies.at(-1)?.text).toBe('{"type":"SET","message":"0001:1:{\\"limit\\":5}"}');
  await bench.send(['1', '{"type":"SET","message":"0001:1:OK"}']);
  await expect(answered).resolves.toBe('confirmed');

  const reported = bench.shard.set('1', 'limit', 6, 1_000);
  await bench.send(['1', update(1, '1', { limit: 6 })]);
  await expect(reported).resolves.toBe('confirmed');

  const refused = bench.shard.set('1', 'limit', 7, 1_000);
  const failure = expect(refused).rejects.toMatchObject({ code: 'device.refused' });
  await bench.send(['1', '{"type":"SET","message":"0003:1:ERROR: too high"}']);
  await failure;

  const late = bench.shard.set('1', 'limit', 8, 1_000);
  bench.clock.advance(1_000);
  await expect(late).resolves.toBe('unanswered');
});

test('native samples keep their own times, also late ones, and are taken as a whole or not at all', async () => {
  const bench = new Bench();
  await bench.send(['1', update(0, '1', { a: 1 })]);
  const columns = {
    deviceId: '1',
    names: ['a', 'note'],
    name: Uint16Array.of(0, 0, 1, 0),
    atUnixMs: Float64Array.of(1_000, 2_000, 3_000, Number.NaN),
    kind: Uint8Array.of(0, 0, 1, 0),
    value: Float64Array.of(10, 20, 0, 30),
    texts: ['hello'],
  };
  const done = bench.shard.append(columns);
  await bench.settle();
  await expect(done).resolves.toEqual({ stored: 4, repeated: 0, where: 'store' });
  expect(bench.writer.rows.slice(1).map((row) => row.value)).toEqual([10, 20, 30, 'hello']);
  expect(bench.writer.rows.slice(1, 3).map((row) => row.atUnixMs)).toEqual([1_000, 2_000]);

  const before = bench.writer.rows.length;
  const bad = { ...columns, kind: Uint8Array.of(0, 0, 1, 1), value: Float64Array.of(1, 2, 0, 0) };
  await expect(bench.shard.append(bad)).rejects.toMatchObject({
    code: 'input.invalid',
    message: expect.stringContaining('"a"') as string,
  });
  expect(bench.writer.rows).toHaveLength(before);
});

test('devices come back from their snapshots with their latest values, and leave when no socket is left', async () => {
  const bench = new Bench();
  bench.shard.book.opened(1, '1', '10.0.0.1', false);
  await bench.send(['1', update(0, '1', { a: 1 })]);
  const snapshot = bench.supervisor.persisted('1') ?? '';
  const device = bench.registry.devices.get('1');
  const again = new Bench();
  again.shard.adopt(device === undefined ? [] : [device], { '1': snapshot }, [
    { channel: 1, atUnixMs: bench.clock.nowMs(), value: 1 },
  ]);
  again.shard.book.opened(1, '1', '10.0.0.1', true);
  again.shard.book.settle('smartos');
  again.clock.advance(50);
  expect(again.edges).toMatchObject([{ state: 'connected', reconnects: 0 }]);
  expect(again.changes).toEqual([]);
  again.shard.book.closed(1, 'too many messages');
  again.clock.advance(50);
  expect(again.edges.at(-1)).toMatchObject({ state: 'error', lastError: 'too many messages' });
});
