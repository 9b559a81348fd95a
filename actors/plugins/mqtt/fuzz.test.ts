import { expect, test } from 'vitest';
import { TestClock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { configuration } from './config.js';
import { Directory } from './directory.js';
import { entitiesOf } from './entity.js';
import { MappedTopics } from './mapped.js';
import { Payload } from './payload.js';

const CASES = 1_000_000;
const MAX_DEVICES = 50;
const TOPICS = [
  'site/a/state',
  'site/a/online',
  'free/a/b',
  'free/a',
  'site//state',
  'free/{device}/x',
];
const TEXTS = [
  '{"tank":{"level":3}}',
  '{"stat_t":"a/b","val_tpl":"{{ value_json.a }}","dev":{"ids":["x"]}}',
  '{"__proto__":{"level":1}}',
  '[[[[[[',
  '-1e999',
  'online',
  '{"dev":[],"cmps":{"a":{"p":"sensor","stat_t":3}}}',
  '\u0000',
  'ON',
  '{"tank":null}',
];

/** Seeded: the same cases each time. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

function spoiled(text: string, random: (below: number) => number): string {
  const at = random(text.length + 1);
  const kind = random(4);
  if (kind === 0) return text;
  if (kind === 1) return text.slice(0, at);
  if (kind === 2) return text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
  return text.slice(0, at) + (TEXTS[random(TEXTS.length)] ?? '') + text.slice(at);
}

test('a million spoiled topics, payloads and descriptions crash nothing and stay within the bounds', () => {
  const random = randomOf(7);
  const config = configuration.parse({
    url: 'mqtt://127.0.0.1',
    channels: [{ id: 'level', name: 'Level', path: 'tank.level', topic: 'site/{device}/state' }],
    patterns: ['free/{device}/{parameter}', 'free/{device}'],
    availability: { topic: 'site/{device}/online' },
  });
  const directory = new Directory({
    clock: new TestClock(),
    maxDevices: MAX_DEVICES,
    found: () => undefined,
    log: () => undefined,
  });
  const mapped = new MappedTopics(config, directory);
  const surprises: unknown[] = [];
  let understood = 0;
  for (let n = 0; n < CASES; n += 1) {
    const topic = spoiled(TOPICS[random(TOPICS.length)] ?? '', random);
    const text = spoiled(TEXTS[random(TEXTS.length)] ?? '', random);
    const payload = new Payload(Buffer.from(text, random(2) === 0 ? 'latin1' : 'utf8'));
    try {
      if (n % 4 > 0) mapped.take(topic, payload);
      else understood += entitiesOf('sensor/a/b/config', payload.json).length;
    } catch (thrown) {
      const expected = thrown instanceof EngineError && thrown.code === 'frame.malformed';
      if (!expected && surprises.length < 5) surprises.push({ topic, text, thrown });
    }
  }
  expect(surprises).toEqual([]);
  expect(understood).toBeGreaterThan(0);
  expect(directory.get('a')?.knows('level')).toBe(true);
  expect(directory.size).toBe(MAX_DEVICES);
}, 300_000);
