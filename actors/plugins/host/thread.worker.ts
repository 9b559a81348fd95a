/** Thread entry of a plugin: joins the plugin's host to its link, its writer and its supervisor. */
import { openSeriesWriter } from '../../../engine/series/writer.js';
import { ShardHost } from '../../host.js';
import { FeedSource } from '../../rule/feed-source.js';
import type { FromPluginThread, PluginThreadOptions, ToPluginThread } from '../protocol.js';
import { loadPlugin } from './load.js';
import { PluginThread } from './plugin-thread.js';

const INTERN_DEADLINE_MS = 10_000;
/**
 * Nobody waits for what a plugin reads to be stored. Ten values of a meter in one insert make one row of each rollup
 * instead of ten.
 */
const METER_WINDOW_MS = 1_000;
/** And under load, in groups of at most so many rows. */
const MAX_METER_SPACING_MS = 4_000;
const MAX_METER_ROWS = 200_000;

let thread: PluginThread | undefined;
const host = new ShardHost<PluginThreadOptions, FromPluginThread, ToPluginThread>({
  report: (report) => thread?.supervised(report),
  maxPosts: 100_000,
});
const { link, options, clock, supervisor } = host;

const writer = openSeriesWriter({
  address: options.series,
  clock,
  name: options.shard,
  spoolFolder: options.spoolFolder,
  spoolLimitBytes: options.spoolLimitBytes,
  rawDays: options.rawDays,
  whenSpoolFull: options.whenSpoolFull,
  windowMs: METER_WINDOW_MS,
  maxSpacingMs: MAX_METER_SPACING_MS,
  maxBatchRows: MAX_METER_ROWS,
});

const feed = new FeedSource({
  latest: (channel) => {
    const table = thread?.readings.table;
    const slot = table?.slotOf(channel);
    if (table === undefined || slot === undefined) return undefined;
    const value = table.latest(slot);
    return value === undefined ? undefined : { atUnixMs: table.atUnixMs(slot), value };
  },
  onFault: (error) => {
    setImmediate(() => {
      throw error;
    });
  },
});

thread = new PluginThread({
  clock,
  supervisor,
  writer,
  feed,
  // Not awaited: a module that cannot be loaded is told to whoever asks, and a thread that died of it would
  // only be started again.
  loaded: loadPlugin(options.module, clock),
  changeTickMs: options.changeTickMs,
  onFault: (error) => {
    setImmediate(() => {
      throw error;
    });
  },
  ports: {
    intern: (claims) => link.call('devices.intern', claims, { deadlineMs: INTERN_DEADLINE_MS }),
    changes: (batch) => {
      link.post('changes', batch, [batch.channel.buffer as ArrayBuffer]);
    },
    edges: (edges) => {
      link.post('edges', edges);
    },
    connections: (facts) => {
      link.post('connections', facts);
    },
    identities: (facts) => {
      link.post('identities', facts);
    },
    found: (post) => {
      link.post('discover.found', post);
    },
    asked: (post) => {
      link.post('discover.asked', post);
    },
    failed: (post) => {
      link.post('instance.failed', post);
    },
    logged: (lines) => {
      link.post('logged', lines);
    },
  },
});
const plugin = thread;

link.handle('plugin.describe', () => plugin.describe());
link.handle('plugin.validate', (params) => plugin.validate(params));
link.handle('instance.open', async (definition) => {
  await plugin.open(definition);
  return {};
});
link.handle('instance.tune', (params) => plugin.tune(params));
link.handle('instance.close', async ({ instanceId }) => {
  await plugin.closeInstance(instanceId);
  return {};
});
link.handle('instance.check', ({ instanceId }) => plugin.check(instanceId));
link.handle('discover.run', (wish) => plugin.discover(wish));
link.handle('discover.cancel', ({ scanId }) => ({ cancelled: plugin.cancelDiscovery(scanId) }));
link.handle('devices.adopt', async (params) => ({ adopted: await plugin.adopt(params) }));
link.handle('devices.release', ({ ids }) => plugin.links.release(ids));
link.handle('device.command', async (wish) => ({ state: await plugin.command(wish) }));
link.handle('connections.act', ({ ids, action }) => plugin.links.act(ids, action));
link.handle('series.status', () => writer.status());
link.on('feed.attach', (attachment) => feed.attach(attachment));
link.on('meters.watched', ({ deviceIds }) => plugin.links.watch(deviceIds));
host.counter('connected', () => plugin.links.connected);
host.counter('readings', () => plugin.readings.taken);
host.counter('samplesLost', () => plugin.readings.lost);
host.counter('eventsLost', () => plugin.eventsLost);
// What a plugin leaves behind shows here after its instance was closed.
host.counter('openSockets', () => resources(/^(TCP|UDP|TLS|Pipe)/i));
host.counter('openTimers', () => resources(/^(Timeout|Immediate)$/));
host.counter('feedSent', () => feed.sent);
host.counter('feedMissed', () => feed.missed);
host.counter('feedKept', () => feed.kept);
host.counter('rowsStored', () => writer.status().rowsStored);
host.counter('rowsSpooled', () => writer.status().rowsSpooled);
host.counter('pendingRows', () => writer.status().pendingRows);
host.counter('spoolBytes', () => writer.status().spoolBytes);
host.onStop(async () => {
  await plugin.close();
  await writer.close();
  feed.close();
});
host.ready();

function resources(kind: RegExp): number {
  return process.getActiveResourcesInfo().filter((name) => kind.test(name)).length;
}
