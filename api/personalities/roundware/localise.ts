import type { Language, VisitSession } from '../../../actors/content/content.types.js';
import type { ContentStore } from '../../../actors/content/store.types.js';
import { type Ask, field } from './http/ask.js';
import type { Form } from './http/body.js';
import { id } from './http/codecs.js';
import { bad, notFound } from './http/refusal.js';

/** English, and what is taken for an unknown language. */
export const FIRST_LANGUAGE = 1;

/** The session a request names. @throws Refusal 404 when there is no such session. */
export async function sessionOf(
  content: ContentStore,
  ask: Ask,
): Promise<VisitSession | undefined> {
  const number = ask.query.read(id, 'session_id', 'session');
  if (number === undefined) return undefined;
  const session = await content.sessions.get(number);
  if (session === undefined) throw notFound();
  return session;
}

/** @throws Refusal 400 without `session_id`, 404 when there is no such session. */
export async function neededSessionOf(content: ContentStore, ask: Ask): Promise<VisitSession> {
  const session = await sessionOf(content, ask);
  if (session === undefined)
    throw bad('session_id: it is required, and must be the id of a session.');
  return session;
}

/** The session a body names. @throws Refusal 400 without it or when there is no such session. */
export async function bodySession(content: ContentStore, form: Form): Promise<VisitSession> {
  const number = field(form, id, 'session_id', 'session');
  if (number === undefined)
    throw bad('session_id: it is required, and must be the id of a session.');
  const session = await content.sessions.get(number);
  if (session === undefined) throw bad(`session_id: there is no session ${number}.`);
  return session;
}

/** The language in which a request reads: its session's, else English. */
export async function languageOf(content: ContentStore, ask: Ask): Promise<number> {
  const number = ask.query.read(id, 'session_id');
  const session = number === undefined ? undefined : await content.sessions.get(number);
  return session?.languageId ?? FIRST_LANGUAGE;
}

/** `en`, `EN`, `en-US`; undefined for one that the site does not have. */
export async function languageByCode(
  content: ContentStore,
  code: string,
): Promise<Language | undefined> {
  const short = code.trim().split(/[-_]/)[0]?.toLowerCase() ?? '';
  return await content.languages.first({ where: [{ field: 'code', op: '=', value: short }] });
}

/** Texts of several rows' localised fields. */
export interface Texts {
  /** Null when there is none in the language. */
  of(ids: readonly number[]): string | null;
  /** All languages, as `?admin` shows them. */
  all(ids: readonly number[]): readonly object[];
  /** Whether `?admin` was asked. */
  readonly admin: boolean;
}

/** Loads what a piece of a list needs, at once. */
export async function textsOf(
  content: ContentStore,
  ask: Ask,
  ids: readonly number[],
): Promise<Texts> {
  const admin = ask.query.has('admin');
  const wanted = [...new Set(ids)];
  const languageId = wanted.length === 0 ? FIRST_LANGUAGE : await languageOf(content, ask);
  const texts = wanted.length === 0 ? new Map() : await content.texts(wanted, languageId);
  const full = admin ? await localised(content, wanted) : new Map<number, object>();
  return {
    admin,
    of(some) {
      for (const one of some) {
        const text: unknown = texts.get(one);
        if (typeof text === 'string') return text;
      }
      return null;
    },
    all: (some) => some.flatMap((one) => full.get(one) ?? []),
  };
}

/** LocalizedString objects by id. */
async function localised(
  content: ContentStore,
  ids: readonly number[],
): Promise<ReadonlyMap<number, object>> {
  const rows = await content.localizedStrings.many(ids);
  const codes = await languageCodes(content);
  return new Map(
    rows.map(({ id: number, text, languageId }) => [
      number,
      { id: number, text, language: codes.get(languageId) ?? null, language_id: languageId },
    ]),
  );
}

export async function languageCodes(content: ContentStore): Promise<ReadonlyMap<number, string>> {
  const languages = await content.languages.find();
  return new Map(languages.map(({ id: number, code }) => [number, code]));
}

/** `{<name>: text, …}` and, with `?admin`, `{<name>_admin: […], …}`. */
export function localisedFields(
  texts: Texts,
  fields: Readonly<Record<string, readonly number[]>>,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, ids] of Object.entries(fields)) {
    out[name] = texts.of(ids);
    if (texts.admin) out[`${name}_admin`] = texts.all(ids);
  }
  return out;
}
