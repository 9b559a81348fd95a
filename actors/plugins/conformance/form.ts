import type { JsonObject } from '../sdk/schema.js';

/** What an author has to mend in a form, as paths with dots; `[]`: each of a list, `*`: each of a record. */
export interface FormFaults {
  readonly fields: number;
  /** Without a title. */
  readonly bare: readonly string[];
  /** Named like a secret, and not marked as one: they would be kept and shown in clear. */
  readonly open: readonly string[];
}

const SECRET = /password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key|credential/i;
const BRANCHES = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const;
const MAX_DEPTH = 12;

/** Looks at every field of a JSON Schema, at every depth: in objects, lists, records, unions and definitions. */
export function formFaults(schema: JsonObject): FormFaults {
  const bare = new Set<string>();
  const open = new Set<string>();
  const seen = new Set<string>();
  const walk = (node: unknown, path: string, depth: number): void => {
    if (!isObject(node) || depth > MAX_DEPTH) return;
    const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
    for (const [name, field] of Object.entries(
      isObject(node['properties']) ? node['properties'] : {},
    )) {
      if (!isObject(field)) continue;
      seen.add(at(name));
      if (typeof field['title'] !== 'string') bare.add(at(name));
      if (SECRET.test(name) && holdsText(field) && field['secret'] !== true) open.add(at(name));
      walk(field, at(name), depth + 1);
    }
    walk(node['items'], at('[]'), depth + 1);
    walk(node['additionalProperties'], at('*'), depth + 1);
    for (const key of BRANCHES) {
      const branches: unknown = node[key];
      if (Array.isArray(branches)) for (const branch of branches) walk(branch, path, depth + 1);
    }
    for (const one of Object.values(isObject(node['$defs']) ? node['$defs'] : {})) {
      walk(one, path, depth + 1);
    }
  };
  walk(schema, '', 0);
  return { fields: seen.size, bare: [...bare], open: [...open] };
}

/** `tokenCount: 3` and `{ tokens: { … } }` hold no secret themselves. */
function holdsText(field: JsonObject): boolean {
  const type = field['type'];
  return type === undefined || type === 'string' || type === 'array';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
