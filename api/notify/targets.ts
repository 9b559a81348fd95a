import { randomUUID } from 'node:crypto';
import type { TargetRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { SecretBox } from '../../actors/inventory/secrets.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { TARGET_CONFIGS, type TargetSecret } from '../contract/notify.js';
import { InvalidRequest } from '../http/problem.js';
import { innerFaults } from '../http/union-faults.js';
import { sealedAbout, type TargetBook } from './target-book.js';

export interface NewTarget {
  readonly name: string;
  readonly kind: TargetRow['kind'];
  readonly enabled: boolean;
  readonly config: Readonly<Record<string, unknown>>;
  readonly secret?: TargetSecret | undefined;
  readonly events: readonly string[];
}

export interface TargetChange {
  readonly name?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly secret?: TargetSecret | null | undefined;
  readonly events?: readonly string[] | undefined;
}

/** Who is told: made, changed and removed, with their secrets sealed. */
export class Targets {
  readonly #store: SiteStore;
  readonly #book: TargetBook;
  readonly #box: SecretBox;
  readonly #clock: Clock;

  constructor(options: {
    readonly store: SiteStore;
    readonly book: TargetBook;
    readonly box: SecretBox;
    readonly clock: Clock;
  }) {
    this.#store = options.store;
    this.#book = options.book;
    this.#box = options.box;
    this.#clock = options.clock;
  }

  /** @throws InvalidRequest, EngineError `conflict` for a name, or a webhook's address, that is there already. */
  async create(target: NewTarget, ownerId: string | null, publicId = randomUUID() as string) {
    const config = checked(target.kind, target.config);
    if (target.kind === 'chat' && target.secret?.url === undefined) {
      throw new InvalidRequest([
        { field: 'body.secret.url', message: 'is the address of the chat, and needed' },
      ]);
    }
    await this.#unique(target.kind, target.name, config, undefined);
    const row = await this.#store.automation.targets.create({
      publicId,
      name: target.name,
      kind: target.kind,
      enabled: target.enabled,
      config,
      sealed: this.#sealed(target.secret, publicId),
      events: [...new Set(target.events)],
      ownerId,
      createdAtUnixMs: this.#clock.nowMs(),
    });
    this.#book.put(row);
    return row;
  }

  /** @throws as `create`, and EngineError `not-found`. */
  async change(id: number, change: TargetChange): Promise<TargetRow> {
    const before = await this.get(id);
    const config = change.config === undefined ? undefined : checked(before.kind, change.config);
    await this.#unique(before.kind, change.name, config, id);
    const { secret } = change;
    const after = await this.#store.automation.targets.update(id, {
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(change.enabled === undefined ? {} : { enabled: change.enabled }),
      ...(config === undefined ? {} : { config }),
      ...(change.events === undefined ? {} : { events: [...new Set(change.events)] }),
      ...(secret === undefined ? {} : { sealed: this.#sealed(secret, before.publicId) }),
    });
    if (after === undefined) throw missing(id);
    this.#book.put(after);
    return after;
  }

  /** What waits for it goes with it. @throws EngineError `not-found`. */
  async remove(id: number): Promise<void> {
    if (!(await this.#store.automation.targets.remove(id))) throw missing(id);
  }

  /** @throws EngineError `not-found`. */
  async get(id: number): Promise<TargetRow> {
    const row = await this.#store.automation.targets.get(id);
    if (row === undefined) throw missing(id);
    return row;
  }

  async #unique(
    kind: TargetRow['kind'],
    name: string | undefined,
    config: Readonly<Record<string, unknown>> | undefined,
    except: number | undefined,
  ): Promise<void> {
    await this.#book.settled();
    const others = [...this.#book.all()].map(({ row }) => row).filter((row) => row.id !== except);
    // The name first: one that was made twice has its address twice as well.
    if (name !== undefined && others.some((row) => row.name === name)) {
      throw new EngineError('conflict', `name: there is a target ${name} already`);
    }
    if (kind !== 'webhook' || config === undefined) return;
    const same = others.find((row) => row.kind === kind && row.config['url'] === config['url']);
    if (same === undefined) return;
    throw new EngineError('conflict', `config.url: target ${same.name} has this address already`);
  }

  #sealed(secret: TargetSecret | null | undefined, publicId: string): string | null {
    if (secret === undefined || secret === null || Object.keys(secret).length === 0) return null;
    return this.#box.seal({ ...secret }, sealedAbout(publicId));
  }
}

function checked(
  kind: TargetRow['kind'],
  config: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const parsed = TARGET_CONFIGS[kind].safeParse(config);
  if (parsed.success) return parsed.data;
  throw new InvalidRequest(
    innerFaults(parsed.error.issues, config).map(({ path, message }) => ({
      field: ['body', 'config', ...path.map(String)].join('.'),
      message,
    })),
  );
}

const missing = (id: number) =>
  new EngineError('not-found', `there is no target ${id}; GET /v1/targets lists them`);
