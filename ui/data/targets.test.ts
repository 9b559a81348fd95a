import { describe, expect, it } from 'vitest';
import { BLANK_TARGET, type Target, targetBody, targetFaults, targetForm } from './targets.js';

const stored: Target = {
  id: 1,
  publicId: 'p',
  name: 'Desk',
  kind: 'webhook',
  enabled: true,
  config: { url: 'https://a.example/x', headers: { a: 'b' }, attempts: 5 },
  secrets: ['key'],
  events: [],
  circuit: 'closed',
  createdAtUnixMs: 1,
};

describe('the form of a target', () => {
  it('never holds a stored secret, and sends one only when it was typed', () => {
    const form = targetForm(stored);
    expect(form.secretKey).toBe('');
    expect(targetBody(form, stored)).not.toHaveProperty('secret');
    expect(targetBody({ ...form, secretKey: 'new' }, stored)).toMatchObject({
      secret: { key: 'new' },
    });
  });

  it('keeps parts of the configuration that it does not know', () => {
    expect(targetBody(targetForm(stored), stored)).toMatchObject({
      config: { url: 'https://a.example/x', headers: { a: 'b' }, attempts: 5 },
    });
  });

  it('sends only what its kind has', () => {
    const form = {
      ...BLANK_TARGET,
      kind: 'email',
      name: ' Mail ',
      to: ['a@b.example'],
      url: 'x',
    } as const;
    expect(targetBody(form, undefined)).toEqual({
      name: 'Mail',
      kind: 'email',
      enabled: true,
      events: [],
      config: { to: ['a@b.example'], attempts: 3 },
    });
  });

  it('says what each kind needs', () => {
    for (const kind of ['webhook', 'email', 'chat', 'mqtt', 'syslog'] as const) {
      expect(Object.keys(targetFaults({ ...BLANK_TARGET, kind }, undefined))).toHaveLength(1);
    }
    expect(targetFaults(targetForm(stored), stored)).toEqual({});
  });
});
