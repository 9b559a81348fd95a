import { expect, it } from 'vitest';
import { inlineMarks } from './inline-marks.js';

it('strong words and code of a note are pieces of their own', () => {
  expect(inlineMarks('**Rules** over `a/b`, 2 * 3')).toEqual([
    { kind: 'strong', text: 'Rules' },
    { kind: 'plain', text: ' over ' },
    { kind: 'code', text: 'a/b' },
    { kind: 'plain', text: ', 2 * 3' },
  ]);
  expect(inlineMarks('**open')).toEqual([{ kind: 'plain', text: '**open' }]);
});
