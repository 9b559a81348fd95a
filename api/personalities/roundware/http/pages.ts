import type { Ask } from './ask.js';
import { int } from './codecs.js';
import { Refusal } from './refusal.js';

const MAX_PAGE = 10_000;

/** Page `page` of what matches, with links to its neighbours. @throws Refusal 404 for a page that is not there. */
export async function pageOf<T>(
  ask: Ask,
  total: number,
  read: (offset: number, limit: number) => Promise<readonly T[]>,
): Promise<object> {
  const limit = Math.min(ask.query.read(int(1, 1_000_000_000), 'page_size') ?? 20, MAX_PAGE);
  const last = Math.max(1, Math.ceil(total / limit));
  const asked = ask.query.text('page') ?? '1';
  const page = asked === 'last' ? last : Number(asked);
  if (!Number.isInteger(page) || page < 1 || page > last) {
    throw new Refusal(404, { detail: 'Invalid page.' });
  }
  const link = (to: number): string =>
    `${ask.origin}${ask.path}?${ask.query.with('page', String(to))}`;
  return {
    count: total,
    next: page < last ? link(page + 1) : null,
    previous: page > 1 ? link(page - 1) : null,
    results: await read((page - 1) * limit, limit),
  };
}
