import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { EngineError } from '../../engine/errors.js';
import {
  BLOCK_FRAMES,
  type Encoder,
  type EncoderFactory,
  type EncoderOptions,
  type OnPacket,
  RATE_HZ,
  type StreamFormat,
} from '../ports.js';
import { channelsFor } from './channels.js';
import type { EncodersOptions } from './libav.js';
import { HEADER_PAGES, OggPackets, OggPager, opusHead, opusHeader } from './ogg.js';
import { VorbisPages, vorbisHeader, vorbisSerial } from './vorbis.js';

const MP3_FRAME = 1152;
/** Blocks that may lie between what went in and what came out; more, and the process is given up as too slow. */
const MAX_WAITING_BLOCKS = 100;
const COMPLAINT_BYTES = 2_000;
const BYTES_PER_SAMPLE = 4;
const VORBIS_HEADER_PACKETS = 3;
const HEADER_LIMIT_MS = 5_000;

/**
 * Encoders as ffmpeg processes, for machines without libav in-process: same packets, more CPU, some
 * megabytes of memory and a fork each. A process that breaks or lags by 2 s ends with `media.encoder`.
 * The first Vorbis encoder of a bitrate waits for a short process that tells the headers (about 50 ms).
 */
export function ffmpegEncoders(command = 'ffmpeg', options: EncodersOptions = {}): EncoderFactory {
  const shared = {
    command,
    originFrame: options.originFrame ?? 0,
    vorbisHeaders: new Map<string, readonly Uint8Array[]>(),
  };
  return {
    name: 'ffmpeg',
    synchronous: false,
    canSwitch: (format) => format !== 'vorbis',
    open: (wish, onPacket, onError) => new FfmpegEncoder(shared, wish, onPacket, onError),
  };
}

interface Shared {
  readonly command: string;
  readonly originFrame: number;
  readonly vorbisHeaders: Map<string, readonly Uint8Array[]>;
}

/** What a format makes of a process's output. */
interface Reading {
  readonly contentType: string;
  readonly header: Uint8Array;
  readonly take: (bytes: Buffer) => void;
}

class FfmpegEncoder implements Encoder {
  readonly format: Encoder['format'];
  readonly bitrateKbps: number;
  readonly contentType: string;
  readonly header: Uint8Array;
  readonly #channels: 1 | 2;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #onError: (error: Error) => void;
  #complaint = '';
  #closed = false;
  #inFrame: number;
  #outFrame: number;

  constructor(
    shared: Shared,
    options: EncoderOptions,
    onPacket: OnPacket,
    onError: (error: Error) => void,
  ) {
    const { command } = shared;
    this.format = options.format;
    this.bitrateKbps = options.bitrateKbps;
    this.#channels = channelsFor(options);
    this.#onError = onError;
    this.#inFrame = options.startFrame ?? 0;
    this.#outFrame = this.#inFrame;
    const { contentType, header, take } = readingOf(shared, options, (bytes, endFrame) => {
      this.#outFrame = endFrame;
      onPacket(bytes, endFrame);
    });
    this.contentType = contentType;
    this.header = header;
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
    const missing = options.format === 'mp3' ? (options.startFrame ?? 0) % MP3_FRAME : 0;
    if (missing > 0) {
      this.#child.stdin.write(Buffer.alloc(missing * this.#channels * BYTES_PER_SAMPLE));
    }
  }

  encode(left: Float32Array, right: Float32Array): void {
    if (this.#closed) return;
    // Not by the bytes that wait to be written: many writes count as waiting until the last of them is through.
    this.#inFrame += left.length;
    if (this.#inFrame - this.#outFrame > MAX_WAITING_BLOCKS * BLOCK_FRAMES) {
      this.#fail(
        `ffmpeg is ${MAX_WAITING_BLOCKS} blocks behind: fewer listeners, or install node-av`,
      );
      return;
    }
    const samples = new Float32Array(this.#channels * left.length);
    for (let i = 0; i < left.length; i++) {
      const [l, r] = [left[i] as number, right[i] as number];
      if (this.#channels === 1) {
        samples[i] = (l + r) * 0.5;
      } else {
        samples[2 * i] = l;
        samples[2 * i + 1] = r;
      }
    }
    this.#child.stdin.write(new Uint8Array(samples.buffer));
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

const CODEC: Readonly<Record<StreamFormat, readonly string[]>> = {
  mp3: ['-c:a', 'libmp3lame', '-compression_level', '7', '-reservoir', '0'],
  opus: ['-c:a', 'libopus', '-compression_level', '3', '-frame_duration', '20'],
  vorbis: ['-c:a', 'libvorbis'],
};
const OGG = ['-page_duration', '20000', '-f', 'ogg'];
const MUXER: Readonly<Record<StreamFormat, readonly string[]>> = {
  mp3: ['-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'],
  opus: OGG,
  vorbis: OGG,
};

function encodeArguments(options: EncoderOptions): string[] {
  const channels = String(channelsFor(options));
  const input = ['-nostdin', '-v', 'error', '-probesize', '32', '-analyzeduration', '0'];
  const sound = ['-f', 'f32le', '-ar', String(RATE_HZ), '-ac', channels, '-i', 'pipe:0'];
  const bitrate = ['-b:a', `${options.bitrateKbps}k`, '-threads', '1', '-flush_packets', '1'];
  return [
    ...input,
    ...sound,
    ...CODEC[options.format],
    ...bitrate,
    ...MUXER[options.format],
    'pipe:1',
  ];
}

function readingOf(shared: Shared, options: EncoderOptions, onPacket: OnPacket): Reading {
  switch (options.format) {
    case 'mp3':
      return {
        contentType: 'audio/mpeg',
        header: new Uint8Array(0),
        take: mp3Packets(options, onPacket),
      };
    case 'opus':
      return {
        contentType: 'audio/ogg; codecs=opus',
        header: opusHeader(opusHead(channelsFor(options))),
        take: opusPackets(shared, options, onPacket),
      };
    case 'vorbis': {
      const startFrame = options.startFrame ?? 0;
      const serial = vorbisSerial(shared.originFrame + startFrame);
      const pages = new VorbisPages(serial, startFrame, shared.originFrame, onPacket);
      return {
        contentType: 'audio/ogg; codecs=vorbis',
        header: vorbisHeader(vorbisHeaders(shared, options), serial),
        take: vorbisPackets(pages),
      };
    }
  }
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

function opusPackets(
  shared: Shared,
  options: EncoderOptions,
  onPacket: OnPacket,
): (bytes: Buffer) => void {
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
      const granule = shared.originFrame + endFrame;
      const sequence = HEADER_PAGES + granule / BLOCK_FRAMES - 1;
      onPacket(pager.page(packet, granule, sequence), endFrame);
    });
  };
}

/** The process's pages, with places and a serial number of ours. */
function vorbisPackets(pages: VorbisPages): (bytes: Buffer) => void {
  const reader = new OggPackets();
  let seen = 0;
  let packets: Uint8Array[] = [];
  return (bytes) => {
    reader.push(
      bytes,
      (packet) => {
        seen += 1;
        if (seen > VORBIS_HEADER_PACKETS) packets.push(packet);
      },
      (granule) => {
        for (const packet of packets) pages.add(packet, granule);
        packets = [];
        pages.flush();
      },
    );
  };
}

/** Equal for equal options: asked once. @throws EngineError `media.encoder` with what ffmpeg said. */
function vorbisHeaders(shared: Shared, options: EncoderOptions): readonly Uint8Array[] {
  const key = `${channelsFor(options)}/${options.bitrateKbps}`;
  const known = shared.vorbisHeaders.get(key);
  if (known !== undefined) return known;
  const { stdout, stderr, error } = spawnSync(shared.command, encodeArguments(options), {
    input: Buffer.alloc(BLOCK_FRAMES * channelsFor(options) * BYTES_PER_SAMPLE),
    timeout: HEADER_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const packets: Uint8Array[] = [];
  if (error === undefined) new OggPackets().push(stdout, (packet) => packets.push(packet));
  if (packets.length < VORBIS_HEADER_PACKETS) {
    const why = error?.message ?? stderr.toString().trim().split('\n').at(-1) ?? '';
    throw new EngineError(
      'media.encoder',
      `${shared.command} gives no Vorbis at ${options.bitrateKbps} kbit/s: ${why}`,
      { cause: error },
    );
  }
  const headers = packets.slice(0, VORBIS_HEADER_PACKETS);
  shared.vorbisHeaders.set(key, headers);
  return headers;
}
