import { describe, expect, test } from 'vitest';
import { blocksOf, piecesOf } from './rich-text.js';

describe('text of a widget', () => {
  test('has headings, lists and paragraphs', () => {
    expect(blocksOf('# Stage\nTwo lines\nin one.\n\n- a\n- b').map(({ kind }) => kind)).toEqual([
      'heading',
      'paragraph',
      'list',
    ]);
  });

  test('has bold, italic, code and links', () => {
    expect(piecesOf('a **b** *c* `d` [e](/devices)').map(({ kind }) => kind)).toEqual([
      'text',
      'bold',
      'text',
      'italic',
      'text',
      'code',
      'text',
      'link',
    ]);
  });

  test.each([
    '[x](javascript:alert(1))',
    '[x](JavaScript:alert)',
    '[x](data:text/html,<b>)',
    '[x](//elsewhere.example)',
    '[x](/\\elsewhere.example)',
    '<img src=x onerror=alert(1)>',
  ])('keeps what could harm as the text that it is: %s', (text) => {
    const pieces = piecesOf(text);
    expect(pieces.every(({ kind }) => kind === 'text')).toBe(true);
    expect(pieces.map((piece) => piece.text).join('')).toBe(text);
  });
});
