import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { guarded } from '../../../engine/guarded.js';
import { percentToBars } from '../sdk/normalise.js';
import type { ChannelSpec, DeviceConnection, DeviceSession } from '../sdk/plugin.types.js';
import type { ChannelRole } from '../sdk/roles.js';
import { seeded } from './signals.js';
import { Speaker } from './speaker.js';

/** What is said with every meter reading, and what changes slowly. */
const METERS: readonly Column[] = [
  { role: 'rf_a_percent', name: 'RF A', unit: '%', min: 0, max: 100 },
  { role: 'rf_b_percent', name: 'RF B', unit: '%', min: 0, max: 100 },
  { role: 'audio_percent', name: 'Audio', unit: '%', min: 0, max: 100 },
  { role: 'audio_peak', name: 'Peak', kind: 'boolean' },
  { role: 'antenna', name: 'Antenna', kind: 'text' },
];
const SLOW: readonly Column[] = [
  { role: 'name', name: 'Name', kind: 'text', settable: true },
  { role: 'frequency', name: 'Frequency', unit: 'MHz', min: 400, max: 1_000 },
  { role: 'battery_percent', name: 'Battery', unit: '%', min: 0, max: 100 },
  { role: 'battery_bars', name: 'Battery bars', unit: '', min: 0, max: 5 },
  { role: 'battery_minutes', name: 'Runtime', unit: 'min', min: 0, max: 1_440 },
  { role: 'quality_percent', name: 'Quality', unit: '%', min: 0, max: 100 },
  { role: 'transmitter_on', name: 'Transmitter', kind: 'boolean' },
  { role: 'encryption', name: 'Encryption', kind: 'boolean' },
  { role: 'mute', name: 'Mute', kind: 'boolean', settable: true, safe: true },
];
const SLOW_EVERY_MS = 5_000;

interface Column {
  readonly role: ChannelRole;
  readonly name: string;
  readonly kind?: 'number' | 'text' | 'boolean';
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly settable?: boolean;
  readonly safe?: boolean;
}

export interface ReceiverOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly name: string;
  readonly channels: number;
}

/** A wireless receiver: people talk, radio fades, batteries drain and are changed. Ended by `close`. */
export function connectReceiver(
  session: DeviceSession,
  options: ReceiverOptions,
): DeviceConnection {
  const { clock, seed, name, channels } = options;
  const parts = Array.from({ length: channels }, (_, n) => part(session, n + 1, seed));
  let everyMs = SLOW_EVERY_MS;
  let saidSlowMonoMs = Number.NEGATIVE_INFINITY;
  let lastMonoMs = clock.monoMs();
  let timer: TimerHandle;
  const say = (): void => {
    const nowMonoMs = clock.monoMs();
    const passedS = (nowMonoMs - lastMonoMs) / 1_000;
    lastMonoMs = nowMonoMs;
    const slow = nowMonoMs - saidSlowMonoMs >= SLOW_EVERY_MS;
    if (slow) saidSlowMonoMs = nowMonoMs;
    for (const { speaker, tell } of parts) {
      speaker.pass(passedS);
      tell(slow);
    }
  };
  const next = (): void => {
    timer = clock.setTimeout(tick, everyMs);
  };
  const tick = guarded(
    () => {
      say();
      next();
    },
    (error) => session.lost(error),
  );
  session.identify({
    role: 'receiver',
    name,
    model: 'Simulated receiver',
    serial: `SIM${seed}`,
    firmware: '1.0.0',
    parts: parts.map((_, n) => ({ number: n + 1, kind: 'rf', direction: 'receive' })),
  });
  say();
  next();
  return {
    command: async (id, value) => {
      const [number, role] = id.split('.');
      const speaker = parts[Number(number) - 1]?.speaker;
      if (speaker === undefined) throw new EngineError('not-found', `there is no "${id}" to set`);
      if (role === 'mute') speaker.muted = value === true;
      else if (role === 'name') speaker.name = String(value).slice(0, 31);
      else throw new EngineError('not-found', `"${id}" cannot be set`);
      saidSlowMonoMs = Number.NEGATIVE_INFINITY;
      say();
      await Promise.resolve();
    },
    metering: (_rate, wantedMs) => {
      everyMs = wantedMs;
      clock.clearTimeout(timer);
      next();
    },
    close: () => clock.clearTimeout(timer),
  };
}

function part(session: DeviceSession, number: number, seed: number) {
  const speaker = new Speaker(number, seeded(seed * 97 + number));
  const declare = (column: Column, meter: boolean): number =>
    session.channel(spec(column, number, meter));
  const meters = METERS.map((column) => ({ role: column.role, handle: declare(column, true) }));
  const slows = SLOW.map((column) => ({ role: column.role, handle: declare(column, false) }));
  return {
    speaker,
    tell: (slow: boolean): void => {
      for (const { role, handle } of meters) session.read(handle, reading(speaker, role));
      if (!slow) return;
      for (const { role, handle } of slows) session.read(handle, reading(speaker, role));
    },
  };
}

function spec(column: Column, number: number, meter: boolean): ChannelSpec {
  const { role, name, kind = 'number', unit, min, max, settable, safe } = column;
  return {
    id: `${number}.${role}`,
    name: `${name} ${number}`,
    kind,
    direction: settable === true ? 'bidirectional' : 'input',
    role,
    part: number,
    ...(meter ? { meter } : {}),
    ...(unit === undefined ? {} : { unit }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(safe === undefined ? {} : { safeValue: safe }),
  };
}

function reading(speaker: Speaker, role: ChannelRole): number | string | boolean {
  switch (role) {
    case 'name':
      return speaker.name;
    case 'frequency':
      return speaker.frequencyMhz;
    case 'battery_percent':
      return Math.round(speaker.batteryPercent);
    case 'battery_bars':
      return percentToBars(speaker.batteryPercent) ?? 0;
    case 'battery_minutes':
      return speaker.minutesLeft;
    case 'quality_percent':
      return speaker.qualityPercent;
    case 'transmitter_on':
      return speaker.on;
    case 'encryption':
      return true;
    case 'mute':
      return speaker.muted;
    case 'rf_a_percent':
      return Math.round(speaker.rfAPercent);
    case 'rf_b_percent':
      return Math.round(speaker.rfBPercent);
    case 'audio_peak':
      return speaker.audioPercent > 95;
    case 'antenna':
      return speaker.antenna;
    default:
      return Math.round(speaker.audioPercent);
  }
}
