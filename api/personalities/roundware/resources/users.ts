import type { Visitor } from '../../../../actors/content/content.types.js';
import type { Condition } from '../../../../actors/content/store.types.js';
import { Answer, type Ask, type Call, needed } from '../http/ask.js';
import { blankable, text } from '../http/codecs.js';
import { input, readInputs } from '../http/inputs.js';
import { badField, denied, notFound, Refusal } from '../http/refusal.js';
import { by, conditionsOf, rowOf, shown, showOne } from '../http/resource.js';
import { isStaff, type People, type Who } from '../people.js';
import type { Services } from '../services.js';

/** Longer device ids are cut, as clients expect. */
const DEVICE_ID_CHARS = 254;

/**
 * A visitor as somebody sees it. The device id gives the token to whoever knows it, and the e-mail is nobody
 * else's business: others see a stand-in for the one and nothing for the other.
 */
export async function userOf(people: People, visitor: Visitor, who: Who): Promise<object> {
  const open = seesAll(who, visitor);
  return {
    id: visitor.id,
    username: visitor.username,
    first_name: visitor.firstName,
    last_name: visitor.lastName,
    email: open ? visitor.email : '',
    device_id:
      open || visitor.deviceId === null ? visitor.deviceId : await people.disguise(visitor.id),
    client_type: visitor.clientType,
  };
}

/** Staff, and the visitor. */
const seesAll = (who: Who, visitor: Visitor): boolean =>
  isStaff(who) || who.visitor?.id === visitor.id;

const INPUTS = {
  username: input<string>('username', text(150, 1)),
  firstName: input<string>('first_name', blankable(150), { clears: true }),
  lastName: input<string>('last_name', blankable(150), { clears: true }),
  email: input<string>('email', blankable(254), { clears: true }),
  deviceId: input<string | null>('device_id', text(4_096, 1)),
  clientType: input<string>('client_type', text(255)),
};

const plain = text(1_024);
const FILTERS = [
  by<Visitor, string>('username', plain, 'username', 'contains'),
  by<Visitor, string>('first_name', plain, 'firstName', 'contains'),
  by<Visitor, string>('last_name', plain, 'lastName', 'contains'),
  by<Visitor, string>('email', plain, 'email', 'contains'),
];

export function userCalls({ content, people, clock, login }: Services): readonly Call[] {
  const { visitors } = content;
  const show = (rows: readonly Visitor[], ask: Ask): Promise<readonly object[]> =>
    Promise.all(rows.map((row) => userOf(people, row, ask.who)));
  return [
    {
      method: 'POST',
      path: 'users',
      access: 'open',
      run: async (ask) => {
        const form = await ask.form();
        const device = needed(form, text(4_096, 1), 'device_id').slice(0, DEVICE_ID_CHARS);
        const clientType = needed(form, text(255, 1), 'client_type');
        const given = readInputs<Visitor>(form, INPUTS, false);
        const { visitor, token, isNew } = await people.ofDevice(device, {
          username: given.username ?? `${Math.floor(clock.nowMs() / 1_000)}${device.slice(-4)}`,
          firstName: given.firstName ?? '',
          lastName: given.lastName ?? '',
          email: given.email ?? '',
          clientType,
        });
        // An app says who it is at every start.
        if (!isNew) ask.unchanged();
        const { id, username, firstName, lastName, email, deviceId } = visitor;
        return {
          id,
          username,
          token,
          first_name: firstName,
          last_name: lastName,
          email,
          device_id: deviceId,
          client_type: visitor.clientType,
        };
      },
    },
    {
      method: 'GET',
      path: 'users',
      access: 'any',
      run: (ask) => {
        const where: readonly Condition<Visitor>[] = conditionsOf(ask, FILTERS);
        const part = ask.query.text('search_str')?.toLowerCase();
        const byEmail = ask.query.text('email') !== undefined;
        // What is not shown is not found by either.
        const matching = (rows: readonly Visitor[]): readonly Visitor[] =>
          rows
            .filter((row) => !byEmail || seesAll(ask.who, row))
            .filter((row) => part === undefined || hasText(row, part, seesAll(ask.who, row)));
        const pieces = shown(visitors.each({ where }), (rows) => show(matching(rows), ask));
        return Promise.resolve(new Answer({ pieces }));
      },
    },
    {
      method: 'GET',
      path: 'users/{id}',
      access: 'open',
      run: async (ask) => showOne(await rowOf(visitors, ask), (rows) => show(rows, ask)),
    },
    {
      method: 'PATCH',
      path: 'users/{id}',
      access: 'open',
      run: async (ask) => {
        const before = await rowOf(visitors, ask);
        const form = await ask.form();
        const values = readInputs<Visitor>(form, INPUTS, false);
        const deviceId = values.deviceId?.slice(0, DEVICE_ID_CHARS);
        mayChange(ask.who, before, deviceId);
        const changed = deviceId === undefined ? values : { ...values, deviceId };
        if (deviceId !== undefined && before.staffId !== null) {
          throw badField('device_id', 'A member of staff has none.');
        }
        const after = await visitors.update(before.id, changed);
        if (after === undefined) throw notFound();
        people.forget(before);
        return await showOne(after, (rows) => show(rows, ask));
      },
    },
    {
      method: 'POST',
      path: 'login',
      access: 'open',
      run: async (ask) => {
        const form = await ask.form();
        const username = needed(form, text(512), 'username');
        const password = needed(form, text(1_024), 'password');
        const agent = ask.header('user-agent') ?? '';
        const user = await login(username, password, ask.address, agent).catch(
          (thrown: unknown) => {
            throw wrongLogin(thrown);
          },
        );
        const { token } = await people.ofStaff(user);
        return { token };
      },
    },
  ];
}

/**
 * Anybody may correct a name (clients do so without a token), but the device id is the key to the token, and
 * staff are not edited from outside.
 */
function mayChange(who: Who, visitor: Visitor, deviceId: string | undefined): void {
  if (isStaff(who) || who.visitor?.id === visitor.id) return;
  if (visitor.staffId !== null) throw denied();
  if (deviceId !== undefined && deviceId !== visitor.deviceId) throw denied();
}

function hasText(row: Visitor, part: string, withEmail: boolean): boolean {
  const { username, firstName, lastName, email } = row;
  return [username, `${firstName} ${lastName}`, withEmail ? email : ''].some((text) =>
    text.toLowerCase().includes(part),
  );
}

function wrongLogin(thrown: unknown): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code !== 'auth.required') return thrown;
  return new Refusal(400, { non_field_errors: ['Unable to log in with these credentials.'] });
}
