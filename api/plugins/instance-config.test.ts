import { expect, test } from 'vitest';
import { secretPaths, secretsSet, splitConfig, wholeConfig } from './instance-config.js';

const schema = {
  type: 'object',
  properties: {
    url: { type: 'string' },
    key: { type: 'string', secret: true },
    auth: {
      type: 'object',
      properties: { user: { type: 'string' }, password: { type: 'string', secret: true } },
    },
  },
};
const paths = secretPaths(schema);
const none = { config: {}, secrets: {} };
const nothing = (): undefined => undefined;

test('secret fields of a schema are found wherever they are', () => {
  expect(paths).toEqual(['key', 'auth.password']);
});

test('secrets are taken out of what may be shown and come back for the plugin', () => {
  const given = { url: 'http://a', key: 'k', auth: { user: 'u', password: 'p' } };
  const split = splitConfig(given, paths, none);
  expect(split.config).toEqual({ url: 'http://a', auth: { user: 'u' } });
  expect(JSON.stringify(split.config)).not.toMatch(/"k"|"p"/);
  expect(secretsSet(split, paths)).toEqual(['key', 'auth.password']);
  expect(wholeConfig(split, paths, nothing)).toEqual({ config: given, problems: [] });
});

test('a secret that is absent stays and null clears it', () => {
  const before = splitConfig({ key: 'k', auth: { password: 'p' } }, paths, none);
  const after = splitConfig({ url: 'http://b', auth: { password: null } }, paths, before);
  expect(secretsSet(after, paths)).toEqual(['key']);
  expect(wholeConfig(after, paths, nothing).config).toEqual({
    url: 'http://b',
    auth: {},
    key: 'k',
  });
});

test('a secret may be a name in the environment, which is kept open and looked up late', () => {
  const before = splitConfig({ key: 'k' }, paths, none);
  const split = splitConfig({ key: { env: 'RACK_KEY' } }, paths, before);
  expect(split).toEqual({ config: { key: { env: 'RACK_KEY' } }, secrets: {} });
  expect(secretsSet(split, paths)).toEqual(['key']);
  expect(wholeConfig(split, paths, () => 'from outside').config).toEqual({ key: 'from outside' });
  expect(wholeConfig(split, paths, nothing).problems).toEqual([
    { field: 'key', message: 'the environment has no RACK_KEY' },
  ]);
  expect(splitConfig({}, paths, split).config).toEqual({ key: { env: 'RACK_KEY' } });
});
