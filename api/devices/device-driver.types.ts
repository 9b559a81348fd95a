import type { Command } from '../../actors/control/commands.js';
import type { DeviceDefinition } from '../../actors/device/protocol.js';

/** Who drives the devices that no device thread drives: the plugins. */
export interface DeviceDriver {
  /** Whether a device is driven here. Told by its id and protocol alone, so that all parts agree at any time. */
  drives(device: Pick<DeviceDefinition, 'id' | 'protocol'>): boolean;
  /** Definitions that are new or changed, here or by another engine. */
  changed(definitions: readonly DeviceDefinition[]): Promise<void>;
  /** Devices that are gone from the control store. Their rows are removed already. */
  removed(ids: readonly string[]): Promise<void>;
  /** A name was given by hand. */
  renamed(id: string, name: string): Promise<void>;
  /** As `DeviceService.setParameter`. */
  setParameter(
    deviceId: string,
    name: string,
    value: number | string | boolean,
    by: string,
  ): Promise<Command>;
}
