import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { de } from './de.js';
import { en, type Words } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';

const gaps = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
const languages: Readonly<Record<string, Words>> = { de, es, fr };
const keys = Object.keys(en) as (keyof typeof en)[];

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'words' ? [] : sources(path);
    return /\.(ts|svelte)$/.test(entry.name) ? [readFileSync(path, 'utf8')] : [];
  });
}

describe.each(Object.entries(languages))('the words in %s', (_, words) => {
  it('are all there, and fill in the same gaps', () => {
    expect(Object.keys(words).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(words[key].trim(), key).not.toBe('');
      expect(gaps(words[key]), key).toEqual(gaps(en[key]));
    }
  });

  it('are translated', () => {
    // A word may be the same in two languages by chance, a sentence not.
    const same = keys.filter((key) => words[key] === en[key] && en[key].split(' ').length > 2);
    expect(same).toEqual([]);
  });
});

describe('the words', () => {
  it('are all used', () => {
    const text = sources(fileURLToPath(new URL('..', import.meta.url))).join('\n');
    // A family of words may be put together from a state: `state.${…}`.
    const families = [...text.matchAll(/`([a-z]+(?:\.[a-z]+)*\.)\$\{/gi)].map(
      ([, one]) => one ?? '',
    );
    const unused = keys.filter(
      (key) => !text.includes(`'${key}'`) && !families.some((family) => key.startsWith(family)),
    );
    expect(unused).toEqual([]);
  });
});
