import type { AnswerOf, PathOf } from '../../api/client/calls.types.js';

/** The same, and nothing in it can be changed: rows are shared by what shows them. */
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** Tables of `/v1` whose rows can be read one by one. */
export type Table = {
  [P in PathOf<'GET'>]: P extends `/v1/${infer T}/{id}`
    ? T extends `${string}/${string}`
      ? never
      : AnswerOf<'GET', P> extends { readonly id: number }
        ? T
        : never
    : never;
}[PathOf<'GET'>];

/** A row of a table, as the contract has it. */
export type RowOfTable<T extends Table> = Frozen<
  Extract<AnswerOf<'GET', `/v1/${T}/{id}`>, { readonly id: number }>
>;
