import type { RuleRow } from '../../actors/automation/automation.types.js';
import type { Action } from '../../actors/rule/rule.types.js';
import { EngineError } from '../../engine/errors.js';
import { checkTemplate, TEMPLATE_NAMES } from '../notify/templates.js';
import { invalid } from '../routes/table-routes.js';

/** @throws InvalidRequest naming the field of a rule whose template cannot be read. */
export function checkTemplates(row: RuleRow): void {
  for (const [field, template] of templatesOf(row)) {
    try {
      checkTemplate(field, template);
    } catch (thrown) {
      throw invalid(field, EngineError.from(thrown).message.replace(`${field} `, ''));
    }
  }
}

/** The row with what may be meant otherwise in it: names in its templates that nothing fills. */
export function withWarnings(row: RuleRow): RuleRow & { readonly warnings: readonly string[] } {
  const warnings = templatesOf(row).flatMap(([field, template]) =>
    unknownIn(field, template).map(
      (name) =>
        `${field}: nothing fills {{${name}}}, it stays empty; there are ${TEMPLATE_NAMES.join(', ')}`,
    ),
  );
  return { ...row, warnings };
}

function unknownIn(field: string, template: string): readonly string[] {
  if (!template.includes('{{')) return [];
  try {
    return checkTemplate(field, template);
  } catch (thrown) {
    // Stored by an earlier version: it is shown as it is.
    return [EngineError.from(thrown).message];
  }
}

function templatesOf({ text, actions }: RuleRow): readonly (readonly [string, string])[] {
  return [
    ['text', text],
    ...actions.flatMap((action, index) =>
      wordsOf(action).map(([field, template]) => [`actions.${index}.${field}`, template] as const),
    ),
  ];
}

/** What of an action is filled in, as in `api/notify/deliveries.ts`. */
function wordsOf(action: Action): readonly (readonly [string, string])[] {
  switch (action.type) {
    case 'notify':
      return [
        ['subject', action.subject ?? ''],
        ['text', action.text ?? ''],
      ];
    case 'journal':
      return [['text', action.text]];
    case 'experiment':
      return [['name', action.name]];
    case 'variable':
      return typeof action.value === 'string' && !action.value.startsWith('=')
        ? [['value', action.value]]
        : [];
    case 'audio':
      return action.do === 'text' ? [['text', action.text]] : [];
    case 'command':
    case 'webhooks':
      return [];
  }
}
