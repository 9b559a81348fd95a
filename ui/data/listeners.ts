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

/** What a session plays now. */
export interface SessionPlaying {
  /** Seconds of sound since the stream began. */
  readonly elapsedS: number;
  readonly tracks: readonly {
    readonly trackId: number;
    readonly state: 'dead-air' | 'playing' | 'fading-out' | 'held' | 'waiting';
    readonly assetId?: number | null;
    readonly name?: string | null;
    readonly positionS?: number | null;
    readonly remainingS?: number | null;
    readonly gain: number;
    readonly pan: number;
  }[];
  /** Speakers and placed recordings, loudest first. */
  readonly voices: readonly {
    readonly kind: 'speaker' | 'asset';
    readonly id: number;
    readonly name: string;
    readonly gain: number;
    readonly pan: number;
  }[];
  /** Next first. */
  readonly queue: readonly number[];
  readonly queued: number;
}

/** Why a recording is, or is not, heard. */
export interface Audibility {
  readonly assetId: number;
  readonly name?: string | null;
  readonly playing: boolean;
  /** Empty: it may be taken next. */
  readonly reasons: readonly string[];
  readonly distanceM?: number | null;
}

const path = (id: string): string => `/v1/sessions/${encodeURIComponent(id)}`;

export function loadPlaying(id: string, signal: AbortSignal): Promise<SessionPlaying> {
  return call<SessionPlaying>('GET', `${path(id)}/playing`, { signal });
}

/** Of the nearest `limit` recordings. */
export async function loadAudibility(
  id: string,
  limit: number,
  signal: AbortSignal,
): Promise<readonly Audibility[]> {
  const answer = await call<{ readonly items: readonly Audibility[] } | readonly Audibility[]>(
    'GET',
    `${path(id)}/explain`,
    { query: { limit }, signal },
  );
  return 'items' in answer ? answer.items : answer;
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
  list: readonly Audibility[],
): readonly { readonly reason: string; readonly amount: number }[] {
  const counts = new Map<string, number>();
  for (const { reasons } of list) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts]
    .map(([reason, amount]) => ({ reason, amount }))
    .toSorted((a, b) => b.amount - a.amount || a.reason.localeCompare(b.reason));
}
