import { describe, expect, it } from 'vitest';
import { Patches } from './patches.js';

interface Wish {
  readonly place?: number;
  readonly tags?: readonly number[];
}

describe('parts of a wish', () => {
  it('are sent one at a time, the newest of each part', async () => {
    const sent: Partial<Wish>[] = [];
    let release: () => void = () => undefined;
    const patches = new Patches<Wish>(0, async (part) => {
      sent.push(part);
      if (sent.length === 1) await new Promise<void>((resolve) => (release = resolve));
    });
    patches.push({ place: 1 });
    patches.push({ place: 2 });
    patches.push({ tags: [4] });
    patches.push({ place: 3 });
    expect(sent).toEqual([{ place: 1 }]);
    release();
    await expect.poll(() => sent).toEqual([{ place: 1 }, { place: 3, tags: [4] }]);
  });

  it('wait after a failure and go out with what was chosen since', async () => {
    const sent: Partial<Wish>[] = [];
    let away = true;
    let failed = 0;
    const patches = new Patches<Wish>(0, async (part) => {
      if (away) {
        failed += 1;
        throw new Error('away');
      }
      sent.push(part);
    });
    patches.push({ place: 1, tags: [1] });
    await expect.poll(() => failed).toBe(1);
    away = false;
    patches.push({ place: 2 });
    await expect.poll(() => sent).toEqual([{ place: 2, tags: [1] }]);
  });

  it('are forgotten when the whole wish was sent otherwise', async () => {
    let failed = 0;
    const patches = new Patches<Wish>(0, async () => {
      failed += 1;
      throw new Error('away');
    });
    patches.push({ place: 1 });
    await expect.poll(() => failed).toBe(1);
    patches.clear();
    patches.flush();
    await Promise.resolve();
    expect(failed).toBe(1);
  });
});
