import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { guarded } from '../../../engine/guarded.js';
import type { ChannelSpec, DeviceConnection, DeviceSession } from '../sdk/plugin.types.js';
import { Signal, type SignalSpec, seeded } from './signals.js';

type Measured = ChannelSpec & { readonly min: number; readonly max: number };

const measured = (
  id: string,
  name: string,
  unit: string,
  min: number,
  max: number,
  decimals = 1,
): Measured => ({
  id,
  name,
  kind: 'number',
  unit,
  min,
  max,
  decimals,
  direction: 'input',
  role: 'measurement',
});

const driven = (id: string, name: string): Measured => ({
  ...measured(id, name, '%', 0, 100),
  direction: 'output',
  safeValue: 0,
});

const INPUTS: readonly {
  readonly spec: Measured;
  readonly signal: Omit<SignalSpec, 'min' | 'max'>;
}[] = [
  {
    spec: measured('temp_reactor', 'Temperature Reactor', '°C', 20, 500),
    signal: { waveform: 'sine_wave', periodS: 120 },
  },
  {
    spec: measured('temp_inlet', 'Temperature Inlet', '°C', 15, 200),
    signal: { waveform: 'random_walk', periodS: 1 },
  },
  {
    spec: measured('temp_outlet', 'Temperature Outlet', '°C', 15, 300),
    signal: { waveform: 'sine_wave', periodS: 180 },
  },
  {
    spec: measured('pressure_chamber', 'Pressure Chamber', 'bar', 0, 6, 2),
    signal: { waveform: 'sawtooth', periodS: 90 },
  },
  {
    spec: measured('pressure_diff', 'Pressure Differential', 'mbar', 0, 100),
    signal: { waveform: 'random_walk', periodS: 1 },
  },
  {
    spec: measured('volume_flow', 'Volume Flow', 'm³/h', 0, 40),
    signal: { waveform: 'step', periodS: 60 },
  },
  {
    spec: measured('humidity', 'Humidity', '%', 0, 100),
    signal: { waveform: 'constant', periodS: 1 },
  },
];

const OUTPUTS: readonly Measured[] = [
  driven('heater_power', 'Heater Power'),
  driven('valve_position', 'Valve Position'),
];

export interface ReactorOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly intervalMs: number;
}

/** A reactor: seven measurements and two outputs that stay as they were set. Ended by `close`. */
export function connectReactor(session: DeviceSession, options: ReactorOptions): DeviceConnection {
  const { clock, seed, intervalMs } = options;
  const beganMonoMs = clock.monoMs();
  const inputs = INPUTS.map(({ spec, signal }, n) => ({
    handle: session.channel(spec),
    decimals: spec.decimals ?? 1,
    signal: new Signal({ ...signal, min: spec.min, max: spec.max }, seeded(seed + n)),
  }));
  const outputs = new Map(
    OUTPUTS.map((spec) => [spec.id, { handle: session.channel(spec), value: 0 }]),
  );
  const say = (): void => {
    const seconds = (clock.monoMs() - beganMonoMs) / 1_000;
    for (const { handle, decimals, signal } of inputs) {
      session.read(handle, Number(signal.at(seconds).toFixed(decimals)));
    }
    for (const { handle, value } of outputs.values()) session.read(handle, value);
  };
  let timer: TimerHandle;
  const next = (): void => {
    timer = clock.setTimeout(tick, intervalMs);
  };
  const tick = guarded(
    () => {
      say();
      next();
    },
    (error) => session.lost(error),
  );
  session.identify({ role: 'controller', name: 'Reactor', model: 'Simulated reactor' });
  say();
  next();
  return {
    command: async (id, value) => {
      const output = outputs.get(id);
      if (output === undefined || typeof value !== 'number') {
        throw new EngineError('not-found', `"${id}" of the reactor cannot be set`);
      }
      output.value = value;
      session.read(output.handle, value);
      await Promise.resolve();
    },
    close: () => clock.clearTimeout(timer),
  };
}
