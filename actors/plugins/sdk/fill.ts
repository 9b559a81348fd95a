import { EngineError } from '../../../engine/errors.js';

type Value = number | string | boolean;

/** A body with its `{value}`: JSON stays JSON, a quoted `"{value}"` alone becomes the value with its type. */
export function fillBody(
  template: string,
  words: Readonly<Record<string, Value>>,
): { readonly body: unknown; readonly json: boolean } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(template);
  } catch {
    // Not JSON: a text, sent as one.
    return { body: fillText(template, words), json: false };
  }
  return { body: fillJson(parsed, words, 0), json: true };
}

function fillText(template: string, words: Readonly<Record<string, Value>>): string {
  return template.replace(/\{([A-Za-z_]\w*)\}/g, (all, word: string) =>
    Object.hasOwn(words, word) ? String(words[word]) : all,
  );
}

function fillJson(node: unknown, words: Readonly<Record<string, Value>>, depth: number): unknown {
  if (depth > 32)
    throw new EngineError('input.invalid', 'the body of a command is nested too deep');
  if (typeof node === 'string') {
    const alone = /^\{([A-Za-z_]\w*)\}$/.exec(node)?.[1];
    if (alone !== undefined && Object.hasOwn(words, alone)) return words[alone];
    return fillText(node, words);
  }
  if (Array.isArray(node)) return node.map((item) => fillJson(item, words, depth + 1));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, item]) => [key, fillJson(item, words, depth + 1)]),
  );
}
