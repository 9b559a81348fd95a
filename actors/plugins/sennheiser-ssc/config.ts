import { z } from 'zod';

export const configuration = z
  .strictObject({
    user: z.string().min(1).max(64).default('api').meta({ title: 'User' }),
    password: z.string().max(64).meta({
      title: 'Password',
      description: 'Of third-party access, as set in Control Cockpit for the device.',
      secret: true,
    }),
    scheme: z.enum(['https', 'http']).default('https').meta({ title: 'Scheme' }),
    verifyTls: z.boolean().default(true).meta({
      title: 'Check certificate',
      description: 'Devices make their own certificates: off, unless you gave them known ones.',
    }),
    layout: z.enum(['device', 'server']).default('device').meta({
      title: 'Paths',
      description:
        'device: each device answers at its own address. server: one server lists all at /api/devices.',
    }),
    serverUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({
        title: 'Address of the server',
        description: 'With the paths of a server only.',
      }),
    intervalMs: z.int().min(500).max(600_000).default(5_000).meta({
      title: 'Interval',
      description: 'ms between two polls of meters that nobody looks at, or of all without events.',
    }),
  })
  .refine((config) => config.layout === 'device' || config.serverUrl !== undefined, {
    path: ['serverUrl'],
    message: 'give the address of the server',
  });

export type SscConfig = z.output<typeof configuration>;
