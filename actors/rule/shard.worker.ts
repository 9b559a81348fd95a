/** Thread entry of a rule shard: joins the shard to its link, its supervisor and the series store. */
import { ShardHost } from '../host.js';
import { RuleHistory } from './history.js';
import type { FromRuleShard, RuleShardOptions, ToRuleShard } from './protocol.js';
import { RuleShard } from './shard.js';

/** A control store that is locked for longer has its edges told again. */
const EDGES_DEADLINE_MS = 30_000;
const CHECKPOINT_DEADLINE_MS = 10_000;

let shard: RuleShard | undefined;
const host = new ShardHost<RuleShardOptions, FromRuleShard, ToRuleShard>({
  report: (report) => shard?.supervised(report),
  // Snapshots go with edges and checkpoints: alone they would be ahead of the edges that led to them.
  persisted: () => undefined,
  maxPosts: 100_000,
});
const { link, options, clock, supervisor } = host;
const history = new RuleHistory(options.series);

shard = new RuleShard({
  clock,
  supervisor,
  history,
  tickMs: options.tickMs,
  // Nobody in this thread can mend it: the pool starts a new one and everything comes back from its checkpoint.
  onFault: (error) => {
    setImmediate(() => {
      throw error;
    });
  },
  ports: {
    edges: (edges) => link.call('rules.edges', edges, { deadlineMs: EDGES_DEADLINE_MS }),
    checkpoint: (checkpoint) =>
      link.call('rules.checkpoint', checkpoint, { deadlineMs: CHECKPOINT_DEADLINE_MS }),
    values: (values) => {
      link.post('rules.values', values);
    },
  },
});
const here = shard;

link.handle('rules.adopt', (params) => ({ adopted: here.adopt(params) }));
link.handle('rules.release', ({ ids }) => here.release(ids));
link.handle('rules.test', (params) => here.test(params));
link.on('feed.attach', (attachment) => here.feed.attach(attachment));
link.on('feed.open', () => here.open());
link.on('schedules.changed', (changed) => here.schedules(changed));
link.on('variables.changed', (changed) => here.variables(changed));
link.on('rules.watched', ({ ids }) => here.watch(ids));
host.counter('feedRows', () => here.feed.rows);
host.counter('feedDoubled', () => here.feed.doubled);
host.counter('decisions', () => here.rules.table.decisions);
host.counter('edges', () => here.rules.edges);
host.counter('edgesWaiting', () => here.outbox.size);
host.counter('edgesDropped', () => here.outbox.dropped);
host.counter('checkpoints', () => here.checkpoints);
host.onStop(async () => {
  await here.close();
  await history.close();
});
host.ready();
