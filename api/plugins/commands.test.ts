import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { inventoryRows } from '../../actors/inventory/testing/rows.js';
import { SystemClock } from '../../engine/clock.js';
import { PluginCommands } from './commands.js';

type Answer = 'confirmed' | 'unanswered' | 'offline';

let home: TestHome;
beforeAll(async () => {
  home = await testHome('sqlite');
});
beforeEach(async () => {
  await home.renew();
});
afterAll(async () => {
  await home.close();
});

/** Commands to one device that answers when the test says so. */
async function bench() {
  const store = await home.open();
  const make = inventoryRows(store);
  const { deviceId } = await make.device((await make.instance()).id, 'r1');
  const state = { connected: false };
  const sent: string[] = [];
  const answers: ((answer: Answer) => void)[] = [];
  const faults: Error[] = [];
  const commands = new PluginCommands({
    clock: new SystemClock(),
    store: store.commands,
    spec: () => undefined,
    isConnected: () => state.connected,
    send: async (_, name, value) => {
      sent.push(`${name} ${String(value)}`);
      return await new Promise<Answer>((done) => answers.push(done));
    },
    onFault: (error) => faults.push(error),
  });
  const ask = (name: string, value: number) => commands.ask(deviceId, name, value, 'ada', 60_000);
  const stateOf = async (id: string): Promise<unknown> => (await store.commands.get(id))?.state;
  const answer = (what: Answer): void => answers.shift()?.(what);
  return { commands, deviceId, state, sent, faults, ask, stateOf, answer };
}

test('an older command that comes back from a lost device never overtakes a newer one', async () => {
  const { commands, deviceId, state, sent, faults, ask, stateOf, answer } = await bench();
  const older = await ask('gain', 1);
  commands.deviceIsBack(deviceId);
  await expect.poll(() => sent).toEqual(['gain 1']);
  const newer = await ask('gain', 2);
  answer('offline');
  await expect.poll(() => stateOf(older.id)).toBe('expired');
  commands.deviceIsBack(deviceId);
  await expect.poll(() => sent).toEqual(['gain 1', 'gain 2']);
  answer('confirmed');
  await expect.poll(() => stateOf(newer.id)).toBe('confirmed');
  state.connected = true;
  commands.deviceIsBack(deviceId);
  expect([sent.length, faults]).toEqual([2, []]);
});

test('what waited behind a newer value that was sent at once is not sent after it', async () => {
  const { commands, deviceId, state, sent, ask, stateOf, answer } = await bench();
  await ask('mute', 1);
  const older = await ask('gain', 1);
  state.connected = true;
  commands.deviceIsBack(deviceId);
  await expect.poll(() => sent).toEqual(['mute 1']);
  await ask('gain', 2);
  await expect.poll(() => sent).toEqual(['mute 1', 'gain 2']);
  answer('confirmed');
  await expect.poll(() => stateOf(older.id)).toBe('expired');
  expect(sent).toEqual(['mute 1', 'gain 2']);
});

test('commands whose device went away again wait before what was asked meanwhile, in their order', async () => {
  const { commands, deviceId, sent, ask, stateOf, answer } = await bench();
  const first = await ask('gain', 1);
  await ask('mute', 1);
  commands.deviceIsBack(deviceId);
  await expect.poll(() => sent).toEqual(['gain 1']);
  await ask('name', 7);
  answer('offline');
  await expect.poll(() => stateOf(first.id)).toBe('queued');
  sent.length = 0;
  await expect
    .poll(() => {
      commands.deviceIsBack(deviceId);
      return sent.length;
    })
    .toBe(1);
  for (const [i, name] of ['gain 1', 'mute 1', 'name 7'].entries()) {
    await expect.poll(() => sent[i]).toBe(name);
    answer('confirmed');
  }
});
