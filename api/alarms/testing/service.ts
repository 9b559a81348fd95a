import type { TargetRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import { openSecretBox } from '../../../actors/inventory/secrets.js';
import type { TestClock } from '../../../engine/clock.js';
import type { EngineError } from '../../../engine/errors.js';
import { MemoryTable } from '../../live/table.js';
import { Deliveries } from '../../notify/deliveries.js';
import { DeliveryTable } from '../../notify/delivery-table.js';
import { TargetBook } from '../../notify/target-book.js';
import { AlarmService } from '../service.js';
import { edgesOf } from './edges.js';

type Store = SiteStore & { readonly clock: TestClock };

/** The whole desk on a store and a clock by hand, with the real table of deliveries. */
export async function serviceOn(
  store: Store,
  more: {
    readonly isOpen?: (scheduleId: number, atUnixMs: number) => boolean;
    readonly latestOf?: (channel: string) => number | undefined;
    readonly keepDays?: number;
  } = {},
) {
  const faults: EngineError[] = [];
  const box = await openSecretBox({ key: '0123456789abcdef', file: '' });
  const targets = await TargetBook.open(store, box, () => undefined);
  const deliveries = new Deliveries({
    table: new DeliveryTable(store.control),
    targets,
    clock: store.clock,
    wake: () => undefined,
    experiment: () => undefined,
  });
  const table = new MemoryTable('alarms');
  const noted: string[] = [];
  const service = await AlarmService.start({
    store,
    table,
    deviceName: (id) => id,
    latestOf: more.latestOf ?? (() => undefined),
    history: {
      note: (row) => noted.push(`${row.id} ${row.lastChange}`),
      close: () => Promise.resolve(),
    },
    deliveries: () => deliveries,
    isOpen: more.isOpen ?? (() => false),
    keepDays: more.keepDays ?? 365,
    clock: store.clock,
    onFault: (error) => faults.push(error),
  });
  /** Moves the clock in steps and does what is due after each. */
  const pass = async (forMs: number, stepMs = Math.min(forMs, 1_000)) => {
    for (let passed = 0; passed < forMs; passed += stepMs) {
      store.clock.advance(stepMs);
      // A turn that the timer began looked at the clock of then.
      await service.tick();
      await service.tick();
    }
  };
  const target = async (name: string): Promise<TargetRow> =>
    await store.automation.targets.create({
      publicId: crypto.randomUUID(),
      name,
      kind: 'webhook',
      enabled: true,
      config: {},
      sealed: null,
      events: [],
      ownerId: null,
      createdAtUnixMs: 0,
    });
  const route = async (values: Partial<Parameters<typeof store.automation.routes.create>[0]>) => {
    const made = await store.automation.routes.create({
      parentId: null,
      position: 0,
      name: 'desk',
      matchers: [],
      targetIds: [],
      groupBy: [],
      groupWaitMs: 30_000,
      groupIntervalMs: 300_000,
      repeatMs: 0,
      goOn: false,
      muteScheduleIds: [],
      ...values,
    });
    return made;
  };
  /** What was told so far: subjects. */
  const told = async () => (await store.automation.deliveries.find()).map((row) => row.subject);
  return {
    service,
    desk: service.desk,
    table,
    noted,
    faults,
    pass,
    target,
    route,
    told,
    tell: edgesOf(store, service.desk),
  };
}
