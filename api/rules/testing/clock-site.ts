import type { RuleRow, ScheduleRow } from '../../../actors/automation/automation.types.js';
import type { TestHome } from '../../../actors/control/testing/stores.js';
import { ChannelTable } from '../../../actors/device/channel-table.js';
import { openSecretBox } from '../../../actors/inventory/secrets.js';
import { RuleShard } from '../../../actors/rule/shard.js';
import { NO_WAITS } from '../../../actors/rule/wait-book.js';
import type { TestClock } from '../../../engine/clock.js';
import { Supervisor } from '../../../engine/supervisor.js';
import { ruleValues } from '../../alarms/testing/edges.js';
import { serviceOn } from '../../alarms/testing/service.js';
import { MemoryTable } from '../../live/table.js';
import { Deliveries } from '../../notify/deliveries.js';
import { DeliveryTable } from '../../notify/delivery-table.js';
import { TargetBook } from '../../notify/target-book.js';
import { Schedules } from '../schedules.js';
import { RuleService } from '../service.js';
import { Variables } from '../variables.js';

const CHANNEL = 1;
const NAME = 'tank/temp';
const STEP_MS = 250;
/** Turns of the event loop in which everything that one step began is done, but for what waits for the disk. */
const TURNS = 12;
/** What was stored may begin something else that is stored. */
const ROUNDS = 2;

type Store = Awaited<ReturnType<TestHome['open']>>;

/** The service of the rules with its shard, schedules, alarms and deliveries, on one clock that a test moves and sets. */
export class ClockSite {
  readonly clock: TestClock;
  readonly store: Store;
  readonly service: RuleService;
  readonly faults: Error[] = [];
  readonly #shard: RuleShard;
  readonly #schedules: Schedules;
  readonly #desk: Awaited<ReturnType<typeof serviceOn>>;
  /** Gives samples their times, as the threads of devices do. */
  readonly #table = new ChannelTable();
  readonly #slot: number;

  private constructor(
    store: Store,
    desk: Awaited<ReturnType<typeof serviceOn>>,
    schedules: Schedules,
    deliveries: Deliveries,
  ) {
    this.store = store;
    this.clock = store.clock;
    this.#desk = desk;
    this.#schedules = schedules;
    const { clock } = this;
    const onFault = (error: Error): void => void this.faults.push(error);
    const channels = new MemoryTable('channels');
    channels.put({ id: NAME, channel: CHANNEL, deviceId: 'tank', kind: 'number', unit: null });
    this.#slot = this.#table.add({
      id: CHANNEL,
      deviceId: 'tank',
      name: 'temp',
      kind: 'number',
      unit: undefined,
    });
    this.service = new RuleService({
      store,
      tables: {
        channels,
        devices: new MemoryTable('devices'),
        rules: new MemoryTable('rules'),
        'rule-sources': new MemoryTable('rule-sources'),
      },
      schedules,
      variables: new Variables({
        ...{ store, clock, channels, onFault, live: new MemoryTable('variables') },
        device: {
          tables: { definition: () => undefined },
          create: () => Promise.resolve(),
          append: () => Promise.resolve(),
        },
      }),
      alarms: desk.desk,
      deliveries,
      clock,
      onFault,
      forget: () => undefined,
    });
    this.#shard = new RuleShard({
      clock,
      supervisor: new Supervisor({ shard: 'rule-0', clock }),
      history: { samples: () => (async function* () {})() },
      ports: {
        edges: (edges) => this.service.takeEdges(edges),
        checkpoint: () => Promise.resolve(),
        values: (values) => this.service.values(values),
      },
      tickMs: 100,
      onFault,
    });
  }

  static async start(home: TestHome, atUnixMs: number): Promise<ClockSite> {
    const store = await home.open();
    const { clock } = store;
    clock.jump(atUnixMs - clock.nowMs());
    const onFault = (): void => undefined;
    const schedules = new Schedules({ store, clock, onFault });
    await schedules.start();
    const desk = await serviceOn(store, {
      isOpen: (id, at) => schedules.isOpenAt(id, at),
      latestOf: () => undefined,
    });
    const box = await openSecretBox({ key: '0123456789abcdef', file: '' });
    const deliveries = new Deliveries({
      table: new DeliveryTable(store.control),
      targets: await TargetBook.open(store, box, onFault),
      ...{ clock, wake: () => undefined, experiment: () => undefined },
    });
    const site = new ClockSite(store, desk, schedules, deliveries);
    const shard = site.#shard;
    await site.service.start({
      place: (ids, snapshots = {}) => {
        const rules = site.service.definitionsOf(ids);
        shard.adopt({
          rules,
          snapshots,
          latest: [],
          checkpoint: null,
          waits: NO_WAITS,
          graceMs: 0,
        });
        return Promise.resolve();
      },
      release: (ids) => shard.release(ids),
      schedules: (changed) => shard.schedules(changed),
      variables: (changed) => shard.variables(changed),
      watch: (ids) => shard.watch(ids),
      test: (rule, fromUnixMs, toUnixMs) => shard.test({ rule, fromUnixMs, toUnixMs }),
    });
    return site;
  }

  async stop(): Promise<void> {
    await this.#shard.close();
    await this.service.stop();
    await this.#schedules.close();
    await this.#desk.service.stop();
  }

  async rule(given: Partial<RuleRow>): Promise<number> {
    const condition = { type: 'threshold', channel: NAME, op: '>', value: 50 } as const;
    const { id } = await this.store.automation.rules.create(ruleValues({ condition, ...given }));
    await this.service.written(id);
    await this.service.settled();
    return id;
  }

  /** Open each day between two times of Berlin. */
  async schedule(from: string, to: string): Promise<ScheduleRow> {
    const made = await this.store.automation.schedules.create({
      ...{
        name: `${from} to ${to}`,
        timeZone: 'Europe/Berlin',
        cron: null,
        cronOpenMs: 0,
        days: [],
      },
      weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], from, to }],
    });
    await this.#settle();
    return made;
  }

  /** A sample at the time of the server. */
  async say(value: number): Promise<void> {
    const atUnixMs = this.#table.after(this.#slot, this.clock.nowMs());
    this.#table.put(this.#slot, atUnixMs, value);
    this.#shard.rules.take(CHANNEL, atUnixMs, value);
    await this.pass(STEP_MS);
  }

  /** Time goes by, with all that is due in it. */
  async pass(forMs: number): Promise<void> {
    for (let left = forMs; left > 0; left -= STEP_MS) {
      this.clock.advance(Math.min(STEP_MS, left));
      await this.#settle();
    }
  }

  /** Somebody sets the clock of the machine. */
  async set(atUnixMs: number): Promise<void> {
    this.clock.jump(atUnixMs - this.clock.nowMs());
    await this.#settle();
  }

  /** `active` or `cleared` of each alarm of a rule, in order. */
  async alarms(ruleId: number): Promise<readonly string[]> {
    const rows = await this.store.automation.alarms.find({
      where: [{ field: 'ruleId', op: '=', value: ruleId }],
    });
    return rows.map(({ clearedAtUnixMs }) => (clearedAtUnixMs === null ? 'active' : 'cleared'));
  }

  /** Keys of all that was told or done. */
  async told(): Promise<readonly string[]> {
    return (await this.store.automation.deliveries.find()).map(({ publicId }) => publicId);
  }

  async #settle(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let turn = 0; turn < TURNS; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await this.service.settled();
      // On disk after all that was written before it, however long the disk takes.
      await this.store.control.write(() => Promise.resolve());
    }
    await this.#desk.service.tick();
  }
}
