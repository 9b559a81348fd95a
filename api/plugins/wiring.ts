import type { ChangeBatch } from '../../actors/device/protocol.js';
import type { DiscoveryRow } from '../../actors/inventory/inventory.types.js';
import type { Log } from '../../engine/log.js';
import type { DeviceTables } from '../devices/tables.js';
import type { PluginCommands } from './commands.js';
import type { PluginDevices } from './devices.js';
import type { Discoveries } from './discoveries.js';
import type { PluginLink } from './plugin-host.js';
import type { RecordBook } from './record-book.js';
import type { Scans } from './scans.js';

export interface Listeners {
  readonly tables: DeviceTables;
  readonly devices: PluginDevices;
  readonly commands: PluginCommands;
  readonly book: RecordBook;
  readonly discoveries: Discoveries;
  readonly scans: Scans;
  readonly log: Log;
  readonly changed: (batch: ChangeBatch) => void;
  readonly failed: (instanceId: number, message: string) => void;
}

/** What a plugin thread says goes to whom it concerns. */
export function wireLink(link: PluginLink, listeners: Listeners): void {
  const { tables, devices, commands, book, discoveries, scans, log, changed, failed } = listeners;
  link.on('changes', (batch) => {
    tables.changes(batch);
    changed(batch);
  });
  link.on('edges', (edges) => tables.edges(edges));
  link.on('connections', (facts) => {
    for (const id of devices.connected(facts)) commands.deviceIsBack(id);
  });
  link.on('identities', (facts) => {
    for (const { deviceId, facts: told } of devices.identities(facts)) {
      const record = book.get(deviceId);
      if (record === undefined) continue;
      const { instanceId, externalId, address, port, role } = record;
      void discoveries.found(instanceId, 'spontaneous', [
        {
          ...{ externalId, role: told.role ?? role, address: address ?? undefined },
          ...(port === null ? {} : { port }),
          ...(told.name === undefined ? {} : { name: told.name }),
          ...(told.model === undefined ? {} : { model: told.model }),
          ...(told.serial === undefined ? {} : { serial: told.serial }),
          ...(told.mac === undefined ? {} : { mac: told.mac }),
        },
      ]);
    }
  });
  link.on('discover.found', ({ scanId, instanceId, devices: found }) => {
    if (scanId !== undefined) scans.found(scanId, found.length);
    const source: DiscoveryRow['source'] = scanId === undefined ? 'spontaneous' : 'scan';
    void discoveries.found(instanceId, source, found);
  });
  link.on('discover.asked', ({ scanId, hosts }) => scans.asked(scanId, hosts));
  link.on('instance.failed', ({ instanceId, message }) => failed(instanceId, message));
  link.on('logged', (lines) => {
    for (const { instanceId, level, text } of lines) {
      log[level]({ instanceId }, text);
    }
  });
  link.handle('devices.intern', (claims) => devices.intern(claims));
}
