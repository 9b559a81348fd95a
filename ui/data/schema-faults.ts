import { entriesOf, type FormField, type FormNode } from './json-schema.js';

export type Faults = Readonly<Record<string, string>>;

const joined = (path: string, key: string | number): string =>
  path === '' ? String(key) : `${path}.${key}`;

/**
 * What is wrong with a value, by path with dots (`servers.0.host`). The server checks again; this says it while one
 * types. Secrets that are stored already count as given: `known` are their paths.
 */
export function schemaFaults(
  node: FormNode,
  value: unknown,
  known: readonly string[] = [],
  path = '',
): Faults {
  switch (node.kind) {
    case 'object':
      return objectFaults(node.fields, value, known, path);
    case 'variant': {
      const chosen = node.options.find(({ value: one }) => one === entriesOf(value)[node.tag]);
      if (chosen === undefined) return { [joined(path, node.tag)]: 'Choose one.' };
      return schemaFaults(chosen.node, value, known, path);
    }
    case 'list':
      return listFaults(node, value, known, path);
    case 'table':
      return Object.assign(
        {},
        ...Object.entries(entriesOf(value)).map(([key, one]) =>
          schemaFaults(node.item, one, known, joined(path, key)),
        ),
      ) as Faults;
    default: {
      const fault = leafFault(node, value);
      return fault === undefined ? {} : { [path]: fault };
    }
  }
}

function objectFaults(
  fields: readonly FormField[],
  value: unknown,
  known: readonly string[],
  path: string,
): Faults {
  const own = entriesOf(value);
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const at = joined(path, field.key);
    const present = own[field.key];
    const missing = present === undefined || present === null || present === '';
    if (field.node.kind === 'secret') {
      const kept = known.includes(at) && present === undefined;
      if (field.required && missing && !kept) faults[at] = `${field.label} is needed.`;
    } else if (missing && field.required && field.node.kind === 'object') {
      // Its own parts say what they need.
      Object.assign(faults, schemaFaults(field.node, {}, known, at));
    } else if (missing && field.required && !(present === null && field.nullable)) {
      faults[at] = `${field.label} is needed.`;
    } else if (!missing) {
      Object.assign(faults, schemaFaults(field.node, present, known, at));
    }
  }
  return faults;
}

function listFaults(
  node: Extract<FormNode, { readonly kind: 'list' }>,
  value: unknown,
  known: readonly string[],
  path: string,
): Faults {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  if (items.length < node.least) return { [path]: `Give at least ${node.least}.` };
  if (items.length > node.most)
    return { [path]: `At most ${node.most}; these are ${items.length}.` };
  return Object.assign(
    {},
    ...items.map((one, index) => schemaFaults(node.item, one, known, joined(path, index))),
  ) as Faults;
}

function leafFault(node: FormNode, value: unknown): string | undefined {
  if (node.kind === 'number') return numberFault(node, value);
  if (node.kind === 'choice') {
    const known = node.options.some((one) => one === value);
    return known ? undefined : `Choose one of ${node.options.join(', ')}.`;
  }
  if (node.kind !== 'text') return undefined;
  const text = String(value ?? '');
  if (text.length < node.minLength) return `At least ${node.minLength} characters.`;
  if (node.maxLength !== undefined && text.length > node.maxLength) {
    return `At most ${node.maxLength} characters; these are ${text.length}.`;
  }
  if ((node.format === 'uri' || node.format === 'url') && !URL.canParse(text)) {
    return 'Type an address such as https://192.168.1.10.';
  }
  if (node.pattern !== undefined && !node.pattern.test(text)) {
    return 'This does not have the expected form.';
  }
  return undefined;
}

function numberFault(
  node: Extract<FormNode, { readonly kind: 'number' }>,
  value: unknown,
): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'Type a number.';
  if (node.integer && !Number.isInteger(value)) return 'Type a whole number.';
  if (value < node.min && node.max === Number.MAX_SAFE_INTEGER) return `At least ${node.min}.`;
  if (value < node.min || value > node.max) return `Type a number from ${node.min} to ${node.max}.`;
  return undefined;
}

/** What the server said of fields, by path: `body.config.host` and `config.host` are about `host`. */
export function serverFaults(
  fields: readonly { readonly field: string; readonly message: string }[],
  under: string,
): Faults {
  const faults: Record<string, string> = {};
  for (const { field, message } of fields) {
    const own = field.replace(/^body\./, '');
    const path = own.startsWith(`${under}.`) ? own.slice(under.length + 1) : own;
    faults[path] ??= message;
  }
  return faults;
}

/** Labels of the fields that hold the address of a server: what to look at when it cannot be reached. */
export function addressLabels(node: FormNode, value: unknown): readonly string[] {
  if (node.kind !== 'object') return [];
  const own = entriesOf(value);
  return node.fields.flatMap(({ key, label, node: part }) => {
    const given = own[key];
    if (part.kind === 'object') return addressLabels(part, given);
    const isAddress = typeof given === 'string' && /^[a-z][a-z\d+.-]*:\/\//i.test(given);
    return part.kind === 'text' && isAddress ? [label] : [];
  });
}
