import type { SessionOutput } from './protocol.js';

/** Where a session leaves: its project's wish, as far as the site has an Icecast; without a wish by both. */
export function outputOf(wish: SessionOutput | null | undefined, icecast: boolean): SessionOutput {
  return icecast ? (wish ?? 'both') : 'builtin';
}
