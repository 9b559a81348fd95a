import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { EngineError } from '../engine/errors.js';
import { CHUNK_FRAMES, RATE_HZ } from './ports.js';

export interface DecodeLimits {
  /** A decoder that is not done by then is killed. */
  readonly maxDecodeMs: number;
  /** Longer sound is refused. */
  readonly maxDurationS: number;
}

/** Planar chunk: `frames` samples of the left channel, then of the right, in `data`. */
export interface DecodedChunk {
  readonly chunk: number;
  readonly frames: number;
  readonly data: SharedArrayBuffer;
}

const COMPLAINT_BYTES = 2_000;
const BYTES_PER_FRAME = 8;

/**
 * Decodes the first sound track of a file with an ffmpeg process, chunk by chunk: at most one chunk is
 * held here, and the process waits while `onChunk` does. Resolves to the length in frames.
 * @throws EngineError `media.unreadable` naming the file, `input.too-large` over `maxDurationS`
 */
export async function decodeFile(
  file: string,
  limits: DecodeLimits,
  onChunk: (chunk: DecodedChunk) => Promise<void> | void,
  signal?: AbortSignal,
): Promise<number> {
  await checkFile(file);
  const child = spawn('ffmpeg', decodeArguments(file), { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-COMPLAINT_BYTES);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      complaint = error.message;
      resolve(null);
    });
    child.once('close', (code) => resolve(code));
  });
  let timedOut = false;
  const kill = (): void => void child.kill('SIGKILL');
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, limits.maxDecodeMs);
  signal?.addEventListener('abort', kill);
  const chunks = new ChunkWriter(onChunk);
  try {
    if (signal?.aborted === true) kill();
    for await (const bytes of child.stdout) {
      await chunks.push(bytes as Buffer);
      if (chunks.frames > limits.maxDurationS * RATE_HZ) {
        throw new EngineError(
          'input.too-large',
          `${file} is longer than ${limits.maxDurationS} s: shorten it or raise the limit`,
        );
      }
    }
    const code = await ended;
    if (signal?.aborted === true) throw new EngineError('server.stopping', 'decoding was stopped');
    if (timedOut) throw unreadable(file, `not decoded within ${limits.maxDecodeMs} ms`);
    if (code !== 0) throw unreadable(file, lastLine(complaint) || `ffmpeg ended with ${code}`);
    await chunks.end();
    if (chunks.frames === 0) throw unreadable(file, 'it holds no sound');
    return chunks.frames;
  } finally {
    kill();
    clearTimeout(timer);
    signal?.removeEventListener('abort', kill);
    await ended;
  }
}

async function checkFile(file: string): Promise<void> {
  let kind: 'file' | 'other';
  try {
    kind = (await stat(file)).isFile() ? 'file' : 'other';
  } catch (error) {
    throw unreadable(file, 'the file is missing or may not be read', error);
  }
  if (kind === 'other') throw unreadable(file, 'it is not a file');
}

function decodeArguments(file: string): string[] {
  const input = ['-nostdin', '-v', 'error', '-protocol_whitelist', 'file', '-i', `file:${file}`];
  const output = ['-map', '0:a:0', '-vn', '-sn', '-dn', '-ac', '2', '-ar', String(RATE_HZ)];
  return [...input, ...output, '-threads', '1', '-f', 'f32le', 'pipe:1'];
}

function unreadable(file: string, why: string, cause?: unknown): EngineError {
  return new EngineError(
    'media.unreadable',
    `${file} cannot be played: ${why}. Replace it by a WAV, FLAC, MP3, Ogg or M4A file.`,
    { cause, context: { file } },
  );
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** Turns interleaved bytes of any cut into planar chunks. */
class ChunkWriter {
  frames = 0;
  readonly #onChunk: (chunk: DecodedChunk) => Promise<void> | void;
  readonly #left = new Float32Array(CHUNK_FRAMES);
  readonly #right = new Float32Array(CHUNK_FRAMES);
  #fill = 0;
  #chunk = 0;
  #rest = Buffer.alloc(0);

  constructor(onChunk: (chunk: DecodedChunk) => Promise<void> | void) {
    this.#onChunk = onChunk;
  }

  async push(bytes: Buffer): Promise<void> {
    // Pipes cut where they like; only the odd bytes of a cut frame are carried over.
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames = Math.floor(all.length / BYTES_PER_FRAME);
    const samples = floatsOf(all, frames * 2);
    for (let at = 0; at < frames; ) {
      const count = Math.min(frames - at, CHUNK_FRAMES - this.#fill);
      this.#take(samples, at, count);
      at += count;
      if (this.#fill === CHUNK_FRAMES) await this.#flush();
    }
    this.#rest = Buffer.from(all.subarray(frames * BYTES_PER_FRAME));
  }

  async end(): Promise<void> {
    if (this.#fill > 0) await this.#flush();
  }

  #take(samples: Float32Array, at: number, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#left[this.#fill + i] = sane(samples[2 * (at + i)] as number);
      this.#right[this.#fill + i] = sane(samples[2 * (at + i) + 1] as number);
    }
    this.#fill += count;
    this.frames += count;
  }

  async #flush(): Promise<void> {
    const frames = this.#fill;
    const data = new SharedArrayBuffer(frames * BYTES_PER_FRAME);
    new Float32Array(data, 0, frames).set(this.#left.subarray(0, frames));
    new Float32Array(data, frames * 4, frames).set(this.#right.subarray(0, frames));
    this.#fill = 0;
    await this.#onChunk({ chunk: this.#chunk++, frames, data });
  }
}

/** Float files may hold anything; beyond this (+24 dB) or not a number is noise, not sound. */
const sane = (value: number): number => (value > -16 && value < 16 ? value : 0);

function floatsOf(bytes: Buffer, count: number): Float32Array {
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  const copy = Uint8Array.from(bytes.subarray(0, count * 4));
  return new Float32Array(copy.buffer, 0, count);
}
