import { afterAll, beforeAll, expect, test } from 'vitest';
import { ASSET_DEFAULTS } from '../../../actors/content/defaults.js';
import { Client, staff, visitor } from './testing/client.js';
import { anyNumber, anyText, covers, matching, shows } from './testing/covers.js';
import { narrows } from './testing/fields.js';
import { type RoundwareSite, STAFF_PASSWORD, startRoundwareSite } from './testing/site.js';

let site: RoundwareSite;
beforeAll(async () => {
  site = await startRoundwareSite();
});
afterAll(() => site.stop());

test('a device becomes a user with a token, and the same device gets the same of both', async () => {
  const open = new Client(site.url);
  const wish = {
    device_id: 'device-abcd',
    client_type: 'web',
    client_system: 'Firefox',
    first_name: 'Ada',
    last_name: 'Byron',
    email: 'ada@example.org',
  };
  const made = await open.post('users/', wish);
  shows('POST users', made, {
    id: anyNumber,
    username: matching(/^\d{10}abcd$/),
    token: matching(/^[0-9a-f]{40}$/),
    first_name: 'Ada',
    last_name: 'Byron',
    email: 'ada@example.org',
    device_id: 'device-abcd',
    client_type: 'web',
  });
  covers('POST users', '>device_id', '>client_type', '>first_name', '>last_name', '>email');
  expect(await open.post('users/', { device_id: 'device-abcd', client_type: 'web' })).toEqual(made);
  covers('POST users', '=same device, same token');
  const named = await open.post('users/', { ...wish, device_id: 'other', username: 'ada' });
  expect(named['username']).toBe('ada');
  expect(named['token']).not.toBe(made['token']);
  covers('POST users', '>username');
});

test('a device id is cut after 254 characters', async () => {
  const long = 'x'.repeat(300);
  const open = new Client(site.url);
  const made = await open.post('users/', { device_id: long, client_type: 'ios' });
  expect(made['device_id']).toBe('x'.repeat(254));
  const again = await open.post('users/', { device_id: `${long}y`, client_type: 'ios' });
  expect(again.id).toBe(made.id);
});

test('two first calls of one device at once make one user', async () => {
  const open = new Client(site.url);
  const made = await Promise.all(
    Array.from({ length: 8 }, () => open.post('users/', { device_id: 'twice', client_type: 'w' })),
  );
  expect(new Set(made.map((row) => JSON.stringify(row))).size).toBe(1);
});

test('a user without device id or client type is refused by name', async () => {
  const open = new Client(site.url);
  expect(await open.call('POST', 'users/', { client_type: 'web' })).toMatchObject({
    status: 400,
    body: { device_id: ['This field is required.'] },
  });
  expect(await open.call('POST', 'users/', { device_id: 'a' })).toMatchObject({
    status: 400,
    body: { client_type: ['This field is required.'] },
  });
});

test('a user changes a profile, also without a slash and without a token, and never gets a token by it', async () => {
  const { id, client } = await visitor(site.url, 'profile');
  const changed = {
    username: 'new-name',
    first_name: 'Grace',
    last_name: 'Hopper',
    email: 'grace@example.org',
    device_id: 'profile-2',
    client_type: 'ios',
  };
  const answer = await client.patch(`users/${id}`, changed);
  shows('PATCH users/{id}', answer, { id, ...changed });
  covers('PATCH users/{id}', ...Object.keys(changed).map((name) => `>${name}`), '=slash-less');
  expect(answer).not.toHaveProperty('token');
  expect(await client.get(`users/${id}/`)).toEqual(answer);
  covers('GET users/{id}', '=item');
  const open = await new Client(site.url).patch(`users/${id}`, { first_name: 'Anyone' });
  expect(open['first_name']).toBe('Anyone');
});

test('nobody takes over a user by changing its device id', async () => {
  const { id } = await visitor(site.url, 'mine');
  const { client } = await visitor(site.url, 'thief');
  for (const one of [client, new Client(site.url)]) {
    const refused = await one.call('PATCH', `users/${id}/`, { device_id: 'thief-2' });
    expect(refused.status).toBe(403);
  }
  expect((await visitor(site.url, 'mine')).id).toBe(id);
});

test('users are found by parts of their names', async () => {
  const open = new Client(site.url);
  const one = await open.post('users/', {
    device_id: 'find-1',
    client_type: 'web',
    username: 'zebra-rider',
    first_name: 'Zoe',
    last_name: 'Quill',
    email: 'zoe@quill.example',
  });
  const { client } = await visitor(site.url, 'find-2');
  await narrows(client, 'users', 'username', 'username=BRA-RI', [one.id]);
  await narrows(client, 'users', 'first_name', 'first_name=zoe', [one.id]);
  await narrows(client, 'users', 'last_name', 'last_name=Quil', [one.id]);
  await narrows(client, 'users', 'search_str', 'search_str=zoe%20qu', [one.id]);
  const operator = await staff(site.url, 'olga', STAFF_PASSWORD);
  await narrows(operator, 'users', 'email', 'email=quill.example', [one.id]);
  shows('GET users', (await operator.list('users/?username=zebra'))[0], {
    id: one.id,
    username: 'zebra-rider',
    first_name: 'Zoe',
    last_name: 'Quill',
    email: 'zoe@quill.example',
    device_id: 'find-1',
    client_type: 'web',
  });
});

test('others see neither the device id, which is the key to the token, nor the e-mail', async () => {
  const { id, client } = await visitor(site.url, 'secret-device');
  await client.patch(`users/${id}/`, { email: 'me@example.org' });
  const { client: other } = await visitor(site.url, 'curious');
  const seen = await other.get(`users/${id}/`);
  expect(seen).toMatchObject({ id, email: '', device_id: matching(/^[0-9a-f]{32}$/) });
  expect(await other.get(`users/${id}/`)).toEqual(seen);
  expect(await client.get(`users/${id}/`)).toMatchObject({
    device_id: 'secret-device',
    email: 'me@example.org',
  });
  const operator = await staff(site.url, 'olga', STAFF_PASSWORD);
  expect(await operator.get(`users/${id}/`)).toMatchObject({ device_id: 'secret-device' });
  covers('every call', '=others see no device ids');
  const asset = await site.store.content.assets.create({
    ...ASSET_DEFAULTS,
    projectId: (await operator.post('projects/', { name: 'P', latitude: 1, longitude: 1 })).id,
    userId: id,
    createdAtUnixMs: 0,
    updatedAtUnixMs: 0,
  });
  for (const query of ['users/?email=me@ex', 'users/?search_str=me@ex']) {
    expect(await other.ids(query), query).toEqual([]);
    for (const who of [client, operator]) expect(await who.ids(query), query).toEqual([id]);
  }
  expect(await other.ids('assets/?user_str=me@ex')).toEqual([]);
  for (const who of [client, operator]) {
    expect(await who.ids('assets/?user_str=me@ex')).toEqual([asset.id]);
  }
});

test('staff sign in for a token that ends with the password', async () => {
  const open = new Client(site.url);
  const answer = await open.post('login/', { username: 'olga', password: STAFF_PASSWORD });
  shows('POST login', answer, { token: matching(/^[0-9a-f]{40}$/) });
  const wrong = await open.call('POST', 'login/', { username: 'olga', password: 'wrong' });
  expect(wrong).toMatchObject({
    status: 400,
    body: { non_field_errors: [anyText] },
  });
  covers('POST login', '=wrong login');
  const user = await site.auth.createUser('petra', STAFF_PASSWORD, 'operator');
  const petra = await staff(site.url, 'petra', STAFF_PASSWORD);
  expect((await petra.call('POST', 'tagcategories/', { name: 'a' })).status).toBe(200);
  await site.store.users.setRole(user.id, 'viewer');
  expect((await petra.call('POST', 'tagcategories/', { name: 'b' })).status).toBe(403);
  covers('every call', '=roles are asked anew', '=403 for viewers');
  await site.auth.resetPassword(user.id, `${STAFF_PASSWORD} 2`);
  expect(await petra.call('GET', 'tagcategories/')).toMatchObject({
    status: 401,
    body: { detail: 'Invalid token.' },
  });
  covers('every call', '=a new password ends staff tokens');
});

test('a wrong password is not told from a wrong name, and leaves no login behind', async () => {
  const open = new Client(site.url);
  const body = { password: 'wrong password' };
  const [known, unknown] = [
    await open.call('POST', 'login/', { ...body, username: 'olga' }),
    await open.call('POST', 'login/', { ...body, username: 'nobody' }),
  ];
  expect(known?.body).toEqual(unknown?.body);
  await staff(site.url, 'victor', STAFF_PASSWORD);
  const logins = await site.store.control.read((db) =>
    db.selectFrom('auth_sessions').selectAll().execute(),
  );
  expect(logins).toEqual([]);
});
