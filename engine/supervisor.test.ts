// Over 400 lines: one supervisor, all of its promises side by side.
import { describe, expect, it, vi } from 'vitest';
import { type AnyActorLogic, assign, fromCallback, fromPromise, sendTo, setup } from 'xstate';
import { TestClock } from './clock.js';
import { EngineError, type ErrorCode } from './errors.js';
import { parseSnapshot, Supervisor } from './supervisor.js';
import type { ChildSpec, SupervisorReport } from './supervisor.types.js';

/** Waits for a condition; the limit is for a machine that is busy with other things. */
const soon = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 15_000 });

/** Counts, waits, breaks and says goodbye: one state for each thing a supervisor must cope with. */
const worker = setup({
  types: {
    input: {} as { readonly name: string },
    context: {} as { readonly name: string; readonly count: number; readonly error?: EngineError },
    events: {} as
      | { readonly type: 'count' }
      | { readonly type: 'wait' }
      | { readonly type: 'break'; readonly code: ErrorCode }
      | { readonly type: 'finish' }
      | { readonly type: 'stop'; readonly atUnixMs: number },
    output: {} as EngineError | undefined,
  },
  actions: {
    count: assign({ count: ({ context }) => context.count + 1 }),
    blame: assign({
      error: ({ event }) =>
        new EngineError(event.type === 'break' ? event.code : 'internal', `${event.type} it was`),
    }),
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({ name: input.name, count: 0 }),
  output: ({ context }) => context.error,
  initial: 'live',
  on: { count: { actions: 'count' }, break: { target: '.failed', actions: 'blame' } },
  states: {
    live: {
      initial: 'idle',
      on: { stop: 'stopped', finish: 'stopped' },
      states: {
        idle: { on: { wait: 'waiting' } },
        waiting: { after: { 60000: 'rested' } },
        rested: {},
      },
    },
    stopped: { type: 'final' },
    failed: { type: 'final' },
  },
});

function setUp(startUnixMs?: number) {
  const clock = new TestClock(startUnixMs);
  const reports: SupervisorReport[] = [];
  const changes: string[] = [];
  const edges: string[] = [];
  const supervisor = new Supervisor({
    shard: 'device-0',
    clock,
    report: (report) => reports.push(report),
    onChange: (id, edge) => (edge ? edges : changes).push(id),
  });
  return {
    clock,
    reports,
    changes,
    edges,
    supervisor,
    types: () => reports.map(({ type }) => type),
  };
}

function spec(id: string, more: Partial<ChildSpec> = {}): ChildSpec {
  return {
    id,
    kind: 'worker',
    logic: worker as AnyActorLogic,
    input: { name: id },
    restart: 'permanent',
    intensity: { max: 2, windowMs: 10_000 },
    backoffMs: (n) => n * 100,
    shutdownMs: 500,
    ...more,
  } as ChildSpec;
}

it('an idle child is listed and made when it is first asked for; one with a snapshot is made at once', () => {
  const { supervisor, clock } = setUp();
  supervisor.start(spec('idle', { idleState: 'normal' }));
  expect(supervisor.info('idle')?.state).toBe('normal');
  expect([supervisor.peek('idle'), supervisor.persisted('idle'), clock.pending]).toEqual([
    undefined,
    undefined,
    0,
  ]);
  supervisor.get('idle')?.send({ type: 'count' });
  expect(supervisor.info('idle')?.state).toBe('live.idle');
  const snapshot = parseSnapshot(supervisor.persisted('idle') ?? '');
  supervisor.start(spec('again', { idleState: 'normal', snapshot }));
  expect(supervisor.peek('again')?.getSnapshot()).toMatchObject({ context: { count: 1 } });
});

describe('a child', () => {
  it('is listed with its state, its shard and its parent', () => {
    const { supervisor, clock } = setUp();
    supervisor.start(spec('a'));
    expect(supervisor.info('a')).toEqual({
      id: 'a',
      kind: 'worker',
      shard: 'device-0',
      state: 'live.idle',
      sinceUnixMs: clock.nowMs(),
      restarts: 0,
      lastError: undefined,
      mailboxDepth: 0,
      parent: 'device-0',
    });
    clock.advance(70);
    supervisor.get('a')?.send({ type: 'wait' });
    expect(supervisor.info('a')).toMatchObject({
      state: 'live.waiting',
      sinceUnixMs: clock.nowMs(),
    });
    expect([...supervisor.list()].map(({ id }) => id)).toEqual(['a']);
    expect(supervisor.info('b')).toBeUndefined();
  });

  it('has an id of its own', () => {
    const { supervisor } = setUp();
    supervisor.start(spec('a'));
    expect(() => supervisor.start(spec('a'))).toThrow(/already supervised/);
  });

  it('keeps the time of a state when only its context changes', () => {
    const { supervisor, clock, edges } = setUp();
    supervisor.start(spec('a'));
    const { sinceUnixMs } = supervisor.info('a') ?? {};
    clock.advance(1_000);
    edges.length = 0;
    supervisor.get('a')?.send({ type: 'count' });
    expect(edges).toEqual(['a']);
    expect(supervisor.info('a')?.sinceUnixMs).toBe(sinceUnixMs);
    edges.length = 0;
    supervisor.get('a')?.send({ type: 'unheard of' });
    expect(edges).toEqual([]);
  });

  it('tells what is worth storing from what is only worth showing', async () => {
    const { supervisor, changes, edges } = setUp();
    supervisor.start(spec('a'));
    expect([edges, changes]).toEqual([['a'], []]);
    const snapshot = parseSnapshot(supervisor.persisted('a') ?? '');
    supervisor.start(spec('b', { snapshot }));
    expect([edges, changes]).toEqual([['a'], ['b']]);
    await supervisor.park('a');
    expect(edges).toEqual(['a']);
    expect(changes).toContain('a');
  });
});

describe('a failure', () => {
  it('restarts the child after its backoff', () => {
    const { supervisor, clock, reports } = setUp();
    supervisor.start(spec('a'));
    supervisor.get('a')?.send({ type: 'break', code: 'device.unreachable' });
    expect(supervisor.info('a')).toMatchObject({ state: 'restarting', lastError: 'break it was' });
    expect(supervisor.get('a')).toBeUndefined();
    clock.advance(99);
    expect(supervisor.info('a')?.state).toBe('restarting');
    clock.advance(1);
    expect(supervisor.info('a')).toMatchObject({ state: 'live.idle', restarts: 1 });
    expect(reports).toMatchObject([
      { type: 'child.started', restarts: 0 },
      { type: 'child.restarting', afterMs: 100, error: { code: 'device.unreachable' } },
      { type: 'child.started', restarts: 1 },
    ]);
  });

  it('beyond the intensity parks it, and a hand brings it back with a clean record', async () => {
    const { supervisor, clock, types } = setUp();
    supervisor.start(spec('a'));
    for (let n = 0; n < 3; n += 1) {
      supervisor.get('a')?.send({ type: 'break', code: 'device.unreachable' });
      clock.advance(1_000);
    }
    expect(supervisor.info('a')).toMatchObject({ state: 'parked', restarts: 2 });
    expect(types().at(-1)).toBe('child.parked');
    clock.advance(100_000);
    expect(supervisor.info('a')?.state).toBe('parked');
    expect(await supervisor.restart('a')).toBe(true);
    supervisor.get('a')?.send({ type: 'break', code: 'device.unreachable' });
    expect(supervisor.info('a')?.state).toBe('restarting');
  });

  it('spread over more than the window never parks', () => {
    const { supervisor, clock } = setUp();
    supervisor.start(spec('a'));
    for (let n = 0; n < 20; n += 1) {
      supervisor.get('a')?.send({ type: 'break', code: 'device.unreachable' });
      clock.advance(6_000);
    }
    expect(supervisor.info('a')).toMatchObject({ state: 'live.idle', restarts: 20 });
  });

  it('that only an operator can mend parks at once, as does any of a temporary child', () => {
    const { supervisor } = setUp();
    supervisor.start(spec('a'));
    supervisor.start(spec('b', { restart: 'temporary' }));
    supervisor.get('a')?.send({ type: 'break', code: 'device.refused' });
    supervisor.get('b')?.send({ type: 'break', code: 'device.unreachable' });
    expect(supervisor.info('a')?.state).toBe('parked');
    expect(supervisor.info('b')?.state).toBe('parked');
  });

  it('at the very start counts as any other', () => {
    const { supervisor, clock } = setUp();
    const broken = fromCallback(() => {
      throw new Error('not wired');
    });
    supervisor.start(spec('a', { logic: broken as AnyActorLogic }));
    expect(supervisor.info('a')).toMatchObject({ state: 'restarting', lastError: 'not wired' });
    clock.advance(1_000);
    clock.advance(1_000);
    expect(supervisor.info('a')?.state).toBe('parked');
  });

  // XState keeps invoked children alive when an action throws; each restart would open one more socket.
  it('takes what the child had invoked along', () => {
    const { supervisor } = setUp();
    let open = 0;
    const leaky = setup({
      types: { events: {} as { readonly type: 'trip' } },
      actors: {
        socket: fromCallback(() => {
          open += 1;
          return () => {
            open -= 1;
          };
        }),
      },
      actions: {
        trip: () => {
          throw new Error('tripped');
        },
      },
    }).createMachine({ invoke: { src: 'socket' }, on: { trip: { actions: 'trip' } } });
    supervisor.start(spec('a', { logic: leaky as AnyActorLogic, input: undefined }));
    expect(open).toBe(1);
    supervisor.get('a')?.send({ type: 'trip' });
    expect(supervisor.info('a')).toMatchObject({ state: 'restarting', lastError: 'tripped' });
    expect(open).toBe(0);
  });

  it('of a promise that rejects is seen too', async () => {
    const { supervisor } = setUp();
    const logic = fromPromise(() => Promise.reject(new Error('gone')));
    supervisor.start(spec('a', { logic: logic as AnyActorLogic }));
    await soon(() => expect(supervisor.info('a')?.state).toBe('restarting'));
  });
});

describe('an end without a failure', () => {
  it('is the end of a transient child and a failure of a permanent one', () => {
    const { supervisor, types } = setUp();
    supervisor.start(spec('a', { restart: 'transient' }));
    supervisor.start(spec('b'));
    supervisor.get('a')?.send({ type: 'finish' });
    supervisor.get('b')?.send({ type: 'finish' });
    expect(supervisor.info('a')).toBeUndefined();
    expect(supervisor.info('b')?.state).toBe('restarting');
    expect(types()).toEqual([
      'child.started',
      'child.started',
      'child.stopped',
      'child.restarting',
    ]);
  });
});

describe('by hand', () => {
  it('a stopped child is gone, a parked one stays and goes on from where it was', async () => {
    const { supervisor } = setUp();
    supervisor.start(spec('a'));
    supervisor.start(spec('b'));
    supervisor.get('b')?.send({ type: 'count' });
    expect(await supervisor.stop('a')).toBe(true);
    expect(await supervisor.stop('a')).toBe(false);
    expect(supervisor.info('a')).toBeUndefined();
    expect(await supervisor.park('b')).toBe(true);
    expect(await supervisor.park('b')).toBe(true);
    expect(supervisor.info('b')?.state).toBe('parked');
    expect(await supervisor.restart('b')).toBe(true);
    expect(supervisor.get('b')?.getSnapshot()).toMatchObject({ context: { count: 1 } });
    for (const act of ['park', 'restart', 'stop'] as const) {
      expect(await supervisor[act]('nobody')).toBe(false);
    }
  });

  it('a permanent child that an operator stops stays listed and can be brought back', async () => {
    const { supervisor } = setUp();
    supervisor.start(spec('a', { restart: 'permanent' }));
    supervisor.start(spec('b', { restart: 'transient' }));
    supervisor.get('a')?.send({ type: 'count' });
    expect(await supervisor.stopByHand('a')).toBe(true);
    expect(await supervisor.stopByHand('b')).toBe(true);
    expect(supervisor.info('a')?.state).toBe('stopped');
    expect(supervisor.get('a')).toBeUndefined();
    expect(supervisor.info('b')).toBeUndefined();
    expect(await supervisor.restart('a')).toBe(true);
    expect(supervisor.get('a')?.getSnapshot()).toMatchObject({ context: { count: 1 } });
  });

  it('two restarts at once leave one actor in charge and none beside it', async () => {
    const { supervisor } = setUp();
    supervisor.start(spec('a'));
    await Promise.all([supervisor.restart('a'), supervisor.restart('a')]);
    const actor = supervisor.get('a');
    expect(actor?.getSnapshot()).toMatchObject({ status: 'active' });
    await supervisor.stop('a');
    expect(actor?.getSnapshot()).not.toMatchObject({ status: 'active' });
  });

  it('a child that waits for its restart can be stopped, and no timer stays', async () => {
    const { supervisor, clock } = setUp();
    supervisor.start(spec('a'));
    supervisor.get('a')?.send({ type: 'break', code: 'device.unreachable' });
    await supervisor.stop('a');
    expect(clock.pending).toBe(0);
    expect(supervisor.size).toBe(0);
  });
});

describe('stopping all', () => {
  it('goes in reverse order and waits for each goodbye', async () => {
    const { supervisor, reports } = setUp();
    for (const id of ['a', 'b', 'c']) supervisor.start(spec(id));
    await supervisor.stopAll();
    const stopped = reports.filter(({ type }) => type === 'child.stopped').map(({ id }) => id);
    expect(stopped).toEqual(['c', 'b', 'a']);
    expect(supervisor.size).toBe(0);
  });

  it('waits for the later kind before an earlier one, and not for neighbours of one kind', async () => {
    const { supervisor, clock, reports } = setUp();
    const slow = setup({
      types: { events: {} as { readonly type: 'stop'; readonly atUnixMs: number } },
    }).createMachine({
      initial: 'live',
      states: {
        live: { on: { stop: 'leaving' } },
        leaving: { after: { 100: 'left' } },
        left: { type: 'final' },
      },
    });
    const logic = slow as AnyActorLogic;
    supervisor.start(spec('a'));
    supervisor.start(spec('b', { kind: 'slow', logic, input: undefined }));
    supervisor.start(spec('c', { kind: 'slow', logic, input: undefined }));
    const done = supervisor.stopAll();
    await Promise.resolve();
    expect([...supervisor.list()].map(({ state }) => state)).toEqual([
      'live.idle',
      'stopping',
      'stopping',
    ]);
    clock.advance(100);
    await done;
    const stopped = reports.filter(({ type }) => type === 'child.stopped').map(({ id }) => id);
    expect(stopped).toEqual(['c', 'b', 'a']);
    expect(reports.some(({ type }) => type === 'child.abandoned')).toBe(false);
  });

  it('abandons a child whose goodbye takes longer than its limit, and says so', async () => {
    const { supervisor, clock, reports } = setUp();
    const clinging = setup({
      types: { events: {} as { readonly type: 'stop'; readonly atUnixMs: number } },
    }).createMachine({
      initial: 'live',
      states: { live: { on: { stop: 'leaving' } }, leaving: {} },
    });
    supervisor.start(spec('a'));
    supervisor.start(spec('b', { logic: clinging as AnyActorLogic, input: undefined }));
    const done = supervisor.stopAll();
    await Promise.resolve();
    expect(supervisor.info('b')?.state).toBe('stopping');
    clock.advance(500);
    await done;
    expect(reports).toContainEqual({ type: 'child.abandoned', id: 'b', afterMs: 500 });
    expect(supervisor.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
});

describe('a snapshot', () => {
  it('brings a child back in its state, with what is left of its timers', () => {
    // XState stamps its timers with the machine's own time.
    const before = setUp(Date.now());
    before.supervisor.start(spec('a'));
    before.supervisor.get('a')?.send({ type: 'count' });
    before.supervisor.get('a')?.send({ type: 'wait' });
    const stored = before.supervisor.persisted('a') ?? '';

    const after = setUp(before.clock.nowMs() + 40_000);
    after.supervisor.start(spec('a', { snapshot: parseSnapshot(stored) }));
    expect(after.supervisor.info('a')?.state).toBe('live.waiting');
    after.clock.advance(19_000);
    expect(after.supervisor.info('a')?.state).toBe('live.waiting');
    after.clock.advance(2_000);
    expect(after.supervisor.info('a')?.state).toBe('live.rested');
    expect(after.supervisor.get('a')?.getSnapshot()).toMatchObject({ context: { count: 1 } });
  });

  it('that no longer fits the machine costs one restart, not the child', () => {
    const { supervisor, clock } = setUp();
    const snapshot = parseSnapshot('{"status":"active","value":"gone","context":{},"children":{}}');
    supervisor.start(spec('a', { snapshot }));
    clock.advance(100);
    expect(supervisor.info('a')).toMatchObject({ state: 'live.idle', restarts: 1 });
  });

  it('that is not one is none', () => {
    for (const text of ['', '{', 'null', '7', '{}']) expect(parseSnapshot(text)).toBeUndefined();
  });
});

describe('the mailbox', () => {
  // Guards the look into XState's mailbox: an update that moves it makes this fail, not the inspector lie.
  it('shows what a child was sent while it was busy', () => {
    const { supervisor } = setUp();
    const depths: (number | undefined)[] = [];
    const busy = setup({
      types: { events: {} as { readonly type: 'go' | 'later' } },
      actors: {
        look: fromCallback(() => {
          depths.push(supervisor.info('a')?.mailboxDepth);
        }),
      },
    }).createMachine({
      initial: 'idle',
      states: {
        idle: {
          on: {
            go: {
              target: 'looking',
              actions: [
                sendTo(({ self }) => self, { type: 'later' }),
                sendTo(({ self }) => self, { type: 'later' }),
              ],
            },
          },
        },
        looking: { invoke: { src: 'look' } },
      },
    });
    supervisor.start(spec('a', { logic: busy as AnyActorLogic, input: undefined }));
    supervisor.get('a')?.send({ type: 'go' });
    expect(depths).toEqual([3]);
    expect(supervisor.info('a')?.mailboxDepth).toBe(0);
  });
});
