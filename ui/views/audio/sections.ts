import type { IconName } from '../../parts/icon.svelte';

/** The pages of a project, in their order. */
export const SECTIONS = [
  { id: 'map', word: 'Map', icon: 'map' },
  { id: 'recordings', word: 'Recordings', icon: 'note' },
  { id: 'tracks', word: 'Voices', icon: 'audio' },
  { id: 'tags', word: 'Tags and choices', icon: 'tag' },
  { id: 'timeline', word: 'Timeline', icon: 'columns' },
  { id: 'sessions', word: 'Listeners', icon: 'headphones' },
  { id: 'statistics', word: 'Statistics', icon: 'chart' },
  { id: 'checks', word: 'Checks', icon: 'check' },
  { id: 'settings', word: 'Settings', icon: 'filter' },
] as const satisfies readonly { id: string; word: string; icon: IconName }[];

export type SectionId = (typeof SECTIONS)[number]['id'];

/** `1/map` → project 1, its map; undefined for what names no project. */
export function placeOf(
  item: string | undefined,
): { readonly projectId: number; readonly section: string } | undefined {
  const [id = '', section = 'map'] = (item ?? '').split('/');
  return /^\d{1,9}$/.test(id) ? { projectId: Number(id), section } : undefined;
}

export function sectionHref(projectId: number, section: SectionId): string {
  return `/audio/${projectId}/${section}`;
}
