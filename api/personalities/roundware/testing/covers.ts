import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { projectRoot } from '../../../../engine/entry.js';
import { CONTRACT } from './contract.js';

/** Where tests note what they showed; read by the generator of the conformance table. */
export const NOTES_FOLDER = join(projectRoot(), 'dist', 'conformance');

const begun = new Set<string>();

/** Notes that the running test has asserted these items of a call. Call it after the assertion. */
export function covers(call: string, ...items: readonly string[]): void {
  const known = CONTRACT[call];
  if (known === undefined) throw new Error(`${call} is not in the contract`);
  const strange = items.filter((item) => !known.includes(item));
  if (strange.length > 0) throw new Error(`${call}: ${strange.join(', ')} not in the contract`);
  const { currentTestName = '', testPath = '' } = expect.getState();
  const file = join(NOTES_FOLDER, `${basename(testPath)}.jsonl`);
  if (!begun.has(file)) {
    begun.add(file);
    mkdirSync(NOTES_FOLDER, { recursive: true });
    rmSync(file, { force: true });
  }
  const lines = items.map((item) =>
    JSON.stringify({ call, item, test: currentTestName, file: basename(testPath) }),
  );
  appendFileSync(file, `${lines.join('\n')}\n`);
}

type Values = Readonly<Record<string, unknown>>;

/** Asserts each named field of an answer, and notes it. */
export function shows(call: string, answer: unknown, expected: Values): void {
  expect(answer).toMatchObject(expected);
  // An expected `undefined` would match a missing field.
  for (const name of Object.keys(expected)) expect(answer).toHaveProperty(name);
  covers(call, ...Object.keys(expected));
}

/** Any text of this form, as an expected value. */
export const matching = (form: RegExp): unknown => expect.stringMatching(form);
export const anyNumber: unknown = expect.any(Number);
export const anyText: unknown = expect.any(String);
/** A date without a zone, as all clients read it. */
export const naiveDate = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
