import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EngineError } from '../../../engine/errors.js';
import { checkFields, type FiltRow, filterKey, matches, parseFilt, select } from './filt.js';

const rows: FiltRow[] = [
  { serial_number: '0003', country: 'AT', power: 30, note: null },
  { serial_number: '0001', country: 'at', power: 9, note: 'x:y' },
  { serial_number: '0002', country: 'DE', power: null, note: 'z' },
];
const serials = (...lines: string[]): unknown =>
  select(parseFilt(lines), rows).map((row) => row['serial_number']);

test('an empty query has all rows, by serial number', () => {
  expect(serials()).toEqual(['0001', '0002', '0003']);
});

test('operations compare numbers or look into text, without case', () => {
  expect(serials('filter:power:>:9')).toEqual(['0003']);
  expect(serials('filter:power:>=:9')).toEqual(['0001', '0003']);
  expect(serials('filter:power:==:9.0')).toEqual(['0001']);
  expect(serials('filter:serial_number:==:3')).toEqual(['0003']);
  expect(serials('filter:country:=:A')).toEqual(['0001', '0003']);
  expect(serials('filter:country:^:d')).toEqual(['0002']);
  expect(serials('filter:note:=:x:y')).toEqual(['0001']);
});

test('the last condition of a field and operation counts, different operations all hold', () => {
  expect(serials('filter:country:=:de', 'filter:country:=:at')).toEqual(['0001', '0003']);
  expect(serials('filter:power:>:5', 'filter:power:<:20')).toEqual(['0001']);
});

test('sorts go up by <, down by >, as numbers or text, with missing values last', () => {
  expect(serials('sort:power:<:123')).toEqual(['0001', '0003', '0002']);
  expect(serials('sort:power:>:123')).toEqual(['0003', '0001', '0002']);
  expect(serials('sort:power:<:abc')).toEqual(['0003', '0001', '0002']);
  expect(serials('sort:country:>:abc', 'sort:serial_number:>:123')).toEqual([
    '0002',
    '0003',
    '0001',
  ]);
  expect(serials('sort:power:?:123')).toEqual(['0001', '0003', '0002']);
});

test.each([
  [['filter:power:<:warm'], 'line 1'],
  [['sort:power:<:123', 'filter:power:~:1'], 'line 2'],
  [['filter:power'], 'line 1'],
  [['filter::=:1'], 'line 1'],
  [['hello'], 'line 1'],
  [[5], 'line 1'],
  ['all', 'list'],
  [undefined, 'list'],
  [Array.from({ length: 51 }, () => 'sort:power:<:123'), '50'],
])('%j is refused and named', (message, named) => {
  expect(() => parseFilt(message)).toThrow(named);
});

test('unknown fields are named', () => {
  const query = parseFilt(['filter:power:=:1', 'sort:nonsense:<:abc']);
  expect(() => checkFields(query, (field) => field === 'power')).toThrow('nonsense');
});

test('live updates are asked for in the same list, and equal filters are one', () => {
  expect(parseFilt(['live:filtered', 'filter:power:>:5']).live).toBe('filtered');
  expect(parseFilt([]).live).toBeUndefined();
  const one = parseFilt(['filter:a:=:X', 'filter:b:<:1']);
  const two = parseFilt(['filter:b:<:1', 'sort:a:<:abc', 'filter:a:=:x']);
  expect(filterKey(one)).toBe(filterKey(two));
});

test('whatever is asked, the answer is rows that match or a refusal', () => {
  const word = fc.oneof(
    fc.constantFrom('filter', 'sort', 'live', 'power', 'country', '<', '=', '^', '9'),
    fc.string(),
  );
  const line = fc.array(word, { maxLength: 6 }).map((words) => words.join(':'));
  fc.assert(
    fc.property(fc.oneof(fc.array(line), fc.jsonValue()), (message) => {
      let query: ReturnType<typeof parseFilt>;
      try {
        query = parseFilt(message);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(EngineError);
        return;
      }
      const found = select(query, rows);
      expect(found.every((row) => matches(query, row))).toBe(true);
      expect(found.length).toBe(rows.filter((row) => matches(query, row)).length);
    }),
  );
});
