import type { ChangeBatch } from '../../actors/device/protocol.js';
import type {
  ConnectionFacts,
  IdentityFacts,
  PluginDescription,
} from '../../actors/plugins/protocol.js';
import type { ChannelSpec, HealthReport } from '../../actors/plugins/sdk/plugin.types.js';

/** What other parts of the server ask of the plugins. */
export interface PluginPort {
  /** Descriptions by code, of those that run. */
  readonly descriptions: ReadonlyMap<string, PluginDescription>;
  connection(deviceId: string): ConnectionFacts | undefined;
  /** What a device last said it is, with its numbered parts. */
  identity(deviceId: string): IdentityFacts | undefined;
  /** Parameters that a device declared, by id. */
  specs(deviceId: string): ReadonlyMap<string, ChannelSpec> | undefined;
  /** Called with each device whose identity or parameters changed, and once for each that is known already. */
  onIdentity(listener: (deviceId: string) => void): () => void;
  /** Called with the facts of each connection that changed. */
  onConnection(listener: (facts: ConnectionFacts) => void): () => void;
  /** Called with latest values of plugin devices, meters too, many times a second. */
  onChanges(listener: (batch: ChangeBatch) => void): () => void;
  /**
   * Somebody looks at the meters of these devices until the returned function is called. Several lookers add up.
   */
  watchMeters(deviceIds: readonly string[]): () => void;
  /**
   * What is wrong on the air, in words, by device: all of them, told about once a second. Where it lasts for the
   * hold-down the device is `degraded`, and `online` again when it has been gone for as long.
   */
  onAir(troubles: ReadonlyMap<string, string>): void;
  /** @throws EngineError `not-found` */
  check(instanceId: number): Promise<HealthReport>;
  /** Registers a device of an instance, and connects it. @throws EngineError `conflict`, `not-found`, `input.invalid` */
  addDevice(wish: {
    readonly instanceId: number;
    readonly externalId: string;
    readonly address?: string | undefined;
    readonly port?: number | undefined;
    readonly name?: string | undefined;
    readonly config?: Readonly<Record<string, unknown>> | undefined;
  }): Promise<{ readonly deviceId: string }>;
  /** Takes devices back, as if they had never been added: their records go too. Unknown ones are left. */
  removeDevices(deviceIds: readonly string[]): Promise<void>;
  /** The inventory's record of these devices changed: address, configuration, settings, enabled. */
  recordsChanged(deviceIds: readonly string[]): Promise<void>;
  /** Starts a search; its progress is the live row of that id. @throws EngineError `not-found`, `input.invalid`, `server.busy` */
  scan(wish: {
    readonly instanceId: number;
    readonly cidrs?: readonly string[] | undefined;
    readonly hosts?: readonly string[] | undefined;
    readonly multicast?: boolean | undefined;
    readonly server?: boolean | undefined;
  }): Promise<{ readonly scanId: string }>;
}
