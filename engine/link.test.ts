import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TestClock } from './clock.js';
import { EngineError } from './errors.js';
import { createLink, type LinkOptions, moving } from './link.js';
import type { Link } from './link.types.js';

/** Waits for a condition; the limit is for a machine that is busy with other things. */
const soon = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 15_000 });

interface Near {
  readonly requests: {
    add: { readonly params: { readonly a: number; readonly b: number }; readonly result: number };
    echo: { readonly params: unknown; readonly result: unknown };
    slow: { readonly params: null; readonly result: string };
    buffer: { readonly params: number; readonly result: ArrayBuffer };
  };
  readonly posts: { note: number; bytes: ArrayBuffer };
  readonly streams: { count: { readonly params: number; readonly item: number } };
}

interface Far {
  readonly requests: Record<string, never>;
  readonly posts: { note: number };
  readonly streams: Record<string, never>;
}

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function pair(options: LinkOptions = {}): { near: Link<Near, Far>; far: Link<Far, Near> } {
  const { port1, port2 } = new MessageChannel();
  ends.push(() => {
    port1.close();
    port2.close();
  });
  return {
    near: createLink<Near, Far>(port1, { name: 'far', ...options }),
    far: createLink<Far, Near>(port2, { name: 'near', ...options }),
  };
}

const over = (): EngineError => new EngineError('server.stopping', 'over');

describe('a call', () => {
  it.each([0, false, '', null, undefined, [], Number.NaN])(
    'brings %j back as it is',
    async (value) => {
      const { near, far } = pair();
      far.handle('echo', (params) => params);
      expect(await near.call('echo', value)).toEqual(value);
    },
  );

  it('answers what a handler threw at once, and what it rejected with later', async () => {
    const { near, far } = pair();
    far.handle('add', () => {
      throw new EngineError('input.invalid', 'a is missing', { context: { field: 'a' } });
    });
    far.handle('echo', () => Promise.reject(new TypeError('no')));
    await expect(near.call('add', { a: 1, b: 2 })).rejects.toMatchObject({
      code: 'input.invalid',
      message: 'a is missing',
      context: { field: 'a' },
    });
    await expect(near.call('echo', 1)).rejects.toMatchObject({ code: 'internal', message: 'no' });
  });

  it('carries an error whose facts cannot be cloned', async () => {
    const { near, far } = pair();
    far.handle('echo', () => {
      throw new EngineError('conflict', 'taken', { context: { by: () => 1 } });
    });
    await expect(near.call('echo', 1)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('is refused when nobody handles it, and when its parameters or its result cannot cross', async () => {
    const { near, far } = pair();
    await expect(near.call('echo', 1)).rejects.toMatchObject({ code: 'not-found' });
    far.handle('echo', () => () => 1);
    await expect(near.call('echo', 1)).rejects.toMatchObject({ code: 'internal' });
    await expect(near.call('echo', () => 1)).rejects.toMatchObject({ code: 'internal' });
    far.handle('add', ({ a, b }) => a + b);
    expect(await near.call('add', { a: 2, b: -2 })).toBe(0);
  });

  it('gives up at its deadline, tells the other side, and ignores the late answer', async () => {
    const clock = new TestClock();
    const { near, far } = pair({ clock });
    const cancelled = withResolvers<unknown>();
    const started = withResolvers<undefined>();
    far.handle('slow', (_, signal) => {
      started.resolve(undefined);
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          cancelled.resolve(signal.reason);
          resolve('late');
        });
      });
    });
    const call = near.call('slow', null, { deadlineMs: 50 });
    await started.promise;
    clock.advance(50);
    await expect(call).rejects.toMatchObject({
      code: 'link.deadline',
      message: 'far gave no answer to slow in 50 ms',
    });
    expect(await cancelled.promise).toMatchObject({ code: 'call.aborted' });
    far.handle('add', ({ a, b }) => a + b);
    expect(await near.call('add', { a: 1, b: 1 })).toBe(2);
    near.close(over());
    expect(clock.pending).toBe(0);
  });

  it('gives up when its signal fires, before or after it was sent', async () => {
    const { near, far } = pair();
    far.handle('slow', () => new Promise(() => {}));
    const abort = new AbortController();
    const call = near.call('slow', null, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'call.aborted' });
    await expect(near.call('slow', null, { signal: abort.signal })).rejects.toMatchObject({
      code: 'call.aborted',
    });
  });

  it('is refused above the bound of calls in flight', async () => {
    const { near, far } = pair({ maxCalls: 2 });
    far.handle('slow', () => new Promise(() => {}));
    const first = near.call('slow', null);
    const second = near.call('slow', null);
    await expect(near.call('slow', null)).rejects.toMatchObject({ code: 'link.full' });
    near.close(over());
    await expect(first).rejects.toMatchObject({ code: 'server.stopping' });
    await expect(second).rejects.toMatchObject({ code: 'server.stopping' });
  });

  it('moves buffers both ways', async () => {
    const { near, far } = pair();
    far.handle('buffer', (sizeBytes) => {
      const buffer = new ArrayBuffer(sizeBytes);
      return moving(buffer, [buffer]);
    });
    expect((await near.call('buffer', 64)).byteLength).toBe(64);
    const heard = withResolvers<number>();
    far.on('bytes', (buffer) => heard.resolve(buffer.byteLength));
    const mine = new ArrayBuffer(16);
    expect(near.post('bytes', mine, [mine])).toBe(true);
    expect(mine.byteLength).toBe(0);
    expect(await heard.promise).toBe(16);
  });
});

describe('posts', () => {
  it('are refused above their bound until the other side took some, and none is lost', async () => {
    const { near, far } = pair({ maxPosts: 8 });
    const heard: number[] = [];
    far.on('note', (n) => heard.push(n));
    const sent: number[] = [];
    for (let n = 0; n < 20; n += 1) if (near.post('note', n)) sent.push(n);
    expect(sent).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(near.inFlight).toBe(8);
    await soon(() => expect(near.inFlight).toBe(0));
    expect(near.post('note', 99)).toBe(true);
    await soon(() => expect(heard).toEqual([...sent, 99]));
  });

  it('that nobody listens to are taken all the same', async () => {
    const { near } = pair();
    near.post('note', 1);
    await soon(() => expect(near.inFlight).toBe(0));
  });

  it('whose listener throws are reported and counted, and the next ones arrive', async () => {
    const faults: string[] = [];
    const { near, far } = pair({ onFault: (error) => faults.push(error.message) });
    const heard: number[] = [];
    far.on('note', (n) => {
      if (n === 1) throw new Error('bad note');
      heard.push(n);
    });
    for (const n of [0, 1, 2]) near.post('note', n);
    await soon(() => expect(heard).toEqual([0, 2]));
    expect(faults).toEqual(['bad note']);
    await soon(() => expect(near.inFlight).toBe(0));
  });
});

describe('a stream', () => {
  it('brings all items and its error', async () => {
    const { near, far } = pair();
    far.handleStream('count', async function* (to) {
      for (let n = 0; n < to; n += 1) yield n;
      if (to > 100) throw new EngineError('store.away', 'no more');
    });
    const items: number[] = [];
    for await (const n of near.stream('count', 100)) items.push(n);
    expect(items).toEqual(Array.from({ length: 100 }, (_, n) => n));
    const got: number[] = [];
    await expect(
      (async () => {
        for await (const n of near.stream('count', 101)) got.push(n);
      })(),
    ).rejects.toMatchObject({ code: 'store.away' });
    expect(got).toHaveLength(101);
  });

  it('is produced no further than it is consumed, and ends at its source when the consumer leaves', async () => {
    const { near, far } = pair();
    let produced = 0;
    const ended = withResolvers<boolean>();
    far.handleStream('count', async function* (_, signal) {
      try {
        for (;;) yield produced++;
      } finally {
        ended.resolve(signal.aborted);
      }
    });
    const heard = withResolvers<undefined>();
    near.on('note', () => heard.resolve(undefined));
    for await (const n of near.stream('count', 0)) {
      if (n < 3) continue;
      far.post('note', 1);
      await heard.promise;
      break;
    }
    expect(await ended.promise).toBe(true);
    expect(produced).toBeLessThanOrEqual(40);
  });

  it('fails when the link closes, when nobody produces it, and when an item does not come in time', async () => {
    const clock = new TestClock();
    const { near, far } = pair({ clock });
    const first = async (options = {}): Promise<unknown> => {
      for await (const n of near.stream('count', 1, options)) return n;
      return undefined;
    };
    await expect(first()).rejects.toMatchObject({ code: 'not-found' });
    const opened = withResolvers<undefined>();
    far.handleStream('count', async function* (_, signal) {
      opened.resolve(undefined);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      yield 1;
    });
    const late = first({ deadlineMs: 10 });
    await opened.promise;
    clock.advance(10);
    await expect(late).rejects.toMatchObject({ code: 'link.deadline' });
    const cut = first();
    far.close(over());
    await expect(cut).rejects.toMatchObject({ code: 'server.stopping' });
  });
});

describe('a closed link', () => {
  it('settles everything on both sides and refuses more', async () => {
    const { near, far } = pair();
    const aborted = withResolvers<unknown>();
    far.handle('slow', (_, signal) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason));
      return new Promise(() => {});
    });
    const call = near.call('slow', null);
    await soon(() => expect(far.closed).toBeUndefined());
    far.handle('add', ({ a, b }) => a + b);
    await near.call('add', { a: 1, b: 1 });
    near.close(over());
    near.close(new EngineError('internal', 'a second close says nothing'));
    await expect(call).rejects.toMatchObject({ code: 'server.stopping' });
    expect(await aborted.promise).toMatchObject({ code: 'server.stopping' });
    expect(near.closed?.code).toBe('server.stopping');
    expect(far.closed?.code).toBe('server.stopping');
    expect(near.post('note', 1)).toBe(false);
    await expect(near.call('echo', 1)).rejects.toMatchObject({ code: 'server.stopping' });
  });

  it('closes when the port of the other side goes', async () => {
    const { port1, port2 } = new MessageChannel();
    const near = createLink<Near, Far>(port1);
    const call = near.call('slow', null);
    port2.close();
    await expect(call).rejects.toMatchObject({ code: 'link.closed' });
  });

  it('takes one handler a method', () => {
    const { far } = pair();
    far.handle('echo', () => 1);
    expect(() => far.handle('echo', () => 2)).toThrow(/already/);
  });
});

describe('any interleaving', () => {
  const step = fc.record({
    style: fc.constantFrom('now', 'later', 'throw', 'never'),
    before: fc.nat(3),
    after: fc.nat(3),
    mine: fc.nat(3),
    turns: fc.nat(3),
  });

  it('keeps the order of posts and answers and settles every call', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { near, far } = pair({ maxPosts: 4_096 });
        let said = 0;
        const heardHere: number[] = [];
        const heardThere: number[] = [];
        near.on('note', (n) => heardHere.push(n));
        far.on('note', (n) => heardThere.push(n));
        const say = (times: number): void => {
          for (let i = 0; i < times; i += 1) far.post('note', said++);
        };
        far.handle('echo', (index) => {
          const plan = steps[index as number];
          if (plan === undefined) return undefined;
          say(plan.before);
          queueMicrotask(() => say(plan.after));
          switch (plan.style) {
            case 'now':
              return said++;
            case 'throw':
              throw new EngineError('conflict', String(index));
            case 'never':
              return new Promise(() => {});
            case 'later':
              return new Promise((resolve) => setImmediate(() => resolve(-1)));
          }
        });
        let posted = 0;
        const settled: Promise<string>[] = [];
        for (const [index, plan] of steps.entries()) {
          for (let i = 0; i < plan.mine; i += 1) near.post('note', posted++);
          settled.push(
            near.call('echo', index).then(
              (value) => {
                if (plan.style === 'now') heardHere.push(value as number);
                return plan.style === 'later' && value !== -1 ? 'wrong' : plan.style;
              },
              (error: unknown) => (error instanceof EngineError ? error.code : 'unknown'),
            ),
          );
          for (let i = 0; i < plan.turns; i += 1) await new Promise(setImmediate);
        }
        await soon(() => {
          expect(heardThere).toHaveLength(posted);
          expect(heardHere).toHaveLength(said);
        });
        const last = near.call('echo', -1);
        await last;
        far.close(over());
        const outcomes = await Promise.all(settled);
        expect(heardThere).toEqual(Array.from({ length: posted }, (_, n) => n));
        expect(heardHere).toEqual(Array.from({ length: said }, (_, n) => n));
        const wanted = { now: ['now'], throw: ['conflict'], never: ['server.stopping'] };
        for (const [index, plan] of steps.entries()) {
          const allowed =
            plan.style === 'later' ? ['later', 'server.stopping'] : wanted[plan.style];
          expect(allowed).toContain(outcomes[index]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

interface Resolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function withResolvers<T>(): Resolvers<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
