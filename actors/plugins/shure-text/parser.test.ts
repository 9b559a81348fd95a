import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from './frame.js';
import { FrameParser, MAX_FRAME_BYTES, MAX_STRING_BYTES } from './parser.js';

interface Seen {
  readonly verb: string;
  readonly channel: number;
  readonly key: string;
  readonly words: readonly string[];
  readonly text: string;
}

function see(frame: Frame): Seen {
  const words: string[] = [];
  for (let i = 0; i < frame.count; i++) words.push(frame.word(i));
  return { verb: frame.verb, channel: frame.channel, key: frame.key, words, text: frame.text() };
}

function parse(
  chunks: readonly Uint8Array[],
  delimiters: 'angle' | 'star' = 'angle',
): { seen: Seen[]; parser: FrameParser } {
  const seen: Seen[] = [];
  const parser = new FrameParser(delimiters, (frame) => seen.push(see(frame)));
  for (const chunk of chunks) parser.push(chunk);
  return { seen, parser };
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Cuts at the given places, in any order. */
function cut(data: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (data.length + 1)))].sort(
    (a, b) => a - b,
  );
  const chunks: Uint8Array[] = [];
  let from = 0;
  for (const place of [...sorted, data.length]) {
    chunks.push(data.subarray(from, place));
    from = place;
  }
  return chunks;
}

describe('frames of the text protocol', () => {
  it('reads the documented kinds of frames', () => {
    const { seen, parser } = parse([
      bytes(
        '< REP 1 CHAN_NAME Pastor >< REP 1 FREQUENCY 470125 >< SAMPLE 1 ALL XB 035 098 >\r\n' +
          '< REP DEVICE_ID {Rack 1                         } >< REP ERR >< REPORT 2 AUDIO_IN_LVL_L 10272 >< SET 1 METER_RATE 00100 >',
      ),
    ]);
    expect(seen.map(({ verb, channel, key, text }) => [verb, channel, key, text])).toEqual([
      ['rep', 1, 'CHAN_NAME', 'Pastor'],
      ['rep', 1, 'FREQUENCY', '470125'],
      ['sample', 1, 'ALL', 'XB 035 098'],
      ['rep', -1, 'DEVICE_ID', 'Rack 1'],
      ['rep', -1, 'ERR', ''],
      ['report', 2, 'AUDIO_IN_LVL_L', '10272'],
      ['set', 1, 'METER_RATE', '00100'],
    ]);
    expect(parser.counts).toEqual({ frames: 7, malformed: 0, skippedBytes: 0 });
  });

  it('keeps signs that look like delimiters within braces', () => {
    const { seen } = parse([bytes('< REP 1 CHAN_NAME {A > B < C} >< REP 1 BATT_BARS 005 >')]);
    expect(seen.map((frame) => frame.text)).toEqual(['A > B < C', '005']);
  });

  it('reads a frame that comes byte by byte', () => {
    const text = '< REP 1 CHAN_NAME {Lead > Vox   } >< SAMPLE 2 ALL AB 083 000 >';
    const { seen } = parse([...text].map((char) => bytes(char)));
    expect(seen.map((frame) => frame.text)).toEqual(['Lead > Vox', 'AB 083 000']);
  });

  it('goes on with the next frame after one that was cut', () => {
    const { seen, parser } = parse([bytes('< REP 1 CHAN_N< REP 2 BATT_BARS 004 >')]);
    expect(seen.map((frame) => frame.channel)).toEqual([2]);
    expect(parser.counts.malformed).toBe(1);
  });

  it('finds the frames that a string without an end had swallowed', () => {
    const hidden = '< REP 2 BATT_BARS 004 >'.repeat(6);
    const { seen } = parse([bytes(`< REP 1 CHAN_NAME {Pas${hidden}< REP 3 BATT_BARS 001 >`)]);
    expect(seen.map((frame) => frame.channel)).toEqual([2, 2, 2, 2, 2, 2, 3]);
  });

  it('gives up a frame that is too long, and takes the next one', () => {
    const { seen, parser } = parse([
      bytes(`< REP 1 X ${'a'.repeat(MAX_FRAME_BYTES * 3)} >< REP 1 BATT_BARS 005 >`),
    ]);
    expect(seen.map((frame) => frame.key)).toEqual(['BATT_BARS']);
    expect(parser.counts.malformed).toBe(1);
  });

  it('reads UHF-R frames out of datagrams, each for itself', () => {
    const seen: Seen[] = [];
    const parser = new FrameParser('star', (frame) => seen.push(see(frame)));
    parser.push(bytes('* REPORT 1 CHAN_NAME Host A       *'));
    parser.end();
    parser.push(bytes('* SAMPLE 1 ALL AX 02'));
    parser.end();
    parser.push(bytes('* SAMPLE 1 ALL AX 020 100 4 127 *\r\n* REPORT 1 TX_BAT 4 *'));
    parser.end();
    expect(seen.map((frame) => frame.text)).toEqual(['Host A', 'AX 020 100 4 127', '4']);
    expect(parser.counts.malformed).toBe(1);
  });

  it('says no number where there is none', () => {
    const numbers: number[] = [];
    const parser = new FrameParser('angle', (frame) => {
      for (let i = 0; i < 7; i++) numbers.push(frame.integer(i));
    });
    parser.push(bytes('< REP 1 X 007 -12 +3 1.5 abc 12345678901 >'));
    expect(numbers).toEqual([7, -12, 3, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  });
});

const printable = (char: string): boolean => char >= ' ' && char <= '~';

const word = fc.string({
  unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789'),
  minLength: 1,
  maxLength: 12,
});
const key = fc
  .tuple(fc.constantFrom('A', 'TX_', 'BATT_', 'Z'), word)
  .map((parts) => parts.join(''));
const inBraces = fc
  .string({ unit: 'binary-ascii', maxLength: MAX_STRING_BYTES })
  .filter((text) => !/[{}]/.test(text) && text.trim() === text && [...text].every(printable));
const frameText = fc
  .record({
    verb: fc.constantFrom('REP', 'SAMPLE', 'GET', 'SET', 'REPORT'),
    channel: fc.option(fc.integer({ min: 0, max: 32 }), { nil: undefined }),
    key,
    values: fc.array(
      fc.oneof(
        word,
        inBraces.map((text) => `{${text}}`),
      ),
      { maxLength: 6 },
    ),
    gap: fc.constantFrom('', '\r\n', ' '),
  })
  .map(({ verb, channel, key: name, values, gap }) => {
    const words = [verb, ...(channel === undefined ? [] : [String(channel)]), name, ...values];
    return { words, values, text: `< ${words.join(' ')} >${gap}` };
  });

describe('any chunking', () => {
  it('gives the frames that were sent', () => {
    fc.assert(
      fc.property(
        fc.array(frameText, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat({ max: 4_000 }), { maxLength: 40 }),
        (frames, places) => {
          const data = bytes(frames.map((frame) => frame.text).join(''));
          const { seen, parser } = parse(cut(data, places));
          expect(seen.map((frame) => frame.words)).toEqual(
            frames.map((frame) =>
              frame.values.map((value) => value.replace(/^\{|\}$/g, '').trim()),
            ),
          );
          expect(parser.counts.malformed).toBe(0);
          expect(parser.counts.skippedBytes).toBe(0);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gives the same frames of any bytes at all', () => {
    const alphabet = fc.constantFrom(
      0x3c,
      0x3e,
      0x7b,
      0x7d,
      0x20,
      0x2a,
      0x41,
      0x31,
      0x52,
      0xff,
      0x00,
    );
    fc.assert(
      fc.property(
        fc.array(alphabet, { maxLength: 1_500 }),
        fc.array(fc.nat({ max: 1_500 }), { maxLength: 60 }),
        fc.constantFrom<'angle' | 'star'>('angle', 'star'),
        (raw, places, delimiters) => {
          const data = Uint8Array.from(raw);
          const whole = parse([data], delimiters);
          const pieces = parse(cut(data, places), delimiters);
          expect(pieces.seen).toEqual(whole.seen);
          expect(pieces.parser.counts).toEqual(whole.parser.counts);
        },
      ),
      { numRuns: 400 },
    );
  });
});
