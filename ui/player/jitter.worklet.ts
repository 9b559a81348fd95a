import { JitterBuffer, type JitterStats } from './jitter-buffer.js';

/** What the page sends to the worklet. */
export type ToWorklet =
  | {
      readonly type: 'block';
      readonly frame: number;
      readonly left: Float32Array;
      readonly right: Float32Array;
      readonly atMs: number;
    }
  | { readonly type: 'reset' };

/** What it answers, a few times a second. */
export type FromWorklet = JitterStats;

/** Of the audio thread, which TypeScript's library does not know. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const STATS_EVERY_CALLS = 40;

class JitterProcessor extends AudioWorkletProcessor {
  readonly #buffer = new JitterBuffer();
  #calls = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ToWorklet>) => {
      if (data.type === 'reset') this.#buffer.reset();
      else this.#buffer.push(data.frame, data.left, data.right, data.atMs);
    };
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [left, right] = outputs[0] ?? [];
    if (left === undefined) return true;
    this.#buffer.pull(left, right ?? new Float32Array(left.length));
    this.#calls += 1;
    if (this.#calls % STATS_EVERY_CALLS === 0) this.port.postMessage(this.#buffer.stats);
    return true;
  }
}

registerProcessor('earshot-jitter', JitterProcessor);
