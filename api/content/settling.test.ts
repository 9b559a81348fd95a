import { expect, test } from 'vitest';
import type { Asset } from '../../actors/content/content.types.js';
import { EngineError } from '../../engine/errors.js';
import { Settling } from './settling.js';

const asset = (ingest: Asset['ingest']) => ({ id: 7, ingest }) as Asset;
const reads = (found: Asset | undefined) => async () => await Promise.resolve(found);
const never = () => new Promise<undefined>(() => undefined);
const code = async (waits: Promise<unknown>) =>
  await waits.then(
    () => 'answered',
    (error: unknown) => EngineError.from(error).code,
  );

test('whoever waits hears of the end, and nothing of them is kept', async () => {
  const settling = new Settling(new AbortController().signal);
  const waits = settling.wait(7, reads(asset('working')), undefined);
  const also = settling.wait(7, never, undefined);
  expect(settling.size).toBe(1);
  settling.settle(asset('ready'));
  expect((await waits).ingest).toBe('ready');
  expect((await also).ingest).toBe('ready');
  expect((await settling.wait(7, reads(asset('failed')), undefined)).ingest).toBe('failed');
  expect(settling.size).toBe(0);
});

test('nobody waits for what cannot come: removed, aborted before or later, a store away, a stop', async () => {
  const stop = new AbortController();
  const settling = new Settling(stop.signal);
  expect(await code(settling.wait(7, reads(undefined), undefined))).toBe('not-found');
  expect(await code(settling.wait(7, never, AbortSignal.abort()))).toBe('call.aborted');
  const later = new AbortController();
  const waits = code(settling.wait(7, never, later.signal));
  later.abort();
  expect(await waits).toBe('call.aborted');
  const away = async () => await Promise.reject(new EngineError('store.away', 'away'));
  expect(await code(settling.wait(7, away, undefined))).toBe('store.away');
  const removed = code(settling.wait(7, reads(asset('waiting')), undefined));
  settling.gone(7);
  expect(await removed).toBe('not-found');
  const stopped = code(settling.wait(7, never, undefined));
  stop.abort();
  expect(await stopped).toBe('server.stopping');
  expect(settling.size).toBe(0);
});
