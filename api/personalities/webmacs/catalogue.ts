import type { EdgeChannelRow } from '../../../actors/automation/automation.types.js';

export interface CatalogueChannel {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly direction: EdgeChannelRow['direction'];
}

export interface CataloguePlugin {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly vendor: string;
  readonly description: string;
  readonly channels: readonly CatalogueChannel[];
}

type Line = readonly [id: string, name: string, unit: string, minimum: number, maximum: number];
const inputs = (lines: readonly Line[], direction: CatalogueChannel['direction'] = 'input') =>
  lines.map(([id, name, unit, minimum, maximum]) => ({
    id,
    name,
    unit,
    minimum,
    maximum,
    direction,
  }));

const VENDOR = { version: '1.0.0', vendor: 'WebMACS' };

/** The plugins that every controller brings, with the channels that a new instance gets. */
export const BUNDLED: readonly CataloguePlugin[] = [
  {
    ...VENDOR,
    id: 'simulated',
    name: 'Simulated',
    description: 'A plant without hardware: temperatures, pressures, flow, a heater and a valve.',
    channels: [
      ...inputs([
        ['temp_reactor', 'Temperature Reactor', '°C', 20, 500],
        ['temp_inlet', 'Temperature Inlet', '°C', 15, 200],
        ['temp_outlet', 'Temperature Outlet', '°C', 15, 300],
        ['pressure_chamber', 'Pressure Chamber', 'bar', 0, 6],
        ['pressure_diff', 'Pressure Differential', 'mbar', 0, 100],
        ['volume_flow', 'Volume Flow', 'm³/h', 0, 40],
        ['humidity', 'Humidity', '%', 0, 100],
      ]),
      ...inputs(
        [
          ['heater_power', 'Heater Power', '%', 0, 100],
          ['valve_position', 'Valve Position', '%', 0, 100],
        ],
        'output',
      ),
    ],
  },
  {
    ...VENDOR,
    id: 'system',
    name: 'System Monitor',
    description: 'Load, memory, disk and temperature of the machine that the controller runs on.',
    channels: inputs([
      ['cpu_percent', 'CPU Usage', '%', 0, 100],
      ['memory_percent', 'Memory Usage', '%', 0, 100],
      ['memory_used_gb', 'Memory Used', 'GB', 0, 1_024],
      ['disk_percent', 'Disk Usage', '%', 0, 100],
      ['disk_used_gb', 'Disk Used', 'GB', 0, 100_000],
      ['load_avg_1m', 'Load Average 1m', '', 0, 1_000],
      ['cpu_temp', 'CPU Temperature', '°C', -40, 150],
    ]),
  },
  {
    ...VENDOR,
    id: 'revpi',
    name: 'Revolution Pi',
    description:
      'Inputs and outputs of a Revolution Pi; its channels are given by its configuration.',
    channels: [],
  },
];

/** What an event made for a channel is. */
export const TYPE_OF = { input: 'sensor', output: 'actuator', bidirectional: 'range' } as const;
