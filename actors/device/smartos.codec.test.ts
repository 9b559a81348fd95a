import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeFrame,
  errorReply,
  MAX_FRAME_BYTES,
  okReply,
  parameterName,
  peekSerial,
  setRequest,
} from './smartos.codec.js';

const frame = (type: unknown, message: unknown): Buffer =>
  Buffer.from(JSON.stringify({ type, message }));

test('an update is read into its number, serial and parameters', () => {
  const bytes = frame('UPDT', '0007:0137:{"power_income":55.2,"country":"AT"}');
  expect(decodeFrame(bytes)).toEqual({
    ok: true,
    kind: 'UPDT',
    number: '0007',
    serial: '0137',
    fields: { power_income: 55.2, country: 'AT' },
    answer: '',
  });
  expect(peekSerial(bytes)).toBe('0137');
});

test('a frame with spaces, as Python writes it, is read and routed', () => {
  const bytes = Buffer.from('{"type": "UPDT", "message": "0001:0002:{\\"battery\\": 3}"}');
  expect(decodeFrame(bytes)).toMatchObject({ ok: true, serial: '0002', fields: { battery: 3 } });
  expect(peekSerial(bytes)).toBe('0002');
});

test('running numbers past 9999 and serials of any length up to 64 are fine', () => {
  expect(decodeFrame(frame('UPDT', '12345:S1:{}'))).toMatchObject({ ok: true, number: '12345' });
  expect(decodeFrame(frame('UPDT', `1:${'x'.repeat(65)}:{}`))).toMatchObject({ ok: false });
  expect(peekSerial(frame('UPDT', `1:${'x'.repeat(65)}:{}`))).toBeUndefined();
});

test('values with colons stay whole', () => {
  const read = decodeFrame(frame('UPDT', '0001:0002:{"local_time":"12:30:01"}'));
  expect(read).toMatchObject({ fields: { local_time: '12:30:01' } });
});

test.each([
  ['no JSON', Buffer.from('{"type":"UPDT"'), '', ''],
  ['a list', Buffer.from('[1]'), '', ''],
  ['no message', Buffer.from('{"type":"UPDT"}'), '', ''],
  ['a message that is no text', frame('UPDT', { a: 1 }), '', ''],
  ['one colon', frame('UPDT', '0001:0002'), '', ''],
  ['no colon', frame('UPDT', 'hello'), '', ''],
  ['bad inner JSON', frame('UPDT', '0001:0002:{oops'), '0001', '0002'],
  ['an inner list', frame('UPDT', '0001:0002:[1]'), '0001', '0002'],
  ['a type that is no text', frame(5, '0001:0002:{}'), '0001', '0002'],
  ['an empty serial', frame('UPDT', '0001::{}'), '0001', ''],
])('%s is refused with what could be read', (_, bytes, number, serial) => {
  expect(decodeFrame(bytes)).toMatchObject({ ok: false, number, serial });
});

test('unknown types pass without being looked into', () => {
  expect(decodeFrame(frame('BLAH', '0001:0002:not json'))).toMatchObject({
    ok: true,
    kind: 'other',
    serial: '0002',
  });
});

test('an answer to a command keeps its text', () => {
  const read = decodeFrame(frame('SET', '0004:0002:ERROR: too hot: 90'));
  expect(read).toMatchObject({ kind: 'SET', number: '0004', answer: 'ERROR: too hot: 90' });
});

test('deep JSON and frames over the limit are refused, not thrown', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  expect(decodeFrame(Buffer.from(deep))).toMatchObject({ ok: false });
  expect(decodeFrame(frame('UPDT', `0001:0002:{"a":${deep}}`)).ok).toBe(true);
  expect(decodeFrame(Buffer.alloc(MAX_FRAME_BYTES + 1, 0x20))).toMatchObject({ ok: false });
});

test('one leading underscore is dropped unless the plain name is there too', () => {
  expect(parameterName('_battery', { _battery: 1 })).toBe('battery');
  expect(parameterName('__x', { __x: 1 })).toBe('_x');
  expect(parameterName('_battery', { _battery: 1, battery: 2 })).toBeUndefined();
  expect(parameterName('_', { _: 1 })).toBe('_');
});

test('replies are JSON whatever the device called itself', () => {
  expect(okReply('0007', '0137')).toBe('{"type":"INFO","message":"0007:0137:OK"}');
  for (const serial of ['"q"', 'a\\b', 'größe-1', '🎤']) {
    const read: unknown = JSON.parse(okReply('0001', serial));
    expect(read).toEqual({ type: 'INFO', message: `0001:${serial}:OK` });
  }
  const error: unknown = JSON.parse(errorReply('', '', 'no'));
  expect(error).toEqual({ type: 'INFO', message: '::ERROR: no' });
  const set: unknown = JSON.parse(setRequest(3, '0137', 'limit', 5));
  expect(set).toEqual({ type: 'SET', message: '0003:0137:{"limit":5}' });
});

test('whatever comes in, decoding never throws and the peeked serial is the decoded one', () => {
  const serial = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  const message = fc.oneof(
    fc.string(),
    fc.tuple(fc.string({ maxLength: 6 }), serial, fc.json()).map((parts) => parts.join(':')),
  );
  const outer = fc.oneof(
    fc.record({ type: fc.constantFrom('INIT', 'UPDT', 'SET', 'X'), message }),
    fc.record({ message, type: fc.string() }),
    fc.record({ message: fc.jsonValue(), type: fc.jsonValue() }),
  );
  const bytes = fc.oneof(
    outer.map((o) => Buffer.from(JSON.stringify(o))),
    outer.map((o) => Buffer.from(JSON.stringify(o, undefined, 1))),
    fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.from(b)),
    fc.string({ unit: 'binary' }).map((s) => Buffer.from(s)),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      const read = decodeFrame(input);
      const peeked = peekSerial(input);
      if (read.ok) expect(peeked).toBe(read.serial);
    }),
    { numRuns: 3_000 },
  );
});
