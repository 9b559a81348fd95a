/** What the ear gets. `blocked`: the browser wants a press first. */
export type SoundState = 'stopped' | 'waiting' | 'playing' | 'blocked';

/** Where a session sounds. */
export interface SoundSource {
  readonly sessionId: string;
  readonly streamUrl: string;
  readonly lowLatencyUrl?: string | undefined;
}

/** Opus, which can also come at once, where the browser plays it from a stream too; MP3 everywhere else. */
export function playableFormat(): 'opus' | 'mp3' {
  return document.createElement('audio').canPlayType('audio/ogg; codecs="opus"') === ''
    ? 'mp3'
    : 'opus';
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 8_000;
/** Without a new sample for this long the connection is made anew. */
const STALLED_MS = 8_000;
const WATCH_MS = 1_000;

/** A WAV of a twentieth of a second without sound: played in the gesture, so that later plays are allowed. */
function silence(): Blob {
  const SAMPLES = 400;
  const bytes = new DataView(new ArrayBuffer(44 + SAMPLES));
  const text = (at: number, word: string): void => {
    for (let i = 0; i < word.length; i += 1) bytes.setUint8(at + i, word.charCodeAt(i));
  };
  text(0, 'RIFF');
  bytes.setUint32(4, 36 + SAMPLES, true);
  text(8, 'WAVEfmt ');
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, 8_000, true);
  bytes.setUint32(28, 8_000, true);
  bytes.setUint16(32, 1, true);
  bytes.setUint16(34, 8, true);
  text(36, 'data');
  bytes.setUint32(40, SAMPLES, true);
  new Uint8Array(bytes.buffer, 44).fill(128);
  return new Blob([bytes.buffer], { type: 'audio/wav' });
}

/**
 * The stream in an `<audio>` element: goes on with the screen off, and the phone's own buttons steer it. It connects
 * anew by itself, for ever, until `stop`.
 */
export class ElementSound {
  readonly #audio: HTMLAudioElement;
  readonly #onState: (state: SoundState) => void;
  #source: SoundSource | undefined;
  #retryMs = FIRST_RETRY_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #lastTime = -1;
  #movedMs = 0;
  #primed = false;

  constructor(onState: (state: SoundState) => void) {
    this.#onState = onState;
    this.#audio = document.createElement('audio');
    this.#audio.preload = 'none';
    this.#audio.setAttribute('playsinline', '');
    this.#audio.addEventListener('playing', () => {
      if (!this.#source) return;
      this.#retryMs = FIRST_RETRY_MS;
      this.#onState('playing');
    });
    this.#audio.addEventListener('waiting', () => {
      if (this.#source) this.#onState('waiting');
    });
    const again = (): void => this.#again();
    this.#audio.addEventListener('error', again);
    this.#audio.addEventListener('ended', again);
    document.body.append(this.#audio);
  }

  /** To be called inside of a press: the element may then be played later too. */
  prime(): void {
    if (this.#primed || this.#source) return;
    this.#primed = true;
    const url = URL.createObjectURL(silence());
    this.#audio.src = url;
    this.#audio
      .play()
      .catch(() => {
        this.#primed = false;
      })
      .finally(() => URL.revokeObjectURL(url));
  }

  start(source: SoundSource): void {
    this.#source = source;
    this.#retryMs = FIRST_RETRY_MS;
    this.#connect();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
  }

  stop(): void {
    this.#source = undefined;
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    this.#audio.pause();
    // A live stream that is held would lag behind; it begins anew with the next press.
    this.#audio.removeAttribute('src');
    this.#audio.load();
    this.#onState('stopped');
  }

  set volume(volume: number) {
    this.#audio.volume = volume;
  }

  #connect(): void {
    if (!this.#source) return;
    this.#audio.src = this.#source.streamUrl;
    this.#lastTime = -1;
    this.#movedMs = performance.now();
    this.#onState('waiting');
    this.#audio.play().catch((thrown: unknown) => {
      // Everything else is told by the element's own `error`.
      if (thrown instanceof DOMException && thrown.name === 'NotAllowedError' && this.#source) {
        clearInterval(this.#watch);
        this.#source = undefined;
        this.#onState('blocked');
      }
    });
  }

  #again(): void {
    if (!this.#source) return;
    this.#onState('waiting');
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #look(): void {
    const now = performance.now();
    if (this.#audio.currentTime !== this.#lastTime) {
      this.#lastTime = this.#audio.currentTime;
      this.#movedMs = now;
    } else if (now - this.#movedMs > STALLED_MS) {
      this.#movedMs = now;
      this.#again();
    }
  }
}
