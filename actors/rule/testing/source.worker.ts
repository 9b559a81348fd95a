/** A thread that takes samples, with the real feed and nothing else: for the tests and the bench of rules. */
import { ShardHost } from '../../host.js';
import { FeedSource } from '../feed-source.js';
import type { FromSource, ToSource } from './source.js';

const host = new ShardHost<Record<string, never>, FromSource, ToSource>();
const latest = new Map<number, { readonly atUnixMs: number; readonly value: number }>();
const feed = new FeedSource({
  latest: (channel) => latest.get(channel),
  onFault: (error) => {
    setImmediate(() => {
      throw error;
    });
  },
});
host.link.on('feed.attach', (attachment) => feed.attach(attachment));
host.link.handle('source.say', ({ channel, atUnixMs, value }) => {
  const rows = channel.length;
  feed.rows({ channel, atUnixMs, value, text: [] });
  for (let i = 0; i < rows; i++) {
    latest.set(channel[i] ?? 0, { atUnixMs: atUnixMs[i] ?? 0, value: value[i] ?? 0 });
  }
  return { sent: feed.sent, missed: feed.missed, kept: feed.kept };
});
host.link.handle('source.flood', async (flood) => {
  const { channels, rows, batch, low, high, ratePerS, period, staggered } = flood;
  const begunMonoMs = host.clock.monoMs();
  const nowUnixMs = host.clock.nowMs();
  for (let row = 0; row < rows; ) {
    const many = Math.min(batch, rows - row);
    const channel = new Uint32Array(many);
    const atUnixMs = new Float64Array(many);
    const value = new Float64Array(many);
    const at = ratePerS === 0 ? nowUnixMs : host.clock.nowMs();
    for (let i = 0; i < many; i++, row++) {
      channel[i] = 1 + (row % channels);
      atUnixMs[i] = at + (ratePerS === 0 ? row * 0.001 : i * 0.001);
      const turn = Math.floor(row / channels) + (staggered ? row % channels : 0);
      value[i] = Math.floor(turn / period) % 2 === 0 ? low : high;
    }
    feed.rows({ channel, atUnixMs, value, text: [] });
    const aheadMs =
      ratePerS === 0 ? 0 : begunMonoMs + (row / ratePerS) * 1_000 - host.clock.monoMs();
    await new Promise<void>((resolve) => {
      if (aheadMs > 1) host.clock.setTimeout(resolve, aheadMs);
      else setImmediate(resolve);
    });
  }
  return { sent: feed.sent, missed: feed.missed, kept: feed.kept };
});
host.link.handle('source.counts', () => ({
  sent: feed.sent,
  missed: feed.missed,
  kept: feed.kept,
}));
host.counter('feedSent', () => feed.sent);
host.counter('feedMissed', () => feed.missed);
host.ready();
