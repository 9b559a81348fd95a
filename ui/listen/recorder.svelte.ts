/** Of the microphone; `missing`, `denied` and `failed` say why it is not recording. */
export type RecorderState =
  | 'ready'
  | 'asking'
  | 'recording'
  | 'done'
  | 'impossible'
  | 'denied'
  | 'missing'
  | 'failed';

/** What browsers record, best first. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus', 'audio/webm'];
const LEVEL_EVERY_MS = 60;
/** Below this for long, somebody speaks from too far away. */
const QUIET = 0.02;
const QUIET_AFTER_MS = 2_500;

const possible = (): boolean =>
  typeof MediaRecorder !== 'undefined' && navigator.mediaDevices?.getUserMedia !== undefined;

/** Records one take at a time; `close` gives the microphone back. */
export class Recorder {
  state = $state<RecorderState>(possible() ? 'ready' : 'impossible');
  /** 0–1 of full scale. */
  level = $state(0);
  quiet = $state(false);
  elapsedS = $state(0);
  take = $state.raw<Blob | undefined>(undefined);
  reason = $state('');
  #recorder: MediaRecorder | undefined;
  #stream: MediaStream | undefined;
  #context: AudioContext | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** To be called inside of a press. Ends by itself after `mostS`. */
  async start(mostS: number): Promise<void> {
    if (this.state === 'impossible' || this.state === 'recording' || this.state === 'asking')
      return;
    this.state = 'asking';
    this.take = undefined;
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (thrown) {
      const name = thrown instanceof DOMException ? thrown.name : '';
      if (name === 'NotAllowedError' || name === 'SecurityError') this.state = 'denied';
      else if (name === 'NotFoundError') this.state = 'missing';
      else this.#fail(thrown);
      return;
    }
    try {
      this.#begin(this.#stream, mostS);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  stop(): void {
    if (this.#recorder?.state === 'recording') this.#recorder.stop();
  }

  /** Without the take. */
  clear(): void {
    this.take = undefined;
    this.state = possible() ? 'ready' : 'impossible';
  }

  close(): void {
    if (this.#recorder) this.#recorder.onstop = null;
    this.stop();
    this.#release();
  }

  #begin(stream: MediaStream, mostS: number): void {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const pieces: Blob[] = [];
    const recorder = new MediaRecorder(stream, {
      ...(mimeType === undefined ? {} : { mimeType }),
      audioBitsPerSecond: 128_000,
    });
    recorder.ondataavailable = ({ data }) => {
      if (data.size > 0) pieces.push(data);
    };
    recorder.onerror = (event: Event & { readonly error?: unknown }) =>
      this.#fail(event.error ?? event.type);
    recorder.onstop = () => {
      this.#release();
      if (this.state !== 'recording') return;
      this.take = new Blob(pieces, { type: recorder.mimeType.split(';')[0] ?? '' });
      this.state = 'done';
    };
    // A microphone that is pulled out ends the take; what was said is kept.
    stream.getAudioTracks()[0]?.addEventListener('ended', () => this.stop());
    this.#recorder = recorder;
    recorder.start(500);
    this.state = 'recording';
    this.elapsedS = 0;
    this.quiet = false;
    this.#watch(stream, mostS);
  }

  #watch(stream: MediaStream, mostS: number): void {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1_024;
    context.createMediaStreamSource(stream).connect(analyser);
    this.#context = context;
    const samples = new Float32Array(analyser.fftSize);
    const fromMs = performance.now();
    let heardMs = fromMs;
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      analyser.getFloatTimeDomainData(samples);
      let peak = 0;
      for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
      // Falls slowly, so that the eye can follow.
      this.level = Math.min(1, Math.max(peak, this.level * 0.85));
      if (peak > QUIET) heardMs = nowMs;
      this.quiet = nowMs - heardMs > QUIET_AFTER_MS;
      this.elapsedS = (nowMs - fromMs) / 1_000;
      if (this.elapsedS >= mostS) this.stop();
    }, LEVEL_EVERY_MS);
  }

  #fail(thrown: unknown): void {
    this.reason = thrown instanceof Error ? thrown.message : String(thrown);
    this.state = 'failed';
    this.stop();
    this.#release();
  }

  #release(): void {
    clearInterval(this.#timer);
    this.level = 0;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    void this.#context?.close();
    this.#context = undefined;
    this.#recorder = undefined;
  }
}
