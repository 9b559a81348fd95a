import type { AuditRow } from '../../actors/automation/automation.types.js';
import type { ContentTable } from '../../actors/content/store.types.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Audited } from '../http/route.types.js';

export interface AuditOptions {
  readonly table: ContentTable<AuditRow>;
  readonly clock: Clock;
  readonly keepDays: number;
  /** Failures nobody waits for; the entries are kept and tried again. */
  readonly onError: (error: EngineError) => void;
}

const FLUSH_MS = 300;
const AGAIN_MS = 5_000;
const AT_ONCE = 200;
/** Entries that wait while the store is away; beyond it the oldest are lost and counted. */
const MAX_WAITING = 20_000;
const SWEEP_MS = 3_600_000;
const SWEEP_ROWS = 500;
const DAY_MS = 86_400_000;
const MAX_TEXT = 4_000;
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_STRING = 1_000;
/** JSON of one side of a change; more is left out and said so. */
const MAX_SIDE_CHARS = 16_000;
const SECRET =
  /passw|secret|token|authorization|cookie|^key$|apikey|api_key|shared_?key|privatekey|sealed/i;

/** Who changed what. Entries are taken at once and written soon, in groups; `close` writes what is left. */
export class AuditLog {
  readonly #options: AuditOptions;
  readonly #waiting: Omit<AuditRow, 'id'>[] = [];
  #timer: TimerHandle | undefined;
  #sweeper: TimerHandle | undefined;
  #writing: Promise<void> | undefined;
  #lost = 0;
  #closed = false;

  constructor(options: AuditOptions) {
    this.#options = options;
    if (options.keepDays > 0) this.#sweepLater();
  }

  /** Entries that could not be kept since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** Never throws. Secrets and everything too long are left out here. */
  readonly note = (change: Omit<Audited, 'requestId'> & { requestId: string | null }): void => {
    if (this.#closed) return;
    const before = sideOf(change.before);
    const after = sideOf(change.after);
    const { by, address, action, subject, requestId } = change;
    this.#waiting.push({
      atUnixMs: this.#options.clock.nowMs(),
      by: by.slice(0, 200),
      address: address.slice(0, 100),
      action: action.slice(0, 200),
      subject: subject.slice(0, 500),
      before,
      after,
      requestId,
      text: [by, action, subject, textOf(before), textOf(after)].join(' ').slice(0, MAX_TEXT),
    });
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#lost += 1;
    }
    this.#flushIn(FLUSH_MS);
  };

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { clock } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    if (this.#sweeper !== undefined) clock.clearTimeout(this.#sweeper);
    await this.#writing;
    while (this.#waiting.length > 0) if (!(await this.#write())) return;
  }

  #flushIn(delayMs: number): void {
    if (this.#timer !== undefined || this.#writing !== undefined || this.#closed) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#write().then((written) => {
        this.#writing = undefined;
        if (this.#waiting.length > 0) this.#flushIn(written ? 0 : AGAIN_MS);
      });
    }, delayMs);
  }

  async #write(): Promise<boolean> {
    const some = this.#waiting.slice(0, AT_ONCE);
    try {
      await this.#options.table.createMany(some);
      this.#waiting.splice(0, some.length);
      return true;
    } catch (thrown) {
      this.#options.onError(EngineError.from(thrown));
      return false;
    }
  }

  #sweepLater(): void {
    this.#sweeper = this.#options.clock.setTimeout(() => {
      void this.#sweep().finally(() => {
        if (!this.#closed) this.#sweepLater();
      });
    }, SWEEP_MS);
  }

  async #sweep(): Promise<void> {
    const { table, clock, keepDays, onError } = this.#options;
    const value = clock.nowMs() - keepDays * DAY_MS;
    try {
      for (;;) {
        const old = await table.find({
          where: [{ field: 'atUnixMs', op: '<', value }],
          order: { by: 'atUnixMs', direction: 'asc' },
          limit: SWEEP_ROWS,
        });
        for (const { id } of old) await table.remove(id);
        if (old.length < SWEEP_ROWS || this.#closed) return;
      }
    } catch (thrown) {
      onError(EngineError.from(thrown));
    }
  }
}

type Side = Readonly<Record<string, unknown>> | null;

function sideOf(value: unknown): Side {
  if (value === undefined || value === null) return null;
  const bare = withoutSecrets(value);
  const side =
    typeof bare === 'object' && bare !== null && !Array.isArray(bare) ? bare : { value: bare };
  return JSON.stringify(side).length <= MAX_SIDE_CHARS
    ? (side as Side)
    : {
        omitted: `more than ${MAX_SIDE_CHARS} characters`,
        fields: Object.keys(side).slice(0, MAX_ITEMS),
      };
}

interface Limits {
  readonly items: number;
  readonly depth: number;
}

/** A copy that holds no secret, nothing deep and nothing long. */
export function withoutSecrets(
  value: unknown,
  limits: Limits = { items: MAX_ITEMS, depth: MAX_DEPTH },
): unknown {
  if (typeof value === 'string') {
    return value.length > MAX_STRING ? `${value.slice(0, MAX_STRING)}…` : value;
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return null;
  if (limits.depth === 0) return '…';
  const inner = { ...limits, depth: limits.depth - 1 };
  if (Array.isArray(value)) {
    return value.slice(0, limits.items).map((one: unknown) => withoutSecrets(one, inner));
  }
  const bare: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value).slice(0, limits.items)) {
    const hidden = SECRET.test(name) && one !== null && typeof one !== 'boolean';
    bare[name] = hidden ? '(secret)' : withoutSecrets(one, inner);
  }
  return bare;
}

const textOf = (side: Side): string => (side === null ? '' : JSON.stringify(side));
