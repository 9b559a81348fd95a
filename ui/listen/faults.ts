import { ApiError } from '../data/api.js';
import { t } from './words/words.svelte.js';

export interface Fault {
  readonly message: string;
  readonly remedy: string;
}

/** Cause and remedy of anything that was thrown, in the page's language as far as the cause is known. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof ApiError) {
    if (thrown.status === 0 || thrown.status >= 502) {
      return { message: t('fault.unreachable'), remedy: t('fault.unreachable.remedy') };
    }
    if (thrown.status === 404 || thrown.status === 410) {
      return { message: t('fault.gone'), remedy: t('fault.gone.remedy') };
    }
    if (thrown.status === 429 || thrown.code === 'server.busy' || thrown.status === 503) {
      return { message: t('fault.full'), remedy: t('fault.full.remedy') };
    }
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return { message: t('fault.other', { reason }), remedy: t('fault.other.remedy') };
}
