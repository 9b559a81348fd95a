/** The mapping of the emulated climate sensors, as an operator would write it. */
export function sensorConfig(
  address: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    url: `${address}/devices/{id}`,
    list: { url: `${address}/devices`, items: 'devices', key: 'id', name: 'name' },
    intervalMs: 200,
    identity: {
      name: 'name',
      model: 'info.model',
      serial: 'info["serial"]',
      firmware: 'info.firmware',
    },
    channels: [
      { id: 'temperature', name: 'Temperature', path: 'values.temperature', unit: '°C' },
      { id: 'humidity', name: 'Humidity', path: 'values["relative humidity"]', unit: '%' },
      {
        id: 'valve',
        name: 'Valve',
        path: 'valves[0].position',
        min: 0,
        max: 100,
        command: {
          method: 'PUT',
          url: `${address}/devices/{id}/valve`,
          body: '{"value":"{value}"}',
        },
      },
      {
        id: 'enabled',
        name: 'Enabled',
        kind: 'boolean',
        path: 'state',
        command: {
          method: 'POST',
          url: `${address}/devices/{id}/{channel}`,
          body: '{"enabled":"{value}"}',
        },
      },
    ],
    ...more,
  };
}
