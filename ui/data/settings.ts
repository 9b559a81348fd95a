import type { AnswerOf } from '../../api/client/calls.types.js';
import { call } from './api.js';
import type { SettingOverride } from './inventory.types.js';

export type SettingScope = SettingOverride['scope'];

/** A number that can be set for the site, a vendor or a device; the nearest wins. */
export type SettingDefinition = AnswerOf<'GET', '/v1/settings/definitions'>['items'][number];

export async function settingDefinitions(
  signal: AbortSignal,
): Promise<readonly SettingDefinition[]> {
  return (await call('GET', '/v1/settings/definitions', { signal })).items;
}

/** Whose settings are looked at. */
export interface SettingsPlace {
  readonly instanceId: number | undefined;
  readonly deviceId: string | undefined;
}

export interface SettingInForce {
  readonly definition: SettingDefinition;
  readonly value: number;
  readonly from: SettingScope | 'default';
  /** Of the place itself: what can be edited here. */
  readonly own: SettingOverride | undefined;
  /** What would hold without `own`. */
  readonly inherited: { readonly value: number; readonly from: SettingScope | 'default' };
}

export function scopeOf(place: SettingsPlace): readonly [scope: SettingScope, scopeId: string] {
  if (place.deviceId !== undefined) return ['device', place.deviceId];
  if (place.instanceId !== undefined) return ['instance', String(place.instanceId)];
  return ['site', ''];
}

/** What holds at a place and where it comes from, for each setting that can be set there. */
export function settingsInForce(
  definitions: readonly SettingDefinition[],
  overrides: readonly SettingOverride[],
  place: SettingsPlace,
): readonly SettingInForce[] {
  const [scope, scopeId] = scopeOf(place);
  const chain: readonly (readonly [SettingScope, string | undefined])[] = [
    ['device', place.deviceId],
    ['instance', place.instanceId === undefined ? undefined : String(place.instanceId)],
    ['site', ''],
  ];
  return definitions
    .filter((definition) => definition.scopes.includes(scope))
    .map((definition) => {
      const found = chain.flatMap(([at, id]) =>
        id === undefined
          ? []
          : overrides.filter(
              (row) => row.key === definition.key && row.scope === at && row.scopeId === id,
            ),
      );
      const holds = (
        row: SettingOverride | undefined,
      ): { readonly value: number; readonly from: SettingScope | 'default' } =>
        typeof row?.value === 'number'
          ? { value: row.value, from: row.scope }
          : { value: definition.default, from: 'default' };
      const own = found.find((row) => row.scope === scope && row.scopeId === scopeId);
      return {
        definition,
        own,
        ...holds(found[0]),
        inherited: holds(found.find((row) => row !== own)),
      };
    });
}
