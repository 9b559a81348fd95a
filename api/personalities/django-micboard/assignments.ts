import { z } from 'zod';
import { ASSIGNMENT_DEFAULTS } from '../../../actors/inventory/defaults.js';
import type { AssignmentRow } from '../../../actors/inventory/inventory.types.js';
import { EngineError } from '../../../engine/errors.js';
import { Answer, type Ask, type Call, Refusal, read } from './ask.js';
import { isOf } from './manufacturers.js';
import type { Parts } from './reading.js';

const fields = z.object({
  /** Id or name. */
  user: z.string().min(1).max(128).nullable(),
  channel: z.coerce.number().int().min(1),
  performer: z.coerce.number().int().min(1),
  priority: z.enum(['low', 'normal', 'high', 'critical']),
  alert_on_battery_low: z.boolean(),
  alert_on_signal_loss: z.boolean(),
  alert_on_audio_low: z.boolean(),
  alert_on_device_offline: z.boolean(),
  notes: z.string().max(10_000),
});
const some = fields.partial();
type Wish = z.output<typeof some>;

const shown = (row: AssignmentRow) => ({
  id: row.id,
  user: row.userId,
  channel: row.rfChannelId,
  performer: row.performerId,
  priority: row.priority,
  alert_on_battery_low: row.alertOnBattery,
  alert_on_signal_loss: row.alertOnSignal,
  alert_on_audio_low: row.alertOnAudio,
  alert_on_device_offline: row.alertOnOffline,
  notes: row.notes,
});

const LIMIT = ['user-assignments', 60] as const;
const PATH = 'user-assignments';

/** Who uses which channel: rows of the inventory's assignments. */
export function assignmentCalls(parts: Parts): readonly Call[] {
  const { assignments } = parts.store.inventory;
  const call = (
    method: Call['method'],
    path: string,
    access: Call['access'],
    run: Call['run'],
  ): Call => ({
    method,
    path,
    access,
    limit: LIMIT,
    drf: true,
    run,
    ...(path === PATH ? {} : { look: async (ask: Ask) => shown(await one(parts, ask)) }),
  });
  const change = async (ask: Ask, schema: z.ZodType<Wish>): Promise<object> => {
    const row = await one(parts, ask);
    const values = await valuesOf(parts, ask, await read(ask, schema));
    const changed = await assignments.update(row.id, values);
    if (changed === undefined) throw notFound();
    return shown(changed);
  };
  return [
    call('GET', PATH, 'viewer', async (ask) => {
      const rows = [];
      for (const row of await assignments.find())
        if (await visible(parts, ask, row)) rows.push(row);
      return rows.map(shown);
    }),
    call('POST', PATH, 'write', async (ask) => {
      const wish = await read(ask, some.required({ channel: true }));
      const values = await valuesOf(parts, ask, wish);
      const performerId = values.performerId ?? (await performerOf(parts, values.userId ?? null));
      const row = await assignments.create({
        ...ASSIGNMENT_DEFAULTS,
        ...values,
        rfChannelId: wish.channel,
        performerId,
      });
      return new Answer(201, shown(row));
    }),
    call('GET', `${PATH}/{id}`, 'viewer', async (ask) => shown(await one(parts, ask))),
    call('PUT', `${PATH}/{id}`, 'write', (ask) => change(ask, some.required({ channel: true }))),
    call('PATCH', `${PATH}/{id}`, 'write', (ask) => change(ask, some)),
    call('DELETE', `${PATH}/{id}`, 'write', async (ask) => {
      await assignments.remove((await one(parts, ask)).id);
      return new Answer(204);
    }),
  ];
}

const notFound = (): Refusal => new Refusal(404, { detail: 'Not found.' });

async function one(parts: Parts, ask: Ask): Promise<AssignmentRow> {
  const id = Number(ask.params['id']);
  const row = Number.isSafeInteger(id)
    ? await parts.store.inventory.assignments.get(id)
    : undefined;
  if (row === undefined || !(await visible(parts, ask, row))) throw notFound();
  return row;
}

/** Of the manufacturer that was asked for. */
async function visible(parts: Parts, ask: Ask, row: AssignmentRow): Promise<boolean> {
  return ask.maker === undefined || (await channelIsOf(parts, ask, row.rfChannelId));
}

async function channelIsOf({ store }: Parts, ask: Ask, channelId: number): Promise<boolean> {
  const channel = await store.inventory.rfChannels.get(channelId);
  return channel !== undefined && isOf(ask.maker, channel.deviceId.split(':')[0] ?? '');
}

async function valuesOf(
  parts: Parts,
  ask: Ask,
  wish: Wish,
): Promise<Partial<Omit<AssignmentRow, 'id'>>> {
  if (wish.channel !== undefined && !(await channelIsOf(parts, ask, wish.channel))) {
    throw new Refusal(400, { channel: [`Invalid pk "${wish.channel}" - object does not exist.`] });
  }
  return {
    ...(wish.user === undefined ? {} : { userId: await userOf(parts, wish.user) }),
    ...(wish.channel === undefined ? {} : { rfChannelId: wish.channel }),
    ...(wish.performer === undefined ? {} : { performerId: wish.performer }),
    ...(wish.priority === undefined ? {} : { priority: wish.priority }),
    ...(wish.alert_on_battery_low === undefined
      ? {}
      : { alertOnBattery: wish.alert_on_battery_low }),
    ...(wish.alert_on_signal_loss === undefined
      ? {}
      : { alertOnSignal: wish.alert_on_signal_loss }),
    ...(wish.alert_on_audio_low === undefined ? {} : { alertOnAudio: wish.alert_on_audio_low }),
    ...(wish.alert_on_device_offline === undefined
      ? {}
      : { alertOnOffline: wish.alert_on_device_offline }),
    ...(wish.notes === undefined ? {} : { notes: wish.notes }),
  };
}

async function userOf({ store }: Parts, named: string | null): Promise<string | null> {
  if (named === null) return null;
  const user = (await store.users.get(named)) ?? (await store.users.byName(named));
  if (user !== undefined) return user.id;
  throw new Refusal(400, { user: [`Invalid pk "${named}" - object does not exist.`] });
}

/** Who has no performer named is one under the user's name. */
async function performerOf({ store }: Parts, userId: string | null): Promise<number> {
  const user = userId === null ? undefined : await store.users.get(userId);
  if (user === undefined) {
    throw new EngineError('input.invalid', 'user or performer: one of them is needed');
  }
  const { performers } = store.inventory;
  const where = [{ field: 'name', op: '=', value: user.username }] as const;
  const known = await performers.first({ where });
  if (known !== undefined) return known.id;
  const fresh = { name: user.username, photoMediaId: null, backgroundMediaId: null, notes: '' };
  return (await performers.create(fresh)).id;
}
