import type { IconName } from '../parts/icon.svelte';

export interface PageEntry {
  readonly id: string;
  readonly word: string;
  readonly href: string;
  readonly icon: IconName;
}

/** The pages in the rail, in their order. */
export const PAGES: readonly PageEntry[] = [
  { id: 'board', word: 'Board', href: '/board', icon: 'board' },
  { id: 'devices', word: 'Devices', href: '/devices', icon: 'devices' },
  { id: 'map', word: 'Map', href: '/map', icon: 'map' },
  { id: 'audio', word: 'Audio', href: '/audio', icon: 'audio' },
  { id: 'alarms', word: 'Alarms', href: '/alarms', icon: 'alert' },
  { id: 'dashboards', word: 'Dashboards', href: '/dashboards', icon: 'chart' },
  { id: 'history', word: 'History', href: '/history', icon: 'replay' },
  { id: 'rules', word: 'Rules', href: '/rules', icon: 'flag' },
  { id: 'actors', word: 'Actors', href: '/actors', icon: 'actors' },
  { id: 'health', word: 'Health', href: '/health', icon: 'health' },
  { id: 'system', word: 'System', href: '/system', icon: 'tune' },
];
