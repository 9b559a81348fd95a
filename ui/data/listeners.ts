import type { AnswerOf } from '../../api/client/calls.types.js';
import { call } from './api.js';

/** A listener's session as the live resource `sessions` sends it. */
export interface ListenerRow {
  /** Its number: operators steer the session by it, and viewers see what it hears. */
  readonly id: string;
  /** Its visit. */
  readonly number?: number;
  readonly projectId: number | string;
  readonly profile?: 'native' | 'roundware';
  readonly state: 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';
  readonly sinceUnixMs: number;
  readonly startedUnixMs?: number;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly headingDeg: number | null;
  readonly tagIds?: readonly number[] | null;
  readonly languageId?: number | null;
  readonly format: 'mp3' | 'opus' | 'vorbis';
  readonly bitrateKbps: number;
  readonly listeners: number;
  readonly hears: readonly string[];
  readonly lastError: string | null;
}

/** What a session plays now: voices are speakers and placed recordings, loudest first; the queue's first is next. */
export type SessionPlaying = AnswerOf<'GET', '/v1/sessions/{id}/playing'>;

/** Why a recording is, or is not, heard; without `reasons` it may be taken next. */
export type Audibility = AnswerOf<'GET', '/v1/sessions/{id}/explain'>['items'][number];

export function loadPlaying(id: string, signal: AbortSignal): Promise<SessionPlaying> {
  return call('GET', '/v1/sessions/{id}/playing', { params: { id }, signal });
}

/** Of the nearest `limit` recordings. */
export async function loadAudibility(
  id: string,
  limit: number,
  signal: AbortSignal,
): Promise<readonly Audibility[]> {
  const given = { params: { id }, query: { limit }, signal };
  return (await call('GET', '/v1/sessions/{id}/explain', given)).items;
}

const REASONS: Readonly<Record<string, string>> = {
  'not-submitted': 'waits to be submitted',
  'no-sound': 'without sound',
  'wrong-language': 'in another language',
  filtered: 'does not fit the choices',
  'blocked-asset': 'blocked by the listener',
  'blocked-user': 'by somebody the listener blocked',
  far: 'too far away',
  'outside-heading': 'in another direction',
  'outside-range': 'outside of the chosen range',
  'banned-time': 'heard not long ago',
  'banned-place': 'heard here already',
  'not-its-time': 'not its time on the timeline',
  'media-away': 'file is missing',
};

/** `too far away, does not fit the choices`; a reason that is not known as it is. */
export function reasonWords(reasons: readonly string[]): string {
  return reasons.map((one) => REASONS[one] ?? one.replaceAll('-', ' ')).join(', ');
}

const TRACK_WORDS: Readonly<Record<SessionPlaying['tracks'][number]['state'], string>> = {
  'dead-air': 'pauses',
  playing: 'plays',
  'fading-out': 'fades out',
  held: 'holds a recording until it fits again',
  waiting: 'finds nothing to play',
};

export const trackWords = (state: SessionPlaying['tracks'][number]['state']): string =>
  TRACK_WORDS[state];

/** How many of the nearest recordings are held back by each reason, the most frequent first. */
export function reasonCounts(
  list: readonly Pick<Audibility, 'reasons'>[],
): readonly { readonly reason: string; readonly amount: number }[] {
  const counts = new Map<string, number>();
  for (const { reasons } of list) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts]
    .map(([reason, amount]) => ({ reason, amount }))
    .toSorted((a, b) => b.amount - a.amount || a.reason.localeCompare(b.reason));
}
