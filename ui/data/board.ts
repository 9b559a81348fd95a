import type { GroupRow, RfRow } from '../../api/contract/rows.js';
import { call } from './api.js';

export type { GroupRow, RfRow };

/** A board as the inventory has it. */
export interface BoardGroup {
  readonly id: number;
  /** 1 to 9 are chosen by that key. */
  readonly number: number;
  readonly title: string;
  /** Slots in order; 0 is a blank. */
  readonly slots: readonly number[];
  readonly hideCharts: boolean;
}

/** A link that shows one board without a login. */
export interface KioskLink {
  readonly id: number;
  readonly name: string;
  /** Null: all channels. */
  readonly groupId: number | null;
  readonly createdBy: string;
  readonly createdAtUnixMs: number;
  readonly expiresAtUnixMs: number | null;
}

interface ListOf<T> {
  readonly total: number;
  readonly items: readonly T[];
}

const GROUPS = '/v1/board-groups';
const KIOSKS = '/v1/kiosk-links';

export function createGroup(values: Omit<BoardGroup, 'id'>): Promise<BoardGroup> {
  return call<BoardGroup>('POST', GROUPS, { body: values });
}

export function patchGroup(
  id: number,
  values: Partial<Omit<BoardGroup, 'id'>>,
): Promise<BoardGroup> {
  return call<BoardGroup>('PATCH', `${GROUPS}/${id}`, { body: values });
}

export async function removeGroup(id: number): Promise<void> {
  await call('DELETE', `${GROUPS}/${id}`);
}

/** Names a channel here; null goes back to what the receiver says. `id` is the number in the inventory. */
export async function nameChannel(
  id: string,
  values: { readonly givenId?: string | null; readonly givenName?: string | null },
): Promise<void> {
  await call('PATCH', `/v1/rf-channels/${encodeURIComponent(id)}`, { body: values });
}

/** Newest first. */
export async function kioskLinks(signal?: AbortSignal): Promise<readonly KioskLink[]> {
  const { items } = await call<ListOf<KioskLink>>('GET', KIOSKS, {
    query: { limit: 200 },
    signal,
  });
  return items.toSorted((a, b) => b.createdAtUnixMs - a.createdAtUnixMs);
}

/** The address is told once, in this answer. */
export function createKioskLink(values: {
  readonly name: string;
  readonly groupId: number | null;
  readonly expiresAtUnixMs: number | null;
}): Promise<{ readonly id: number; readonly url: string }> {
  return call('POST', KIOSKS, { body: values });
}

export async function removeKioskLink(id: number): Promise<void> {
  await call('DELETE', `${KIOSKS}/${id}`);
}

/** What the holder of a kiosk link may see; rejects with `ApiError` when the link ended. */
export function kioskBoard(
  secret: string,
): Promise<{ readonly name?: string; readonly group: BoardGroup | null }> {
  return call('GET', `/v1/kiosk/${encodeURIComponent(secret)}`);
}
