import { LowLatencyConnection, lowLatencySupported } from './low-latency.js';

/** `waiting`: the sound is away and comes back by itself; `failed`: it does not. */
export type PlayerState = 'stopped' | 'starting' | 'playing' | 'waiting' | 'failed';

/** How it plays: `low-latency`, or `element` where the browser or the network cannot. */
export type PlayerMode = 'low-latency' | 'element';

export interface PlayerOptions {
  readonly sessionId: string;
  /** `ws…/v1/sessions/{id}/listen`; undefined: the session's format has none, an element plays. */
  readonly lowLatencyUrl?: string | undefined;
  readonly streamUrl: string;
  /** 0 … 1, default 1. */
  readonly volume?: number;
}

export interface PlayerTitle {
  readonly title: string;
  readonly artist?: string;
  readonly album?: string;
}

export interface Player {
  readonly sessionId: string;
  readonly state: PlayerState;
  readonly mode: PlayerMode;
  /** Why it waits or failed, in words. */
  readonly reason: string | undefined;
  /** From the newest sound that came to the ear; undefined while unknown, as it is in an element. */
  readonly latencyMs: number | undefined;
  /** Jitter buffer, for those who look inside. */
  readonly stats: LowLatencyConnection['stats'];
  /** For meters; undefined in an element. Valid while it plays. */
  readonly output: AudioNode | undefined;
  volume: number;
  /** Must be called by a user's gesture: browsers let nothing sound before. Rejects when even the element may not play. */
  start(): Promise<void>;
  /** May be started again. */
  stop(): void;
  /** The answer takes the listener away. */
  onState(listener: (state: PlayerState) => void): () => void;
  /** What the lock screen shows, and what its buttons do; undefined takes them away. */
  show(title: PlayerTitle | undefined, actions?: PlayerActions): void;
}

export interface PlayerActions {
  readonly play?: () => void;
  readonly pause?: () => void;
  readonly next?: () => void;
  readonly previous?: () => void;
}

/** Socket codes from here on say that coming back is of no use. */
const FINAL_CODE = 4_500;
const ENDED_CODE = 4_504;
const MOST_TRIES = 4;
const RETRY_FIRST_MS = 250;

/**
 * Plays a session's stream: low-latency where browser and session can, else, or when that fails for good, through an
 * audio element from `streamUrl`. A lost connection is made anew with jittered pauses. Nothing sounds and nothing is
 * connected before `start`; `stop` ends all.
 */
export function createPlayer(options: PlayerOptions): Player {
  return new StreamPlayer(options);
}

class StreamPlayer implements Player {
  readonly sessionId: string;
  readonly #options: PlayerOptions;
  readonly #listeners = new Set<(state: PlayerState) => void>();
  #state: PlayerState = 'stopped';
  #mode: PlayerMode = 'element';
  #reason: string | undefined;
  #volume: number;
  #context: AudioContext | undefined;
  #gain: GainNode | undefined;
  #connection: LowLatencyConnection | undefined;
  #element: HTMLAudioElement | undefined;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.sessionId = options.sessionId;
    this.#volume = options.volume ?? 1;
  }

  get state(): PlayerState {
    return this.#state;
  }

  get mode(): PlayerMode {
    return this.#mode;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  get latencyMs(): number | undefined {
    return this.#connection?.latencyMs;
  }

  get stats(): LowLatencyConnection['stats'] {
    return this.#connection?.stats;
  }

  get output(): AudioNode | undefined {
    return this.#gain;
  }

  get volume(): number {
    return this.#volume;
  }

  set volume(value: number) {
    this.#volume = Math.max(0, Math.min(1, value));
    if (this.#gain !== undefined) this.#gain.gain.value = this.#volume;
    if (this.#element !== undefined) this.#element.volume = this.#volume;
  }

  start(): Promise<void> {
    if (this.#state === 'starting' || this.#state === 'playing' || this.#state === 'waiting') {
      return Promise.resolve();
    }
    const { lowLatencyUrl } = this.#options;
    this.#tries = 0;
    this.#set('starting', undefined);
    const started = new Promise<void>((resolve, reject) => {
      this.#started = { resolve, reject };
    });
    if (lowLatencyUrl !== undefined && lowLatencySupported()) {
      this.#mode = 'low-latency';
      // Made here and not later, while the gesture of the user still counts.
      const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
      const gain = new GainNode(context, { gain: this.#volume });
      gain.connect(context.destination);
      this.#context = context;
      this.#gain = gain;
      context.resume().catch((thrown: unknown) => this.#fallBack(wordsOf(thrown)));
      this.#connect(lowLatencyUrl);
    } else {
      this.#playElement();
    }
    return started;
  }

  stop(): void {
    this.#release();
    this.#settle();
    this.#set('stopped', undefined);
  }

  onState(listener: (state: PlayerState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  show(title: PlayerTitle | undefined, actions: PlayerActions = {}): void {
    const session = navigator.mediaSession as MediaSession | undefined;
    if (session === undefined) return;
    session.metadata = title === undefined ? null : new MediaMetadata({ ...title });
    const handlers: readonly [MediaSessionAction, (() => void) | undefined][] = [
      ['play', actions.play],
      ['pause', actions.pause],
      ['nexttrack', actions.next],
      ['previoustrack', actions.previous],
    ];
    for (const [action, handler] of handlers) session.setActionHandler(action, handler ?? null);
  }

  #connect(url: string): void {
    const { context, gain } = { context: this.#context, gain: this.#gain };
    if (context === undefined || gain === undefined) return;
    this.#connection = new LowLatencyConnection(context, gain, url, {
      onSound: () => {
        this.#tries = 0;
        this.#set('playing', undefined);
        this.#settle();
      },
      onEnd: (code, reason) => this.#lost(url, code, reason),
    });
  }

  #lost(url: string, code: number, reason: string): void {
    this.#connection = undefined;
    if (code === ENDED_CODE) {
      this.#fail(reason === '' ? 'the session has ended' : reason);
      return;
    }
    this.#tries += 1;
    if (code === 0 || code >= FINAL_CODE || this.#tries > MOST_TRIES) {
      this.#fallBack(reason);
      return;
    }
    this.#set('waiting', reason === '' ? 'the connection was lost' : reason);
    const capMs = RETRY_FIRST_MS * 2 ** this.#tries;
    this.#timer = setTimeout(() => this.#connect(url), capMs * (0.5 + Math.random() / 2));
  }

  #fallBack(reason: string): void {
    if (this.#mode === 'element') return;
    this.#release();
    this.#reason = reason;
    this.#playElement();
  }

  #playElement(): void {
    this.#mode = 'element';
    const element = new Audio();
    element.crossOrigin = 'anonymous';
    element.preload = 'none';
    element.volume = this.#volume;
    element.src = this.#options.streamUrl;
    this.#element = element;
    element.addEventListener('playing', () => {
      if (this.#element !== element) return;
      this.#tries = 0;
      this.#set('playing', this.#reason);
      this.#settle();
    });
    element.addEventListener('waiting', () => {
      if (this.#element !== element) return;
      this.#set('waiting', 'the sound has not come yet');
    });
    const again = (): void => this.#againSoon(element);
    element.addEventListener('ended', again);
    element.addEventListener('error', again);
    element.play().catch((thrown: unknown) => {
      // The element's own errors come as events; this one is the browser's word that no gesture was there.
      if (this.#element !== element) return;
      if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') {
        this.#fail(thrown.message);
      }
    });
  }

  #againSoon(element: HTMLAudioElement): void {
    if (this.#element !== element) return;
    this.#tries += 1;
    if (this.#tries > MOST_TRIES) {
      this.#fail('the stream cannot be played, or the session has ended');
      return;
    }
    this.#set('waiting', 'the stream broke off');
    this.#timer = setTimeout(
      () => {
        this.#dropElement();
        this.#playElement();
      },
      RETRY_FIRST_MS * 2 ** this.#tries * (0.5 + Math.random() / 2),
    );
  }

  #fail(reason: string): void {
    this.#release();
    this.#set('failed', reason);
    this.#started?.reject(new Error(reason));
    this.#started = undefined;
  }

  #settle(): void {
    this.#started?.resolve();
    this.#started = undefined;
  }

  #dropElement(): void {
    const element = this.#element;
    this.#element = undefined;
    if (element === undefined) return;
    element.pause();
    element.removeAttribute('src');
    element.load();
  }

  #release(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#connection?.close();
    this.#connection = undefined;
    this.#dropElement();
    const context = this.#context;
    this.#context = undefined;
    this.#gain = undefined;
    context?.close().catch(() => undefined);
  }

  #set(state: PlayerState, reason: string | undefined): void {
    this.#reason = reason;
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

const wordsOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
