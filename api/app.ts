// Over 400 lines: the one place that knows every part of a site.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSiteStore } from '../actors/control/site.js';
import { openSecretBox } from '../actors/inventory/secrets.js';
import type { Clock } from '../engine/clock.js';
import { projectRoot } from '../engine/entry.js';
import { EngineError } from '../engine/errors.js';
import type { Log } from '../engine/log.js';
import { Metrics } from '../engine/metrics.js';
import { StoreReader } from '../engine/series/reader.js';
import { openListeningLog } from './audio/listening-log.js';
import { lowLatencySocket } from './audio/low-latency/listen-socket.js';
import { MOUNTS_PREFIX, mountRoute } from './audio/mount-server.js';
import { streamOriginOf } from './audio/origin.js';
import { AudioService } from './audio/service.js';
import { Statistics } from './audio/statistics.js';
import { openAuth } from './auth/auth.js';
import { startAutomation } from './automation/compose.js';
import { backupRoutes } from './backup/routes.js';
import type { Config } from './config.js';
import { mediaOf, removeUnused } from './content/removal.js';
import { incomingFolderOf, SiteContent } from './content/site-content.js';
import { visitOfSession } from './content/wishes.js';
import type { ShardRow, StoreRow } from './contract/rows.js';
import { startDashboards } from './dashboards/compose.js';
import { ensureDemoSite } from './demo/ensure.js';
import { planSvg } from './demo/plan.js';
import { ensureDemoReceivers } from './demo/receivers.js';
import { DeviceService } from './devices/service.js';
import { startFacts } from './facts/compose.js';
import type { Route } from './http/route.types.js';
import { createGateway, type Gateway } from './http/server.js';
import { startInventory } from './inventory/compose.js';
import { LiveHub } from './live/hub.js';
import { startMqtt } from './mqtt/compose.js';
import { startOps } from './ops/compose.js';
import { openDjangoMicboard } from './personalities/django-micboard/index.js';
import { startMicboard } from './personalities/micboard/compose.js';
import { openRoundware } from './personalities/roundware/compose.js';
import { soundOf } from './personalities/roundware/sound.js';
import { smartosSockets } from './personalities/smartos/index.js';
import { openWebmacs } from './personalities/webmacs/index.js';
import { connectionRoutes } from './plugins/routes/connections.js';
import { pluginDeviceRoutes } from './plugins/routes/devices.js';
import { pluginRoutes } from './plugins/routes/plugins.js';
import { PluginService } from './plugins/service.js';
import { actorRoutes } from './routes/actors.js';
import { authRoutes } from './routes/auth.js';
import { contentRoutes } from './routes/content/crud.js';
import { listenerRoutes } from './routes/content/listener.js';
import { deviceRoutes } from './routes/devices.js';
import { healthRoutes } from './routes/health.js';
import { openapiRoutes } from './routes/openapi.js';
import { projectRoutes } from './routes/projects.js';
import { seriesRoutes } from './routes/series.js';
import { sessionRoutes } from './routes/sessions.js';
import { statisticsRoutes } from './routes/statistics.js';
import { storyRoutes } from './routes/stories.js';
import { resolveChannel } from './site/channels.js';
import { Demo } from './site/demo.js';
import { Inspector } from './site/inspector.js';
import { MainActors } from './site/main-actors.js';
import { poolSource, seriesStatuses, shardSource, sumCounters } from './site/pools.js';
import { Rates } from './site/rates.js';
import { openSeriesHome } from './site/series-home.js';
import { sessionActors } from './site/session-actors.js';
import { ShardsWatch } from './site/shards-watch.js';
import { StoresWatch } from './site/stores-watch.js';
import { createTables } from './site/tables.js';
import { icecastOf, readiness, rowsOf, siteMetrics, withoutPassword } from './site/vitals.js';

/** A running Earshot. */
export interface App {
  readonly url: string;
  readonly streamUrl: string;
  /** On the first start with this data folder only. */
  readonly adminPassword: string | undefined;
  /** Stops everything in reverse order of start; safe to call twice. */
  stop(): Promise<void>;
}

/** Everything is stopped within this; the process ends after 4.8 s in any case. */
const STOP_WITHIN_MS = 4_400;
/** A media thread that stands still is silence: it is replaced sooner than others. */
const MEDIA_HANG_MS = 1_000;
/** Kept for each part that is still to be stopped. */
const RESERVE_MS = 250;

/** @throws EngineError `server.stopping` when it takes longer. */
async function within(limitMs: number, work: void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new EngineError('server.stopping', `not stopped in ${Math.round(limitMs)} ms`));
    }, limitMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What was started, in order; stopped in reverse. */
class Stack {
  readonly #stops: { readonly name: string; readonly stop: () => void | Promise<void> }[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  push(name: string, stop: () => void | Promise<void>): void {
    this.#stops.push({ name, stop });
  }

  /**
   * A part that fails to stop, or takes longer than its share of the time, is logged and does not keep the
   * others: writers and stores, which are stopped last, have time left.
   */
  async unwind(): Promise<void> {
    const untilMonoMs = performance.now() + STOP_WITHIN_MS;
    while (this.#stops.length > 0) {
      const { name, stop } = this.#stops.pop() ?? { name: '', stop: () => undefined };
      const shareMs = untilMonoMs - performance.now() - this.#stops.length * RESERVE_MS;
      try {
        await within(Math.max(RESERVE_MS, shareMs), stop());
      } catch (error) {
        this.#log.error({ err: error, part: name }, 'a part did not stop cleanly');
      }
    }
  }
}

/**
 * Starts everything: stores, threads, doors, demo site. The only composition root.
 * @throws EngineError of the part that could not start; what was started before it is stopped again.
 */
export async function startApp(config: Config, clock: Clock, log: Log): Promise<App> {
  const stack = new Stack(log);
  try {
    return await compose(config, clock, log, stack);
  } catch (error) {
    await stack.unwind();
    throw error;
  }
}

async function compose(config: Config, clock: Clock, log: Log, stack: Stack): Promise<App> {
  const startedMonoMs = clock.monoMs();
  const onError = (error: Error) => log.error({ err: error }, 'a background failure');
  const metrics = new Metrics();
  const tables = createTables();
  const mainActors = new MainActors();
  const inspector = new Inspector(tables.actors);
  inspector.add(mainActors);
  stack.push('inspector', () => inspector.close());

  const [store, series] = await bothOrNeither(
    openSiteStore({
      url: config.databaseUrl,
      file: join(config.data, 'control.db'),
      clock,
      onError,
    }).then((opened) => {
      stack.push('control store', () => opened.close());
      return opened;
    }),
    openSeriesHome({
      url: config.clickhouseUrl,
      folder: join(config.data, 'series'),
      retention: config.series,
      clock,
      log,
      actors: mainActors,
    }).then((opened) => {
      stack.push('series store', () => opened.stop());
      return opened;
    }),
  );

  const { auth, adminPassword } = await openAuth({ store, clock, onError });
  stack.push('auth', () => auth.close());
  const version = packageVersion();
  const ops = startOps({
    store,
    auth,
    channels: tables.channels,
    instances: () => plugins.instances,
    config,
    version,
    clock,
    log,
    parts: {
      'stores.json': () => [...rowsOf(tables.stores)],
      'threads.json': () => [...rowsOf(tables.shards)],
      'actors.json': () => [...rowsOf(tables.actors)],
      'connections.json': () => [...rowsOf(tables.connections)],
      'plugins.json': () => [...rowsOf(tables.plugins)],
      'metrics.txt': () => metrics.text(),
    },
    onError,
  });
  stack.push('audit', () => ops.stop());

  const reader = new StoreReader({ address: series.address, clock, retention: config.series });
  stack.push('series reader', () => reader.close());

  const devices = new DeviceService({
    clock,
    devices: store.devices,
    commands: store.commands,
    snapshots: store.snapshots,
    feed: store.control.feed,
    latest: () => reader.latest(),
    tables,
    shards: config.shards.device,
    hangMs: config.shards.hangAfterMs,
    shardOptions: {
      series: series.address,
      spoolFolder: join(config.data, 'spool'),
      spoolLimitBytes: config.series.spoolLimitBytes,
      rawDays: config.series.rawDays,
      whenSpoolFull: config.series.whenSpoolFull,
      groupMs: config.series.groupMs,
      silentAfterMs: config.devices.silentAfterMs,
      autoRegister: config.devices.autoRegister,
      changeTickMs: Math.ceil(config.live.tickMs / 2),
    },
    requireToken: config.devices.requireToken,
    tokenHolders: () => store.tokens.deviceIds(),
    onFault: onError,
  });
  stack.push('devices', () => devices.stop(3_000));
  const sealing = await openSecretBox({
    key: config.plugins.secretKey,
    file: join(config.data, 'secret.key'),
  });
  const plugins = new PluginService({
    clock,
    log,
    store,
    tables: devices.tables,
    live: tables,
    sealing,
    environment: (name) => process.env[name],
    folder: config.plugins.folder ?? join(config.data, 'plugins'),
    packages: config.plugins.packages,
    heapMb: config.plugins.heapMb,
    dataFolder: config.data,
    threadOptions: {
      series: series.address,
      spoolFolder: join(config.data, 'spool-plugins'),
      spoolLimitBytes: config.series.spoolLimitBytes,
      rawDays: config.series.rawDays,
      whenSpoolFull: config.series.whenSpoolFull,
      changeTickMs: Math.ceil(config.live.tickMs / 2),
    },
    hangMs: config.shards.hangAfterMs,
    onFault: onError,
  });
  devices.delegate(plugins);
  await devices.start();
  stack.push('plugins', () => plugins.stop(3_000));
  await plugins.start();
  inspector.add(plugins.hosts.actors);
  const mediaFolder = join(config.data, 'media');
  const inventory = await startInventory({
    store,
    tables,
    plugins,
    series: series.address,
    clock,
    forgetMedia: async (id) => await removeUnused(store, mediaFolder, id),
    onFault: onError,
  });
  stack.push('inventory', () => inventory.stop());

  inspector.add(poolSource(devices.pool));
  const demoSite = config.demo.enabled
    ? await ensureDemoSite({ store, mediaFolder, clock })
    : undefined;
  const listening = openListeningLog({ address: series.address, clock, onError });
  stack.push('listening log', () => listening.close());
  const statistics = new Statistics(series.address);
  stack.push('statistics', () => statistics.close());
  let pagesPort = config.port;
  const audio = await AudioService.start({
    host: config.host,
    streamPort: config.streamPort,
    pagesPort: () => pagesPort,
    mediaShards: config.shards.media,
    hangAfterMs: Math.min(config.shards.hangAfterMs, MEDIA_HANG_MS),
    encoder: config.audio.encoder,
    idleAfterMs: config.audio.idleAfterMs,
    pcmCacheBytes: config.audio.pcmCacheBytes,
    burstMs: config.audio.burstMs,
    maxSessions: config.audio.maxSessions,
    maxSessionsPerAddress: config.limits.sessionsPerAddress,
    icecastUrl: config.icecastUrl,
    trustedProxies: config.trustedProxies,
    mediaFolder,
    spoolFolder: join(config.data, 'media-spool'),
    store,
    table: tables.sessions,
    speakers: tables.speakers,
    listening,
    clock,
    log,
  });
  stack.push('audio', () => audio.stop(3_000));
  inspector.add(sessionActors(poolSource(audio.pool), audio));

  const content = await SiteContent.start({
    store,
    mediaFolder,
    incomingFolder: incomingFolderOf(config.data),
    config,
    table: tables.ingest,
    visitOf: (id) => visitOfSession(audio.definition(id)),
    clock,
    log,
  });
  stack.push('content', () => content.stop());
  content.ingest.onReady((asset) => audio.contributed(asset));

  const { rules, notify, history, ...automation } = await startAutomation({
    store,
    tables,
    reader,
    series: series.address,
    devices,
    plugins,
    audio,
    audit: ops.audit,
    config,
    ready: () => readiness(series.prepared(), tables),
    clock,
    onError,
    started: (name, stop) => stack.push(name, stop),
  });
  inspector.add(poolSource(rules.pool));

  const stores = new StoresWatch({
    table: tables.stores,
    clock,
    reader,
    homes: {
      series: series.home,
      control: store.control.home,
      icecast: withoutPassword(config.icecastUrl),
    },
    writers: async () => [
      ...(await seriesStatuses(devices.pool)),
      ...(await plugins.seriesStatuses()),
    ],
    pingControl: async () => void (await store.control.ping()),
    icecast: () => icecastOf(audio.status),
  });
  stack.push('stores watch', () => stores.stop());
  await stores.start();

  const facts = startFacts({ devices, tables, audio, clock, onFault: onError });
  stack.push('facts', () => facts.close());

  const shards = new ShardsWatch(tables.shards, clock, () => mainActors.size);
  shards.add(shardSource('device', devices.pool));
  shards.add(shardSource('media', audio.pool));
  shards.add(shardSource('rule', rules.pool));
  shards.add(notify.threads);
  stack.push('shards watch', () => shards.stop());
  shards.start();

  const seriesCalls = seriesRoutes({
    reader,
    resolveChannel: (text) => resolveChannel(tables.channels, text),
  });
  const dashboards = await startDashboards({ store, series: seriesCalls, clock, onFault: onError });
  stack.push('dashboards', () => dashboards.stop());

  const hub = new LiveHub({
    tables: Object.values(tables),
    clock,
    log,
    limits: { tickMs: config.live.tickMs, hardBufferBytes: config.live.slowLimitBytes },
    guestOf: async (request) =>
      (await dashboards.shares.guestOf(request)) ?? (await inventory.kiosks.guestOf(request)),
  });
  inventory.service.watch((resource) => hub.watched(resource));
  rules.service.watch((resource) => hub.watched(resource));
  stack.push('live hub', () => hub.stop());

  const rates = new Rates(clock, () => ({
    ...sumCounters(new Map([...devices.pool.counters(), ...plugins.counters()])),
    ...sumCounters(audio.pool.counters()),
    live_messages: hub.stats().messagesPublished,
    live_bytes: hub.stats().bytesPublished,
  }));
  stack.push('rates', () => rates.stop());
  rates.start();
  siteMetrics(metrics, { tables, hub, rates, devices, audio });

  const streamOrigin = streamOriginOf({
    publicStreamUrl: config.publicStreamUrl,
    icecastUrl: config.icecastUrl,
    streamPort: audio.streamPort,
  });
  const routes: Route[] = [
    ...authRoutes({ auth, store, clock }),
    ...deviceRoutes({
      service: devices,
      commands: store.commands,
      devices: tables.devices,
      channels: tables.channels,
      plugins,
    }),
    ...pluginRoutes({ plugins, table: tables.plugins }),
    ...connectionRoutes({ plugins, tables, reader, nowUnixMs: () => clock.nowMs() }),
    ...pluginDeviceRoutes({
      plugins,
      devices,
      commands: store.commands,
      desired: store.inventory.desired,
      channels: tables.channels,
      nowUnixMs: () => clock.nowMs(),
    }),
    ...inventory.routes,
    ...automation.routes,
    ...seriesCalls,
    ...dashboards.routes,
    ...actorRoutes(inspector),
    ...projectRoutes(audio.sounds, ({ id, plan }) =>
      plan?.url === `/v1/projects/${id}/plan.svg` ? planSvg() : undefined,
    ),
    ...sessionRoutes({ sessions: audio, content: store.content, clock, streamOrigin }),
    ...statisticsRoutes({
      statistics,
      project: (id) => audio.sounds.get(id),
      assetName: (id) => audio.sounds.asset(id)?.name,
    }),
    ...storyRoutes({ content: store.content, visitOf: (id) => audio.definition(id) }),
    ...contentRoutes({ content: store.content, clock, media: mediaOf(store, mediaFolder) }),
    ...listenerRoutes(store.content),
    ...backupRoutes({
      control: store.control,
      series: series.address,
      mediaFolder,
      keyFile: join(config.data, 'secret.key'),
      version,
      clock,
    }),
    ...content.routes,
    ...ops.routes,
    ...healthRoutes({
      version,
      uptimeS: () => Math.round((clock.monoMs() - startedMonoMs) / 1_000),
      ready: () => readiness(series.prepared(), tables),
      stores: () => rowsOf<StoreRow>(tables.stores),
      shards: () => rowsOf<ShardRow>(tables.shards),
      rates: () => rates.perSecond(),
      metrics: () => metrics.text(),
    }),
  ];
  const requests = metrics.histogramMs('http_request', 'HTTP requests.', [
    'method',
    'route',
    'status',
  ]);
  const pages = join(projectRoot(), 'dist', 'ui');
  let gateway: Gateway | undefined;
  const publish = (topic: string, message: Uint8Array, isBinary: boolean) => {
    gateway?.publish(topic, message, isBinary);
  };
  const django = config.personalities.djangoMicboard.enabled
    ? openDjangoMicboard({
        ...config.personalities.djangoMicboard,
        store,
        auth,
        tables,
        plugins,
        audit: ops.audit,
        clock,
        publish: (topic, text) => gateway?.publish(topic, text, false),
        log,
      })
    : undefined;
  stack.push('django-micboard', () => django?.stop());
  const webmacs = config.personalities.webmacs.enabled
    ? await openWebmacs({
        ...config.personalities.webmacs,
        store,
        auth,
        devices,
        channels: tables.channels,
        stores: tables.stores,
        experiments: history.experiments,
        deliveries: notify.deliveries,
        audit: ops.audit,
        tellsHealth: false,
        sealing,
        allowPrivate: config.imports.allowPrivate,
        version,
        series: series.address,
        folder: config.data,
        publish: (topic, text) => gateway?.publish(topic, text, false),
        clock,
        log,
        onFault: onError,
      })
    : undefined;
  stack.push('webmacs', () => webmacs?.stop());
  const sockets = [
    ...(django?.sockets ?? []),
    ...(webmacs?.sockets ?? []),
    hub.endpoint(),
    lowLatencySocket({
      mounts: audio.mounts,
      session: (id) => audio.definition(id),
      clock,
    }),
    ...smartosSockets({
      service: devices,
      devices: tables.devices,
      clock,
      publish: (topic, text) => publish(topic, text, false),
    }),
  ];
  gateway = await createGateway({
    host: config.host,
    port: config.port,
    routes: [...routes, ...openapiRoutes(routes, { version, sockets })],
    onChange: ops.audit.note,
    raw: [
      mountRoute(MOUNTS_PREFIX, audio.mounts, clock, () => audio.demoPath()),
      ...content.raw,
      ...(config.personalities.roundware.enabled
        ? openRoundware({
            store,
            auth,
            sound: soundOf(audio, streamOrigin),
            ingest: content.ingest,
            uploadLimits: content.uploadLimits,
            mediaFolder,
            audit: ops.audit,
            clock,
            log,
          })
        : []),
      ...(django?.raw ?? []),
      ...(webmacs?.raw ?? []),
    ],
    sockets,
    files: [
      { prefix: '/', folder: pages, fallback: 'index.html' },
      { prefix: '/listen', folder: pages, fallback: 'listen.html' },
    ],
    onRequest: ({ method, route, status, durationMs }) => {
      requests.labels({ method, route, status: String(status) }).observe(durationMs);
    },
    authenticate: auth.recognise,
    limits: { perAddressPerSecond: config.limits.requestsPerAddress },
    trustedProxies: config.trustedProxies,
    clock,
    log,
  });
  const { port } = gateway;
  pagesPort = port;
  auth.onRevoked((who) => gateway?.closeSocketsOf(who));
  stack.push('gateway', () => gateway?.stop(2_000));
  hub.start(publish);

  const mqtt = await startMqtt({
    config: config.mqtt,
    folder: config.data,
    host: config.host,
    auth,
    clock,
    log: (level, text) => log[level](text),
    devices: tables.devices,
    channels: tables.channels,
    specs: (deviceId) => plugins.specs(deviceId),
    set: (deviceId, name, value, by) => devices.setParameter(deviceId, name, value, by),
    audit: ops.audit,
  });
  stack.push('mqtt', () => mqtt.stop());
  notify.late.broker = () => mqtt.access();
  if (config.personalities.micboard.enabled) {
    const micboard = await startMicboard({
      ...config.personalities.micboard,
      host: config.host,
      store,
      auth,
      tables,
      plugins,
      audit: ops.audit,
      trustedProxies: config.trustedProxies,
      limits: { perAddressPerSecond: config.limits.requestsPerAddress },
      clock,
      log,
    });
    stack.push('micboard', () => micboard?.stop());
  }

  if (demoSite !== undefined) {
    const demo = new Demo({
      port,
      projectId: demoSite.projectId,
      devices: config.demo.devices,
      walkers: config.demo.walkers,
      clock,
      log,
      actors: mainActors,
    });
    stack.push('demo', () => demo.stop());
    await demo.start();
    await ensureDemoReceivers(store, plugins).catch(onError);
  }

  const shown = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host;
  return {
    url: `http://${shown}:${port}`,
    streamUrl: `http://${shown}:${audio.streamPort}`,
    adminPassword,
    stop: () => stack.unwind(),
  };
}

/** Waits for both also when one fails, so that the other is on the stack and stopped. */
async function bothOrNeither<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return await Promise.all([one, other]);
}

function packageVersion(): string {
  const text = readFileSync(join(projectRoot(), 'package.json'), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? '0.0.0';
}
