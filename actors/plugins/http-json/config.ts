import { z } from 'zod';
import { jsonColumn } from '../sdk/json-column.js';

const path = z.string().max(256);

const command = z.strictObject({
  method: z.enum(['PUT', 'POST', 'PATCH']).default('PUT').meta({ title: 'Method' }),
  url: z.string().min(1).max(1_024).meta({
    title: 'Address',
    description: 'As the address of the poll; also {value}, {channel}.',
  }),
  body: z.string().max(4_096).optional().meta({
    title: 'Body',
    description:
      'JSON or text. "{value}" alone in quotes becomes the number, text or boolean itself. Without: no body.',
  }),
});

const channel = z.strictObject({
  ...jsonColumn,
  command: command.optional().meta({ title: 'To set it' }),
});

const identity = z.strictObject({
  name: path.optional().meta({ title: 'Where the name is' }),
  model: path.optional().meta({ title: 'Where the model is' }),
  serial: path.optional().meta({ title: 'Where the serial number is' }),
  mac: path.optional().meta({ title: 'Where the MAC address is' }),
  firmware: path.optional().meta({ title: 'Where the firmware is' }),
});

const list = z.strictObject({
  url: z.string().min(1).max(1_024).meta({ title: 'Address of the list' }),
  items: path.default('').meta({ title: 'Where the list is', description: 'Empty: the answer.' }),
  key: path.default('id').meta({ title: 'Id of an item' }),
  address: path.optional().meta({ title: 'Address of an item' }),
  name: path.optional().meta({ title: 'Name of an item' }),
});

export const configuration = z
  .strictObject({
    url: z.string().max(1_024).optional().meta({
      title: 'Address of a device',
      description:
        'http://{address}:{port}/status.json; {id} and the words of the device are filled in. Without: values come from the list.',
    }),
    list: list.optional().meta({ title: 'List of devices' }),
    intervalMs: z
      .int()
      .min(200)
      .max(3_600_000)
      .default(5_000)
      .meta({ title: 'Interval', description: 'ms between two polls of a device' }),
    role: z
      .enum(['receiver', 'transmitter', 'transceiver', 'charger', 'sensor', 'controller'])
      .default('sensor')
      .meta({ title: 'Role' }),
    identity: identity.default({}).meta({ title: 'Identity' }),
    time: path.optional().meta({
      title: 'Time',
      description: 'When the device measured: ISO, seconds or ms since 1970. Without: on arrival.',
    }),
    channels: z.array(channel).min(1).max(256).meta({ title: 'Parameters' }),
    parts: z.enum(['rf', 'charger-slot']).default('rf').meta({ title: 'Kind of numbered parts' }),
    user: z.string().max(128).optional().meta({ title: 'User' }),
    password: z.string().max(256).optional().meta({ title: 'Password', secret: true }),
    token: z.string().max(4_096).optional().meta({ title: 'Bearer token', secret: true }),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), z.string().max(1_024))
      .default({})
      .meta({ title: 'Headers' }),
    verifyTls: z.boolean().default(true).meta({ title: 'Check certificates' }),
  })
  .refine((config) => config.url !== undefined || config.list !== undefined, {
    path: ['url'],
    message: 'give the address of a device, or a list',
  });

export type HttpJsonConfig = z.output<typeof configuration>;
export type ChannelConfig = HttpJsonConfig['channels'][number];

export const deviceConfiguration = z.strictObject({
  url: z.string().max(1_024).optional().meta({
    title: 'Address',
    description:
      'Instead of the address of the instance. On another server than that or the list: asked without user, password, token and headers.',
  }),
  words: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,31}$/), z.string().max(256))
    .default({})
    .meta({ title: 'Words', description: 'Filled into addresses: {room}' }),
});

export type HttpJsonDeviceConfig = z.output<typeof deviceConfiguration>;
