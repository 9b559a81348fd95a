import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AlarmRow } from '../../contract/automation-rows.js';
import {
  type DjangoSite,
  fillDjango,
  SEEN_UNIX_MS,
  startDjangoSite,
} from '../testing/django-site.js';
import { covers } from '../testing/mic-contract.js';

let site: DjangoSite;
let headers: Readonly<Record<string, string>>;

beforeAll(async () => {
  site = await startDjangoSite();
  fillDjango(site);
  headers = { authorization: await site.bearer('viewer') };
  const { rows, store, put } = site;
  const { inventory } = store;
  await rows.instance({ plugin: 'shure-text', sealed: 'sealed words', config: { host: 'x' } });
  await rows.instance({ plugin: 'sennheiser-ssc' });
  const unit = { kind: 'handheld', model: null, serial: null, notes: '' } as const;
  for (const name of ['One', 'Two', 'Three']) await inventory.units.create({ name, ...unit });
  await store.devices.intern([{ id: 'shure-text:1:a', protocol: 'shure-text', channels: [] }]);
  await rows.channel('shure-text:1:a', 1, { unitId: 2 });
  for (const [number, instanceId] of [1, 1, 2].entries()) {
    await inventory.discoveries.create({
      instanceId,
      externalId: `x${number}`,
      address: `10.0.0.${number}`,
      port: null,
      role: 'receiver',
      name: null,
      model: null,
      serial: null,
      mac: null,
      firmware: null,
      channels: 1,
      config: {},
      state: 'pending',
      duplicateOf: null,
      source: 'scan',
      firstSeenUnixMs: SEEN_UNIX_MS,
      lastSeenUnixMs: SEEN_UNIX_MS,
    });
  }
  for (const number of [1, 2, 3]) await rows.group(number, [number]);
  for (const id of ['1', '2', '3']) put('alarms', alarmRow(id, {}));
  const override = { scope: 'instance', key: 'connection.holdDownMs', value: 1_000 } as const;
  await inventory.overrides.create({ ...override, scopeId: '1' });
  await inventory.overrides.create({ ...override, scopeId: '2' });
});
afterAll(() => site.stop());

const get = (path: string, as = headers) => site.ask('GET', path, { headers: as });

/** An alarm as the desk shows it. */
function alarmRow(id: string, more: Partial<AlarmRow>): AlarmRow {
  return {
    id,
    ruleId: 1,
    ruleName: 'Battery low',
    source: 'shure-text:1:a/battery',
    deviceId: 'shure-text:1:a',
    deviceName: 'Stage',
    type: 'battery_low',
    severity: 'warning',
    severityRank: 3,
    text: 'Stage has 15 %',
    value: 15,
    active: true,
    acknowledged: false,
    acknowledgedBy: null,
    assignedTo: null,
    raisedAtUnixMs: SEEN_UNIX_MS,
    updatedAtUnixMs: SEEN_UNIX_MS,
    clearedAtUnixMs: null,
    shelvedUntilUnixMs: null,
    quiet: null,
    overdue: false,
    repeats: 0,
    escalated: 0,
    comments: 0,
    parentAlarmId: null,
    ...more,
  };
}

/** Path, how many there are, how many of Shure, and an item's fields. */
const LISTS = [
  ['chassis', 3, 2, ['api_device_id', 'role', 'status', 'serial_number']],
  ['units', 3, 1, ['name', 'unit_type', 'serial_number']],
  ['channels', 3, 2, ['chassis', 'channel_number', 'link_direction', 'frequency']],
  ['discovery', 3, 2, ['ip', 'status', 'discovered_at']],
  ['monitoring/groups', 3, 3, ['title', 'slots']],
  ['monitoring/alerts', 3, 3, ['alert_type', 'status', 'message', 'created_at']],
  ['settings/definitions', 17, 17, ['key', 'default_value', 'scopes']],
  ['settings/overrides', 3, 2, ['scope', 'scope_id', 'key', 'value']],
] as const;

test.each(LISTS)(
  'v1/%s is read in pages with a login, and never written',
  async (path, all, mine, fields) => {
    const call = `django v1/${path}`;
    const { body } = await get(`v1/${path}/`);
    const results = body['results'] as readonly Readonly<Record<string, unknown>>[];
    const count = body['count'] as number;
    if (path === 'settings/definitions') expect(count).toBeGreaterThan(5);
    else expect(count).toBe(all);
    expect(results).toHaveLength(count);
    expect([body['next'], body['previous']]).toEqual([null, null]);
    for (const field of fields) expect(results[0]).toHaveProperty([field]);
    covers(call, 'count', 'results');
    const paged = (await get(`v1/${path}/?page_size=1&page=2`)).body;
    expect(paged['results']).toEqual([results[1]]);
    expect(paged['next']).toBe(`${site.url}/micboard/api/v1/${path}/?page_size=1&page=3`);
    expect(paged['previous']).toBe(`${site.url}/micboard/api/v1/${path}/?page_size=1&page=1`);
    covers(call, 'next', 'previous', '?page', '?page_size');
    expect((await get(`v1/${path}/?page=99`)).status).toBe(404);
    const id = encodeURIComponent(String(results[0]?.['id']));
    expect((await get(`v1/${path}/${id}/`)).body).toEqual(results[0]);
    expect((await get(`v1/${path}/nobody/`)).status).toBe(404);
    covers(call, '=item');
    const nobody = await get(`v1/${path}/`, {});
    expect([nobody.status, nobody.body]).toEqual([401, { detail: expect.any(String) as unknown }]);
    covers(call, '=401 without a login');
    expect((await site.ask('POST', `v1/${path}/`, { body: {}, headers })).status).toBe(405);
    covers(call, '=read only');
    // The first version has none of them.
    expect((await get(`${path}/`)).status).toBe(404);
    const own = (await get(`v1/${path}/?manufacturer=shure`)).body['count'];
    if (path !== 'settings/definitions') expect(own).toBe(mine);
    if (!path.includes('monitoring') && path !== 'settings/definitions')
      covers(call, '?manufacturer');
  },
);

test('what opens a vendor server is never shown', async () => {
  const { body } = await get('v1/settings/overrides/');
  expect(body['results']).toContainEqual({
    id: 'credentials-1',
    scope: 'instance',
    scope_id: '1',
    key: 'credentials',
    value: '********',
  });
  expect(JSON.stringify(body)).not.toContain('sealed words');
  covers('django v1/settings/overrides', '=secrets are masked');
});

test('alerts are the alarms of the desk, in the words of this interface', async () => {
  const words = async (more: Partial<AlarmRow>) => {
    site.put('alarms', alarmRow('2', more));
    return (await get('v1/monitoring/alerts/2/')).body;
  };
  expect(await words({ severity: 'critical' })).toMatchObject({
    id: 2,
    alert_type: 'battery_low',
    status: 'sent',
    severity: 'High',
    message: 'Stage has 15 %',
    device: 'shure-text:1:a',
    channel_data: { source: 'shure-text:1:a/battery', value: 15 },
    created_at: new Date(SEEN_UNIX_MS).toISOString(),
    resolved_at: null,
  });
  expect(await words({ quiet: 'silence' })).toMatchObject({
    status: 'pending',
    severity: 'Medium',
  });
  const acknowledged = { acknowledged: true, acknowledgedBy: 'ada', severity: 'info' } as const;
  expect(await words(acknowledged)).toMatchObject({
    status: 'acknowledged',
    acknowledged_by: 'ada',
    severity: 'Low',
  });
  const resolved = { active: false, clearedAtUnixMs: SEEN_UNIX_MS } as const;
  expect(await words(resolved)).toMatchObject({ status: 'resolved' });
});
