import { describe, expect, it } from 'vitest';
import type { SettingOverride } from './inventory.types.js';
import { type SettingDefinition, settingsInForce } from './settings.js';

const definition: SettingDefinition = {
  key: 'connection.holdDownMs',
  title: 'Hold-down',
  description: '',
  unit: 'ms',
  default: 15_000,
  min: 0,
  max: 600_000,
  whole: true,
  scopes: ['site', 'instance', 'device'],
};
const limit: SettingDefinition = { ...definition, key: 'limits.x', scopes: ['site', 'instance'] };
const override = (
  id: number,
  scope: SettingOverride['scope'],
  scopeId: string,
  value: number,
): SettingOverride => ({ id, scope, scopeId, key: definition.key, value });
const overrides = [
  override(1, 'site', '', 1),
  override(2, 'instance', '7', 2),
  override(3, 'device', 'd', 3),
];
const at = (instanceId?: number, deviceId?: string) =>
  settingsInForce([definition, limit], overrides, { instanceId, deviceId })[0];

describe('a setting in force', () => {
  it('comes from the nearest place, and says what it would be without that', () => {
    expect(at(7, 'd')).toMatchObject({
      value: 3,
      from: 'device',
      inherited: { value: 2, from: 'instance' },
    });
    expect(at(7)).toMatchObject({ value: 2, inherited: { value: 1, from: 'site' } });
    expect(at()).toMatchObject({ value: 1, inherited: { value: 15_000, from: 'default' } });
    expect(at(8, 'other')).toMatchObject({ value: 1, from: 'site', own: undefined });
  });

  it('is not offered where it cannot be set', () => {
    const place = { instanceId: 7, deviceId: 'd' };
    expect(settingsInForce([definition, limit], overrides, place)).toHaveLength(1);
  });
});
