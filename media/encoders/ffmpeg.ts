import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { EngineError } from '../../engine/errors.js';
import {
  BLOCK_FRAMES,
  type Encoder,
  type EncoderFactory,
  type EncoderOptions,
  type OnPacket,
  RATE_HZ,
} from '../ports.js';
import { HEADER_PAGES, OggPackets, OggPager, opusHead, opusHeader } from './ogg.js';

const MP3_FRAME = 1152;
/** Blocks that may wait for a process; more, and it is given up as too slow. */
const MAX_WAITING_BLOCKS = 100;
const COMPLAINT_BYTES = 2_000;
const BLOCK_BYTES = BLOCK_FRAMES * 8;

/**
 * Encoders as ffmpeg processes, for machines without libav in-process: same packets, more CPU, some
 * megabytes of memory and a fork each. A process that breaks or lags by 2 s ends with `media.encoder`.
 */
export function ffmpegEncoders(command = 'ffmpeg'): EncoderFactory {
  return {
    name: 'ffmpeg',
    synchronous: false,
    open: (options, onPacket, onError) => new FfmpegEncoder(command, options, onPacket, onError),
  };
}

class FfmpegEncoder implements Encoder {
  readonly format: Encoder['format'];
  readonly bitrateKbps: number;
  readonly contentType: string;
  readonly header: Uint8Array;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #onError: (error: Error) => void;
  #complaint = '';
  #closed = false;

  constructor(
    command: string,
    options: EncoderOptions,
    onPacket: OnPacket,
    onError: (error: Error) => void,
  ) {
    this.format = options.format;
    this.bitrateKbps = options.bitrateKbps;
    this.#onError = onError;
    const mp3 = options.format === 'mp3';
    this.contentType = mp3 ? 'audio/mpeg' : 'audio/ogg; codecs=opus';
    this.header = mp3 ? new Uint8Array(0) : opusHeader(opusHead());
    const take = mp3 ? mp3Packets(options, onPacket) : opusPackets(options, onPacket);
    this.#child = spawn(command, encodeArguments(options), { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.once('error', (error) => this.#fail(`${command} cannot be started`, error));
    this.#child.once('close', (code) => this.#fail(`${command} ended with ${code}`));
    this.#child.stdin.on('error', (error) => this.#fail(`${command} takes no more sound`, error));
    this.#child.stderr.on('data', (bytes: Buffer) => {
      this.#complaint = (this.#complaint + bytes.toString()).slice(-COMPLAINT_BYTES);
    });
    this.#child.stdout.on('data', (bytes: Buffer) => {
      if (this.#closed) return;
      try {
        take(bytes);
      } catch (error) {
        this.#fail(`${command} sends something else than ${options.format}`, error);
      }
    });
    const missing = mp3 ? (options.startFrame ?? 0) % MP3_FRAME : 0;
    if (missing > 0) this.#child.stdin.write(Buffer.alloc(missing * 8));
  }

  encode(left: Float32Array, right: Float32Array): void {
    if (this.#closed) return;
    const stdin = this.#child.stdin;
    if (stdin.writableLength > MAX_WAITING_BLOCKS * BLOCK_BYTES) {
      this.#fail(
        `ffmpeg is ${MAX_WAITING_BLOCKS} blocks behind: fewer listeners, or install node-av`,
      );
      return;
    }
    const both = new Float32Array(2 * left.length);
    for (let i = 0; i < left.length; i++) {
      both[2 * i] = left[i] as number;
      both[2 * i + 1] = right[i] as number;
    }
    stdin.write(new Uint8Array(both.buffer));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    this.#child.kill('SIGKILL');
  }

  #fail(message: string, cause?: unknown): void {
    if (this.#closed) return;
    this.close();
    const why = this.#complaint.trim().split('\n').at(-1) ?? '';
    this.#onError(
      new EngineError('media.encoder', why === '' ? message : `${message}: ${why}`, { cause }),
    );
  }
}

function encodeArguments(options: EncoderOptions): string[] {
  const rate = String(RATE_HZ);
  const input = ['-nostdin', '-v', 'error', '-probesize', '32', '-analyzeduration', '0'];
  const sound = ['-f', 'f32le', '-ar', rate, '-ac', '2', '-i', 'pipe:0', '-threads', '1'];
  const codec =
    options.format === 'mp3'
      ? ['-c:a', 'libmp3lame', '-compression_level', '7', '-reservoir', '0']
      : ['-c:a', 'libopus', '-compression_level', '3', '-frame_duration', '20'];
  const output =
    options.format === 'mp3'
      ? ['-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3']
      : ['-page_duration', '20000', '-f', 'ogg'];
  const bitrate = ['-b:a', `${options.bitrateKbps}k`, '-flush_packets', '1'];
  return [...input, ...sound, ...codec, ...bitrate, ...output, 'pipe:1'];
}

/** At 48 kHz and a constant bitrate every MP3 frame has the same size: 24 ms of it. */
function mp3Packets(options: EncoderOptions, onPacket: OnPacket): (bytes: Buffer) => void {
  const size = (options.bitrateKbps * 1000 * MP3_FRAME) / RATE_HZ / 8;
  const startFrame = options.startFrame ?? 0;
  let endFrame = startFrame - (startFrame % MP3_FRAME);
  let rest = Buffer.alloc(0);
  return (bytes) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let at = 0;
    for (; at + size <= all.length; at += size) {
      if (all[at] !== 0xff) throw new RangeError('no MP3 frame where one should begin');
      endFrame += MP3_FRAME;
      onPacket(all.subarray(at, at + size), endFrame);
    }
    rest = Buffer.from(all.subarray(at));
  };
}

function opusPackets(options: EncoderOptions, onPacket: OnPacket): (bytes: Buffer) => void {
  const reader = new OggPackets();
  const pager = new OggPager();
  let endFrame = options.startFrame ?? 0;
  let headers = 0;
  return (bytes) => {
    reader.push(bytes, (packet) => {
      if (headers < HEADER_PAGES) {
        headers++;
        return;
      }
      endFrame += BLOCK_FRAMES;
      const sequence = HEADER_PAGES + endFrame / BLOCK_FRAMES - 1;
      onPacket(pager.page(packet, endFrame, sequence), endFrame);
    });
  };
}
