import type { IconName } from '../../parts/icon.svelte';

/** The pages under Devices, in their order; the first is the list. */
export const DEVICE_SECTIONS = [
  { id: 'list', word: 'All devices', icon: 'devices', href: '/devices' },
  { id: 'connections', word: 'Connections', icon: 'share', href: '/devices/connections' },
  { id: 'discovery', word: 'Discovery', icon: 'search', href: '/devices/discovery' },
  { id: 'hardware', word: 'Hardware', icon: 'layers', href: '/devices/hardware' },
  { id: 'chargers', word: 'Chargers', icon: 'columns', href: '/devices/chargers' },
  { id: 'vendors', word: 'Vendors', icon: 'tune', href: '/devices/vendors' },
  { id: 'people', word: 'People', icon: 'user', href: '/devices/people' },
  { id: 'places', word: 'Places', icon: 'pin', href: '/devices/places' },
  { id: 'settings', word: 'Settings', icon: 'filter', href: '/devices/settings' },
] as const satisfies readonly { id: string; word: string; icon: IconName; href: string }[];

export type DeviceSection = (typeof DEVICE_SECTIONS)[number]['id'];

/**
 * Which page a path under `/devices` is: `vendors/3` is a vendor's. All others are devices by their id, `list`.
 */
export function sectionOf(item: string | undefined): {
  readonly section: DeviceSection;
  readonly rest: string | undefined;
} {
  const [first = '', ...more] = (item ?? '').split('/');
  const found = DEVICE_SECTIONS.find((one) => one.id === first && one.id !== 'list');
  if (found === undefined) return { section: 'list', rest: item };
  return { section: found.id, rest: more.length === 0 ? undefined : more.join('/') };
}
