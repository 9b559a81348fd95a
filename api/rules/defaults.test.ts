import { expect, it } from 'vitest';
import type { RuleChannel } from '../../actors/rule/rule.types.js';
import { RuleBench } from '../../actors/rule/testing/bench-rules.js';
import { defaultRules } from './defaults.js';
import { definitionOf } from './definition.js';
import { globOf, matchesAny, namesOf } from './names.js';

/** Numbers of channels as plugins report them. */
function receiver(type: string, source: string, names: readonly string[]) {
  const found = defaultRules(0).find(({ labels }) => labels['type'] === type);
  if (found === undefined) throw new Error(`no default ${type}`);
  const row = { id: 1, ...found };
  expect(matchesAny((row.each ?? []).map(globOf), source)).toBe(true);
  const channels = new Map<string, RuleChannel>(
    names.map((name, index) => [
      `rx/${name}`,
      {
        channel: index + 1,
        kind: name.endsWith('_on') ? 'boolean' : 'number',
        unit: name.includes('rssi') ? 'dBm' : name.endsWith('_on') ? null : '%',
      },
    ]),
  );
  const bench = new RuleBench();
  const definition = definitionOf(row, source, namesOf(row.condition), {
    channel: (name) => channels.get(name),
    variable: () => undefined,
    scheduleOpen: () => undefined,
    cycleOf: () => undefined,
  });
  bench.adopt([definition]);
  const say = (name: string, value: number): void =>
    bench.say(value, channels.get(`rx/${name}`)?.channel ?? 0);
  return { bench, definition, say, state: () => bench.state(definition.id) };
}

it('signal loss looks at the better antenna of its part, while the transmitter is on', () => {
  const names = ['2.rssi_a', '2.rssi_b', '2.transmitter_on', '1.rssi_b'];
  const { bench, definition, say, state } = receiver('signal_loss', 'rx/2.rssi_a', names);
  expect(definition.fault).toBeUndefined();
  say('1.rssi_b', -20);
  say('2.transmitter_on', 1);
  say('2.rssi_b', -60);
  say('2.rssi_a', -100);
  bench.pass(10_000);
  expect(state()).toBe('normal');
  say('2.rssi_b', -95);
  bench.pass(5_000);
  expect(state()).toBe('firing');
  say('2.rssi_b', -60);
  bench.pass(5_000);
  expect(state()).toBe('normal');
  say('2.transmitter_on', 0);
  say('2.rssi_b', -110);
  bench.pass(10_000);
  expect(state()).toBe('normal');
  expect(bench.told().filter((one) => /^(firing|clear):/.test(one))).toEqual([
    'firing:firing',
    'clear:normal',
  ]);
});

it('signal loss of a receiver that says nothing of antennas and transmitter goes by its one level', () => {
  const { bench, definition, say, state } = receiver('signal_loss', 'rx/1.rssi', ['1.rssi']);
  expect(definition.fault).toBeUndefined();
  say('1.rssi', -90);
  bench.pass(5_000);
  expect(state()).toBe('firing');
});

it('a battery that fades is low, then critical', () => {
  const low = receiver('battery_low', 'rx/1.battery_percent', ['1.battery_percent']);
  const critical = receiver('battery_critical', 'rx/1.battery_percent', ['1.battery_percent']);
  const states = [50, 20, 21, 11, 10, 9, 12, 13, 40].map((percent) => {
    low.say('1.battery_percent', percent);
    critical.say('1.battery_percent', percent);
    return `${low.state()} ${critical.state()}`;
  });
  expect(states).toEqual([
    'normal normal',
    'firing normal',
    'firing normal',
    'firing normal',
    'normal firing',
    'normal firing',
    'firing firing',
    'firing normal',
    'normal normal',
  ]);
});
