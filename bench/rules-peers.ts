import { assign, createActor, setup } from 'xstate';
import { SystemClock } from '../engine/clock.js';

const clock = new SystemClock();

/** The same samples for all: channels in turn, each `period` samples low and as many high, not all at once. */
function* stream(
  channels: number,
  samples: number,
  period: number,
): Generator<readonly [number, number]> {
  for (let row = 0; row < samples; row += 1) {
    const channel = row % channels;
    const turn = Math.floor(row / channels) + channel;
    yield [channel, Math.floor(turn / period) % 2 === 0 ? 9 : 11];
  }
}

/** What a Node program would do: rules by channel in a map, one loop, a call when a rule turns. @returns µs a sample and rule. */
export function plainLoop(channels: number, samples: number, period: number): number {
  interface Rule {
    readonly value: number;
    firing: boolean;
  }
  const rules = new Map<number, Rule[]>();
  for (let channel = 0; channel < channels; channel += 1) {
    rules.set(channel, [{ value: 10, firing: false }]);
  }
  let fired = 0;
  const fromMonoMs = clock.monoMs();
  for (const [channel, value] of stream(channels, samples, period)) {
    for (const rule of rules.get(channel) ?? []) {
      const holds = value > rule.value;
      if (holds && !rule.firing) fired += 1;
      rule.firing = holds;
    }
  }
  const tookMs = clock.monoMs() - fromMonoMs;
  return fired === 0 ? Number.NaN : (tookMs * 1_000) / samples;
}

const sampleMachine = setup({
  types: {
    context: {} as { readonly value: number; readonly fired: number },
    events: {} as { readonly type: 'sample'; readonly value: number },
  },
  guards: {
    above: ({ context, event }) => event.value > context.value,
    below: ({ context, event }) => event.value <= context.value,
  },
  actions: { count: assign({ fired: ({ context }) => context.fired + 1 }) },
}).createMachine({
  context: { value: 10, fired: 0 },
  initial: 'normal',
  states: {
    normal: { on: { sample: { guard: 'above', target: 'firing', actions: 'count' } } },
    firing: { on: { sample: { guard: 'below', target: 'normal' } } },
  },
});

/** Every sample through an actor of its rule. @returns µs a sample and rule. */
export function actorPerSample(channels: number, samples: number, period: number): number {
  const actors = Array.from({ length: channels }, () => createActor(sampleMachine).start());
  const fromMonoMs = clock.monoMs();
  for (const [channel, value] of stream(channels, samples, period)) {
    actors[channel]?.send({ type: 'sample', value });
  }
  const tookMs = clock.monoMs() - fromMonoMs;
  for (const actor of actors) actor.stop();
  return (tookMs * 1_000) / samples;
}
