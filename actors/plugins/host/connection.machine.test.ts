import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { TestClock } from '../../../engine/clock.js';
import type { ErrorCode } from '../../../engine/errors.js';
import { BENCH_LIMITS, BENCH_SETTINGS } from '../conformance/bench.js';
import {
  type ConnectionRef,
  connectionMachine,
  countsFrom,
  linkStateOf,
} from './connection.machine.js';
import { Turns } from './turns.js';

const clock = new TestClock();

function machine(snapshot?: unknown): ConnectionRef {
  const actor = createActor(connectionMachine, {
    clock: clock as never,
    input: {
      deviceId: 'd',
      settings: BENCH_SETTINGS,
      begin: 'active',
      counts: countsFrom(snapshot),
    },
  });
  actor.start();
  return actor;
}

const fault = (type: 'failed' | 'lost', code: ErrorCode = 'device.unreachable', chance = 0) => ({
  type,
  code,
  chance,
  message: code,
  atUnixMs: clock.nowMs(),
});

function attempt(actor: ConnectionRef): void {
  actor.send({ type: 'turn', atUnixMs: clock.nowMs() });
}

describe('a connection', () => {
  it('pauses longer after each failure, never longer than allowed, and chance is left at the cap', () => {
    const actor = machine();
    const pauses: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      attempt(actor);
      actor.send(fault('failed', 'device.unreachable', n < 7 ? 0 : 0.9));
      pauses.push(actor.getSnapshot().context.pauseMs);
      clock.advance(60_001);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 60_000, 60_000, 60_000, 33_000]);
    expect(linkStateOf(actor.getSnapshot(), false)).toBe('error');
    attempt(actor);
    actor.send({ type: 'opened', atUnixMs: clock.nowMs() });
    expect(linkStateOf(actor.getSnapshot(), false)).toBe('connected');
    expect(actor.getSnapshot().context).toMatchObject({ attempts: 0, errorMessage: undefined });
  });

  it('that lasts a moment only counts as one more failure, one that lasted begins anew', () => {
    const actor = machine();
    for (const [lastedMs, streak] of [
      [100, 1],
      [100, 2],
      [100, 3],
      [20_000, 1],
    ] as const) {
      attempt(actor);
      actor.send({ type: 'opened', atUnixMs: clock.nowMs() });
      clock.advance(lastedMs);
      actor.send(fault('lost'));
      expect(actor.getSnapshot().context.streak).toBe(streak);
      clock.advance(10_000);
    }
  });

  it('that is parked forgets an error of an hour ago and tries again', () => {
    const actor = machine();
    attempt(actor);
    actor.send(fault('failed', 'input.invalid'));
    clock.advance(3_599_000);
    expect(actor.getSnapshot().matches('parked')).toBe(true);
    clock.advance(2_000);
    expect(actor.getSnapshot().matches('active')).toBe(true);
    expect(actor.getSnapshot().context.errorMessage).toBeUndefined();
  });

  it('goes on counting from a snapshot, and from nothing when it is none', () => {
    const actor = machine();
    attempt(actor);
    actor.send({ type: 'opened', atUnixMs: clock.nowMs() });
    actor.send(fault('lost'));
    const stored: unknown = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
    expect(machine(stored).getSnapshot().context.counts).toMatchObject({
      everConnected: true,
      errorCount: 1,
    });
    for (const none of [undefined, null, 7, { context: { counts: { reconnects: 'x' } } }]) {
      expect(countsFrom(none)).toMatchObject({ reconnects: 0, everConnected: false });
    }
  });

  it('of an instance that is closed is stopped, and one that is opened anew goes on', () => {
    const actor = machine();
    actor.send({ type: 'rest', atUnixMs: clock.nowMs(), closed: true });
    expect(linkStateOf(actor.getSnapshot(), false)).toBe('stopped');
    actor.send({ type: 'operator.reconnect', atUnixMs: clock.nowMs() });
    expect(actor.getSnapshot().matches('idle')).toBe(true);
    const settings = BENCH_SETTINGS;
    const edited = { type: 'edited', atUnixMs: clock.nowMs(), settings, afresh: true } as const;
    actor.send({ ...edited, enabled: true });
    expect(actor.getSnapshot().matches('active')).toBe(true);
    actor.send({ ...edited, enabled: false });
    expect(linkStateOf(actor.getSnapshot(), false)).toBe('stopped');
  });
});

describe('turns', () => {
  it('leave half of the attempts to those that did not fail before', () => {
    const turns = new Turns(clock, { ...BENCH_LIMITS, maxConnecting: 4 });
    const gone: string[] = [];
    const leave = Array.from({ length: 6 }, (_, n) =>
      turns.join(`r${n}`, true, () => gone.push(`r${n}`)),
    );
    expect(gone).toEqual(['r0', 'r1']);
    for (const id of ['f0', 'f1', 'f2']) turns.join(id, false, () => gone.push(id));
    expect(gone).toEqual(['r0', 'r1', 'f0', 'f1']);
    expect(turns.connecting).toBe(4);
    leave[0]?.();
    expect(gone.at(-1)).toBe('f2');
    turns.connected('r1');
    expect(gone.at(-1)).toBe('r2');
    expect(turns.held).toBe(5);
  });
});
