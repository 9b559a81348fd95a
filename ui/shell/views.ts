import type { Component } from 'svelte';

type Code = Promise<{ readonly default: Component }>;

/** The code of each page, loaded when it is first wanted; the browser keeps what it loaded. */
const VIEWS: ReadonlyMap<string, () => Code> = new Map<string, () => Code>([
  ['board', () => import('../views/board/board.svelte')],
  ['map', () => import('../views/map.svelte')],
  ['audio', () => import('../views/audio/audio.svelte')],
  ['dashboards', () => import('../views/dashboards/dashboards.svelte')],
  ['history', () => import('../views/history/history.svelte')],
  ['system', () => import('../views/system/system.svelte')],
  ['alarms', () => import('../views/alarms/alarms.svelte')],
  ['rules', () => import('../views/rules/rules.svelte')],
  ['actors', () => import('../views/actors.svelte')],
  ['health', () => import('../views/health.svelte')],
]);

/** Undefined: there is no such page, or it came with the shell. Rejects when its code cannot be loaded. */
export const viewOf = (page: string): Code | undefined => VIEWS.get(page)?.();

/** Begins to load a page's code, so that it comes while something else is asked for. */
export function loadAhead(page: string): void {
  // Who shows the page asks again, and says what is wrong.
  viewOf(page)?.catch(() => undefined);
}
