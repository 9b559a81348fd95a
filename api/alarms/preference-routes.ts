import { IANAZone } from 'luxon';
import type { NotificationPreferenceRow } from '../../actors/automation/automation.types.js';
import { EngineError } from '../../engine/errors.js';
import { type NotificationPreference, notificationPreference } from '../contract/alarms.js';
import { type Principal, type Route, route } from '../http/route.types.js';
import { invalid } from '../routes/table-routes.js';
import type { AlarmRoutesOptions } from './routes.js';

const path = '/v1/notification-preferences';

/** How the caller wants to be told. */
export function preferenceRoutes({ store, service }: AlarmRoutesOptions): Route[] {
  const { preferences } = store.automation;
  const ownOf = (userId: string) =>
    preferences.first({ where: [{ field: 'userId', op: '=', value: userId }] });
  return [
    route({
      method: 'GET',
      path,
      summary: 'How you are told of alarms',
      tag: 'alarms',
      access: 'viewer',
      response: notificationPreference,
      handler: async ({ principal }) => shown(await ownOf(userOf(principal))),
    }),
    route({
      method: 'PUT',
      path,
      summary: 'Say how you want to be told of alarms; what is left out is as it is for everybody',
      tag: 'alarms',
      access: 'viewer',
      body: notificationPreference,
      response: notificationPreference,
      handler: async ({ body, principal }) => {
        const userId = userOf(principal);
        check(body);
        const own = await ownOf(userId);
        // Types may be listed twice; one that is stored is found by its place in the list only.
        const values = { ...body, types: [...new Set(body.types)], thresholds: plain(body) };
        if (own === undefined) await preferences.create({ ...values, userId, told: {} });
        else await preferences.update(own.id, values);
        await service.preferences.load();
        return shown(await ownOf(userId));
      },
    }),
  ];
}

function userOf({ kind, id }: Principal): string {
  if (kind === 'user') return id;
  throw new EngineError(
    'auth.denied',
    `${path} belongs to a person: log in as a user, not with a token`,
  );
}

function check({ method, email, quietFrom, quietTo, timeZone }: NotificationPreference): void {
  if ((method === 'email' || method === 'both') && email === null) {
    throw invalid(
      'email',
      `is needed for the method ${method}: set your address, or the method page`,
    );
  }
  if ((quietFrom === null) !== (quietTo === null)) {
    throw invalid(quietFrom === null ? 'quietFrom' : 'quietTo', 'quiet hours need both times');
  }
  if (!IANAZone.isValidZone(timeZone)) {
    throw invalid('timeZone', `"${timeZone}" is no time zone: write it as Europe/Berlin or UTC`);
  }
}

function plain({ thresholds }: NotificationPreference): Record<string, number> {
  const given: Record<string, number> = {};
  for (const [type, value] of Object.entries(thresholds)) {
    if (typeof value === 'number') given[type] = value;
  }
  return given;
}

function shown(row: NotificationPreferenceRow | undefined): NotificationPreference {
  if (row === undefined) return notificationPreference.parse({});
  const { method, email, thresholds, types, quietFrom, quietTo, timeZone, minIntervalMs } = row;
  return {
    method,
    email,
    thresholds,
    types: [...types],
    quietFrom,
    quietTo,
    timeZone,
    minIntervalMs,
  };
}
