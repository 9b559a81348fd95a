import type { DashboardRow, WidgetRow } from '../../actors/automation/automation.types.js';
import { EngineError } from '../../engine/errors.js';
import type { Filter, LiveQuery } from '../contract/live.js';
import type { SocketRequest } from '../http/socket.types.js';
import { filterFields } from '../live/filter.js';
import type { LiveGuest } from '../live/guest.js';
import { type DashboardDesk, type DashboardStore, hashOf } from './desk.js';
import { type Shown, shownBy } from './shown.js';

const SECRET = /^[A-Za-z0-9_-]{20,64}$/;
const DOMAINS: ReadonlySet<string> = new Set([
  'automation.dashboards',
  'automation.widgets',
  'automation.signals',
]);

/** A dashboard with a link, as it is now. */
interface SharedOne {
  readonly dashboard: DashboardRow;
  readonly widgets: readonly WidgetRow[];
  readonly signalChannels: ReadonlyMap<number, string>;
  readonly shown: Shown;
  /** Filters by what was asked: the same objects while the dashboard does not change. */
  readonly filters: Map<string, Filter>;
}

/** Links that open a dashboard without a login; their secrets are known to who holds them only. */
export class DashboardShares {
  readonly #store: DashboardStore;
  readonly #desk: DashboardDesk;
  readonly #onFault: (error: EngineError) => void;
  #byHash: ReadonlyMap<string, SharedOne> = new Map();
  #stop: (() => void) | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(store: DashboardStore, desk: DashboardDesk, onFault: (error: EngineError) => void) {
    this.#store = store;
    this.#desk = desk;
    this.#onFault = onFault;
  }

  async start(): Promise<void> {
    const { feed } = this.#store.control;
    const head = await feed.head();
    await this.refresh();
    this.#stop = feed.follow(head, (event) => {
      const touched =
        event.type === 'reset' || event.changes.some(({ domain }) => DOMAINS.has(domain));
      if (!touched) return;
      this.refresh().catch((thrown: unknown) => this.#onFault(EngineError.from(thrown)));
    });
  }

  async stop(): Promise<void> {
    this.#stop?.();
    await this.#reading;
  }

  /** @throws EngineError `not-found` when the link does not hold (any more). */
  find(secret: string): SharedOne {
    const found = SECRET.test(secret) ? this.#byHash.get(hashOf(secret)) : undefined;
    if (found === undefined) throw ended('not-found');
    return found;
  }

  /** For the live hub: who comes with `?dashboard=<secret>`. @throws EngineError `auth.denied` when it does not hold. */
  guestOf(request: Pick<SocketRequest, 'query'>): Promise<LiveGuest | undefined> {
    const secret = new URLSearchParams(request.query).get('dashboard');
    if (secret === null) return Promise.resolve(undefined);
    const hash = SECRET.test(secret) ? hashOf(secret) : '';
    const now = this.#byHash.get(hash);
    if (now === undefined) return Promise.reject(ended('auth.denied'));
    return Promise.resolve({
      resources: new Set(now.shown.rows.keys()),
      within: (query) => withinOf(this.#byHash.get(hash), query),
      valid: () => this.#byHash.has(hash),
    });
  }

  /** Reads again; one reading after the other, so that an older state never replaces a newer one. */
  refresh(): Promise<void> {
    const work = this.#reading.then(() => this.#read());
    this.#reading = work.catch(() => undefined);
    return work;
  }

  async #read(): Promise<void> {
    const { dashboards } = this.#store.automation;
    const rows = await dashboards.find({
      where: [{ field: 'shareHash', op: 'isNull', value: false }],
    });
    const next = new Map<string, SharedOne>();
    for (const dashboard of rows) {
      if (dashboard.shareHash === null) continue;
      const widgets = await this.#desk.widgets(dashboard.id);
      const signalChannels = await this.#desk.signalChannels(widgets);
      const shown = shownBy(dashboard, widgets, signalChannels);
      const before = this.#byHash.get(dashboard.shareHash);
      const same = before !== undefined && textOf(before.shown) === textOf(shown);
      next.set(dashboard.shareHash, {
        dashboard,
        widgets,
        signalChannels,
        shown,
        filters: same ? before.filters : new Map<string, Filter>(),
      });
    }
    this.#byHash = next;
  }
}

/** @throws EngineError `auth.denied` for columns that no widget shows. */
function withinOf(one: SharedOne | undefined, query: LiveQuery): Filter {
  if (one === undefined) throw ended('auth.denied');
  const parts = one.shown.rows.get(query.resource) ?? [];
  const asked = new Set([
    ...(query.fields ?? []),
    ...query.sort.map(({ field }) => field),
    ...filterFields(query.filter),
  ]);
  const covering = parts.map(
    ({ fields }) => query.fields !== undefined && [...asked].every((field) => fields.has(field)),
  );
  if (!covering.includes(true)) {
    const most = [...new Set(parts.flatMap(({ fields }) => [...fields]))].join(', ');
    throw new EngineError(
      'auth.denied',
      `this link shows of ${query.resource} only what one of its widgets does: give fields, of ${most || 'nothing'}`,
    );
  }
  const key = `${query.resource} ${covering.join()}`;
  const known = one.filters.get(key);
  if (known !== undefined) return known;
  const filter: Filter = { or: parts.filter((_, at) => covering[at]).map((part) => part.filter) };
  one.filters.set(key, filter);
  return filter;
}

const textOf = ({ channels, rows }: Shown): string =>
  JSON.stringify([
    [...channels],
    [...rows].map(([resource, parts]) => [
      resource,
      parts.map(({ filter, fields }) => [filter, [...fields]]),
    ]),
  ]);

const ended = (code: 'auth.denied' | 'not-found'): EngineError =>
  new EngineError(
    code,
    'this dashboard link does not hold (any more): ask whoever gave it to you for a new one',
  );
