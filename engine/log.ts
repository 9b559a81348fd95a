import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger as PinoLogger, pino } from 'pino';
import { RotatingFile } from './rotating-file.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** pino's logger; take a child per module: `log.child({ module: 'series' })`. */
export type Log = PinoLogger;

export interface LogOptions {
  readonly level: LogLevel;
  /** Folder of the rotating files; undefined writes no file. */
  readonly folder?: string | undefined;
  /** File name without ending: one a thread, so that no two threads write one file. */
  readonly name: string;
  readonly maxFileBytes: number;
  readonly maxFiles: number;
  /** Warnings and worse also go to standard error. Default true. */
  readonly stderr?: boolean;
}

/**
 * JSON lines to `<folder>/<name>.log`, rotated by size. Lines are written synchronously in small
 * groups by the thread itself: nothing is lost when it ends, and no thread of its own is needed.
 */
export function createLog(options: LogOptions): Log {
  const streams: { level: LogLevel; stream: { write(line: string): void } }[] = [];
  if (options.folder !== undefined) {
    mkdirSync(options.folder, { recursive: true });
    const path = join(options.folder, `${options.name}.log`);
    const { maxFileBytes: maxBytes, maxFiles } = options;
    // The logger's own level decides what is written, so that it can be changed while it runs.
    streams.push({ level: 'trace', stream: new RotatingFile({ path, maxBytes, maxFiles }) });
  }
  if (options.stderr !== false) {
    streams.push({ level: 'warn', stream: { write: (line) => void process.stderr.write(line) } });
  }
  return pino(
    {
      level: options.level,
      base: { thread: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: [
        'password',
        '*.password',
        'token',
        '*.token',
        'cookie',
        '*.cookie',
        'headers.authorization',
      ],
    },
    pino.multistream(streams),
  );
}

/** A log that writes nothing, for tests. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
