import type { ChannelRole } from '../../actors/plugins/sdk/roles.js';
import type { ChargerSlotRow } from '../contract/rows.js';

const COLUMNS: Readonly<Partial<Record<ChannelRole, keyof ChargerSlotRow & string>>> = {
  slot_occupied: 'occupied',
  slot_charging: 'charging',
  slot_state: 'state',
  slot_time_to_full: 'timeToFullMinutes',
  name: 'unitName',
  transmitter_name: 'unitName',
  transmitter_serial: 'unitSerial',
  battery_percent: 'batteryPercent',
  battery_health: 'batteryHealthPercent',
  battery_cycles: 'batteryCycles',
  battery_temperature: 'batteryTemperatureC',
};

/** Column of a charger's slot that shows a parameter. */
export const chargerColumn = (role: ChannelRole): string | undefined => COLUMNS[role];

/** A slot about which nothing was said yet. */
export function freshSlot(deviceId: string, number: number): ChargerSlotRow {
  return {
    id: `${deviceId}#${number}`,
    deviceId,
    deviceName: deviceId,
    number,
    occupied: null,
    charging: null,
    state: null,
    unitName: null,
    unitSerial: null,
    batteryPercent: null,
    batteryHealthPercent: null,
    batteryCycles: null,
    batteryTemperatureC: null,
    timeToFullMinutes: null,
    deviceState: 'connecting',
  };
}
