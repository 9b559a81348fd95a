import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecretBox } from './secrets.js';

describe('sealed secrets', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'earshot-secrets-'));
    file = join(folder, 'data', 'secret.key');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const key = 'a passphrase of the site';

  test('open as what was sealed, whatever it is, and differ each time', async () => {
    const box = await openSecretBox({ key, file });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (secrets, about) => {
        const sealed = box.seal(secrets, about);
        expect(JSON.stringify(box.open(sealed, about))).toBe(JSON.stringify(secrets));
        expect(box.seal(secrets, about)).not.toBe(sealed);
      }),
      { numRuns: 200 },
    );
    expect(box.seal({ password: 'hunter2' }, 'x')).not.toContain('hunter2');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('are refused with words when one character was altered, anywhere', async () => {
    const box = await openSecretBox({ key, file });
    const sealed = box.seal({ password: 'hunter2' }, 'shure-system');
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      const altered = sealed.slice(0, at) + other + sealed.slice(at + 1);
      // The last character of a part may hold bits that mean nothing.
      const same = altered
        .split('.')
        .every((part, no) => bytes(part).equals(bytes(sealed.split('.')[no] ?? '')));
      if (same && at > 11) continue;
      expect(() => box.open(altered, 'shure-system')).toThrow(/give the secrets again/);
    }
    for (const text of [
      '',
      'v1',
      'v1.a.b.c.d',
      'v2.a.b.c.d',
      sealed.slice(0, -30),
      `${sealed}.x`,
    ]) {
      expect(() => box.open(text, 'shure-system')).toThrow(/give the secrets again/);
    }
    expect(() => box.open(sealed, 'mqtt')).toThrow(/altered/);
  });

  test('sealed with another key say so', async () => {
    const sealed = (await openSecretBox({ key, file })).seal({ a: 1 }, 'x');
    const other = await openSecretBox({ key: `${key}!`, file });
    expect(() => other.open(sealed, 'x')).toThrow(/another key.*EARSHOT_SECRET_KEY/);
  });

  test('have a key file that only we may read, kept over restarts', async () => {
    const first = await openSecretBox({ file });
    expect(first.source).toBe('file');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'data'))).toEqual(['secret.key']);
    const sealed = first.seal({ a: 1 }, 'x');
    chmodSync(file, 0o644);
    const second = await openSecretBox({ key: '', file });
    expect(second.open(sealed, 'x')).toEqual({ a: 1 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('of two processes that make the key file at once, both use the same', async () => {
    const boxes = await Promise.all([1, 2, 3, 4].map(() => openSecretBox({ file })));
    const sealed = boxes[0]?.seal({ a: 1 }, 'x') ?? '';
    for (const box of boxes) expect(box.open(sealed, 'x')).toEqual({ a: 1 });
  });

  test('refuse a short key and a damaged key file, with the remedy', async () => {
    await expect(openSecretBox({ key: 'short', file })).rejects.toThrow(
      /EARSHOT_SECRET_KEY must have at least 16/,
    );
    await openSecretBox({ file });
    writeFileSync(file, 'half a k');
    await expect(openSecretBox({ file })).rejects.toThrow(/does not hold 32 bytes.*restore/);
  });
});

const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
