import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListenerState } from '../ports.js';
import { bigProject } from '../testing/big-project.js';
import { assetOf, listenerOf, projectOf, settingsOf } from '../testing/definitions.js';
import { NaivePlaylist } from '../testing/naive-playlist.js';
import { Nearness } from './nearness.js';
import { AssetPool } from './pool.js';

describe('a pool of many assets', () => {
  const metres = fc.nat(3_000).map((whole) => whole + 0.37);
  const ears = fc.record({
    profile: fc.constantFrom('native' as const, 'roundware' as const),
    headingDeg: fc.option(fc.integer({ min: -360, max: 720 }), { nil: undefined }),
    headingWidthDeg: fc.option(fc.nat(400), { nil: undefined }),
    rangeMinM: fc.option(metres, { nil: undefined }),
    rangeMaxM: fc.option(metres, { nil: undefined }),
  });

  it.each([400, 3_000, 40_000])('finds what is near, %i m wide', (sideM) => {
    const big = bigProject({ assets: 2_000, speakers: 0, sideM });
    const pool = new AssetPool(big.definition.settings);
    pool.change({ projectId: 1, reset: true, put: big.assets, removed: [] });
    fc.assert(
      fc.property(ears, (part) => {
        const listener: ListenerState = listenerOf({ ...part, position: big.place() });
        const naive = new NaivePlaylist(1, big.definition, listener);
        const found: number[] = [];
        pool.eachNear(new Nearness(big.definition.settings, listener), ({ id }) => {
          found.push(id);
        });
        const wanted = big.assets.filter((asset) => naive.near(asset)).map(({ id }) => id);
        expect(found.sort((a, b) => a - b)).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps its playing order through edits', () => {
    const edit = fc.record({ id: fc.nat(60), weight: fc.nat(3), gone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.array(edit, { maxLength: 6 }), { maxLength: 12 }), (edits) => {
        const pool = new AssetPool(settingsOf({ ordering: 'by_weight' }));
        const kept = new Map<number, number>();
        for (const batch of edits) {
          const put = batch.filter(({ gone }) => !gone);
          const removed = batch.filter(({ gone }) => gone).map(({ id }) => id);
          pool.change({
            projectId: 1,
            reset: false,
            put: put.map(({ id, weight }) => assetOf({ id, weight })),
            removed,
          });
          for (const id of removed) kept.delete(id);
          for (const { id, weight } of put) kept.set(id, weight);
          const order = [...kept].sort(([a, x], [b, y]) => y - x || b - a).map(([id]) => id);
          const listener = listenerOf({ geoListen: false });
          expect(pool.chosen(listener, []).map(({ id }) => id)).toEqual(order);
        }
      }),
    );
  });

  it('shares the answer of equal choices, and forgets those asked for longest ago', () => {
    const pool = new AssetPool(projectOf().settings);
    const choose = (tagIds: number[]) => pool.selection(listenerOf({ tagIds }), []);
    const first = choose([1, 2]);
    expect(choose([2, 1, 1])).toBe(first);
    expect(choose([2])).not.toBe(first);
    for (let tag = 100; tag < 170; tag++) choose([tag]);
    expect(choose([1, 2])).not.toBe(first);
  });
});
