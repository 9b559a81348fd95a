import { describe, expect, it } from 'vitest';
import { type CheckFinding, groupedFindings } from './checks.js';

describe('findings', () => {
  it('stand by kind, what cannot be heard first', () => {
    const one = (kind: CheckFinding['kind'], what: string): CheckFinding => ({
      kind,
      what,
      mediaId: null,
      assetIds: [],
      sizeBytes: 0,
      action: 'none',
      repair: '',
      done: null,
    });
    const groups = groupedFindings([
      one('unused-file', 'a'),
      one('missing-file', 'b'),
      one('unused-file', 'c'),
    ]);
    expect(groups.map(({ kind, list }) => [kind, list.map(({ what }) => what)])).toEqual([
      ['missing-file', ['b']],
      ['unused-file', ['a', 'c']],
    ]);
    expect(groupedFindings([])).toEqual([]);
  });
});
