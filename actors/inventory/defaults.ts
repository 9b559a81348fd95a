import type * as Rows from './inventory.types.js';

/** What is not said of a device that is new. */
export const RECORD_DEFAULTS = {
  role: 'receiver',
  address: null,
  port: null,
  serial: null,
  mac: null,
  model: null,
  firmware: null,
  reportedName: null,
  givenName: null,
  lifecycle: 'discovered',
  lifecycleReason: null,
  enabled: true,
  locationId: null,
  config: {},
  notes: '',
} as const satisfies Partial<Rows.DeviceRecord>;

/** What is not said of a radio channel that is new. */
export const RF_CHANNEL_DEFAULTS = {
  slot: null,
  direction: 'receive',
  resource: 'free',
  givenId: null,
  givenName: null,
  reportedName: null,
  unitId: null,
  notes: '',
} as const satisfies Partial<Rows.RfChannelRow>;

/** What is not said of an assignment that is new. */
export const ASSIGNMENT_DEFAULTS = {
  priority: 'normal',
  userId: null,
  alertOnBattery: true,
  alertOnSignal: true,
  alertOnAudio: false,
  alertOnOffline: true,
  fromUnixMs: null,
  toUnixMs: null,
  notes: '',
} as const satisfies Partial<Rows.AssignmentRow>;
