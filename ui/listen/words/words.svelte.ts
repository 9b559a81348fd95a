import { en, type WordKey, type Words } from './en.js';

/** Languages that the page itself speaks, in their own names. */
export const LANGUAGES: Readonly<Record<string, string>> = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
};

const LOADERS: Readonly<Record<string, () => Promise<Words>>> = {
  en: async () => en,
  de: async () => (await import('./de.js')).de,
  es: async () => (await import('./es.js')).es,
  fr: async () => (await import('./fr.js')).fr,
};

let current = $state.raw<Words>(en);
let code = $state('en');

export const words = {
  /** Of the page's own words: one of `LANGUAGES`. */
  get language(): string {
    return code;
  },
};

/** A word in the chosen language; `{name}` is filled in. */
export function t(key: WordKey, fill: Readonly<Record<string, string | number>> = {}): string {
  return filled(current[key], fill);
}

export function filled(text: string, fill: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole));
}

/** The page's language for a wished one: itself, or English where the page does not speak it. */
export function spokenLanguage(wished: string): string {
  return wished in LANGUAGES ? wished : 'en';
}

/** Loads and shows a language; one that cannot be loaded leaves the words as they are. */
export async function speak(wished: string): Promise<void> {
  const next = spokenLanguage(wished);
  const load = LOADERS[next];
  if (load === undefined || next === code) return;
  try {
    current = await load();
    code = next;
  } catch (thrown) {
    // The network is away: the page says so elsewhere, and English is better than nothing.
    console.warn('words could not be loaded', thrown);
    return;
  }
  document.documentElement.lang = code;
}
