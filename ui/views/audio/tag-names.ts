import type { Tag, TagCategory } from '../../data/content.js';

/** What an operator calls a tag. */
export const tagName = (tag: Pick<Tag, 'value' | 'description'>): string =>
  tag.description.trim() === '' ? tag.value : tag.description;

/** Tags by category, categories that have some only; both in alphabetical order. */
export function byCategory(
  tags: readonly Tag[],
  categories: readonly TagCategory[],
): readonly { readonly category: TagCategory; readonly tags: readonly Tag[] }[] {
  return categories
    .map((category) => ({
      category,
      tags: tags
        .filter((tag) => tag.categoryId === category.id)
        .toSorted((a, b) => tagName(a).localeCompare(tagName(b))),
    }))
    .filter((one) => one.tags.length > 0)
    .toSorted((a, b) => a.category.name.localeCompare(b.category.name));
}

/** Lines as new tags: `value` or `value = what people read`; empty lines, and values that are there, are left out. */
export function tagLines(
  text: string,
  present: readonly string[],
): readonly { readonly value: string; readonly description: string }[] {
  const known = new Set(present.map((value) => value.toLowerCase()));
  const made: { value: string; description: string }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [left = '', ...right] = line.split(/[=\t;]/);
    const value = left.trim().slice(0, 128);
    if (value === '' || known.has(value.toLowerCase())) continue;
    known.add(value.toLowerCase());
    made.push({ value, description: right.join('=').trim() || value });
  }
  return made;
}
