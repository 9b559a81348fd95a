import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PluginRun } from '../testing/plugin-run.js';
import { plugin } from './plugin.js';
import { BrokerProcess } from './testing/broker-process.js';
import { Tanks } from './testing/tanks.js';

const WAIT = { timeout: 20_000 };
const FIRST = 'tank-0001';

let broker: BrokerProcess;
let tanks: Tanks;
let run: Awaited<ReturnType<typeof open>> | undefined;

/** No mapping, no pattern: everything that is known of the tanks is what they say themselves. */
function open(homeAssistant?: { readonly enabled: boolean; readonly prefix: string }) {
  return PluginRun.open(plugin, {
    url: broker.url,
    commandTimeoutMs: 2_000,
    ...(homeAssistant === undefined ? {} : { homeAssistant }),
  });
}

async function found(): Promise<readonly string[]> {
  const answer = await run?.discover({ server: true });
  return (answer?.found ?? []).map(({ externalId }) => externalId).toSorted();
}

/** The first tank with its values, as soon as it says its level. */
async function connected() {
  let made: Awaited<ReturnType<NonNullable<typeof run>['connect']>> | undefined;
  await expect
    .poll(async () => {
      made = await run?.connect(FIRST).catch(() => undefined);
      return made !== undefined;
    }, WAIT)
    .toBe(true);
  if (made === undefined) throw new Error('no session');
  const { session, connection } = made;
  const spec = (name: string) => session.specs.find((one) => one.name === name);
  const value = (name: string) => session.values.get(spec(name)?.id ?? '');
  await expect.poll(() => value('level'), WAIT).toBeTypeOf('number');
  return { session, connection, spec, value };
}

beforeEach(async () => {
  broker = await BrokerProcess.start();
  tanks = await Tanks.start(broker.url, '--set', 'discovery=homeassistant');
}, 60_000);

afterEach(async () => {
  await run?.close();
  run = undefined;
  tanks.kill();
  await broker.stop();
});

describe('MQTT against emulated tanks that describe themselves for Home Assistant', () => {
  test('they are found without any mapping, with names, units, ranges and values, and obey', async () => {
    run = await open();
    await expect.poll(found, WAIT).toEqual([FIRST, 'tank-0002', 'tank-0003']);
    const { session, connection, spec, value } = await connected();
    await expect.poll(() => session.values.size, WAIT).toBe(3);
    await expect
      .poll(() => session.identity, WAIT)
      .toMatchObject({ name: 'Tank 0001', model: 'TK-1', firmware: '1.3.0' });
    expect(spec('level')).toMatchObject({ kind: 'number', unit: '%', direction: 'input' });
    expect(spec('temperature')).toMatchObject({ kind: 'number', unit: '°C', direction: 'input' });
    expect(spec('valve')).toMatchObject({
      ...{ kind: 'number', min: 0, max: 100, direction: 'bidirectional' },
    });
    await connection.command?.(spec('valve')?.id ?? '', 37, new AbortController().signal);
    // What was on its way before the order may still come.
    await expect.poll(() => value('valve'), WAIT).toBe(37);
  }, 60_000);

  test('a cut tank is gone by its described will, and comes again with its birth', async () => {
    run = await open();
    const { session } = await connected();
    await tanks.fault('cut');
    await expect.poll(() => session.failure?.code, WAIT).toBe('device.unreachable');
    await tanks.fault('cut', false);
    expect((await connected()).session.failure).toBeUndefined();
  }, 60_000);

  test('lies and garbage end no session and are no values; true ones follow', async () => {
    run = await open();
    const { session, spec, value } = await connected();
    await tanks.fault('lie');
    await tanks.fault('garbage');
    const { published = 0 } = await tanks.fault('stall', false);
    await expect
      .poll(async () => {
        const now = await tanks.fault('stall', false);
        return Number(now['published']) - Number(published);
      }, WAIT)
      .toBeGreaterThan(50);
    expect(value('temperature')).toBeTypeOf('number');
    await tanks.fault('garbage', false);
    await tanks.fault('lie', false);
    session.values.delete(spec('level')?.id ?? '');
    await expect.poll(() => value('level'), WAIT).toSatisfy(within(0, 100));
    expect(session.failure).toBeUndefined();
  }, 60_000);

  test('whoever listens under another prefix, or not at all, finds none of them', async () => {
    run = await open({ enabled: true, prefix: 'elsewhere' });
    expect((await run.instance.checkHealth?.(new AbortController().signal))?.status).toBe(
      'healthy',
    );
    expect(await found()).toEqual([]);
    await run.close();
    run = await open({ enabled: false, prefix: 'homeassistant' });
    expect(await found()).toEqual([]);
    await run.close();
    run = await open();
    await expect.poll(found, WAIT).toHaveLength(3);
  }, 60_000);
});

function within(least: number, most: number): (value: unknown) => boolean {
  return (value) => typeof value === 'number' && value >= least && value <= most;
}
