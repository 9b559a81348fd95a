import type { SiteStore } from '../../control/site.js';
import { ASSIGNMENT_DEFAULTS, RECORD_DEFAULTS, RF_CHANNEL_DEFAULTS } from '../defaults.js';
import type * as Rows from '../inventory.types.js';

const NOW_UNIX_MS = 1_800_000_000_000;

/** Rows of the inventory for tests: valid, and otherwise as the test says. */
export const inventoryRows = ({
  inventory,
  devices,
}: Pick<SiteStore, 'inventory' | 'devices'>) => ({
  instance: (
    values: Partial<Omit<Rows.PluginInstanceRow, 'id'>> = {},
  ): Promise<Rows.PluginInstanceRow> =>
    inventory.instances.create({
      plugin: 'simulated',
      name: 'Stage',
      enabled: true,
      config: {},
      sealed: null,
      createdAtUnixMs: NOW_UNIX_MS,
      updatedAtUnixMs: NOW_UNIX_MS,
      ...values,
    }),
  /** The device and its record. */
  device: async (
    instanceId: number,
    externalId: string,
    values: Partial<Omit<Rows.DeviceRecord, 'id'>> = {},
  ): Promise<Rows.DeviceRecord> => {
    const deviceId = `simulated:${instanceId}:${externalId}`;
    await devices.intern([{ id: deviceId, protocol: 'simulated', channels: [] }]);
    return await inventory.records.create({
      ...RECORD_DEFAULTS,
      deviceId,
      instanceId,
      externalId,
      lifecycleSinceUnixMs: NOW_UNIX_MS,
      createdAtUnixMs: NOW_UNIX_MS,
      updatedAtUnixMs: NOW_UNIX_MS,
      ...values,
    });
  },
  channel: (
    deviceId: string,
    number: number,
    values: Partial<Omit<Rows.RfChannelRow, 'id'>> = {},
  ): Promise<Rows.RfChannelRow> =>
    inventory.rfChannels.create({ ...RF_CHANNEL_DEFAULTS, deviceId, number, ...values }),
  performer: (name: string): Promise<Rows.PerformerRow> =>
    inventory.performers.create({ name, photoMediaId: null, backgroundMediaId: null, notes: '' }),
  assignment: (
    performerId: number,
    rfChannelId: number,
    values: Partial<Omit<Rows.AssignmentRow, 'id'>> = {},
  ): Promise<Rows.AssignmentRow> =>
    inventory.assignments.create({ ...ASSIGNMENT_DEFAULTS, performerId, rfChannelId, ...values }),
  group: (number: number, slots: readonly number[] = []): Promise<Rows.BoardGroupRow> =>
    inventory.groups.create({ number, title: `Board ${number}`, slots, hideCharts: false }),
});
