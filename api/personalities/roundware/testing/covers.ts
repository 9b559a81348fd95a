import { expect } from 'vitest';
import { noting } from '../../testing/noting.js';
import { CONTRACT } from './contract.js';

export const { covers, shows } = noting(CONTRACT, 'roundware');

/** Any text of this form, as an expected value. */
export const matching = (form: RegExp): unknown => expect.stringMatching(form);
export const anyNumber: unknown = expect.any(Number);
export const anyText: unknown = expect.any(String);
/** A date without a zone, as all clients read it. */
export const naiveDate = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
