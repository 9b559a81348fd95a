import type { FromMediaShard, ToMediaShard } from '../../actors/session/protocol.js';
import type { Shard } from '../../actors/shard-pool.js';
import type { Clock } from '../../engine/clock.js';
import type { LiveSources } from '../../media/live/decoder.js';
import type { PcmCache } from '../../media/pcm-cache.js';
import type { AudioOptions } from './audio.types.js';
import type { SessionEntries } from './directory.js';
import type { SessionKeeper } from './keeper.js';
import type { Listens } from './listens.js';
import type { SpeakerBoard } from './speaker-board.js';
import type { StreamRouter } from './streams.js';
import type { EndReason } from './visits.js';

export type MediaStatus = FromMediaShard['posts']['media.status'];

export interface WiredParts {
  readonly router: StreamRouter;
  readonly cache: PcmCache;
  readonly live: LiveSources;
  readonly board: SpeakerBoard;
  readonly entries: SessionEntries;
  readonly listens: Listens;
  readonly keeper: SessionKeeper;
  readonly status: Map<string, MediaStatus>;
  readonly clock: Clock;
  readonly log: AudioOptions['log'];
  /** A session ended by itself. */
  ended(id: string, reason: EndReason): void;
}

/** Listens to a new media thread, after all that the one before it held was let go. */
export function wireShard(
  { name, link }: Shard<ToMediaShard, FromMediaShard>,
  parts: WiredParts,
): void {
  const { router, cache, live, board, entries, listens, keeper, status: statuses } = parts;
  const { clock, log, ended } = parts;
  router.reset(name);
  cache.releaseAll(name);
  live.releaseAll(name);
  board.lost(name);
  link.handle('media.acquire', ({ mediaId, chunk }) => cache.acquire(mediaId, chunk, name));
  link.on('media.release', (holds) => {
    for (const { mediaId, chunk } of holds) cache.release(mediaId, chunk, name);
  });
  link.handle('live.acquire', ({ url }) => live.acquire(url, name));
  link.on('live.release', (urls) => {
    for (const url of urls) live.release(url, name);
  });
  link.on('streams', (changes) => router.changed(name, changes, clock.monoMs()));
  link.on('audio', (parts) => router.audio(name, parts, clock.monoMs()));
  link.on('hearing', (hearings) => {
    for (const { sessionId, names, tracks, title } of hearings) {
      entries.get(sessionId)?.mount.setTitle(title);
      entries.show(sessionId, { hears: names, tracks });
    }
  });
  link.on('listen.events', (events) => {
    for (const event of events) {
      const entry = entries.get(event.sessionId);
      if (entry !== undefined) listens.heard(entry.definition, event);
    }
  });
  link.on('speaker.states', (states) => board.told(name, states));
  link.on('session.places', (places) => {
    for (const { id, place } of places) {
      const entry = entries.get(id);
      if (entry === undefined) continue;
      entry.place = place;
      keeper.place(id, place);
    }
  });
  link.on('session.ended', ({ id, reason }) => {
    ended(id, reason);
  });
  link.on('icecast.listeners', (counts) => {
    for (const { sessionId, count } of counts) {
      const entry = entries.get(sessionId);
      if (entry === undefined) continue;
      entry.icecastListeners = count;
      entries.showListeners(sessionId);
    }
  });
  link.on('media.status', (status) => statuses.set(name, status));
  link.on('media.failed', ({ what, message }) => {
    log.warn({ shard: name, what }, message);
  });
}
