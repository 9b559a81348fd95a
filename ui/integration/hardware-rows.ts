import type { LiveResource } from '../../api/contract/live.js';
import type {
  ChargerSlotRow,
  ConnectionRow,
  DeviceRow,
  DiscoveryLiveRow,
  InstanceRow,
  PluginRow,
  RfRow,
} from '../../api/contract/rows.js';

const AT = Date.now() - 90_000;

/** What an instance of the emulated vendor is configured with. */
export const SCHEMA = {
  type: 'object',
  properties: {
    url: { type: 'string', format: 'uri', title: 'Address of the server', minLength: 1 },
    apiKey: { type: 'string', title: 'API key', secret: true, minLength: 1 },
    pollEveryMs: { type: 'integer', minimum: 100, maximum: 60_000, default: 5_000 },
    trustAnyCertificate: { type: 'boolean', default: false, title: 'Trust any certificate' },
    region: { enum: ['EU', 'US'], default: 'EU', title: 'Region' },
    limits: {
      type: 'object',
      title: 'Limits',
      properties: { perSecond: { type: 'number', minimum: 1, maximum: 50, default: 10 } },
    },
    servers: { type: 'array', title: 'Further servers', items: { type: 'string' }, default: [] },
  },
  required: ['url', 'apiKey'],
} as const;

export const SETTINGS = [
  {
    key: 'connection.holdDownMs',
    title: 'Hold-down',
    description: 'A lost connection that is back within this time is not announced as lost.',
    unit: 'ms',
    default: 15_000,
    min: 0,
    max: 600_000,
    whole: true,
    scopes: ['site', 'instance', 'device'],
  },
] as const;

/** Parameters that the first receiver declared. */
export const PARAMETERS = [
  {
    id: '1.gain',
    name: 'Gain',
    kind: 'number',
    unit: 'dB',
    min: -18,
    max: 42,
    decimals: 0,
    direction: 'bidirectional',
    part: 1,
    safeValue: 0,
  },
  { id: 'mute', name: 'Mute', kind: 'boolean', direction: 'input' },
  {
    id: 'encryption',
    name: 'Encryption',
    kind: 'text',
    direction: 'bidirectional',
    options: ['off', 'manual', 'auto'],
  },
] as const;

export function connectionRow(id: string, more: Partial<ConnectionRow> = {}): ConnectionRow {
  return {
    id,
    deviceName: `RX ${id.split(':').at(-1)}`,
    instanceId: 1,
    instanceName: 'Shure hall',
    vendor: 'shure-system',
    address: `10.0.0.${id.split(':').at(-1)}`,
    state: 'connected',
    sinceUnixMs: AT,
    held: false,
    waiting: false,
    connectedAtUnixMs: AT,
    disconnectedAtUnixMs: null,
    lastMessageAtUnixMs: AT,
    attempts: 0,
    nextAttemptAtUnixMs: null,
    reconnects: 0,
    errorCount: 0,
    errorMessage: null,
    lastErrorAtUnixMs: null,
    readsDropped: 0,
    ...more,
  };
}

const NOTHING_HEARD = {
  slot: null,
  reportedName: null,
  photoUrl: null,
  backgroundUrl: null,
  batteryBars: null,
  batteryMinutes: null,
  batteryHealthPercent: null,
  batteryCycles: null,
  batteryType: null,
  rfPercent: null,
  rfAPercent: null,
  rfBPercent: null,
  rssiADbm: null,
  rssiBDbm: null,
  antenna: null,
  qualityPercent: null,
  interference: null,
  audioPercent: null,
  audioLeftPercent: null,
  audioRightPercent: null,
  audioDbfs: null,
  mute: null,
  groupChannel: null,
  encryption: null,
  txName: null,
  txSerial: null,
  txPowerMw: null,
  txOffsetDb: null,
  txLock: null,
  heardUnixMs: null,
} as const;

function rf(id: string, deviceId: string, number: number, more: Partial<RfRow>): RfRow {
  return {
    ...NOTHING_HEARD,
    id,
    deviceId,
    number,
    direction: 'receive',
    label: `HH-0${id}`,
    name: 'Vox',
    performer: null,
    deviceName: deviceId,
    deviceState: 'connected',
    model: 'ULXD4D',
    vendor: 'shure-system',
    instanceId: 1,
    location: 'Main stage',
    status: 'good',
    active: true,
    batteryPercent: 80,
    battery: 'good',
    signal: 'good',
    audioPeak: false,
    frequencyMhz: 512.125,
    txModel: 'ULXD2',
    ...more,
  };
}

function slot(number: number, more: Partial<ChargerSlotRow>): ChargerSlotRow {
  return {
    id: `charger#${number}`,
    deviceId: 'shure-system:1:9',
    deviceName: 'Charger rack A',
    number,
    occupied: true,
    charging: true,
    state: null,
    unitName: `Pack ${number}`,
    unitSerial: null,
    batteryPercent: 60,
    batteryHealthPercent: 97,
    batteryCycles: 120,
    batteryTemperatureC: 29,
    timeToFullMinutes: 95,
    deviceState: 'connected',
    ...more,
  };
}

function found(id: string, more: Partial<DiscoveryLiveRow>): DiscoveryLiveRow {
  return {
    id,
    instanceId: 1,
    instanceName: 'Shure hall',
    externalId: `10.0.1.${id}`,
    address: `10.0.1.${id}`,
    role: 'receiver',
    name: `New RX ${id}`,
    model: 'SLXD4D',
    serial: `SN${id}`,
    mac: null,
    channels: 2,
    state: 'pending',
    duplicateOf: null,
    conflict: null,
    source: 'multicast',
    firstSeenUnixMs: AT,
    lastSeenUnixMs: AT,
    ...more,
  };
}

const record = (id: number, more: Readonly<Record<string, unknown>>) => ({
  id,
  deviceId: `shure-system:1:${id}`,
  instanceId: 1,
  externalId: String(id),
  role: 'receiver',
  address: `10.0.0.${id}`,
  port: 2_202,
  serial: `SER${id}`,
  mac: '00:0e:dd:00:00:01',
  model: 'ULXD4D',
  firmware: '2.7.6',
  reportedName: 'ULXD-7',
  givenName: 'Stage left',
  lifecycle: 'online',
  lifecycleSinceUnixMs: AT,
  lifecycleReason: null,
  enabled: true,
  locationId: null,
  config: {},
  notes: '',
  createdAtUnixMs: AT,
  updatedAtUnixMs: AT,
  ...more,
});
export const RECORDS = [record(1, {}), record(3, { lifecycle: 'offline', givenName: null })];

/** Rows of every kind: some well, some in trouble. */
export function fillHardware(put: (resource: LiveResource, row: object) => void): void {
  const plugin: PluginRow = {
    id: 'shure-system',
    name: 'Shure System API',
    version: '1.0.0',
    vendor: 'Shure',
    description: 'Devices that a Shure server knows.',
    source: 'built-in',
    reach: 'devices',
    discovers: ['server', 'multicast', 'scan'],
    state: 'running',
    error: null,
    instances: 1,
    devices: 5,
    restarts: 1,
    heapBytes: 12_000_000,
  };
  put('plugins', plugin);
  put('plugins', {
    ...plugin,
    id: 'broken',
    name: 'Broken plugin',
    source: 'folder',
    state: 'failed',
    error: 'configuration is missing: export it from the module',
  } as PluginRow);
  const instance: InstanceRow = {
    id: '1',
    plugin: 'shure-system',
    name: 'Shure hall',
    enabled: true,
    state: 'open',
    error: null,
    health: 'healthy',
    healthMessage: null,
    checkedUnixMs: AT,
    devices: 5,
    connected: 2,
  };
  put('instances', instance);
  const states = ['connected', 'connected', 'error', 'disconnected', 'stopped'] as const;
  states.forEach((state, index) => {
    const id = `shure-system:1:${index + 1}`;
    const bad = state === 'error' || state === 'disconnected';
    put(
      'connections',
      connectionRow(id, {
        state,
        ...(bad
          ? {
              errorCount: 4,
              errorMessage: 'connection refused by 10.0.0.3',
              nextAttemptAtUnixMs: Date.now() + 60_000,
            }
          : {}),
      }),
    );
    put('devices', {
      id,
      name: `RX ${index + 1}`,
      protocol: 'shure-system',
      state,
      sinceUnixMs: AT,
      lastSeenUnixMs: AT,
      reconnects: 0,
      lastError: bad ? 'connection refused by 10.0.0.3' : null,
      address: `10.0.0.${index + 1}`,
      role: 'receiver',
      instanceId: 1,
      vendor: 'shure-system',
      model: 'ULXD4D',
      serial: `SER${index + 1}`,
      firmware: '2.7.6',
      lifecycle: 'online',
      health: 'healthy',
      location: index < 3 ? 'Main stage' : 'Chapel',
    } satisfies DeviceRow);
  });
  for (const [name, value, unit] of [
    ['1.gain', 12, 'dB'],
    ['mute', false, null],
    ['encryption', 'auto', null],
  ] as const) {
    put('channels', {
      id: `shure-system:1:1/${name}`,
      channel: 1,
      deviceId: 'shure-system:1:1',
      name,
      kind: typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text',
      unit,
      value,
      atUnixMs: AT,
    });
  }
  put('rf', rf('1', 'shure-system:1:1', 1, { performer: 'Ada' }));
  put('rf', rf('2', 'shure-system:1:1', 2, { status: 'critical', batteryPercent: 4 }));
  put('rf', rf('3', 'shure-system:1:2', 1, { frequencyMhz: 640.5 }));
  put('charger-slots', slot(1, {}));
  put('charger-slots', slot(2, { charging: false, batteryPercent: 100, timeToFullMinutes: 0 }));
  put('charger-slots', slot(3, { occupied: false, charging: false, batteryPercent: null }));
  put('charger-slots', slot(4, { state: 'battery fault', batteryPercent: 12 }));
  put('discoveries', found('1', {}));
  put('discoveries', found('2', {}));
  put('discoveries', found('3', { state: 'duplicate', duplicateOf: 'shure-system:1:1' }));
}
