import type { Clock } from '../../engine/clock.js';
import type { MediaLibrary } from '../library.js';
import type { SpeakerState } from '../listening.js';
import type { SoundSource } from '../mixer/sound-source.js';
import type { SpeakerDefinition, SpeakerSource } from '../ports.js';
import type { LiveLibrary, SourceCondition } from './live-library.js';

/** A feed that nobody hears is kept this long. */
const KEEP_MS = 15_000;
/** A source that is still loading after this is not waited for: the next one is tried beside it. */
const PATIENCE_MS = 3_000;

interface Feed {
  readonly speakerId: number;
  readonly projectId: number;
  sources: readonly SpeakerSource[];
  /** Which source is heard (or waited for). */
  index: number;
  /** Since when none sounds, monotonic ms. */
  sinceMs: number;
  usedMs: number;
  state: SpeakerState['state'];
  source: number | undefined;
  error: string | undefined;
}

/** Silence, for a speaker without a source. */
const NOTHING: SoundSource = {
  no: 0,
  ready: false,
  span: 1,
  window: undefined,
  read: (_frame, _loop, left, right) => {
    left.fill(0);
    right.fill(0);
  },
};

/**
 * Which source each speaker sounds from: the first that can be heard. While it is away the next ones
 * are tried in order, and it is taken again when it has come back. One feed for all listeners of a thread.
 */
export class SpeakerFeeds {
  readonly #media: MediaLibrary;
  readonly #live: LiveLibrary;
  readonly #clock: Clock;
  readonly #onState: (state: SpeakerState) => void;
  readonly #onSwitch: (projectId: number) => void;
  readonly #feeds = new Map<number, Feed>();

  constructor(options: {
    readonly media: MediaLibrary;
    readonly live: LiveLibrary;
    readonly clock: Clock;
    /** Once for each change. */
    readonly onState: (state: SpeakerState) => void;
    /** Another source of one of its speakers is heard now. */
    readonly onSwitch: (projectId: number) => void;
  }) {
    this.#media = options.media;
    this.#live = options.live;
    this.#clock = options.clock;
    this.#onState = options.onState;
    this.#onSwitch = options.onSwitch;
  }

  /** Feeds that somebody heard a while ago. */
  get size(): number {
    return this.#feeds.size;
  }

  /** What a speaker sounds from now. */
  sourceOf(speaker: SpeakerDefinition): SoundSource {
    const nowMs = this.#clock.monoMs();
    let feed = this.#feeds.get(speaker.id);
    if (feed === undefined) {
      feed = {
        speakerId: speaker.id,
        projectId: speaker.projectId,
        sources: speaker.sources,
        index: 0,
        sinceMs: nowMs,
        usedMs: nowMs,
        state: 'loading',
        source: undefined,
        error: undefined,
      };
      this.#feeds.set(speaker.id, feed);
    }
    if (feed.sources !== speaker.sources) {
      if (!sameSources(feed.sources, speaker.sources)) {
        feed.index = 0;
        feed.sinceMs = nowMs;
      }
      feed.sources = speaker.sources;
    }
    feed.usedMs = nowMs;
    const source = feed.sources[feed.index];
    return source === undefined ? NOTHING : this.#open(source);
  }

  /** It is heard in this moment. */
  used(speakerId: number): void {
    const feed = this.#feeds.get(speakerId);
    if (feed !== undefined) feed.usedMs = this.#clock.monoMs();
  }

  /** Chooses anew. Call it a few times a second. */
  sweep(): void {
    const nowMs = this.#clock.monoMs();
    for (const [id, feed] of this.#feeds) {
      if (nowMs - feed.usedMs >= KEEP_MS) this.#feeds.delete(id);
      else this.#choose(feed, nowMs);
    }
  }

  #choose(feed: Feed, nowMs: number): void {
    let good: number | undefined;
    let loading: number | undefined;
    let error: string | undefined;
    for (const [i, source] of feed.sources.entries()) {
      this.#open(source);
      const condition = this.#condition(source);
      if (condition === 'away') error ??= this.#failureOf(source);
      if (condition === 'loading') loading ??= i;
      if (condition !== 'good') {
        // While this one may still come the ones behind it are left alone.
        if (
          condition === 'loading' &&
          feed.state === 'loading' &&
          nowMs - feed.sinceMs < PATIENCE_MS
        )
          break;
        continue;
      }
      good = i;
      break;
    }
    const index = good ?? loading ?? 0;
    const state = good !== undefined ? 'sounding' : loading !== undefined ? 'loading' : 'silent';
    if (feed.sources.length === 0) error = 'the speaker has no source';
    // What failed and is being tried again has not come back yet.
    if (good !== undefined && good > 0) error ??= feed.error;
    if (good !== undefined) feed.sinceMs = nowMs;
    this.#report(feed, feed.sources.length === 0 ? 'silent' : state, good, error);
    if (index === feed.index) return;
    feed.index = index;
    this.#onSwitch(feed.projectId);
  }

  #report(
    feed: Feed,
    state: SpeakerState['state'],
    source: number | undefined,
    error: string | undefined,
  ): void {
    if (state === feed.state && source === feed.source && error === feed.error) return;
    feed.state = state;
    feed.source = source;
    feed.error = error;
    const { projectId, speakerId } = feed;
    this.#onState({ projectId, speakerId, state, source, error });
  }

  #open(source: SpeakerSource): SoundSource {
    return source.kind === 'live'
      ? this.#live.sourceOf(source.url)
      : this.#media.sourceOf(source.mediaId);
  }

  #condition(source: SpeakerSource): SourceCondition {
    if (source.kind === 'live') return this.#live.condition(source.url);
    if (this.#media.failureOf(source.mediaId) !== undefined) return 'away';
    return this.#media.sourceOf(source.mediaId).ready ? 'good' : 'loading';
  }

  #failureOf(source: SpeakerSource): string {
    if (source.kind === 'live') return this.#live.failureOf(source.url);
    return this.#media.failureOf(source.mediaId) ?? `media ${source.mediaId} cannot be had`;
  }
}

const keyOf = (source: SpeakerSource): string =>
  source.kind === 'live' ? `live ${source.url}` : `media ${source.mediaId}`;

function sameSources(a: readonly SpeakerSource[], b: readonly SpeakerSource[]): boolean {
  return (
    a.length === b.length &&
    a.every((source, i) => {
      const other = b[i];
      return other !== undefined && keyOf(source) === keyOf(other);
    })
  );
}
