import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { type DeviceEvent, deviceMachine, edgeOf } from './device.machine.js';

const start = () =>
  createActor(deviceMachine, { input: { deviceId: 'd1', atUnixMs: 1_000 } }).start();

function states(...events: DeviceEvent[]): string[] {
  const actor = start();
  return events.map((event) => {
    actor.send(event);
    return actor.getSnapshot().value;
  });
}

const opened = { type: 'opened', atUnixMs: 2_000, address: '10.0.0.7' } as const;
const spoke = { type: 'spoke', atUnixMs: 2_001 } as const;
const silent = { type: 'fell.silent', atUnixMs: 62_001 } as const;
const closed = { type: 'closed', atUnixMs: 70_000, error: undefined } as const;

test('a device connects, speaks, falls silent, speaks again and leaves', () => {
  expect(states(opened, spoke, silent, spoke, closed)).toEqual([
    'connecting',
    'connected',
    'silent',
    'connected',
    'disconnected',
  ]);
});

test('a close for a reason is an error that names it, until the device connects again', () => {
  const actor = start();
  actor.send(opened);
  actor.send({ type: 'closed', atUnixMs: 3_000, error: 'too many messages' });
  expect(edgeOf(actor, 2_500)).toEqual({
    deviceId: 'd1',
    state: 'error',
    sinceUnixMs: 3_000,
    lastSeenUnixMs: 2_500,
    reconnects: 0,
    lastError: 'too many messages',
    address: '10.0.0.7',
  });
  actor.send({ ...opened, atUnixMs: 4_000 });
  expect(edgeOf(actor, 2_500)).toMatchObject({ state: 'connecting', reconnects: 1 });
});

test('a second socket before the first closed counts as a reconnect and does not flap', () => {
  const actor = start();
  actor.send(opened);
  actor.send(spoke);
  actor.send({ ...opened, atUnixMs: 5_000, address: '10.0.0.8' });
  expect(edgeOf(actor, 2_001)).toMatchObject({
    state: 'connected',
    sinceUnixMs: 2_001,
    reconnects: 1,
    address: '10.0.0.8',
  });
});

test('a device that only posts samples is connected while it speaks', () => {
  expect(states(spoke, silent)).toEqual(['connected', 'silent']);
});

test('a restored device goes on where it was', () => {
  const actor = start();
  actor.send(opened);
  actor.send(spoke);
  const kept = structuredClone(actor.getPersistedSnapshot());
  const again = createActor(deviceMachine, {
    input: { deviceId: 'd1', atUnixMs: 9_000 },
    snapshot: kept,
  }).start();
  expect(edgeOf(again, 2_001)).toEqual(edgeOf(actor, 2_001));
});

test('stop ends the machine', () => {
  const actor = start();
  actor.send({ type: 'stop' });
  expect(actor.getSnapshot()).toMatchObject({ status: 'done', value: 'stopped' });
});

test('a machine takes less than 8 KB of heap', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: 5_000 }, (_, i) => {
    const actor = createActor(deviceMachine, { input: { deviceId: `d${i}`, atUnixMs: 1_000 } });
    actor.start().send(opened);
    return actor;
  });
  collect();
  const bytesEach = (process.memoryUsage().heapUsed - before) / kept.length;
  expect(bytesEach).toBeLessThan(8_192);
});
