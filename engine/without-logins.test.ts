import { expect, test } from 'vitest';
import { withoutLogins } from './without-logins.js';

test('names and passwords leave every address of a text, and nothing else does', () => {
  expect(withoutLogins('http://me:secret@radio.example:80/a@b.mp3')).toBe(
    'http://radio.example:80/a@b.mp3',
  );
  expect(withoutLogins('no answer of icy+HTTP://x@h, nor of rtsp://a:b@c/d: ask me@here')).toBe(
    'no answer of icy+HTTP://h, nor of rtsp://c/d: ask me@here',
  );
  expect(withoutLogins('/media/a.mp3')).toBe('/media/a.mp3');
});
