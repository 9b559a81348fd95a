import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { projectRoot } from '../../../engine/entry.js';

/** For each call the items of it that clients rely on; each needs a test that asserts it. */
export type Contract = Readonly<Record<string, readonly string[]>>;

type Values = Readonly<Record<string, unknown>>;

/**
 * Where tests note what they showed; read by the generator of the conformance tables.
 * @param folder of the notes, below `dist/conformance`
 */
export function noting(contract: Contract, folder: string) {
  const notes = join(projectRoot(), 'dist', 'conformance', folder);
  const begun = new Set<string>();

  /** Notes that the running test has asserted these items of a call. Call it after the assertion. */
  const covers = (call: string, ...items: readonly string[]): void => {
    const known = contract[call];
    if (known === undefined) throw new Error(`${call} is not in the contract`);
    const strange = items.filter((item) => !known.includes(item));
    if (strange.length > 0) throw new Error(`${call}: ${strange.join(', ')} not in the contract`);
    const { currentTestName = '', testPath = '' } = expect.getState();
    const file = join(notes, `${basename(testPath)}.jsonl`);
    if (!begun.has(file)) {
      begun.add(file);
      mkdirSync(notes, { recursive: true });
      rmSync(file, { force: true });
    }
    const lines = items.map((item) =>
      JSON.stringify({ call, item, test: currentTestName, file: basename(testPath) }),
    );
    appendFileSync(file, `${lines.join('\n')}\n`);
  };

  /** Asserts each named field of an answer, and notes it. */
  const shows = (call: string, answer: unknown, expected: Values): void => {
    expect(answer).toMatchObject(expected);
    // An expected `undefined` would match a missing field.
    for (const name of Object.keys(expected)) expect(answer).toHaveProperty([name]);
    covers(call, ...Object.keys(expected));
  };
  return { covers, shows };
}
