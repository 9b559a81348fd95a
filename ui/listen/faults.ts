import { ApiError } from '../data/api.js';
import { t } from './words/words.svelte.js';

export interface Fault {
  readonly message: string;
  readonly remedy: string;
}

/** The server answers, and has no room. */
export const isFull = (thrown: ApiError): boolean =>
  thrown.status === 429 || thrown.code === 'server.busy' || thrown.code === 'rate.limited';

/** The server or the way to it is away: what was asked may work by itself a little later. */
export const isAway = (thrown: unknown): boolean =>
  thrown instanceof ApiError && (thrown.status === 0 || thrown.status >= 502) && !isFull(thrown);

/** Cause and remedy of anything that was thrown, in the page's language as far as the cause is known. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof ApiError) {
    if (isFull(thrown)) {
      return { message: t('fault.full'), remedy: t('fault.full.remedy') };
    }
    if (isAway(thrown)) {
      return unreachable();
    }
    if (thrown.status === 404 || thrown.status === 410) {
      return { message: t('fault.gone'), remedy: t('fault.gone.remedy') };
    }
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return { message: t('fault.other', { reason }), remedy: t('fault.other.remedy') };
}

export function unreachable(): Fault {
  return { message: t('fault.unreachable'), remedy: t('fault.unreachable.remedy') };
}
