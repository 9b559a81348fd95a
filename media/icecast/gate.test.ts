import { expect, test } from 'vitest';
import { TestClock } from '../../engine/clock.js';
import { ConnectGate } from './gate.js';

const PAUSE_MS = 60_000;

function setUp(maxConnects?: number) {
  const clock = new TestClock();
  const gate = new ConnectGate(clock, maxConnects);
  const ran: string[] = [];
  const enter = (name: string) => gate.enter(() => ran.push(name));
  return { clock, gate, ran, enter };
}

test('no more than the share connect at a time, first come first served', () => {
  const { gate, ran, enter } = setUp(2);
  for (const name of ['a', 'b', 'c', 'd']) enter(name);
  expect(ran).toEqual(['a', 'b']);
  gate.leave('connected');
  gate.leave('failed');
  expect(ran).toEqual(['a', 'b', 'c', 'd']);
});

test('after a refusal one source tries a minute, also when a try fails for another reason', () => {
  const { clock, gate, ran, enter } = setUp();
  enter('a');
  gate.leave({ refused: '401' });
  for (const name of ['b', 'c', 'd']) enter(name);
  expect(ran).toEqual(['a']);
  clock.advance(PAUSE_MS);
  gate.leave('failed');
  expect(ran).toEqual(['a', 'b']);
  clock.advance(PAUSE_MS);
  gate.leave('connected');
  expect(ran).toEqual(['a', 'b', 'c', 'd']);
});

test('a refusal is forgotten when nobody waits at the end of the pause', () => {
  const { clock, gate, ran, enter } = setUp();
  enter('a');
  gate.leave({ refused: '401' });
  clock.advance(PAUSE_MS);
  enter('b');
  expect(ran).toEqual(['a', 'b']);
});
