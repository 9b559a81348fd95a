/** Describes one field of a form: how it is named, explained, checked. */
export type FieldSpec<T> = {
  readonly key: Extract<keyof T, string>;
  readonly label: string;
  /** What it does, in the words of the person who sets it. */
  readonly hint?: string;
} & (
  | { readonly kind: 'text'; readonly maxLength?: number; readonly required?: boolean }
  | {
      readonly kind: 'number';
      readonly min: number;
      readonly max: number;
      readonly step?: number;
      readonly unit?: string;
      /** May be left empty; says what that means. */
      readonly empty?: string;
    }
  | { readonly kind: 'toggle' }
  | {
      readonly kind: 'choice';
      readonly options: readonly { readonly value: string; readonly word: string }[];
      /** Word of “none”. */
      readonly none?: string;
      /** Values are whole numbers, such as ids. */
      readonly numeric?: boolean;
      readonly required?: boolean;
    }
  /** A time to the minute, Unix ms; may be left empty. */
  | { readonly kind: 'when' }
  /** Text of several lines. */
  | { readonly kind: 'area'; readonly maxLength?: number; readonly rows?: number }
  /** A list of texts, one a line; empty lines do not count. */
  | { readonly kind: 'lines'; readonly most: number; readonly placeholder?: string }
  /** A list of those that are ticked. */
  | {
      readonly kind: 'ticks';
      readonly options: readonly { readonly value: string | number; readonly word: string }[];
    }
);

export interface SpecGroup<T> {
  readonly title: string;
  readonly fields: readonly FieldSpec<T>[];
}

/** A typed number or a fault that names the remedy. A comma counts as a point. */
export function readNumber(
  text: string,
  spec: { readonly min: number; readonly max: number; readonly empty?: string | undefined },
): { readonly value: number | null } | { readonly fault: string } {
  const trimmed = text.trim().replace(',', '.').replace('−', '-');
  if (trimmed === '') {
    return spec.empty === undefined
      ? { fault: `Type a number from ${spec.min} to ${spec.max}.` }
      : { value: null };
  }
  const value = Number(trimmed);
  if (!Number.isFinite(value))
    return { fault: `“${text.trim()}” is not a number: type one, such as ${spec.min}.` };
  if (value < spec.min || value > spec.max) {
    return { fault: `Type a number from ${spec.min} to ${spec.max}.` };
  }
  return { value };
}

/** A time as `datetime-local` fields hold it, local; empty for none. */
export function whenText(atUnixMs: unknown): string {
  if (typeof atUnixMs !== 'number') return '';
  const at = new Date(atUnixMs - new Date(atUnixMs).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 16);
}

/** The time that was typed; null for none. */
export function whenFrom(text: string): number | null {
  const at = text === '' ? Number.NaN : new Date(text).getTime();
  return Number.isFinite(at) ? at : null;
}

/** Says what is wrong with a text, or undefined. */
export function textFault(
  text: string,
  spec: { readonly label: string; readonly maxLength?: number; readonly required?: boolean },
): string | undefined {
  if (spec.required && text.trim() === '') return `${spec.label} is needed.`;
  if (spec.maxLength !== undefined && text.length > spec.maxLength) {
    return `At most ${spec.maxLength} characters; these are ${text.length}.`;
  }
  return undefined;
}

/** Lines as a list, without the empty ones. */
export function linesOf(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** What is wrong with a form as a whole, by key; for what no field says by itself. */
export function formFaults<T extends object>(
  fields: readonly FieldSpec<T>[],
  value: T,
): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const now: unknown = Reflect.get(value, field.key);
    let fault: string | undefined;
    if (field.kind === 'text' || field.kind === 'area') fault = textFault(String(now ?? ''), field);
    else if (field.kind === 'choice' && field.required && (now === null || now === 0 || now === ''))
      fault = `Choose one: ${field.label} is needed.`;
    else if (field.kind === 'lines' && Array.isArray(now) && now.length > field.most)
      fault = `At most ${field.most} lines; these are ${now.length}.`;
    if (fault !== undefined) faults[field.key] = fault;
  }
  return faults;
}

/** What the server said of fields, by key: `body.to.0` is about `to`. */
export function faultsByField(
  fields: readonly { readonly field: string; readonly message: string }[],
): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {};
  for (const { field, message } of fields) {
    const key = field.replace(/^body\./, '').split('.')[0] ?? field;
    faults[key] ??= message;
  }
  return faults;
}

/** True for equal values, lists and nested ones by content. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What of `draft` differs from `base`. */
export function changesOf<T extends object>(base: T, draft: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(draft).filter(([key, value]) => !same(value, Reflect.get(base, key))),
  ) as Partial<T>;
}
