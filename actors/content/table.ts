import { type Kysely, type RawBuilder, sql } from 'kysely';
import { controlError } from '../../engine/control/control-errors.js';
import { bulkRows, inBulks } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import { note, type SiteScope } from '../control/scope.js';
import type { SiteControl, SiteTables } from '../control/tables.js';
import { columnOf, fromStored, type StoredRow, toStored } from './columns.js';
import type { TableSpec } from './specs.js';
import type { Condition, ContentTable, Find } from './store.types.js';

const MOST_ROWS = 10_000;
/** Ids in one `in (…)`. */
const IDS_AT_ONCE = 500;
const EACH_ROWS = 500;
/** So many changes of the same fields are one statement. */
const BULK_FROM = 4;
const TYPES = {
  int: 'integer',
  flag: 'integer',
  real: 'double',
  text: 'text',
  json: 'text',
} as const;
/** Rows of one insert: 29 columns of each stay far below what a statement may hold. */
const INSERT_ROWS = 200;

type Where = RawBuilder<unknown>;

/** One table of the content or the inventory in the control store; see `ContentTable` for what its methods promise. */
export class StoredTable<T extends { readonly id: number }, F extends Find<T> = Find<T>>
  implements ContentTable<T, F>
{
  protected readonly control: SiteControl;
  protected readonly spec: TableSpec<T>;
  readonly #fields: readonly string[];
  readonly #list: RawBuilder<unknown>;

  constructor(control: SiteControl, spec: TableSpec<T>) {
    this.control = control;
    this.spec = spec;
    this.#fields = Object.keys(spec.columns);
    this.#list = sql.join(['id', ...this.#fields].map((field) => sql.ref(columnOf(field))));
  }

  async get(id: number): Promise<T | undefined> {
    return (await this.many([id]))[0];
  }

  async many(ids: readonly number[]): Promise<readonly T[]> {
    const wanted = ids.filter((id) => Number.isSafeInteger(id));
    const found = new Map<number, T>();
    await this.control.read(async (db) => {
      await inBulks(pieces([...new Set(wanted)]), async (groups) => {
        for (const some of groups) {
          for (const row of await this.#select(db, sql`id in (${sql.join(some)})`)) {
            found.set(row.id, row);
          }
        }
      });
    });
    return wanted.flatMap((id) => found.get(id) ?? []);
  }

  async find(find?: F): Promise<readonly T[]> {
    return await this.control.read((db) => this.#find(db, find));
  }

  async findIn(scope: SiteScope, find?: F): Promise<readonly T[]> {
    return await this.#find(scope.db, find);
  }

  async #find(db: Kysely<SiteTables>, find: F | undefined): Promise<readonly T[]> {
    const by = this.#column(find?.order?.by ?? 'id');
    const way = sql.raw(find?.order?.direction === 'desc' ? 'desc' : 'asc');
    const order =
      find?.order === undefined || find.order.by === 'id'
        ? sql`order by id ${way}`
        : sql`order by ${by} ${way} ${this.#nullsLast(find.order.by)}, id ${way}`;
    const limit = Math.min(MOST_ROWS, Math.max(0, find?.limit ?? MOST_ROWS));
    const tail = sql`${order} limit ${limit} offset ${Math.max(0, find?.offset ?? 0)}`;
    return await this.#select(db, this.whereOf(find), tail);
  }

  async first(find: F): Promise<T | undefined> {
    return (await this.find({ ...find, limit: 1 }))[0];
  }

  async count(find?: F): Promise<number> {
    return await this.control.read(async (db) => {
      const { rows } = await sql<{ rows: number }>`select count(*) as rows
        from ${sql.table(this.spec.table)} where ${this.whereOf(find)}`.execute(db);
      return Number(rows[0]?.rows ?? 0);
    });
  }

  async ids(find?: Omit<F, 'order' | 'offset' | 'limit'>): Promise<readonly number[]> {
    return await this.control.read(async (db) => {
      const { rows } = await sql<{ id: number }>`select id from ${sql.table(this.spec.table)}
        where ${this.whereOf(find as F | undefined)} order by id limit ${MOST_ROWS}`.execute(db);
      return rows.map(({ id }) => id);
    });
  }

  async *each(
    find?: Omit<F, 'order' | 'offset' | 'limit'>,
    size: number = EACH_ROWS,
  ): AsyncGenerator<readonly T[]> {
    const where = this.whereOf(find as F | undefined);
    let after = 0;
    for (;;) {
      const rows = await this.control.read((db) =>
        this.#select(
          db,
          sql`${where} and id > ${after}`,
          sql`order by id limit ${Math.min(size, MOST_ROWS)}`,
        ),
      );
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < size) return;
      after = last.id;
      // The SQLite driver answers on this thread: without a pause nothing else would run meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async create(values: Omit<T, 'id'>): Promise<T> {
    const [made] = await this.createMany([values]);
    if (made === undefined) throw new EngineError('internal', 'the new row did not come back');
    return made;
  }

  async createMany(values: readonly Omit<T, 'id'>[]): Promise<readonly T[]> {
    return await this.control.write((scope) => this.createManyIn(scope, values));
  }

  async createManyIn(scope: SiteScope, values: readonly Omit<T, 'id'>[]): Promise<readonly T[]> {
    const made: T[] = [];
    for (let at = 0; at < values.length; at += INSERT_ROWS) {
      // The SQLite driver answers on this thread: without a pause nothing else would run meanwhile.
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      made.push(...(await this.#insert(scope, values.slice(at, at + INSERT_ROWS))));
    }
    for (const { id } of made) note(scope, this.spec.domain, String(id), 'put');
    return made;
  }

  async update(id: number, values: Partial<Omit<T, 'id'>>): Promise<T | undefined> {
    return await this.control.write((scope) => this.#update(scope, id, values));
  }

  async updateIn(
    scope: SiteScope,
    id: number,
    values: Partial<Omit<T, 'id'>>,
  ): Promise<T | undefined> {
    return await this.#update(scope, id, values);
  }

  async updateMany(
    changes: readonly { readonly id: number; readonly values: Partial<Omit<T, 'id'>> }[],
  ): Promise<number> {
    if (changes.length === 0) return 0;
    return await this.control.write(async (scope) => {
      let known = 0;
      await inBulks(changes, async (some) => {
        for (const { id, values } of some) {
          if ((await this.#update(scope, id, values)) !== undefined) known += 1;
        }
      });
      return known;
    });
  }

  async updateBulk(
    changes: readonly { readonly id: number; readonly values: Partial<Omit<T, 'id'>> }[],
  ): Promise<number> {
    if (changes.length === 0) return 0;
    return await this.control.write((scope) => this.updateBulkIn(scope, changes));
  }

  async updateBulkIn(
    scope: SiteScope,
    changes: readonly { readonly id: number; readonly values: Partial<Omit<T, 'id'>> }[],
  ): Promise<number> {
    const alike = new Map<string, { id: number; values: Partial<Omit<T, 'id'>> }[]>();
    // Of a row that is given twice the later counts, field by field.
    const each = new Map<number, { id: number; values: Partial<Omit<T, 'id'>> }>();
    for (const { id, values } of changes) {
      each.set(id, { id, values: { ...each.get(id)?.values, ...values } });
    }
    for (const change of each.values()) {
      const key = this.#stored(change.values)
        .map(([field]) => field)
        .sort()
        .join(' ');
      const some = alike.get(key);
      if (some === undefined) alike.set(key, [change]);
      else some.push(change);
    }
    let known = 0;
    for (const [fields, some] of alike) {
      await inBulks(some, async (few) => {
        if (fields !== '' && few.length >= BULK_FROM) known += await this.#updateAlike(scope, few);
        else {
          for (const { id, values } of few) {
            if ((await this.#update(scope, id, values)) !== undefined) known += 1;
          }
        }
      });
    }
    return known;
  }

  async remove(id: number): Promise<boolean> {
    return await this.control.write(async (scope) => {
      const { rows } = await sql<StoredRow>`delete from ${sql.table(this.spec.table)}
        where id = ${id} returning id`
        .execute(scope.db)
        .catch((thrown: unknown) => {
          if (controlError(thrown).code !== 'conflict') throw thrown;
          throw new EngineError(
            'conflict',
            `${this.spec.name} ${id} is still in use: remove what refers to it first`,
            { cause: thrown },
          );
        });
      if (rows.length > 0) note(scope, this.spec.domain, String(id), 'delete');
      return rows.length > 0;
    });
  }

  /** For tables that keep a part of a row elsewhere as well. `changed` undefined: the row is new. */
  protected async afterWrite(
    _scope: SiteScope,
    _row: T,
    _changed: Partial<Omit<T, 'id'>> | undefined,
  ): Promise<void> {}

  protected whereOf(find: F | undefined): Where {
    const parts = (find?.where ?? []).map((condition) => this.#condition(condition));
    return parts.length === 0 ? sql`1 = 1` : sql.join(parts, sql` and `);
  }

  protected rowOf(stored: StoredRow): T {
    const row: Record<string, unknown> = { id: stored['id'] };
    for (const field of this.#fields) {
      const kind = this.spec.columns[field as keyof TableSpec<T>['columns']];
      const where = `${field} of ${this.spec.name} ${String(stored['id'])}`;
      row[field] = fromStored(kind, stored[columnOf(field)], where);
    }
    return row as T;
  }

  /** What has no value comes last on both databases and in both directions; an index serves only plain order. */
  #nullsLast(field: string): RawBuilder<unknown> {
    return this.spec.nullable.includes(field) ? sql`nulls last` : sql``;
  }

  async #select(db: Kysely<SiteTables>, where: Where, tail: Where = sql``): Promise<T[]> {
    const { rows } = await sql<StoredRow>`select ${this.#list} from ${sql.table(this.spec.table)}
      where ${where} ${tail}`.execute(db);
    return rows.map((row) => this.rowOf(row));
  }

  async #update(
    scope: SiteScope,
    id: number,
    values: Partial<Omit<T, 'id'>>,
  ): Promise<T | undefined> {
    const given = this.#stored(values);
    if (given.length === 0) return (await this.#select(scope.db, sql`id = ${id}`))[0];
    const changes = given.map(([field, value]) => sql`${this.#column(field)} = ${value}`);
    const { rows } = await sql<StoredRow>`update ${sql.table(this.spec.table)}
      set ${sql.join(changes)} where id = ${id} returning ${this.#list}`.execute(scope.db);
    const row = rows[0] === undefined ? undefined : this.rowOf(rows[0]);
    if (row === undefined) return undefined;
    await this.afterWrite(scope, row, values);
    note(scope, this.spec.domain, String(id), 'put');
    return row;
  }

  /** The same fields of many rows, each given once, in one statement. */
  async #updateAlike(
    scope: SiteScope,
    changes: readonly { readonly id: number; readonly values: Partial<Omit<T, 'id'>> }[],
  ): Promise<number> {
    const given = new Map(changes.map(({ id, values }) => [id, values]));
    const fields = this.#stored(changes[0]?.values ?? {}).map(([field]) => field);
    // Names of their own: one that both sides have would be ambiguous.
    const types: Record<string, 'text' | 'integer' | 'double'> = { given_id: 'integer' };
    for (const field of fields) types[`given_${columnOf(field)}`] = TYPES[this.#kind(field)];
    const rows = Array.from(given, ([id, values]) => ({
      given_id: id,
      ...Object.fromEntries(
        this.#stored(values).map(([field, value]) => [`given_${columnOf(field)}`, value]),
      ),
    }));
    const sets = fields.map(
      (field) => sql`${this.#column(field)} = ${sql.ref(`r.given_${columnOf(field)}`)}`,
    );
    const { rows: stored } = await sql<StoredRow>`update ${sql.table(this.spec.table)}
      set ${sql.join(sets)} from ${bulkRows(this.control.dialect, types, rows)} as r
      where id = r.given_id returning ${this.#list}`.execute(scope.db);
    for (const one of stored) {
      const row = this.rowOf(one);
      const values = given.get(row.id);
      if (values !== undefined) await this.afterWrite(scope, row, values);
      note(scope, this.spec.domain, String(row.id), 'put');
    }
    return stored.length;
  }

  /** Rows come back in the order in which they were given. */
  async #insert(scope: SiteScope, values: readonly Omit<T, 'id'>[]): Promise<T[]> {
    const columns = this.#fields.map((field) => this.#column(field));
    const given = values.map((one) => {
      const stored = new Map(this.#stored(one as Partial<Omit<T, 'id'>>));
      return sql`(${sql.join(this.#fields.map((field) => stored.get(field) ?? null))})`;
    });
    const { rows } = await sql<StoredRow>`insert into ${sql.table(this.spec.table)}
      (${sql.join(columns)}) values ${sql.join(given)} returning ${this.#list}`.execute(scope.db);
    const made = rows.map((row) => this.rowOf(row)).sort((a, b) => a.id - b.id);
    if (made.length !== values.length) {
      throw new EngineError('internal', `${values.length} new rows, ${made.length} came back`);
    }
    for (const row of made) await this.afterWrite(scope, row, undefined);
    return made;
  }

  #stored(values: Partial<Omit<T, 'id'>>): [field: string, value: string | number | null][] {
    const given: [string, string | number | null][] = [];
    for (const [field, value] of Object.entries(values)) {
      if (field === 'id' || value === undefined) continue;
      given.push([field, toStored(this.#kind(field), field, value)]);
    }
    return given;
  }

  #kind(field: string): TableSpec<T>['columns'][keyof TableSpec<T>['columns']] {
    if (field in this.spec.columns) {
      return this.spec.columns[field as keyof TableSpec<T>['columns']];
    }
    throw new EngineError(
      'input.invalid',
      `${this.spec.name} have no field ${field}; they have ${this.#fields.join(', ')}`,
      { context: { field } },
    );
  }

  /** Field names may come from a query string: only known ones become SQL. */
  #column(field: string): RawBuilder<unknown> {
    if (field !== 'id') this.#kind(field);
    return sql.ref(columnOf(field));
  }

  #condition({ field, op, value }: Condition<T>): Where {
    const column = this.#column(field);
    const kind = field === 'id' ? 'int' : this.#kind(field);
    switch (op) {
      case 'isNull':
        return value === true ? sql`${column} is null` : sql`${column} is not null`;
      case 'in': {
        const list = Array.isArray(value) ? value.slice(0, IDS_AT_ONCE * 20) : [value];
        if (list.length === 0) return sql`1 = 0`;
        return sql`${column} in (${sql.join(list.map((one) => toStored(kind, field, one)))})`;
      }
      case 'contains':
        return sql`lower(${column}) like ${`%${escaped(value)}%`} escape '!'`;
      case 'startsWith':
        return sql`lower(cast(${column} as text)) like ${`${escaped(value)}%`} escape '!'`;
      default:
        return sql`${column} ${sql.raw(op === '!=' ? '<>' : op)} ${toStored(kind, field, value)}`;
    }
  }
}

/** Text for `like` with `!` as the escape. */
export const escaped = (value: unknown): string =>
  String(value)
    .toLowerCase()
    .replaceAll(/[!%_]/g, (sign) => `!${sign}`);

function pieces(ids: readonly number[]): (readonly number[])[] {
  const out: (readonly number[])[] = [];
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) out.push(ids.slice(at, at + IDS_AT_ONCE));
  return out;
}
