import type { VariableRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { SampleColumns } from '../../actors/device/protocol.js';
import { compileExpression } from '../../actors/rule/expression/compile.js';
import type { ExpressionFrame, Value } from '../../actors/rule/expression/expression.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { VariablePort } from '../automation/ports.js';
import type { VariableRow as LiveVariable } from '../contract/automation-rows.js';
import type { LiveTable } from '../live/table.types.js';
import { VARIABLES_DEVICE } from './cycles.js';
import { TableBook } from './table-book.js';

/** What of the devices is needed to make variables channels. */
export interface VariableDevice {
  readonly tables: { definition(id: string): unknown };
  create(claim: {
    readonly id: string;
    readonly name: string;
    readonly protocol: string;
    readonly channels: readonly never[];
  }): Promise<unknown>;
  append(columns: SampleColumns): Promise<unknown>;
}

export interface VariablesOptions {
  readonly store: Pick<SiteStore, 'automation' | 'control'>;
  readonly live: LiveTable;
  readonly channels: Pick<LiveTable, 'get'>;
  readonly device: VariableDevice;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

const MOST_TEXT = 1_000;

/**
 * Variables of the site: in the control store, in memory, as live rows, and as channels of device `site:variables`, so that
 * rules and charts use them. The caller ends it by `close`.
 */
export class Variables implements VariablePort {
  readonly #options: VariablesOptions;
  readonly #book: TableBook<VariableRow>;
  readonly #byName = new Map<string, VariableRow>();
  readonly #nameOf = new Map<number, string>();
  readonly #listeners = new Set<(row: VariableRow) => void>();
  readonly #goneListeners = new Set<(name: string) => void>();
  /** Samples are stored one after the other, or a later value could come first. */
  #storing: Promise<void> = Promise.resolve();

  constructor(options: VariablesOptions) {
    this.#options = options;
    const { store, onFault } = options;
    this.#book = new TableBook({
      feed: store.control.feed,
      domain: 'automation.variables',
      table: store.automation.variables,
      changed: (rows, gone) => this.#changed(rows, gone),
      onFault,
    });
  }

  async start(): Promise<void> {
    await this.#book.start();
  }

  async close(): Promise<void> {
    await this.#book.close();
    await this.#storing;
  }

  /** Resolves when everything that was committed before is known here. */
  async settled(): Promise<void> {
    await this.#book.readAll();
  }

  get(name: string): VariableRow | undefined {
    return this.#byName.get(name);
  }

  all(): IterableIterator<VariableRow> {
    return this.#byName.values();
  }

  async set(name: string, value: number | string | boolean, by: string): Promise<VariableRow> {
    const row = this.#byName.get(name);
    if (row === undefined) {
      throw new EngineError(
        'not-found',
        `there is no variable ${name}: make it with POST /v1/variables`,
      );
    }
    checkValue(row.kind, value);
    const after = await this.#options.store.automation.variables.update(row.id, {
      value,
      updatedAtUnixMs: this.#options.clock.nowMs(),
      updatedBy: by,
    });
    if (after === undefined) throw new EngineError('not-found', `there is no variable ${name}`);
    this.#changed([after], []);
    return after;
  }

  onChange(listener: (row: VariableRow) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  onGone(listener: (name: string) => void): () => void {
    this.#goneListeners.add(listener);
    return () => void this.#goneListeners.delete(listener);
  }

  evaluate(text: string): number | string | boolean {
    const { channels } = this.#options;
    const compiled = compileExpression(text, {
      channel: (name) => channels.get(name) as { kind: 'number'; unit: string | null } | undefined,
      variable: (name) => this.#byName.get(name),
    });
    if (compiled.windows.length > 0) {
      throw new EngineError(
        'input.invalid',
        'functions over a span are for conditions: an action computes from latest values',
      );
    }
    const rows = compiled.channels.map((name) => channels.get(name));
    const frame: ExpressionFrame = {
      nowUnixMs: this.#options.clock.nowMs(),
      value: (index) => (rows[index]?.['value'] as Value | null | undefined) ?? undefined,
      previous: () => undefined,
      atUnixMs: (index) => (rows[index]?.['atUnixMs'] as number | null | undefined) ?? undefined,
      window: () => undefined,
      variable: (name) => this.#byName.get(name)?.value,
    };
    const value = compiled.evaluate(frame);
    if (value !== undefined) return value;
    throw new EngineError(
      'input.invalid',
      `${text} has no value now: a channel that it names has none, or it divides by zero; default(…) helps`,
    );
  }

  #changed(rows: readonly VariableRow[], gone: readonly number[]): void {
    const { live } = this.#options;
    for (const id of gone) {
      const name = this.#nameOf.get(id);
      this.#nameOf.delete(id);
      if (name === undefined || this.#byName.get(name)?.id !== id) continue;
      this.#byName.delete(name);
      live.remove(name);
      for (const listener of this.#goneListeners) listener(name);
    }
    for (const row of rows) {
      const before = this.#byName.get(row.name);
      if (before !== undefined && before.updatedAtUnixMs > row.updatedAtUnixMs) continue;
      this.#byName.set(row.name, row);
      this.#nameOf.set(row.id, row.name);
      live.put({ ...liveRow(row) });
      const same =
        before !== undefined &&
        before.value === row.value &&
        before.kind === row.kind &&
        before.unit === row.unit &&
        before.updatedAtUnixMs === row.updatedAtUnixMs;
      if (same) continue;
      this.#sample(row);
      for (const listener of this.#listeners) listener(row);
    }
  }

  #sample({ name, value, updatedAtUnixMs }: VariableRow): void {
    const { device, onFault } = this.#options;
    const text = typeof value === 'string';
    const columns: SampleColumns = {
      deviceId: VARIABLES_DEVICE,
      names: [name],
      name: new Uint16Array([0]),
      atUnixMs: new Float64Array([updatedAtUnixMs]),
      kind: new Uint8Array([text ? 1 : typeof value === 'boolean' ? 2 : 0]),
      value: new Float64Array([text ? 0 : Number(value)]),
      texts: text ? [value] : [],
    };
    this.#storing = this.#storing
      .then(async () => {
        if (device.tables.definition(VARIABLES_DEVICE) === undefined) {
          await device.create({
            id: VARIABLES_DEVICE,
            name: 'Variables',
            protocol: 'native',
            channels: [],
          });
        }
        await device.append(columns);
      })
      .catch((thrown: unknown) => onFault(EngineError.from(thrown)));
  }
}

const liveRow = (row: VariableRow): LiveVariable => ({
  id: row.name,
  kind: row.kind,
  value: row.value,
  unit: row.unit,
  updatedAtUnixMs: row.updatedAtUnixMs,
  updatedBy: row.updatedBy,
});

const KIND_OF = { number: 'number', text: 'string', boolean: 'boolean' } as const;

/** @throws EngineError `input.invalid` */
export function checkValue(kind: VariableRow['kind'], value: unknown): void {
  const fits =
    typeof value === KIND_OF[kind] && (typeof value !== 'string' || value.length <= MOST_TEXT);
  if (fits) return;
  const wanted = kind === 'text' ? `a text of at most ${MOST_TEXT} characters` : `a ${kind}`;
  throw new EngineError('input.invalid', `value: the variable wants ${wanted}`, {
    context: { field: 'value' },
  });
}
