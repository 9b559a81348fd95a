import { expect, test } from 'vitest';
import type { ConnectionFacts } from '../../actors/plugins/protocol.js';
import { TestClock } from '../../engine/clock.js';
import { Troubles } from './troubles.js';

const facts = (more: Partial<ConnectionFacts> = {}): ConnectionFacts => ({
  ...{ deviceId: 'a', instanceId: 1, state: 'connected', sinceUnixMs: 0, held: false },
  ...{ waiting: false, attempts: 0, reconnects: 0, errorCount: 0, readsDropped: 0 },
  ...{ connectedAtUnixMs: undefined, disconnectedAtUnixMs: undefined },
  ...{ lastMessageAtUnixMs: undefined, nextAttemptAtUnixMs: undefined },
  ...{ errorMessage: undefined, lastErrorAtUnixMs: undefined },
  ...more,
});

const world = (holdDownMs = 15_000) => {
  const clock = new TestClock();
  return { clock, troubles: new Troubles(clock, () => holdDownMs) };
};

test('trouble on the air counts after the hold-down, and is over when it is gone as long', () => {
  const { clock, troubles } = world();
  const look = (words: string | undefined): readonly string[] => {
    troubles.onAir(new Map(words === undefined ? [] : [['a', words]]));
    return troubles.settled();
  };
  expect(look('interference')).toEqual([]);
  clock.advance(14_999);
  expect([look('interference'), troubles.of('a')]).toEqual([[], undefined]);
  clock.advance(1);
  expect([look('interference'), troubles.of('a')]).toEqual([['a'], 'interference']);
  expect(look(undefined)).toEqual([]);
  clock.advance(14_000);
  // It was gone for a moment only.
  expect(look('interference')).toEqual([]);
  expect(look(undefined)).toEqual([]);
  clock.advance(15_000);
  expect([look(undefined), troubles.of('a')]).toEqual([['a'], undefined]);
  look(undefined);
  expect(troubles.size).toBe(0);
});

test('three reconnects within ten minutes are a trouble, two are none, and a new thread is no reconnect', () => {
  const { clock, troubles } = world(0);
  troubles.heard(undefined, facts({ reconnects: 9 }));
  troubles.heard(facts({ reconnects: 9 }), facts({ reconnects: 0 }));
  troubles.heard(facts({ reconnects: 0 }), facts({ reconnects: 2 }));
  expect(troubles.settled()).toEqual([]);
  clock.advance(500_000);
  troubles.heard(facts({ reconnects: 2 }), facts({ reconnects: 3 }));
  expect(troubles.settled()).toEqual(['a']);
  expect(troubles.of('a')).toContain('reconnected 3 times');
  clock.advance(100_000);
  expect([troubles.settled(), troubles.of('a')]).toEqual([['a'], undefined]);
  troubles.forget('a');
  expect(troubles.size).toBe(0);
});

test('values that are dropped are a trouble while they go on', () => {
  const { clock, troubles } = world(12_000);
  for (let dropped = 0; dropped < 3; dropped += 1) {
    troubles.heard(facts({ readsDropped: dropped }), facts({ readsDropped: dropped + 1 }));
    expect([dropped, troubles.settled()]).toEqual([dropped, dropped === 2 ? ['a'] : []]);
    if (dropped < 2) clock.advance(6_000);
  }
  clock.advance(10_000);
  expect(troubles.settled()).toEqual([]);
  clock.advance(12_000);
  expect(troubles.settled()).toEqual(['a']);
});
