import { route, setQuery } from './router.svelte.js';

export type Theme = 'dark' | 'light';

const STORAGE_KEY = 'earshot.theme';

function initial(): Theme {
  const named = route.query.get('theme') ?? window.localStorage.getItem(STORAGE_KEY);
  return named === 'light' ? 'light' : 'dark';
}

const first = initial();
let current = $state<Theme>(first);
document.documentElement.dataset['theme'] = first;

export const theme = {
  get name(): Theme {
    return current;
  },
};

export function setTheme(next: Theme): void {
  current = next;
  document.documentElement.dataset['theme'] = next;
  window.localStorage.setItem(STORAGE_KEY, next);
  setQuery({ theme: next === 'dark' ? undefined : next });
}

export function toggleTheme(): void {
  setTheme(current === 'dark' ? 'light' : 'dark');
}
