import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import { readAnnouncement } from './announcements.js';
import { OrderBook } from './commands.js';
import { FAMILIES, FAMILY_IDS } from './families.js';
import { FIELDS, type FieldId, type FieldSink } from './fields.js';
import type { Frame } from './frame.js';
import { IdentityFacts } from './identity.js';
import { FrameParser } from './parser.js';
import { DEVICE_RULES } from './rules.js';
import { tellSample } from './testing/samples.js';

const CASES = 1_000_000;
/** A sane parser needs seconds; a machine that is busy may need much longer. */
const TIMEOUT_MS = 600_000;

const TEMPLATES = {
  angle: [
    '< SAMPLE 1 ALL XB 035 098 >',
    '< SAMPLE 2 ALL 255 000 005 033 XX 00 011 00 012 >',
    '< SAMPLE 1 ALL 102 102 086 >',
    '< REP 1 CHAN_NAME {Lead > Vox                     } >',
    '< REP 1 FREQUENCY 0470125 >',
    '< REP 1 GROUP_CHANNEL {02,07     } >',
    '< REP 3 TX_BATT_BARS 005 >< REP 3 BATT_RUN_TIME 00201 >',
    '< REP 4 TX_PWR_LOCK ON >< REP 4 AUDIO_GAIN 030 >',
    '< REP NET_SETTINGS SC AUTO 10.0.0.1 255.0.0.0 10.0.0.2 00:0E:DD:11:22:33 >',
    '< REP FW_VER {2.4.9.0*                } >',
    '< REPORT 1 AUDIO_IN_LVL_L 0010272 >\r\n',
    '< REP 7 BATT_TIME_TO_FULL 65534 >< REP 7 BATT_STATE ERROR >',
    '< REP ERR >',
  ],
  star: [
    '* SAMPLE 1 ALL AX 020 100 4 127 *',
    '* REPORT 1 CHAN_NAME Host A       *',
    '* REPORT 2 TX_BAT U ** REPORT 2 GROUP_CHAN 01,05 *',
  ],
} as const;
const SIGNS = [0x3c, 0x3e, 0x7b, 0x7d, 0x2a, 0x20, 0x00, 0xff, 0x0d, 0x30, 0x39, 0x2d];

/** xorshift32: the same cases every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Every reader must only ever tell what its parameter's declaration allows. */
class StrictSink implements FieldSink {
  told = 0;
  refused = 0;
  wrong: string | undefined;

  value(_part: number, field: FieldId, value: number | string | boolean | null): void {
    this.told += 1;
    if (value === null) return;
    const spec: { kind: string; min?: number; max?: number } = FIELDS[field];
    const kind = typeof value === 'string' ? 'text' : typeof value;
    const low = spec.min ?? -Infinity;
    const high = spec.max ?? Infinity;
    const outside =
      typeof value === 'number' && !(Number.isFinite(value) && value >= low && value <= high);
    if (kind !== spec.kind || outside) this.wrong ??= `${field} = ${String(value)}`;
  }

  impossible(): void {
    this.refused += 1;
  }
}

/** Writes a damaged copy of a template into `target`; answers its length. */
function damage(target: Uint8Array, templates: readonly Uint8Array[], next: () => number): number {
  const template = templates[next() % templates.length] ?? new Uint8Array(0);
  target.set(template);
  let length = template.length;
  for (let edits = next() % 4; edits > 0; edits--) {
    const at = next() % (length + 1);
    const kind = next() % 4;
    if (kind === 0) target[at] = SIGNS[next() % SIGNS.length] ?? 0;
    else if (kind === 1) target[at] = next() & 0xff;
    else if (kind === 2) target.copyWithin(at, at + 1, length);
    else length = at;
    length = Math.max(length, 1);
  }
  return length;
}

describe('a million damaged inputs', () => {
  it.each(['angle', 'star'] as const)(
    'neither crash nor hang the parser of %s frames and the readers behind it, and no value leaves its range',
    (delimiters) => {
      const next = random(delimiters === 'angle' ? 20_261_121 : 77_001);
      const templates = TEMPLATES[delimiters].map((text) => Buffer.from(text, 'latin1'));
      const families = FAMILY_IDS.map((id) => FAMILIES[id]);
      const sink = new StrictSink();
      const facts = new IdentityFacts();
      const orders = new OrderBook(new SystemClock());
      let family = families[0];
      let alive = 0;
      const deliver = (frame: Frame): void => {
        if (frame.key === 'STILL_HERE') alive += 1;
        orders.heard(frame.channel, frame);
        if (frame.verb === 'sample') tellSample(family?.sample, frame, 1, sink);
        else if (frame.channel < 0) {
          facts.take(frame);
          DEVICE_RULES.get(frame.key)?.(frame, 0, sink);
        } else family?.rules.get(frame.key)?.(frame, 1, sink);
      };
      const parser = new FrameParser(delimiters, deliver);
      const ending = Buffer.from(delimiters === 'angle' ? '} >< REP 1 STILL_HERE x >' : '');
      const datagram = Buffer.from('* REPORT 1 STILL_HERE x *');
      const input = new Uint8Array(512);
      let cases = 0;
      while (cases < CASES) {
        cases += 1;
        family = families[cases % families.length];
        const length = damage(input, templates, next);
        const half = next() % (length + 1);
        parser.push(input.subarray(0, half));
        parser.push(input.subarray(half, length));
        if (delimiters === 'star') parser.end();
        if (cases % 1_000 === 0) {
          parser.push(delimiters === 'angle' ? ending : datagram);
          parser.end();
        }
      }
      expect(cases).toBe(CASES);
      expect(sink.wrong).toBeUndefined();
      expect(alive).toBe(CASES / 1_000);
      expect(sink.told).toBeGreaterThan(CASES / 10);
      expect(sink.refused).toBeGreaterThan(1_000);
      expect(parser.counts.malformed).toBeGreaterThan(1_000);
    },
    TIMEOUT_MS,
  );

  it(
    'neither crash nor hang the reader of announcements',
    () => {
      const next = random(8_427);
      const template = Buffer.from(
        '\x02\x07(csl-esta.dmp=esta.dmp:2/cd:CD28E12C-E139-11DF-8153-0015C5F3F612),(acn-fctn=AXTD)',
        'latin1',
      );
      const input = new Uint8Array(512);
      let cases = 0;
      let read = 0;
      while (cases < CASES) {
        cases += 1;
        const length = damage(input, [template], next);
        if (readAnnouncement(input.subarray(0, length)) !== undefined) read += 1;
      }
      expect(cases).toBe(CASES);
      expect(read).toBeGreaterThan(CASES / 2);
    },
    TIMEOUT_MS,
  );
});
