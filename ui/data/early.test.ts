import { afterEach, describe, expect, it, vi } from 'vitest';
import { askEarly, takeEarly } from './early.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const answering = (text: string) => {
  const sent: string[] = [];
  vi.stubGlobal('fetch', (address: string) => {
    sent.push(address);
    return Promise.resolve(new Response(text));
  });
  return sent;
};

describe('what is asked for early', () => {
  it('is taken once, and read by who asked and by who takes', async () => {
    const sent = answering('{"id":1}');
    const copy = (await askEarly('/v1/me')).clone();
    expect(await copy.text()).toBe('{"id":1}');
    const taken = await takeEarly('/v1/me');
    expect(await taken?.text()).toBe('{"id":1}');
    expect(takeEarly('/v1/me')).toBeUndefined();
    expect(sent).toEqual(['/v1/me']);
  });

  it('is not for another path', async () => {
    answering('{}');
    await askEarly('/v1/dashboards/1');
    expect(takeEarly('/v1/dashboards/2')).toBeUndefined();
  });

  it('is not taken when it is old', async () => {
    answering('{}');
    vi.useFakeTimers({ toFake: ['performance'] });
    await askEarly('/v1/me');
    vi.advanceTimersByTime(5_001);
    expect(takeEarly('/v1/me')).toBeUndefined();
  });
});
