import { z } from 'zod';

const addresses = z.array(z.string().min(1).max(253)).max(4_096);

export const configuration = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .default('https://localhost:10000')
    .meta({
      title: 'Address',
      description: 'Of the Shure System API service.',
    }),
  apiKey: z.string().min(1).max(1_024).meta({
    title: 'Shared key',
    description: 'From the service’s file sharedkey.txt; sent as x-api-key.',
    secret: true,
  }),
  bearer: z.boolean().default(false).meta({
    title: 'Also as Bearer',
    description: 'Older services want the key as a Bearer token too.',
  }),
  verifyTls: z.boolean().default(true).meta({
    title: 'Check certificate',
    description: 'The service makes its own certificate: off, unless you gave it a known one.',
  }),
  transport: z.enum(['auto', 'poll']).default('auto').meta({
    title: 'Live data by',
    description: 'auto: WebSocket, and polling while there is none.',
  }),
  pollIntervalMs: z.int().min(500).max(600_000).default(5_000).meta({
    title: 'Interval of polling',
    description: 'ms. Longer by itself when the requests a second do not allow it.',
  }),
  refreshMs: z.int().min(1_000).max(3_600_000).default(60_000).meta({
    title: 'Interval beside the WebSocket',
    description: 'ms. What no event tells is asked this often.',
  }),
  requestsPerSecond: z.number().min(1).max(50).default(10).meta({
    title: 'Requests a second',
    description:
      'For devices and their channels, 50 at most: the engine sends no plugin more to one server. Many may slow the service down.',
  }),
  discoveryIps: addresses.default([]).meta({
    title: 'Addresses to search',
    description: 'Added to the service’s list when devices are searched.',
  }),
  removeDiscoveryIps: addresses.default([]).meta({
    title: 'Addresses not to search',
    description: 'Taken off the service’s list when devices are searched.',
  }),
});

export type ShureSystemConfig = z.output<typeof configuration>;
