import { z } from 'zod';
import { jsonColumn } from '../sdk/json-column.js';

const topic = z.string().min(1).max(512);

const command = z.strictObject({
  topic: topic.meta({ title: 'Topic', description: 'site/{device}/valve/set' }),
  payload: z.string().max(4_096).default('{value}').meta({
    title: 'Payload',
    description: 'JSON or text. "{value}" alone in quotes becomes the value with its type.',
  }),
  retain: z.boolean().default(false).meta({ title: 'Retained' }),
  echo: z.boolean().default(true).meta({
    title: 'Wait for the state',
    description: 'The command is done when the topic of the parameter says the new value.',
  }),
});

const channel = z.strictObject({
  ...jsonColumn,
  topic: topic.optional().meta({
    title: 'Topic',
    description: 'site/{device}/state. Without: the parameter is only set.',
  }),
  command: command.optional().meta({ title: 'To set it' }),
});

const availability = z.strictObject({
  topic: topic.meta({ title: 'Topic', description: 'site/{device}/online' }),
  path: z.string().max(256).default('').meta({ title: 'Path' }),
  online: z.string().max(128).default('online').meta({ title: 'Says when there' }),
  offline: z.string().max(128).default('offline').meta({ title: 'Says when gone' }),
});

export const configuration = z.strictObject({
  url: z
    .string()
    .max(1_024)
    .regex(/^(mqtts?|wss?):\/\/[^/\s]+/, 'starts with mqtt://, mqtts://, ws:// or wss://')
    .meta({ title: 'Broker', description: 'mqtt://192.168.1.5:1883' }),
  user: z.string().max(128).optional().meta({ title: 'User' }),
  password: z.string().max(4_096).optional().meta({ title: 'Password', secret: true }),
  verifyTls: z.boolean().default(true).meta({ title: 'Check certificates' }),
  clientId: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/)
    .optional()
    .meta({ title: 'Client id', description: 'Without: made anew for each connection.' }),
  clean: z.boolean().default(true).meta({
    title: 'Clean session',
    description: 'No: the broker keeps messages while we are away; needs a client id.',
  }),
  qos: z
    .union([z.literal(0), z.literal(1), z.literal(2)])
    .default(1)
    .meta({ title: 'QoS' }),
  keepaliveS: z.int().min(5).max(3_600).default(30).meta({ title: 'Keep alive', description: 's' }),
  role: z
    .enum(['receiver', 'transmitter', 'transceiver', 'charger', 'sensor', 'controller'])
    .default('sensor')
    .meta({ title: 'Role' }),
  channels: z.array(channel).max(256).default([]).meta({ title: 'Parameters' }),
  patterns: z.array(topic).max(32).default([]).meta({
    title: 'Topics of any parameters',
    description:
      'site/{device}/{parameter}: every topic is a parameter. site/{device}: so is every field of its JSON object.',
  }),
  availability: availability.optional().meta({ title: 'Birth and last will' }),
  homeAssistant: z
    .strictObject({
      enabled: z.boolean().default(true).meta({ title: 'Take devices from it' }),
      prefix: z
        .string()
        .regex(/^[^#+\s]{1,128}$/)
        .default('homeassistant')
        .meta({ title: 'Discovery prefix' }),
    })
    .default({ enabled: true, prefix: 'homeassistant' })
    .meta({ title: 'Home Assistant discovery' }),
  commandTimeoutMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(5_000)
    .meta({ title: 'Deadline of a command', description: 'ms' }),
  quietMs: z.int().min(0).max(2_147_483_647).default(0).meta({
    title: 'Silence',
    description:
      'ms without a message after which a device no longer counts as alive; 0: as long as the broker is there.',
  }),
  maxPayloadBytes: z
    .int()
    .min(64)
    .max(1_048_576)
    .default(65_536)
    .meta({ title: 'Largest message' }),
  maxDevices: z.int().min(1).max(20_000).default(2_000).meta({ title: 'Most devices' }),
  maxTopics: z.int().min(1).max(100_000).default(20_000).meta({ title: 'Most topics' }),
  maxMessagesPerSecond: z
    .int()
    .min(10)
    .max(100_000)
    .default(20_000)
    .meta({ title: 'Most messages a second', description: 'Further ones are left out.' }),
});

export type MqttConfig = z.output<typeof configuration>;
export type MqttChannel = MqttConfig['channels'][number];
