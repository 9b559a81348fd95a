import type { z } from 'zod';
import { fromJson } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import { note } from './scope.js';
import type { SiteControl } from './tables.js';

/** Largest JSON text of one setting, characters. */
const MAX_VALUE = 262_144;

/** Small things that belong to no other domain: key → JSON value. */
export class Settings {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  /** Undefined when it was never set. @throws EngineError `store.refused` when it does not fit `schema`. */
  async get<T>(key: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const row = await this.#control.read(
      async (db) =>
        await db
          .selectFrom('settings')
          .select('value_json')
          .where('key', '=', key)
          .executeTakeFirst(),
    );
    return row === undefined ? undefined : fromJson(schema, row.value_json, `setting ${key}`);
  }

  /** @throws EngineError `input.invalid` for what JSON cannot hold, `input.too-large`. */
  async set(key: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) {
      throw new EngineError('input.invalid', `setting ${key} must be a JSON value`);
    }
    if (text.length > MAX_VALUE) {
      throw new EngineError(
        'input.too-large',
        `setting ${key} is longer than ${MAX_VALUE} characters`,
      );
    }
    await this.#control.write(async (scope) => {
      await scope.db
        .insertInto('settings')
        .values({ key, value_json: text })
        .onConflict((oc) => oc.column('key').doUpdateSet({ value_json: text }))
        .execute();
      note(scope, 'settings', key, 'put');
    });
  }

  /** @returns false when there is none. */
  async remove(key: string): Promise<boolean> {
    return await this.#control.write(async (scope) => {
      const gone = await scope.db
        .deleteFrom('settings')
        .where('key', '=', key)
        .returning('key')
        .executeTakeFirst();
      if (gone !== undefined) note(scope, 'settings', key, 'delete');
      return gone !== undefined;
    });
  }
}
