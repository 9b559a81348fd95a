import { z } from 'zod';

const topicLevel = z.string().regex(/^[^#+\s]{1,128}$/, 'a topic without # and +');

/** Keys of `mqtt` in the configuration. */
export const mqttConfiguration = z
  .strictObject({
    broker: z
      .strictObject({
        enabled: z.boolean().default(false),
        /** 0 takes a free port; one that is taken leaves the broker out, with a line in the log. */
        port: z.int().min(0).max(65_535).default(1883),
        /** Address to listen on. Default: that of the pages. */
        host: z.string().min(1).optional(),
        /** Clients without user and password may publish and subscribe, but set nothing. */
        allowAnonymous: z.boolean().default(false),
        maxClients: z.int().min(1).max(20_000).default(1_000),
        maxPayloadBytes: z.int().min(64).max(16_777_216).default(262_144),
        /** Of one client. */
        maxSubscriptions: z.int().min(1).max(10_000).default(500),
        /** Of one client; more closes it. */
        maxMessagesPerSecond: z.int().min(1).max(100_000).default(2_000),
        /** Unsent bytes of one client; more closes it. */
        maxQueueBytes: z.int().min(65_536).default(4_194_304),
        /** Retained messages of clients; what is beyond is delivered and not retained. 0: none is. */
        maxRetained: z.int().min(0).max(1_000_000).default(10_000),
        /** Of their topics and payloads together. */
        maxRetainedBytes: z.int().min(0).max(134_217_728).default(16_777_216),
        /** Sessions that are kept; beyond, the one whose client is longest away is forgotten. */
        maxSessions: z.int().min(1).max(20_000).default(1_000),
        /** Messages that wait for one client; beyond, its oldest are dropped. */
        maxSessionMessages: z.int().min(1).max(100_000).default(1_000),
        /** Of all sessions; beyond, the oldest messages are dropped. */
        maxSessionBytes: z.int().min(65_536).max(67_108_864).default(33_554_432),
        /** A session whose client is away for longer is forgotten. 0: none is. */
        maxSessionHours: z.int().min(0).max(87_600).default(168),
        /** Paths of PEM files; with both the port speaks TLS only. */
        tls: z
          .strictObject({
            certFile: z.string().min(1).optional(),
            keyFile: z.string().min(1).optional(),
          })
          .prefault({}),
      })
      .prefault({}),
    publish: z
      .strictObject({
        enabled: z.boolean().default(false),
        /** A broker; absent: the embedded one. */
        url: z
          .string()
          .regex(/^(mqtts?|wss?):\/\/[^/\s]+/, 'starts with mqtt://, mqtts://, ws:// or wss://')
          .optional(),
        user: z.string().optional(),
        password: z.string().optional(),
        verifyTls: z.boolean().default(true),
        prefix: topicLevel.default('earshot'),
        discoveryPrefix: topicLevel.default('homeassistant'),
        /** A state is published at most this often; the latest value wins. */
        everyMs: z.int().min(100).max(60_000).default(1_000),
        maxDevices: z.int().min(1).max(10_000).default(500),
      })
      .prefault({}),
  })
  .prefault({});

export type MqttConfiguration = z.output<typeof mqttConfiguration>;
