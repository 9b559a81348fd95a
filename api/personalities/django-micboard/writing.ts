import { z } from 'zod';
import { MAX_SLOT } from '../../../actors/inventory/slots.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { InstanceRow } from '../../contract/rows.js';
import { writeGroup } from '../micboard/writes.js';
import { type Ask, type Call, flatValues, Refusal, read } from './ask.js';
import type { Manufacturer } from './manufacturers.js';
import { CONFIG_KEY, configOf, configSchema, type Parts } from './reading.js';
import { discovered } from './translate.js';

/** A search that takes longer is answered with what was found until then. */
const SEARCH_MS = 15_000;
const LOOK_MS = 100;
const MAX_IPS = 1_000;
const MAX_KEYS = 1_000;

const group = z.object({
  title: z.string().max(200).default(''),
  slots: z.array(z.coerce.number().int().min(0).max(MAX_SLOT)).max(10_000).default([]),
  hide_charts: z.boolean().default(false),
});
const groupNumber = z.coerce.number().int().min(1).max(10_000);
const namedGroup = group.extend({ group: groupNumber });

const ipsInput = z.object({
  ips: z.array(z.string().trim().min(1).max(255)).min(1).max(MAX_IPS).optional().catch(undefined),
  manufacturer: z.string().max(100).optional(),
});

export function writingCalls(parts: Parts): readonly Call[] {
  // Values are read, changed and written as a whole: two at once would lose those of one.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const write = (
    path: string,
    limit: Call['limit'],
    run: Call['run'],
    trail: Pick<Call, 'changes' | 'look'> = { changes: false },
  ): Call => ({
    method: 'POST',
    path,
    access: 'write',
    limit,
    run,
    ...trail,
  });
  const groupNow = async (number: unknown): Promise<unknown> => {
    const where = [{ field: 'number', op: '=', value: groupNumber.parse(number) }] as const;
    return await parts.store.inventory.groups.first({ where });
  };
  return [
    write('discover', ['discover', 5], ({ maker }) => discover(parts, maker)),
    postOnly('discover', ['discover', 5]),
    write('discovery/ips', ['discovery', 120], (ask) => searchAt(parts, ask)),
    postOnly('discovery/ips', ['discovery', 120]),
    write('refresh', ['refresh', 10], ({ maker }) => refresh(parts, maker)),
    postOnly('refresh', ['refresh', 10]),
    write('config', ['config', 60], (ask) => inTurn(() => setConfig(parts, ask)), {
      look: ({ maker }) => configOf(parts, maker),
    }),
    write(
      'groups/{id}',
      ['group', 60],
      async (ask) => {
        const number = groupNumber.safeParse(ask.params['id']);
        if (!number.success) throw new EngineError('input.invalid', 'a group is a number from 1');
        await writeGroup(parts, { group: number.data, ...(await read(ask, group)) });
        return { success: true };
      },
      { look: ({ params }) => groupNow(params['id']) },
    ),
    // Older pages name the group in the body.
    write(
      'group',
      ['group', 60],
      async (ask) => {
        await writeGroup(parts, await read(ask, namedGroup));
        return { success: true };
      },
      { look: async (ask) => await groupNow((await read(ask, namedGroup)).group) },
    ),
  ];
}

const postOnly = (path: string, limit: Call['limit']): Call => ({
  method: 'GET',
  path,
  access: 'open',
  limit,
  run: () => {
    throw new Refusal(405, { error: 'POST required' }, { allow: 'POST' });
  },
});

const makersOf = (parts: Parts, maker: Manufacturer | undefined): readonly Manufacturer[] =>
  maker === undefined ? parts.makers.all() : [maker];

const openOf = (maker: Manufacturer): readonly InstanceRow[] =>
  maker.instances.filter((instance) => instance.enabled && instance.state === 'open');

/** Searches in all vendor connections at once, and waits until it is done or long enough. */
async function discover(parts: Parts, asked: Manufacturer | undefined): Promise<object> {
  const list = makersOf(parts, asked);
  const outcomes = await Promise.all(
    list.map(async (maker) => {
      try {
        const scans = await Promise.all(
          openOf(maker).map(({ id }) =>
            parts.plugins.scan({ instanceId: Number(id), multicast: true, server: true }),
          ),
        );
        await Promise.all(scans.map(({ scanId }) => searched(parts, scanId)));
        const devices = discovered(parts.tables, maker);
        return [maker.name, { count: devices.length, devices }] as const;
      } catch (thrown) {
        return [maker.name, { count: 0, error: EngineError.from(thrown).message }] as const;
      }
    }),
  );
  const devices = outcomes.flatMap(([, outcome]) => ('devices' in outcome ? outcome.devices : []));
  return {
    success: true,
    total_discovered: devices.length,
    manufacturers: Object.fromEntries<object>(outcomes),
    devices,
  };
}

async function searched({ tables, clock }: Parts, scanId: string): Promise<void> {
  const untilMonoMs = clock.monoMs() + SEARCH_MS;
  while (tables.scans.get(scanId)?.['state'] === 'running' && clock.monoMs() < untilMonoMs) {
    await pause(clock);
  }
}

const pause = (clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    clock.setTimeout(resolve, LOOK_MS);
  });

async function searchAt(parts: Parts, ask: Ask): Promise<object> {
  const { ips, manufacturer } = await read(ask, ipsInput);
  const refuse = (status: number, error: string): Refusal =>
    new Refusal(status, { success: false, error });
  if (ips === undefined) {
    throw refuse(400, `Provide a non-empty 'ips' list in request body, of at most ${MAX_IPS}`);
  }
  const code = manufacturer ?? ask.query.get('manufacturer') ?? '';
  if (code === '') throw refuse(400, 'Manufacturer code required (body or ?manufacturer=)');
  const maker = ask.makerOf(code);
  if (ask.maker !== undefined && ask.maker.code !== maker.code) {
    throw refuse(400, 'The manufacturer of the body is not the one of ?manufacturer=');
  }
  const [instance] = openOf(maker);
  if (instance === undefined) {
    throw refuse(500, `No vendor connection of ${maker.name} is open: see Vendors`);
  }
  try {
    await parts.plugins.scan({ instanceId: Number(instance.id), hosts: ips });
  } catch (thrown) {
    const error = EngineError.from(thrown);
    throw refuse(error.httpStatus === 400 ? 400 : 502, error.message);
  }
  return { success: true, message: 'Discovery IPs submitted' };
}

async function refresh(parts: Parts, asked: Manufacturer | undefined): Promise<object> {
  const outcomes = await Promise.all(
    makersOf(parts, asked).map(async (maker) => {
      const count = openOf(maker).reduce((all, { devices }) => all + devices, 0);
      try {
        for (const { id } of openOf(maker)) {
          const { status, message } = await parts.plugins.check(Number(id));
          if (status !== 'healthy') {
            const error = message ?? status;
            return [maker.name, { status: 'error', device_count: count, error }] as const;
          }
        }
        return [maker.name, { status: 'success', device_count: count }] as const;
      } catch (thrown) {
        const error = EngineError.from(thrown).message;
        return [maker.name, { status: 'error', device_count: count, error }] as const;
      }
    }),
  );
  return {
    success: true,
    message: 'Data refresh triggered for manufacturers.',
    manufacturers: Object.fromEntries<object>(outcomes),
    total_devices: outcomes.reduce((all, [, { device_count }]) => all + device_count, 0),
    timestamp: new Date(parts.clock.nowMs()).toISOString(),
  };
}

async function setConfig({ store }: Parts, ask: Ask): Promise<object> {
  const values = await read(ask, flatValues);
  const all = (await store.settings.get(CONFIG_KEY, configSchema)) ?? {};
  const name = ask.maker?.code ?? '';
  const own = { ...all[name] };
  for (const [key, value] of Object.entries(values)) own[key] = String(value);
  if (Object.keys(own).length > MAX_KEYS) {
    throw new EngineError('input.invalid', `there may be at most ${MAX_KEYS} keys`);
  }
  await store.settings.set(CONFIG_KEY, { ...all, [name]: own });
  return { success: true };
}
