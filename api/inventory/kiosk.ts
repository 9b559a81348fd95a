import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { SiteStore } from '../../actors/control/site.js';
import type { KioskLinkRow } from '../../actors/inventory/inventory.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { kioskCreate, kioskLink, kioskView } from '../contract/inventory.js';
import type { Filter, LiveResource } from '../contract/live.js';
import { type Route, route } from '../http/route.types.js';
import type { SocketRequest } from '../http/socket.types.js';
import { type LiveGuest, oneOf } from '../live/guest.js';
import { invalid } from '../routes/table-routes.js';

const RESOURCES = new Set(['rf', 'groups'] as const);
/** Of a board that is not there (any more). */
const NOTHING: Filter = { or: [] };
const SECRET = /^[A-Za-z0-9_-]{20,64}$/;
/** More are of no use to anybody. */
const MAX_LINKS = 1_000;

/** What a board shows, as filters that stay the same objects while its slots do. */
interface Shown {
  readonly slots: string;
  readonly rf: Filter;
  readonly groups: Filter;
}

/** Links that show a board without a login; their secrets are known to who holds them only. */
export class KioskLinks {
  readonly #store: Pick<SiteStore, 'inventory' | 'control'>;
  readonly #clock: Clock;
  readonly #onFault: (error: EngineError) => void;
  readonly #byHash = new Map<string, KioskLinkRow>();
  /** By the id of the group; of those with links. */
  #boards: ReadonlyMap<number, Shown> = new Map();
  #stop: (() => void) | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(
    store: Pick<SiteStore, 'inventory' | 'control'>,
    clock: Clock,
    onFault: (error: EngineError) => void,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#onFault = onFault;
  }

  async start(): Promise<void> {
    const { feed } = this.#store.control;
    const head = await feed.head();
    await this.#read();
    this.#stop = feed.follow(head, (event) => {
      const touched =
        event.type === 'reset' ||
        event.changes.some(
          // A link goes with its board, unnoted.
          ({ domain }) => domain === 'inventory.kiosks' || domain === 'inventory.groups',
        );
      if (!touched) return;
      this.#readAgain().catch((thrown: unknown) => this.#onFault(EngineError.from(thrown)));
    });
  }

  async stop(): Promise<void> {
    this.#stop?.();
    await this.#reading;
  }

  /** The link of a secret, while it holds. */
  find(secret: string): KioskLinkRow | undefined {
    if (!SECRET.test(secret)) return undefined;
    const link = this.#byHash.get(hashOf(secret));
    return link !== undefined && this.#holds(link) ? link : undefined;
  }

  /** For the live hub: who comes with `?kiosk=<secret>`. @throws EngineError `auth.denied` when it does not hold. */
  guestOf(request: Pick<SocketRequest, 'query'>): Promise<LiveGuest | undefined> {
    const secret = new URLSearchParams(request.query).get('kiosk');
    if (secret === null) return Promise.resolve(undefined);
    const link = this.find(secret);
    if (link === undefined) return Promise.reject(ended('auth.denied'));
    return Promise.resolve({
      resources: RESOURCES,
      within: ({ resource }) => this.#within(link, resource),
      valid: () => this.#byHash.get(link.hash) !== undefined && this.#holds(link),
    });
  }

  /** @returns the row and the secret, which is told once. @throws EngineError `conflict` at the limit. */
  async make(
    values: Pick<KioskLinkRow, 'name' | 'groupId' | 'expiresAtUnixMs'>,
    by: string,
  ): Promise<{ readonly link: KioskLinkRow; readonly secret: string }> {
    if (this.#byHash.size >= MAX_LINKS) {
      throw new EngineError(
        'conflict',
        `there are ${MAX_LINKS} kiosk links: remove old ones first`,
      );
    }
    const secret = randomBytes(24).toString('base64url');
    const link = await this.#store.inventory.kiosks.create({
      ...values,
      hash: hashOf(secret),
      createdBy: by,
      createdAtUnixMs: this.#clock.nowMs(),
    });
    await this.#readAgain();
    return { link, secret };
  }

  #holds({ expiresAtUnixMs }: KioskLinkRow): boolean {
    return expiresAtUnixMs === null || this.#clock.nowMs() < expiresAtUnixMs;
  }

  #within({ groupId }: KioskLinkRow, resource: LiveResource): Filter | undefined {
    if (groupId === null) return undefined;
    const board = this.#boards.get(groupId);
    return (resource === 'groups' ? board?.groups : board?.rf) ?? NOTHING;
  }

  /** One reading after the other, so that an older state never replaces a newer one. */
  #readAgain(): Promise<void> {
    const work = this.#reading.then(() => this.#read());
    this.#reading = work.catch(() => undefined);
    return work;
  }

  async #read(): Promise<void> {
    const { kiosks, groups } = this.#store.inventory;
    const rows = await kiosks.find();
    const wanted = new Set(rows.flatMap(({ groupId }) => (groupId === null ? [] : [groupId])));
    const boards = new Map<number, Shown>();
    for (const { id, slots } of await groups.many([...wanted])) {
      const before = this.#boards.get(id);
      const key = slots.join();
      boards.set(id, before?.slots === key ? before : shownBy(id, slots));
    }
    this.#boards = boards;
    this.#byHash.clear();
    for (const row of rows) this.#byHash.set(row.hash, row);
  }
}

/** A blank is no place. */
const shownBy = (id: number, slots: readonly number[]): Shown => ({
  slots: slots.join(),
  rf: oneOf(
    'slot',
    slots.filter((slot) => slot > 0),
  ),
  groups: { field: 'id', op: '==', value: String(id) },
});

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const ended = (code: 'auth.denied' | 'not-found'): EngineError =>
  new EngineError(code, 'this kiosk link does not hold (any more): ask an operator for a new one');

/** `/v1/kiosk-links` for operators, `/v1/kiosk/{secret}` for who has a link. */
export function kioskRoutes(options: {
  readonly links: KioskLinks;
  readonly store: Pick<SiteStore, 'inventory'>;
  readonly clock: Clock;
}): readonly Route[] {
  const { links, store, clock } = options;
  const { kiosks, groups } = store.inventory;
  const tag = 'inventory';
  return [
    route({
      method: 'GET',
      path: '/v1/kiosk-links',
      summary: 'Links that show a board without a login',
      tag,
      access: 'operator',
      query: z.strictObject({
        offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
      }),
      response: z.object({
        total: z.int(),
        offset: z.int(),
        limit: z.int(),
        items: z.array(kioskLink),
      }),
      handler: async ({ query: { offset, limit } }) => ({
        total: await kiosks.count(),
        offset,
        limit,
        items: (await kiosks.find({ offset, limit })).map(shown),
      }),
    }),
    route({
      method: 'POST',
      path: '/v1/kiosk-links',
      summary: 'Make a link; its address is told once',
      tag,
      access: 'operator',
      body: kioskCreate,
      response: kioskLink.extend({ url: z.string() }),
      status: 201,
      handler: async ({ body, principal }) => {
        const { groupId, expiresAtUnixMs } = body;
        if (groupId !== null && (await groups.get(groupId)) === undefined) {
          throw invalid('groupId', `there is no ${groupId} in /v1/board-groups`);
        }
        if (expiresAtUnixMs !== null && expiresAtUnixMs <= clock.nowMs()) {
          throw invalid('expiresAtUnixMs', 'must be in the future, or null for a link that stays');
        }
        const { link, secret } = await links.make(body, principal.name);
        return { ...shown(link), url: `/kiosk/${secret}` };
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/kiosk-links/{id}',
      summary: 'End a link; who looks through it is disconnected',
      tag,
      access: 'operator',
      params: z.object({ id: z.coerce.number().int().min(1) }),
      status: 204,
      handler: async ({ params: { id } }) => {
        if (!(await kiosks.remove(id))) {
          throw new EngineError('not-found', `/v1/kiosk-links/${id}: there is none`);
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/kiosk/{secret}',
      summary: 'The board that a link shows',
      tag,
      access: 'open',
      params: z.object({ secret: z.string().max(100) }),
      response: kioskView,
      handler: async ({ params: { secret } }) => {
        const link = links.find(secret);
        if (link === undefined) throw ended('not-found');
        const group = link.groupId === null ? null : await groups.get(link.groupId);
        if (group === undefined) throw ended('not-found');
        return { name: link.name, expiresAtUnixMs: link.expiresAtUnixMs, group };
      },
    }),
  ];
}

function shown({ hash: _secret, ...link }: KioskLinkRow): z.infer<typeof kioskLink> {
  return link;
}
