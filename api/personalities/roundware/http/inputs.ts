import { ownField } from './ask.js';
import type { Form } from './body.js';
import { type Codec, isAbsent, ValueFault } from './codecs.js';
import { Refusal } from './refusal.js';

/** How one field of a row is written. */
export interface Input<V> {
  /** On the wire; the first is the one that errors name, the others are aliases. */
  readonly names: readonly string[];
  readonly read: Codec<V>;
  /** Missing on creation: an error. */
  readonly required: boolean;
  /** An explicit null or empty value is a value: it takes the old one back. */
  readonly clears: boolean;
}

/** Row field → how it is written. What is not named here cannot be written. */
export type Inputs<T> = { readonly [K in keyof T]?: Input<T[K]> };

export function input<V>(
  names: string | readonly string[],
  read: Codec<V>,
  options: { readonly required?: boolean; readonly clears?: boolean } = {},
): Input<V> {
  return {
    names: typeof names === 'string' ? [names] : names,
    read,
    required: options.required ?? false,
    clears: options.clears ?? false,
  };
}

export const required = { required: true } as const;
/** Of lists, texts and nullable fields: `""`, `null` and `[]` empty them. */
export const clears = { clears: true } as const;

/**
 * What a body says about a row. With `creating`, required fields must be there.
 * @throws Refusal 400 with every field that is wrong.
 */
export function readInputs<T>(form: Form, inputs: Inputs<T>, creating: boolean): Partial<T> {
  const values: Record<string, unknown> = {};
  const faults: Record<string, string[]> = {};
  for (const [key, given] of Object.entries(inputs)) {
    const spec = given as Input<unknown>;
    const named = spec.names.filter((name) => ownField(form, name) !== undefined);
    const name = named.find((one) => !isAbsent(ownField(form, one))) ?? named[0];
    const raw = name === undefined ? undefined : ownField(form, name);
    if (name === undefined || (isAbsent(raw) && !spec.clears)) {
      if (creating && spec.required) faults[spec.names[0] ?? key] = ['This field is required.'];
      continue;
    }
    try {
      values[key] = spec.read(raw);
    } catch (thrown) {
      if (!(thrown instanceof ValueFault)) throw thrown;
      faults[name] = [thrown.message];
    }
  }
  if (Object.keys(faults).length > 0) throw new Refusal(400, faults);
  return values as Partial<T>;
}
