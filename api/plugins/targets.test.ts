import { expect, test } from 'vitest';
import { InvalidRequest } from '../http/problem.js';
import { MAX_SCAN_HOSTS, scanTargets } from './targets.js';

test('a range is its hosts, without network and broadcast address', () => {
  expect(scanTargets(['10.0.0.5/30'], [])).toEqual(['10.0.0.5', '10.0.0.6']);
  expect(scanTargets(['192.168.1.7', '192.168.1.8/32'], [])).toEqual([
    '192.168.1.7',
    '192.168.1.8',
  ]);
  expect(scanTargets(['255.255.255.254/31'], [])).toEqual(['255.255.255.254', '255.255.255.255']);
});

test('hosts that are named twice are asked once', () => {
  const targets = scanTargets(['10.0.0.0/30'], ['10.0.0.1', 'rack-1.example', 'rack-1.example']);
  expect(targets).toEqual(['10.0.0.1', '10.0.0.2', 'rack-1.example']);
});

test('a scan has a limit, and a range over it is refused before it is expanded', () => {
  expect(scanTargets(['10.1.0.0/16'], [])).toHaveLength(MAX_SCAN_HOSTS - 2);
  expect(() => scanTargets(['10.0.0.0/8'], [])).toThrow(/body\.cidrs\.0.*65536/);
  expect(() => scanTargets(['0.0.0.0/0'], [])).toThrow(InvalidRequest);
});

test.each([
  '10.0.0.0/33',
  '10.0.0/24',
  '10.0.0.0/',
  '10.0.0.0/2/4',
  '0x0a.0.0.1',
  'fe80::/64',
  '',
  'a/8',
])('"%s" is no range', (text) => {
  expect(() => scanTargets([text], [])).toThrow(InvalidRequest);
});

test.each(['', 'bad host', '-', 'a..b', 'x'.repeat(300)])('"%s" is no host', (text) => {
  expect(() => scanTargets([], [text])).toThrow(InvalidRequest);
});
