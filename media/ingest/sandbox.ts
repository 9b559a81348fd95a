import { join } from 'node:path';
import ffmpeg from 'fluent-ffmpeg';
import { projectRoot } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import type { JobLimits } from './ingest.types.js';

const SCRIPTS = join(projectRoot(), 'media', 'ingest', 'sandbox');
const MIB = 1_048_576;
/** Of `ulimit -f`. */
const BLOCK_BYTES = 512;

/** One command on a file; all paths absolute. */
export interface SandboxCommand {
  readonly input: string;
  /** The only demuxer that may open it. */
  readonly demuxer: string;
  readonly inputOptions?: readonly string[];
  /** Each list of options goes with its output; `-` writes nothing. */
  readonly outputs: readonly { readonly file: string; readonly options: readonly string[] }[];
  /** Seconds of output written so far. */
  onTime?(seconds: number): void;
}

export interface ProbedStream {
  readonly type: string;
  readonly codec: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: number;
  readonly pixelFormat: string;
  /** A cover picture, no film. */
  readonly cover: boolean;
}

export interface Probed {
  /** As the header claims, seconds; undefined when it does not say. */
  readonly durationS: number | undefined;
  readonly streams: readonly ProbedStream[];
}

/**
 * Runs ffmpeg and ffprobe on a stranger's file, each as a process of its own under `sandbox/ffmpeg`: address space,
 * CPU time, file size and open files are limited by the kernel; the demuxer is the one named and the only protocol
 * is `file`, so that no playlist makes it read elsewhere. One for a job, in one thread.
 */
export class Sandbox {
  readonly #limits: JobLimits;
  readonly #signal: AbortSignal;
  readonly #untilMonoMs: number;

  /** `signal` ends what runs, by SIGKILL of its process. */
  constructor(limits: JobLimits, signal: AbortSignal) {
    this.#limits = limits;
    this.#signal = signal;
    this.#untilMonoMs = performance.now() + limits.jobMs;
    // The library hands no environment of its own to the process: this thread's is inherited.
    process.env['SANDBOX_CPU_S'] = String(Math.ceil(limits.jobMs / 1_000));
    process.env['SANDBOX_MEMORY_KIB'] = String(Math.ceil(limits.memoryBytes / 1_024));
    process.env['SANDBOX_FILE_BLOCKS'] = String(Math.ceil(limits.maxOutputBytes / BLOCK_BYTES));
    ffmpeg.setFfmpegPath(join(SCRIPTS, 'ffmpeg'));
    ffmpeg.setFfprobePath(join(SCRIPTS, 'ffprobe'));
  }

  /** @throws EngineError `media.unreadable` with ffmpeg's last words; `call.aborted`. */
  async probe(input: string, demuxer: string): Promise<Probed> {
    const command = ffmpeg(`file:${input}`).inputOptions(this.#safe(demuxer));
    const data = await new Promise<ffmpeg.FfprobeData>((resolve, reject) => {
      command.ffprobe(0, ['-v', 'error'], (error: unknown, probed) => {
        if (error === null || error === undefined) resolve(probed);
        else reject(unreadable(error instanceof Error ? error.message : String(error)));
      });
    });
    this.#check();
    return {
      durationS: finite(data.format.duration),
      streams: data.streams.map((stream) => ({
        type: String(stream.codec_type ?? ''),
        codec: String(stream.codec_name ?? ''),
        widthPx: finite(stream.width) ?? 0,
        heightPx: finite(stream.height) ?? 0,
        channels: finite(stream.channels) ?? 0,
        pixelFormat: String(stream.pix_fmt ?? ''),
        cover: Number(stream.disposition?.attached_pic ?? flat(stream, 'attached_pic')) === 1,
      })),
    };
  }

  /**
   * @returns the last 100 lines that ffmpeg said.
   * @throws EngineError `media.unreadable`, `input.too-large` (time, memory or size limit), `call.aborted`.
   */
  async run(wish: SandboxCommand): Promise<string> {
    this.#check();
    const leftMs = this.#untilMonoMs - performance.now();
    const command = ffmpeg(`file:${wish.input}`).inputOptions([
      ...this.#safe(wish.demuxer),
      ...(wish.inputOptions ?? []),
    ]);
    for (const { file, options } of wish.outputs) {
      const target = file === '-' ? '-' : `file:${file}`;
      command.output(target).outputOptions(['-max_alloc', String(512 * MIB), ...options]);
    }
    command.outputOptions(['-nostdin', '-progress', 'pipe:2', '-nostats']);
    let late = false;
    const kill = (): void => void command.kill('SIGKILL');
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, leftMs);
    this.#signal.addEventListener('abort', kill);
    try {
      return await new Promise<string>((resolve, reject) => {
        command
          .on('stderr', (line: string) => {
            const time = /^out_time_(?:us|ms)=(\d+)/.exec(line)?.[1];
            if (time !== undefined) wish.onTime?.(Number(time) / 1_000_000);
          })
          .on('start', () => {
            if (this.#signal.aborted) kill();
          })
          .on('end', (_out: unknown, said: unknown) => resolve(String(said ?? '')))
          .on('error', (error: Error, _out: unknown, said: unknown) => {
            reject(this.#failure(error, String(said ?? ''), late));
          })
          .run();
      });
    } finally {
      clearTimeout(timer);
      this.#signal.removeEventListener('abort', kill);
    }
  }

  #safe(demuxer: string): string[] {
    return [
      ...['-protocol_whitelist', 'file', '-max_streams', String(this.#limits.maxStreams)],
      ...['-f', demuxer],
    ];
  }

  #check(): void {
    if (this.#signal.aborted) throw new EngineError('call.aborted', 'the work was stopped');
    if (performance.now() >= this.#untilMonoMs) throw this.#tooLong();
  }

  #tooLong(): EngineError {
    return new EngineError(
      'input.too-large',
      `converting it takes longer than ${this.#limits.jobMs / 1_000} s: bring a shorter or simpler file`,
    );
  }

  #failure(error: Error, said: string, late: boolean): EngineError {
    if (this.#signal.aborted) return new EngineError('call.aborted', 'the work was stopped');
    if (late || error.message.includes('SIGXCPU')) return this.#tooLong();
    if (error.message.includes('SIGXFSZ') || /File too large/i.test(said)) {
      return new EngineError(
        'input.too-large',
        'what would be made of it is larger than a file may be: bring a shorter one',
      );
    }
    if (/No space left on device/i.test(said)) {
      return new EngineError('spool.full', 'the disk of the media folder is full: make room');
    }
    if (/Cannot allocate memory/i.test(said)) {
      return new EngineError('input.too-large', 'converting it needs more memory than is allowed');
    }
    return unreadable(said === '' ? error.message : said);
  }
}

/** `file` names of ours are taken out of what ffmpeg said: people read this. */
export function unreadable(said: string): EngineError {
  const lines = said
    .split('\n')
    .map((line) => line.replace(/\[[^\]]*@ 0x[0-9a-f]+\]\s*/g, '').replace(/file:\/\S+:?\s*/g, ''))
    .filter((line) => line.trim() !== '' && !/^\w+=/.test(line) && !/exited with code/.test(line));
  const why = lines.slice(-2).join('; ').slice(0, 300).trim();
  return new EngineError(
    'media.unreadable',
    `it cannot be read${why === '' ? '' : `: ${why}`}. Bring a WAV, FLAC, MP3, Ogg, WebM, M4A, CAF, MP4, JPEG, PNG, GIF or WebP file.`,
  );
}

const finite = (value: unknown): number | undefined => {
  const number = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};

/** Older ffprobes print dispositions as flat keys. */
const flat = (stream: object, name: string): unknown =>
  (stream as Record<string, unknown>)[`DISPOSITION:${name}`];
