import type { Language, LocalizedString } from '../../../../actors/content/content.types.js';
import { type Call, field } from '../http/ask.js';
import { id, text, ValueFault } from '../http/codecs.js';
import { type Inputs, input, required } from '../http/inputs.js';
import { badField } from '../http/refusal.js';
import { by, callsOf, type Resource } from '../http/resource.js';
import { languageByCode, languageCodes } from '../localise.js';
import type { Services } from '../services.js';

const code = (raw: unknown): string => {
  const value = text(16)(raw).trim().toLowerCase();
  if (!/^[a-z]{2}$/.test(value)) throw new ValueFault('It must have two letters.');
  return value;
};

const LANGUAGE_INPUTS: Inputs<Language> = {
  name: input('name', text(50, 1), required),
  code: input('language_code', code, required),
};

const STRING_INPUTS: Inputs<LocalizedString> = {
  text: input(['text', 'localized_string'], text(65_536), required),
};

export function languageCalls({ content }: Services): readonly Call[] {
  const languages: Resource<Language> = {
    path: 'languages',
    table: content.languages,
    read: 'any',
    write: 'staff',
    inputs: LANGUAGE_INPUTS,
    filters: [
      by<Language, string>('language_code', (raw) => text(16)(raw).trim().toLowerCase(), 'code'),
      by<Language, string>('name', text(255), 'name'),
    ],
    show: (rows) =>
      Promise.resolve(rows.map((row) => ({ id: row.id, name: row.name, language_code: row.code }))),
    fresh: (values) => Promise.resolve({ name: '', code: '', ...values }),
  };
  /** A body names a language by id or code. */
  const languageIdOf = async (ask: Parameters<Call['run']>[0]): Promise<number | undefined> => {
    const form = await ask.form();
    const named = field(form, text(64), 'language_id', 'language');
    if (named === undefined) return undefined;
    const language = /^\d{1,9}$/.test(named.trim())
      ? await content.languages.get(Number(named))
      : await languageByCode(content, named);
    if (language === undefined) throw badField('language', 'There is no such language.');
    return language.id;
  };
  const strings: Resource<LocalizedString> = {
    path: 'localizedstrings',
    table: content.localizedStrings,
    read: 'any',
    write: 'staff',
    inputs: STRING_INPUTS,
    filters: [
      by<LocalizedString, number>('language_id', id, 'languageId'),
      by<LocalizedString, string>('localized_string', text(65_536), 'text', 'contains'),
    ],
    also: async (ask) => {
      const asked = ask.query.text('language');
      if (asked === undefined) return [];
      const numeric = /^\d{1,9}$/.test(asked);
      const languageId = numeric ? Number(asked) : (await languageByCode(content, asked))?.id;
      if (languageId === undefined) return undefined;
      return [{ field: 'languageId', op: '=', value: languageId }];
    },
    show: async (rows) => {
      const codes = await languageCodes(content);
      return rows.map((row) => ({
        id: row.id,
        text: row.text,
        language: codes.get(row.languageId) ?? null,
        language_id: row.languageId,
      }));
    },
    fresh: async (values, ask) => {
      const languageId = await languageIdOf(ask);
      if (languageId === undefined) throw badField('language', 'This field is required.');
      return { text: '', ...values, languageId };
    },
    change: async (values, before, ask) => ({
      ...values,
      languageId: (await languageIdOf(ask)) ?? before.languageId,
    }),
  };
  return [...callsOf(languages), ...callsOf(strings)];
}
