import type {
  Project,
  UiElement,
  UiElementName,
} from '../../../../actors/content/content.types.js';
import { UI_ELEMENT_DEFAULTS } from '../../../../actors/content/defaults.js';
import { elementFileName, elementZipName } from '../../../content/roundware/element-files.js';
import type { Ask, Call } from '../http/ask.js';
import { blankable, id, ids, text } from '../http/codecs.js';
import { clears, type Inputs, input, required } from '../http/inputs.js';
import { bad } from '../http/refusal.js';
import { by, callsOf, type Resource } from '../http/resource.js';
import { FIRST_LANGUAGE, languageByCode, localisedFields, textsOf } from '../localise.js';
import type { Services } from '../services.js';

const word = blankable(255);

const ELEMENT_INPUTS: Inputs<UiElement> = {
  projectId: input(['project_id', 'project'], id, required),
  nameId: input(['uielementname_id', 'uielementname'], id, required),
  variant: input('variant', word, clears),
  fileExtension: input('file_extension', word, clears),
  labelTextColor: input('label_text_color', word, clears),
  labelPosition: input('label_position', word, clears),
  labelTextLocIds: input('label_text_loc_ids', ids, clears),
};

const NAME_INPUTS: Inputs<UiElementName> = {
  name: input('name', text(255, 1), required),
  description: input('description', blankable(4_096), clears),
  view: input('view', word, clears),
};

/** Elements of one variant by view and name, and where their pictures are. */
export async function uiElementsOf(
  { content }: Services,
  project: Project,
  ask: Ask,
): Promise<object> {
  if (!ask.query.has('variant')) throw bad('variant: it is required.');
  const variant = ask.query.text('variant') ?? '';
  const code = ask.query.text('language_code') ?? 'en';
  const languageId = (await languageByCode(content, code))?.id ?? FIRST_LANGUAGE;
  const elements = await content.uiElements.find({
    where: [
      { field: 'projectId', op: '=', value: project.id },
      { field: 'variant', op: '=', value: variant },
    ],
  });
  const names = new Map(
    (await content.uiElementNames.many(elements.map(({ nameId }) => nameId))).map((row) => [
      row.id,
      row,
    ]),
  );
  const texts = await content.texts(
    elements.flatMap((element) => element.labelTextLocIds),
    languageId,
  );
  const views: Record<string, Record<string, object>> = {};
  for (const element of elements) {
    const named = names.get(element.nameId);
    if (named === undefined) continue;
    const view = views[named.view] ?? {};
    views[named.view] = view;
    const label = element.labelTextLocIds.find((one) => texts.has(one));
    view[named.name] = {
      label_text_color: element.labelTextColor,
      label_position: element.labelPosition,
      file_name: elementFileName(named.name, element),
      label_text: label === undefined ? null : (texts.get(label) ?? null),
    };
  }
  const zip = encodeURIComponent(elementZipName(project.id, variant));
  return {
    config: { project_id: project.id, files_url: `${ask.origin}/media/${zip}` },
    uielements: views,
  };
}

export function uiElementCalls(services: Services): readonly Call[] {
  const { content } = services;
  const elements: Resource<UiElement> = {
    path: 'uielements',
    table: content.uiElements,
    read: 'any',
    write: 'staff',
    inputs: ELEMENT_INPUTS,
    filters: [
      by<UiElement, number>(['project_id', 'project'], id, 'projectId'),
      by<UiElement, string>('variant', text(255), 'variant'),
      by<UiElement, string>('file_extension', text(255), 'fileExtension'),
    ],
    also: async (ask) => {
      const asked = ask.query.text('uielementname', 'uielementname_id');
      if (asked === undefined) return [];
      if (/^\d{1,9}$/.test(asked)) return [{ field: 'nameId', op: '=', value: Number(asked) }];
      const named = await content.uiElementNames.find({
        where: [{ field: 'name', op: '=', value: asked }],
      });
      return [{ field: 'nameId', op: 'in', value: named.map((row) => row.id) }];
    },
    show: async (rows, ask) => {
      const texts = await textsOf(
        content,
        ask,
        ask.query.has('admin') ? rows.flatMap((row) => row.labelTextLocIds) : [],
      );
      return rows.map((row) => ({
        id: row.id,
        variant: row.variant,
        file_extension: row.fileExtension,
        label_text_color: row.labelTextColor,
        label_position: row.labelPosition,
        label_text_loc_ids: row.labelTextLocIds,
        ...(texts.admin ? localisedFields(texts, { label_text_loc: row.labelTextLocIds }) : {}),
        uielementname_id: row.nameId,
        project_id: row.projectId,
      }));
    },
    fresh: (values) =>
      Promise.resolve({ projectId: 0, nameId: 0, ...UI_ELEMENT_DEFAULTS, ...values }),
    removed: ({ id: elementId }) => services.elementFiles.remove(elementId),
  };
  /** Creation and change take the picture, too. */
  const withFile = (call: Call): Call => {
    if (call.method !== 'POST' && call.method !== 'PATCH') return call;
    return {
      ...call,
      files: true,
      run: async (ask) => {
        const file = (await ask.form()).files.find((one) => one.field === 'file');
        if (file !== undefined) await services.elementFiles.check(file.path);
        const shown = (await call.run(ask)) as { readonly id: number };
        if (file !== undefined) await services.elementFiles.put(shown.id, file.path);
        return shown;
      },
    };
  };
  const names: Resource<UiElementName> = {
    path: 'uielementnames',
    table: content.uiElementNames,
    read: 'any',
    write: 'staff',
    inputs: NAME_INPUTS,
    filters: [
      by<UiElementName, string>('name', text(255), 'name'),
      by<UiElementName, string>('view', text(255), 'view'),
    ],
    show: (rows) =>
      Promise.resolve(
        rows.map(({ id: number, name, description, view }) => ({
          id: number,
          name,
          description,
          view,
        })),
      ),
    fresh: (values) => Promise.resolve({ name: '', description: '', view: '', ...values }),
  };
  return [...callsOf(elements).map(withFile), ...callsOf(names)];
}
