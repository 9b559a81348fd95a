import type { FromWorklet, ToWorklet } from './jitter.worklet.js';
import workletUrl from './jitter.worklet.ts?worker&url';
import { PacketReader } from './packets.js';

const RATE_HZ = 48_000;
/** Packets are acknowledged in groups of this: 100 ms. */
const ANSWER_EVERY = 5;
/** Packets given to the decoder that it has not answered; more, and the newest are left out. */
const MOST_DECODING = 25;
const FIRST_SOUND_MS = 5_000;

interface Hello {
  readonly codec: string;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly packetMs: number;
}

export interface LowLatencyEvents {
  /** The first block was handed to the speakers, or the first after a gap. */
  readonly onSound: () => void;
  /** It cannot go on. `code`: of the socket's close; 0: something in this browser. Called once, after which it is closed. */
  readonly onEnd: (code: number, reason: string) => void;
}

/** Whether this browser has what it needs. On plain HTTP browsers hide the worklet, except on the own machine. */
export function lowLatencySupported(): boolean {
  return (
    typeof AudioWorkletNode === 'function' &&
    typeof AudioDecoder === 'function' &&
    typeof WebSocket === 'function' &&
    globalThis.isSecureContext
  );
}

/**
 * One connection: Opus packets over a WebSocket, decoded by WebCodecs, played by a worklet with a jitter buffer. The
 * context is the caller's; `close` leaves it open.
 */
export class LowLatencyConnection {
  readonly #context: AudioContext;
  readonly #events: LowLatencyEvents;
  readonly #socket: WebSocket;
  readonly #reader = new PacketReader();
  readonly #output: AudioNode;
  #node: AudioWorkletNode | undefined;
  #decoder: AudioDecoder | undefined;
  #stats: FromWorklet | undefined;
  #sounding = false;
  #closed = false;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(context: AudioContext, output: AudioNode, url: string, events: LowLatencyEvents) {
    this.#context = context;
    this.#output = output;
    this.#events = events;
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') this.#hello(data);
      else if (data instanceof ArrayBuffer) this.#packet(data);
    };
    this.#socket.onclose = ({ code, reason }) => this.#end(code, reason);
    this.#timer = setTimeout(() => this.#end(0, 'no sound came'), FIRST_SOUND_MS);
  }

  /** From the newest packet to the ear, without the network; undefined before the first sound. */
  get latencyMs(): number | undefined {
    if (this.#stats === undefined || this.#stats.depthMs === 0) return undefined;
    const { baseLatency, outputLatency } = this.#context;
    return this.#stats.depthMs + (baseLatency + (outputLatency || 0)) * 1_000;
  }

  get stats(): FromWorklet | undefined {
    return this.#stats;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.onclose = null;
    this.#socket.onmessage = null;
    this.#socket.close();
    if (this.#decoder?.state === 'configured') this.#decoder.close();
    this.#node?.disconnect();
  }

  #hello(text: string): void {
    const hello = JSON.parse(text) as Hello;
    this.#prepare(hello).catch((thrown: unknown) => {
      this.#end(0, thrown instanceof Error ? thrown.message : String(thrown));
    });
  }

  async #prepare({ codec, sampleRateHz, channels }: Hello): Promise<void> {
    const config = { codec, sampleRate: sampleRateHz, numberOfChannels: channels };
    const { supported } = await AudioDecoder.isConfigSupported(config);
    if (supported !== true) throw new Error(`this browser does not decode ${codec}`);
    await this.#context.audioWorklet.addModule(workletUrl);
    if (this.#closed) return;
    const node = new AudioWorkletNode(this.#context, 'earshot-jitter', {
      numberOfInputs: 0,
      outputChannelCount: [2],
    });
    node.port.onmessage = ({ data }: MessageEvent<FromWorklet>) => {
      this.#stats = data;
      if (data.depthMs === 0 || this.#sounding) return;
      this.#sounding = true;
      clearTimeout(this.#timer);
      this.#events.onSound();
    };
    node.connect(this.#output);
    this.#node = node;
    const decoder = new AudioDecoder({
      output: (sound) => this.#decoded(sound),
      error: (error) => this.#end(0, error.message),
    });
    decoder.configure(config);
    this.#decoder = decoder;
  }

  #packet(message: ArrayBuffer): void {
    const packet = this.#reader.read(message);
    if (packet === undefined) return;
    if (packet.sequence % ANSWER_EVERY === 0) {
      const answer = new DataView(new ArrayBuffer(4));
      answer.setUint32(0, packet.sequence % 2 ** 32, true);
      this.#socket.send(answer.buffer);
    }
    const decoder = this.#decoder;
    // A tab that was asleep gets its packets all at once: only the newest matter.
    if (decoder === undefined || decoder.decodeQueueSize > MOST_DECODING) return;
    const timestamp = packet.place * 20_000;
    decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp, data: packet.bytes }));
  }

  #decoded(sound: AudioData): void {
    const frames = sound.numberOfFrames;
    const left = new Float32Array(frames);
    sound.copyTo(left, { planeIndex: 0, format: 'f32-planar' });
    let right = left;
    if (sound.numberOfChannels > 1) {
      right = new Float32Array(frames);
      sound.copyTo(right, { planeIndex: 1, format: 'f32-planar' });
    }
    const frame = Math.round((sound.timestamp * RATE_HZ) / 1_000_000);
    sound.close();
    const block: ToWorklet = { type: 'block', frame, left, right, atMs: performance.now() };
    const move = right === left ? [left.buffer] : [left.buffer, right.buffer];
    this.#node?.port.postMessage(block, move);
  }

  #end(code: number, reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#events.onEnd(code, reason);
  }
}
