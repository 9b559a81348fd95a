import { join } from 'node:path';
import type {
  AlarmRow,
  RuleRow,
  RuleStateRow,
} from '../../../actors/automation/automation.types.js';
import { SystemClock } from '../../../engine/clock.js';
import { type Alarms, startAlarms } from '../../alarms/compose.js';
import { ruleValues } from '../../alarms/testing/edges.js';
import { type PluginSite, startPluginSite } from '../../testing/plugin-site.js';
import { type Rules, startRules } from '../compose.js';

/** Devices, plugins, rules and alarms with their real threads, which can be broken one by one; ended by `stop`. */
export class ThreadSite {
  readonly site: PluginSite;
  readonly rules: Rules;
  readonly #alarms: Alarms;

  private constructor(site: PluginSite, alarms: Alarms, rules: Rules) {
    this.site = site;
    this.#alarms = alarms;
    this.rules = rules;
  }

  static async start(data: string): Promise<ThreadSite> {
    const clock = new SystemClock();
    const site = await startPluginSite({ data });
    const { store, tables, devices, plugins, address, reader } = site;
    const onFault = (): void => undefined;
    const shared = { store, tables, series: address, clock, onFault };
    const alarms = await startAlarms({ ...shared, reader, keepDays: 0 });
    const rules = await startRules({
      ...{ ...shared, devices, plugins, alarms: alarms.port, threads: 1, faults: true },
      secretBox: { file: join(data, 'targets.key') },
      experiment: () => undefined,
    });
    return new ThreadSite(site, alarms, rules);
  }

  async stop(): Promise<void> {
    await this.rules.stop(5_000);
    await this.#alarms.stop();
    await this.site.stop();
  }

  /** Resolves when its threads run it. */
  async rule(given: Partial<RuleRow>): Promise<number> {
    const { id } = await this.site.store.automation.rules.create(ruleValues(given));
    await this.rules.service.written(id);
    await this.rules.service.settled();
    return id;
  }

  /** Of its first source. */
  stateOf(ruleId: number): string | undefined {
    return this.rules.service.sourcesOf(ruleId)[0]?.state;
  }

  /** As the control store has it. */
  async stored(ruleId: number): Promise<RuleStateRow | undefined> {
    const where = [{ field: 'ruleId', op: '=', value: ruleId }] as const;
    return (await this.site.store.automation.ruleStates.find({ where }))[0];
  }

  async alarms(ruleId: number): Promise<readonly AlarmRow[]> {
    const where = [{ field: 'ruleId', op: '=', value: ruleId }] as const;
    return await this.site.store.automation.alarms.find({ where });
  }
}
