import type { AnswerOf, RowOf } from '../../api/client/calls.types.js';
import type { GroupRow, RfRow } from '../../api/contract/rows.js';
import { call } from './api.js';

export type { GroupRow, RfRow };

/** A board as the inventory has it. Those numbered 1 to 9 are chosen by that key; slot 0 is a blank. */
export type BoardGroup = AnswerOf<'GET', '/v1/board-groups/{id}'>;
type GroupValues = Readonly<Omit<BoardGroup, 'id' | 'slots'>> & {
  readonly slots: readonly number[];
};

/** A link that shows one board without a login; without a `groupId` all channels. */
export type KioskLink = RowOf<'/v1/kiosk-links'>;

export function createGroup(values: GroupValues): Promise<BoardGroup> {
  return call('POST', '/v1/board-groups', { body: values });
}

export function patchGroup(id: number, values: Partial<GroupValues>): Promise<BoardGroup> {
  return call('PATCH', '/v1/board-groups/{id}', { params: { id }, body: values });
}

export async function removeGroup(id: number): Promise<void> {
  await call('DELETE', '/v1/board-groups/{id}', { params: { id } });
}

/** Names a channel here; null goes back to what the receiver says. `id` is the number in the inventory. */
export async function nameChannel(
  id: string,
  values: { readonly givenId?: string | null; readonly givenName?: string | null },
): Promise<void> {
  await call('PATCH', '/v1/rf-channels/{id}', { params: { id }, body: values });
}

/** Newest first. */
export async function kioskLinks(signal?: AbortSignal): Promise<readonly KioskLink[]> {
  const { items } = await call('GET', '/v1/kiosk-links', { query: { limit: 200 }, signal });
  return items.toSorted((a, b) => b.createdAtUnixMs - a.createdAtUnixMs);
}

/** The address is told once, in this answer. */
export function createKioskLink(values: {
  readonly name: string;
  readonly groupId: number | null;
  readonly expiresAtUnixMs: number | null;
}): Promise<{ readonly id: number; readonly url: string }> {
  return call('POST', '/v1/kiosk-links', { body: values });
}

export async function removeKioskLink(id: number): Promise<void> {
  await call('DELETE', '/v1/kiosk-links/{id}', { params: { id } });
}

/** What the holder of a kiosk link may see; rejects with `ApiError` when the link ended. */
export function kioskBoard(
  secret: string,
): Promise<{ readonly name?: string; readonly group: BoardGroup | null }> {
  return call('GET', '/v1/kiosk/{secret}', { params: { secret } });
}
