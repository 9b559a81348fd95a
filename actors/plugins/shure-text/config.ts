import { z } from 'zod';
import { FAMILY_IDS } from './families.js';

/** Of an instance. */
export const instanceConfig = z
  .strictObject({
    silenceMs: z.int().min(5_000).max(600_000).default(10_000).meta({
      title: 'Silence',
      description: 'A device that says nothing for this long, though asked, is lost.',
    }),
    announcements: z.boolean().default(true).meta({
      title: 'Listen for announcements',
      description: 'Devices that announce themselves (multicast SLP) go into the discovery queue.',
    }),
    dcidMap: z.string().max(4_096).default('').meta({
      title: 'Device map',
      description:
        "File that names what announcements call by number: Micboard's dcid.json or DCIDMap.xml of the vendor's programs; empty: the built-in one.",
    }),
  })
  .readonly();
export type InstanceConfig = z.infer<typeof instanceConfig>;

/** Of a device beside its address. */
export const deviceConfig = z
  .strictObject({
    model: z
      .enum(['auto', ...FAMILY_IDS])
      .default('auto')
      .meta({
        title: 'Series',
        description:
          'auto: the device is asked. UHF-R receivers do not answer that and must be chosen.',
      }),
    channels: z
      .int()
      .min(0)
      .max(32)
      .default(0)
      .meta({ title: 'Channels', description: '0: as the device says, else as its series has.' }),
    transport: z
      .enum(['auto', 'tcp', 'udp'])
      .default('auto')
      .meta({ title: 'Transport', description: 'auto: UDP for UHF-R, TCP for all others.' }),
  })
  .readonly();
export type DeviceConfig = z.infer<typeof deviceConfig>;
