import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { EngineError } from '../engine/errors.js';
import { mqttConfiguration } from './mqtt/config.js';
import { webmacsConfiguration } from './personalities/webmacs/config.js';

const port = z.int().min(0).max(65_535);
const count = z.int().min(1).max(64);
/** One core is left to the main thread and the store; at least one shard. */
const deviceShards = Math.max(1, Math.floor((availableParallelism() - 1) / 2));
/** Sound may have every core when it needs it: media threads run before the others. */
const mediaShards = Math.min(16, availableParallelism());

/**
 * Everything that can be configured, with defaults. The same keys are in the YAML file; the environment
 * wins over the file. Times are milliseconds, sizes bytes.
 */
const schema = z.strictObject({
  /** Address to listen on; `127.0.0.1` hides the site from the network. */
  host: z.string().min(1).default('0.0.0.0'),
  /** Pages, REST, sockets. 0 takes a free port. */
  port: port.default(8080),
  /** Audio mounts. 0 takes a free port. */
  streamPort: port.default(8000),
  /** Holds the control store, the history, spool, media and logs. */
  data: z.string().min(1).default('./data'),
  /** A ClickHouse server, `http://user:password@host:8123`; absent: embedded. */
  clickhouseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** `postgres://…`; absent: SQLite in the data folder. */
  databaseUrl: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** A real Icecast, `http://source:password@host:8000`; absent: built-in mounts only. */
  icecastUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** How the outside reaches the mounts, when a proxy or Icecast stands in front; absent: host of the request. */
  publicStreamUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Addresses of proxies whose `X-Forwarded-*` headers are believed. */
  trustedProxies: z.array(z.string()).default([]),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
      /** Rotation: a new file after this many bytes, this many files kept. */
      maxFileBytes: z.int().min(65_536).default(10_485_760),
      maxFiles: z.int().min(1).max(100).default(5),
    })
    .prefault({}),
  shards: z
    .strictObject({
      device: count.default(deviceShards),
      media: count.default(mediaShards),
      /** A thread that gives no heartbeat for this long is replaced. Too small: a long task looks like a hang. */
      hangAfterMs: z.int().min(500).default(5_000),
    })
    .prefault({}),
  devices: z
    .strictObject({
      /** A device that says nothing for this long is shown as silent. */
      silentAfterMs: z.int().min(1_000).default(60_000),
      /** SMART-OS: an unknown serial that reports becomes a device. */
      autoRegister: z.boolean().default(true),
      /** Every device connection must present its token. */
      requireToken: z.boolean().default(false),
    })
    .prefault({}),
  plugins: z
    .strictObject({
      /** Plugins of this site, a folder or .mjs file each, loaded without a restart. Default: `plugins` in the data folder. */
      folder: z.string().min(1).optional(),
      /** npm packages that are plugins, installed in that folder, in the data folder or with the engine. */
      packages: z
        .array(z.string().regex(/^(@[a-z0-9._-]+\/)?[a-z0-9._-]+$/))
        .max(100)
        .default([]),
      /** What the heap of each plugin's thread may hold, MiB; one that needs more is replaced. */
      heapMb: z.int().min(32).max(65_536).default(512),
      /** Seals vendors' secrets; 16 characters or more. Default: a key file made in the data folder. */
      secretKey: z.string().min(16).optional(),
    })
    .prefault({}),
  /** The embedded broker, and what is published for Home Assistant. */
  mqtt: mqttConfiguration,
  series: z
    .strictObject({
      /** Disk kept for samples while the store is away; per device shard. */
      spoolLimitBytes: z.int().min(1_048_576).default(1_073_741_824),
      /** What a full spool does: refuse samples, or drop the oldest segment of acknowledged ones to take new ones. */
      whenSpoolFull: z.enum(['refuse', 'drop-oldest-segment']).default('refuse'),
      /** Samples of devices are stored in groups of this long: longer spares the processor, and who waits is answered later. */
      groupMs: z.int().min(0).max(5_000).default(40),
      /** Days kept; 0 keeps for ever. */
      rawDays: z.int().min(0).default(30),
      minuteDays: z.int().min(0).default(365),
      hourDays: z.int().min(0).default(3_650),
      dayDays: z.int().min(0).default(0),
    })
    .prefault({}),
  live: z
    .strictObject({
      /** Changes are gathered for this long, then sent once. */
      tickMs: z.int().min(10).max(5_000).default(50),
      /** A client with more unsent bytes than this is closed as slow (4008, reconnect). */
      slowLimitBytes: z.int().min(65_536).default(8_388_608),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /** Requests a second of one address, over ten seconds; visitors behind one router share it. 0: none. */
      requestsPerAddress: z.int().min(0).default(1_000),
      /** Open listener sessions of one address. */
      sessionsPerAddress: z.int().min(1).default(1_000),
    })
    .prefault({}),
  audio: z
    .strictObject({
      encoder: z.enum(['auto', 'libav', 'ffmpeg']).default('auto'),
      /** Nobody listening and no word from the client for this long ends a session. */
      idleAfterMs: z.int().min(1_000).default(200_000),
      /** Decoded sound kept in memory. */
      pcmCacheBytes: z.int().min(16_777_216).default(536_870_912),
      maxSessions: z.int().min(1).default(5_000),
      /** Sound a player gets at once when it connects to a mount, ms; 0: none, and most players wait for their own buffer. */
      burstMs: z.int().min(0).max(10_000).default(400),
    })
    .prefault({}),
  /** Protocols of predecessors, for their unchanged clients. */
  personalities: z
    .strictObject({
      roundware: z
        .strictObject({
          /** API v2 at `/api/2/` on the main port. */
          enabled: z.boolean().default(true),
        })
        .prefault({}),
      micboard: z
        .strictObject({
          enabled: z.boolean().default(true),
          /** Its own. 0 takes a free port; one that is taken leaves Micboard out. */
          port: port.default(8058),
          /** Everybody on the network may change groups, names and places; else a login with the role operator. */
          allowWrites: z.boolean().default(false),
          /** Folder of the operator's own Micboard build, for its pages. */
          app: z.string().min(1).optional(),
          /** Folder of pictures and films behind the tiles; absent: `backgrounds` in `app`. */
          backgrounds: z.string().min(1).optional(),
        })
        .prefault({}),
      djangoMicboard: z
        .strictObject({
          enabled: z.boolean().default(true),
          /** Its calls and sockets are below this on the main port. */
          prefix: z
            .string()
            .regex(/^(\/[a-z0-9_-]+)+$/, 'must be like /micboard, in small letters')
            .refine((text) => !/^\/(v1|api|listen|mounts)(\/|$)/.test(text), 'is taken by Earshot')
            .default('/micboard'),
          /** Everybody on the network may change things through it; else a login with the role operator. */
          allowWrites: z.boolean().default(false),
        })
        .prefault({}),
      webmacs: webmacsConfiguration,
    })
    .prefault({}),
  /** Makes and runs the demo site: a project, simulated devices, walking listeners. Default: only without a configuration file. */
  /** Files that people bring. */
  ingest: z
    .strictObject({
      /** Largest file. */
      maxBytes: z.int().min(1_024).max(68_719_476_736).default(1_073_741_824),
      /** Longest recording or film, seconds. */
      maxDurationS: z.int().min(1).max(86_400).default(7_200),
      /** Largest picture, width × height. */
      maxPixels: z.int().min(10_000).default(100_000_000),
      /** Streams in one file. */
      maxStreams: z.int().min(1).max(1_000).default(16),
      /** Largest text. */
      maxTextBytes: z.int().min(100).default(262_144),
      /** Files converted at once; each takes a core. */
      concurrency: count.default(Math.max(1, Math.floor(availableParallelism() / 2))),
      /** Files waiting to be converted; further ones are refused with 503. */
      maxWaiting: z.int().min(1).default(1_000),
      /** A conversion that takes longer is ended. */
      jobMs: z.int().min(1_000).default(900_000),
      /** Address space of one conversion. Too small: ffmpeg does not start. */
      memoryBytes: z.int().min(268_435_456).default(2_147_483_648),
      /** Largest file that a conversion may write. */
      maxOutputBytes: z.int().min(1_048_576).default(4_000_000_000),
      /** Nothing is taken when the disk would have less free than this. */
      minFreeBytes: z.int().min(0).default(536_870_912),
    })
    .prefault({}),
  uploads: z
    .strictObject({
      /** A resumable upload that nobody goes on with is removed after this. */
      expireMs: z.int().min(60_000).default(86_400_000),
      /** Resumable uploads under way, of one address and in all. */
      maxPerAddress: z.int().min(1).default(50),
      maxOpen: z.int().min(1).default(2_000),
      /** Largest ZIP of a mass upload or an import, packed. */
      maxArchiveBytes: z.int().min(1_024).default(21_474_836_480),
      /** What one address may bring in an hour; 0: no limit. */
      filesPerHour: z.int().min(0).default(600),
      bytesPerHour: z.int().min(0).default(10_737_418_240),
    })
    .prefault({}),
  mail: z
    .strictObject({
      /** Server for notifications, `smtp://user:password@host:587`; absent: none are sent. */
      smtpUrl: z.url({ protocol: /^smtps?$/ }).optional(),
      /** Sender. */
      from: z.string().min(3).default('earshot@localhost'),
      /** Address of this site, for links in messages; absent: none. */
      siteUrl: z.url({ protocol: /^https?$/ }).optional(),
      /** Between two messages or webhook calls of one notification; what happens meanwhile comes in the next. */
      quietMs: z.int().min(0).default(30_000),
    })
    .prefault({}),
  alarms: z
    .strictObject({
      /** Alarms that are cleared are forgotten after these days; 0 keeps them for ever. */
      keepDays: z.int().min(0).max(36_500).default(365),
    })
    .prefault({}),
  webhooks: z
    .strictObject({
      /** Notifications may go to private and loopback addresses. */
      allowPrivate: z.boolean().default(false),
    })
    .prefault({}),
  imports: z
    .strictObject({
      /** Projects may be imported from private and loopback addresses. */
      allowPrivate: z.boolean().default(false),
    })
    .prefault({}),
  /** Days that the log of changes is kept; 0 keeps it for ever. */
  audit: z.strictObject({ keepDays: z.int().min(0).max(36_500).default(400) }).prefault({}),
  demo: z
    .strictObject({
      enabled: z.boolean().optional(),
      devices: z.int().min(0).max(20_000).default(300),
      walkers: z.int().min(0).max(500).default(8),
    })
    .prefault({}),
});

type Parsed = z.output<typeof schema>;

export interface Config extends Omit<Parsed, 'demo'> {
  readonly demo: { readonly enabled: boolean; readonly devices: number; readonly walkers: number };
  /** The file that was read, if any. */
  readonly file: string | undefined;
}

type Parse = (text: string) => unknown;
const asText: Parse = (text) => text;
const asNumber: Parse = (text) => (text.trim() === '' ? text : Number(text));
const asFlag: Parse = (text) =>
  ({ true: true, '1': true, yes: true, false: false, '0': false, no: false })[text.toLowerCase()] ??
  text;

/** Environment name → place in the configuration. */
const ENVIRONMENT: Readonly<Record<string, readonly [path: readonly string[], parse: Parse]>> = {
  EARSHOT_HOST: [['host'], asText],
  EARSHOT_PORT: [['port'], asNumber],
  EARSHOT_STREAM_PORT: [['streamPort'], asNumber],
  EARSHOT_DATA: [['data'], asText],
  EARSHOT_CLICKHOUSE_URL: [['clickhouseUrl'], asText],
  EARSHOT_DATABASE_URL: [['databaseUrl'], asText],
  EARSHOT_ICECAST_URL: [['icecastUrl'], asText],
  EARSHOT_PUBLIC_STREAM_URL: [['publicStreamUrl'], asText],
  EARSHOT_LOG_LEVEL: [['log', 'level'], asText],
  EARSHOT_DEVICE_SHARDS: [['shards', 'device'], asNumber],
  EARSHOT_MEDIA_SHARDS: [['shards', 'media'], asNumber],
  EARSHOT_SHARD_HANG_MS: [['shards', 'hangAfterMs'], asNumber],
  EARSHOT_AUTO_REGISTER: [['devices', 'autoRegister'], asFlag],
  EARSHOT_REQUIRE_DEVICE_TOKEN: [['devices', 'requireToken'], asFlag],
  EARSHOT_SILENT_AFTER_MS: [['devices', 'silentAfterMs'], asNumber],
  EARSHOT_SPOOL_LIMIT_BYTES: [['series', 'spoolLimitBytes'], asNumber],
  EARSHOT_SERIES_GROUP_MS: [['series', 'groupMs'], asNumber],
  EARSHOT_REQUESTS_PER_ADDRESS: [['limits', 'requestsPerAddress'], asNumber],
  EARSHOT_SESSIONS_PER_ADDRESS: [['limits', 'sessionsPerAddress'], asNumber],
  EARSHOT_ENCODER: [['audio', 'encoder'], asText],
  EARSHOT_SESSION_IDLE_MS: [['audio', 'idleAfterMs'], asNumber],
  EARSHOT_BURST_MS: [['audio', 'burstMs'], asNumber],
  EARSHOT_PLUGINS_FOLDER: [['plugins', 'folder'], asText],
  EARSHOT_PLUGINS_HEAP_MB: [['plugins', 'heapMb'], asNumber],
  EARSHOT_SECRET_KEY: [['plugins', 'secretKey'], asText],
  EARSHOT_MQTT_BROKER: [['mqtt', 'broker', 'enabled'], asFlag],
  EARSHOT_MQTT_PORT: [['mqtt', 'broker', 'port'], asNumber],
  EARSHOT_MQTT_TLS_CERT: [['mqtt', 'broker', 'tls', 'certFile'], asText],
  EARSHOT_MQTT_TLS_KEY: [['mqtt', 'broker', 'tls', 'keyFile'], asText],
  EARSHOT_MQTT_ANONYMOUS: [['mqtt', 'broker', 'allowAnonymous'], asFlag],
  EARSHOT_MQTT_PUBLISH: [['mqtt', 'publish', 'enabled'], asFlag],
  EARSHOT_MQTT_PUBLISH_URL: [['mqtt', 'publish', 'url'], asText],
  EARSHOT_SMTP_URL: [['mail', 'smtpUrl'], asText],
  EARSHOT_MAIL_FROM: [['mail', 'from'], asText],
  EARSHOT_UPLOAD_MAX_BYTES: [['ingest', 'maxBytes'], asNumber],
  EARSHOT_ROUNDWARE: [['personalities', 'roundware', 'enabled'], asFlag],
  EARSHOT_MICBOARD: [['personalities', 'micboard', 'enabled'], asFlag],
  EARSHOT_MICBOARD_PORT: [['personalities', 'micboard', 'port'], asNumber],
  EARSHOT_DJANGO_MICBOARD: [['personalities', 'djangoMicboard', 'enabled'], asFlag],
  EARSHOT_WEBMACS: [['personalities', 'webmacs', 'enabled'], asFlag],
  EARSHOT_MICBOARD_APP: [['personalities', 'micboard', 'app'], asText],
  EARSHOT_DEMO: [['demo', 'enabled'], asFlag],
  EARSHOT_DEMO_DEVICES: [['demo', 'devices'], asNumber],
  EARSHOT_DEMO_WALKERS: [['demo', 'walkers'], asNumber],
};

/**
 * Reads the YAML file and the environment. Without a file everything has its default and the demo site is on.
 * @throws EngineError `input.invalid` naming each field that is wrong and where it came from.
 */
export function loadConfig(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): Config {
  const named = environment['EARSHOT_CONFIG'];
  const path = resolve(folder, named ?? 'earshot.yaml');
  const present = existsSync(path);
  if (named !== undefined && !present) {
    throw new EngineError('input.invalid', `EARSHOT_CONFIG names ${path}, which does not exist`);
  }
  const raw = present ? readYaml(path) : {};
  const origin = new Map<string, string>();
  for (const [name, [keys, read]] of Object.entries(ENVIRONMENT)) {
    const text = environment[name];
    if (text === undefined || text === '') continue;
    assignAt(raw, keys, read(text));
    origin.set(keys.join('.'), name);
  }
  const known = new Set([...Object.keys(ENVIRONMENT), 'EARSHOT_CONFIG']);
  // Those of the command line may be set in the same shell.
  const strange = Object.keys(environment).filter(
    (n) => n.startsWith('EARSHOT_') && !n.startsWith('EARSHOT_CLI_') && !known.has(n),
  );
  if (strange.length > 0) {
    throw new EngineError(
      'input.invalid',
      `unknown environment ${strange.join(', ')}; known are ${[...known].sort().join(', ')}`,
    );
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const field = issue.path.join('.');
      return `${origin.get(field) ?? (field || 'the file')}: ${issue.message}`;
    });
    throw new EngineError(
      'input.invalid',
      `the configuration${present ? ` in ${path}` : ''} is not usable: ${lines.join('; ')}`,
    );
  }
  const { data, demo, ...rest } = parsed.data;
  return {
    ...rest,
    data: isAbsolute(data) ? data : join(folder, data),
    demo: { ...demo, enabled: demo.enabled ?? !present },
    file: present ? path : undefined,
  };
}

function readYaml(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new EngineError(
      'input.invalid',
      `${path} is not YAML: ${EngineError.from(cause).message}`,
      {
        cause,
      },
    );
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new EngineError('input.invalid', `${path} must hold "key: value" lines`);
  }
  return { ...value };
}

function assignAt(target: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  const [first, ...rest] = keys;
  if (first === undefined) return;
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = target[first];
  const next: Record<string, unknown> =
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
  assignAt(next, rest, value);
  target[first] = next;
}
