import type { EngineError } from '../errors.js';
import type { BatchBuilder } from './batch.js';
import type { Stored } from './series.types.js';

/** Appends that are committed together: one batch, one promise. */
export interface Group {
  readonly builder: BatchBuilder;
  readonly stored: Promise<Stored>;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: EngineError) => void;
}

export function newGroup(builder: BatchBuilder): Group {
  let resolve: (stored: Stored) => void = () => undefined;
  let reject: (error: EngineError) => void = () => undefined;
  const stored = new Promise<Stored>((onStored, onError) => {
    resolve = onStored;
    reject = onError;
  });
  return { builder, stored, resolve, reject };
}

/** The weakest place of all groups that hold rows of one append. */
export async function settle(groups: ReadonlySet<Group>): Promise<Stored> {
  const places = await Promise.all([...groups].map((group) => group.stored));
  return places.includes('spool') ? 'spool' : 'store';
}
