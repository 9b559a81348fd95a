/** Thread entry of a device shard: joins the shard to its link, its writer and its supervisor. */
import { openSeriesWriter } from '../../engine/series/writer.js';
import { ShardHost } from '../host.js';
import { FeedSource } from '../rule/feed-source.js';
import type { DeviceShardOptions, FromDeviceShard, ToDeviceShard } from './protocol.js';
import { DeviceShard } from './shard.js';

const INTERN_DEADLINE_MS = 10_000;

let shard: DeviceShard | undefined;
const host = new ShardHost<DeviceShardOptions, FromDeviceShard, ToDeviceShard>({
  report: (report) => shard?.supervised(report),
  maxPosts: 100_000,
});
const { link, options, clock, supervisor } = host;

/** Under load the store takes the samples of this long with one insert… */
const MAX_SPACING_MS = 500;
/** …and devices do not wait for it: nor for an insert that takes longer than this, or for roll-ups put right. */
const JOURNAL_AFTER_MS = 100;

const writer = openSeriesWriter({
  address: options.series,
  clock,
  name: options.shard,
  spoolFolder: options.spoolFolder,
  spoolLimitBytes: options.spoolLimitBytes,
  rawDays: options.rawDays,
  windowMs: options.groupMs,
  maxSpacingMs: MAX_SPACING_MS,
  journalAfterMs: JOURNAL_AFTER_MS,
  whenSpoolFull: options.whenSpoolFull,
  ...(options.writers === undefined ? {} : { adopt: { liveNames: options.writers } }),
});

const feed = new FeedSource({
  latest: (channel) => {
    const table = shard?.table;
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

shard = new DeviceShard({
  clock,
  supervisor,
  writer,
  feed,
  silentAfterMs: options.silentAfterMs,
  autoRegister: options.autoRegister,
  changeTickMs: options.changeTickMs,
  // Nobody in this thread can mend it: the pool starts a new one and everything comes back from its snapshot.
  onFault: (error) => {
    setImmediate(() => {
      throw error;
    });
  },
  ports: {
    intern: (claims) => link.call('devices.intern', claims, { deadlineMs: INTERN_DEADLINE_MS }),
    replies: (batch) => {
      const { frame, connection, offset, bytes } = batch;
      link.post('replies', batch, [
        frame.buffer as ArrayBuffer,
        connection.buffer as ArrayBuffer,
        offset.buffer as ArrayBuffer,
        bytes.buffer as ArrayBuffer,
      ]);
    },
    changes: (batch) => {
      link.post('changes', batch, [batch.channel.buffer as ArrayBuffer]);
    },
    edges: (edges) => {
      link.post('edges', edges);
    },
  },
});
const devices = shard;

link.handle('devices.adopt', ({ devices: definitions, snapshots, latest }) => ({
  adopted: devices.adopt(definitions, snapshots, latest),
}));
link.handle('devices.release', ({ ids }) => devices.book.release(ids));
link.handle('device.set', async ({ deviceId, name, value, deadlineMs }) => ({
  state: await devices.set(deviceId, name, value, deadlineMs),
}));
link.handle('samples.append', (columns) => devices.append(columns));
link.handle('series.status', () => writer.status());
link.on('feed.attach', (attachment) => feed.attach(attachment));
link.on('frames', (batch) => devices.frames(batch));
link.on('connection.opened', ({ connection, deviceId, address, resumed }) => {
  devices.book.opened(connection, deviceId, address, resumed);
});
link.on('connection.closed', ({ connection, error }) => {
  devices.book.closed(connection, error);
});
link.on('connections.told', ({ protocol }) => devices.book.settle(protocol));
link.on('observers', ({ count }) => devices.observe(count));
link.on('devices.changed', (definitions) => {
  for (const definition of definitions) devices.book.adopt(definition);
});
host.counter('frames', () => devices.framesTaken);
host.counter('eventsLost', () => devices.eventsLost);
host.counter('feedSent', () => feed.sent);
host.counter('feedMissed', () => feed.missed);
host.counter('feedKept', () => feed.kept);
host.counter('rowsStored', () => writer.status().rowsStored);
host.counter('rowsSpooled', () => writer.status().rowsSpooled);
host.counter('rowsReplayed', () => writer.status().rowsReplayed);
host.counter('pendingRows', () => writer.status().pendingRows);
host.counter('spoolBytes', () => writer.status().spoolBytes);
host.onStop(async () => {
  await devices.close();
  await writer.close();
  feed.close();
});
host.ready();
