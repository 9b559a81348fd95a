import { expect, test } from 'vitest';
import { changesIn, didWords } from './site-admin.js';

test('an entry of the audit log says what became what, and nothing that stayed', () => {
  expect(changesIn({ before: { a: 1, b: 2 }, after: { a: 1, b: 3 } })).toBe('b: 2 → 3');
  expect(changesIn({ before: null, after: { a: 'x' } })).toBe('a: "x"');
  expect(changesIn({ before: { a: 1 }, after: null })).toBe('a: 1 → –');
});

test('an entry of the audit log says in words what was done', () => {
  const did = (action: string, subject: string) => didWords({ action, subject });
  expect(did('PUT /v1/dashboards/{id}', '/v1/dashboards/1')).toBe('changed dashboards/1');
  expect(did('POST /v1/rules', 'rules/7')).toBe('made rules/7');
  expect(did('DELETE /v1/rules/{id}', 'rules/7')).toBe('removed rules/7');
  expect(did('POST /v1/experiments/{id}/stop', '/v1/experiments/1/stop')).toBe(
    'asked for experiments/1/stop',
  );
  expect(did('POST /v1/login', 'login')).toBe('signed in');
  expect(did('import', 'configuration')).toBe('import');
});
