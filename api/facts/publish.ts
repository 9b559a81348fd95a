import type { SampleColumns } from '../../actors/device/protocol.js';

export type FactValue = number | string | boolean;

/** Where the engine's own facts go: devices of the site, as far as facts need them. */
export interface FactDevices<Definition = unknown> {
  readonly tables: { definition(id: string): Definition | undefined };
  create(claim: {
    readonly id: string;
    readonly name: string;
    readonly protocol: string;
    readonly channels: readonly never[];
  }): Promise<unknown>;
  append(columns: SampleColumns): Promise<unknown>;
}

/** Stores values of now as samples of a device, which is made when it is not there. @throws as `create` and `append` */
export async function publishFacts(
  devices: FactDevices,
  device: { readonly id: string; readonly name: string; readonly protocol: string },
  facts: readonly (readonly [channel: string, value: FactValue])[],
  nowUnixMs: number,
): Promise<void> {
  if (devices.tables.definition(device.id) === undefined) {
    await devices.create({ ...device, channels: [] });
  }
  const texts: string[] = [];
  await devices.append({
    deviceId: device.id,
    names: facts.map(([name]) => name),
    name: Uint16Array.from(facts.keys()),
    atUnixMs: new Float64Array(facts.length).fill(nowUnixMs),
    kind: Uint8Array.from(facts, ([, value]) =>
      typeof value === 'string' ? 1 : typeof value === 'boolean' ? 2 : 0,
    ),
    value: Float64Array.from(facts, ([, value]) =>
      typeof value === 'string' ? texts.push(value) - 1 : Number(value),
    ),
    texts,
  });
}
