import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { EngineError } from '../engine/errors.js';

/** What a bench answers. A figure that could not be taken is null, with the reason in `notes`. */
export interface BenchResult {
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Figures of the peers, measured in the same run: peer → figure → value. */
  readonly peers: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  readonly ratios: Readonly<Record<string, number | null>>;
  /** Scenario, reasons for nulls, limits: sentences for the reader. */
  readonly notes?: readonly string[];
}

export interface BenchContext {
  /** Ends within 40 s. */
  readonly quick: boolean;
  /** Progress for a human, on standard error. */
  say(line: string): void;
  /** Runs last to first when the bench ends, however it ends. */
  onEnd(release: () => void | Promise<void>): void;
}

/** One question. A file `bench/<name>.bench.ts` exports one as `bench`. */
export interface Bench {
  readonly name: string;
  readonly question: string;
  run(context: BenchContext): Promise<BenchResult>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly os: string;
}

export function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    node: process.version,
    os: `${type()} ${release()}`,
  };
}

/** Linux counts CPU time of processes in these. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    // It ended between the listing and the look.
    if (error instanceof Error) return undefined;
    throw error;
  }
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent = 0] = fields.slice(1);
  const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
  const [rssPages = 0] = fields.slice(21);
  return { pid, parent, cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes: rssPages * PAGE_BYTES };
}

/** CPU seconds (user and system, all threads, ended children included) and resident bytes of a process and its descendants. */
export function processTree(rootPid: number): {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
} {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined);
  const wanted = new Set([rootPid]);
  for (let grew = true; grew; ) {
    const before = wanted.size;
    for (const stat of stats) if (wanted.has(stat.parent)) wanted.add(stat.pid);
    grew = wanted.size > before;
  }
  const tree = stats.filter((stat) => wanted.has(stat.pid));
  return {
    cpuSeconds: tree.reduce((sum, stat) => sum + stat.cpuSeconds, 0),
    rssBytes: tree.reduce((sum, stat) => sum + stat.rssBytes, 0),
  };
}

/** CPU seconds of this process so far, all threads. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The smallest value that at least `share` (0..1) of the values do not exceed; NaN when there are none. */
export function percentile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[index] ?? Number.NaN;
}

export function median(values: ArrayLike<number>): number {
  return percentile(values, 0.5);
}

export interface Spawned {
  readonly process: ChildProcess;
  readonly pid: number;
  /** The match of the ready pattern in its standard output. */
  readonly ready: RegExpExecArray;
  /** Lines of standard output after the ready line. */
  onLine(listener: (line: string) => void): void;
  /** SIGTERM, SIGKILL after 5 s; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a program and waits until its standard output matches `ready`.
 * @throws EngineError `internal` with its standard error when it ends or stays silent for `withinMs`.
 */
export async function spawnReady(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly ready: RegExp;
  readonly env?: Readonly<Record<string, string>>;
  readonly withinMs?: number;
}): Promise<Spawned> {
  const child = spawn(options.command, [...options.args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    child.kill('SIGTERM');
    await gone;
    clearTimeout(timer);
  };
  const listeners: ((line: string) => void)[] = [];
  let text = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-20_000);
  });
  try {
    const ready = await new Promise<RegExpExecArray>((resolve, reject) => {
      const limitMs = options.withinMs ?? 30_000;
      const failed = (why: string) => {
        reject(new EngineError('internal', `${options.command} ${why}: ${errors}`));
      };
      const timer = setTimeout(() => failed(`was not ready in ${limitMs} ms`), limitMs);
      let found = false;
      child.once('error', (error) => failed(error.message));
      void gone.then(() => failed('ended'));
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (!found) {
          const match = options.ready.exec(text);
          if (match === null) return;
          found = true;
          clearTimeout(timer);
          resolve(match);
        }
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) for (const listener of listeners) listener(line);
      });
    });
    return {
      process: child,
      pid: child.pid ?? 0,
      ready,
      onLine: (listener) => void listeners.push(listener),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** a / b, or null when either is missing or b is 0. */
export function ratio(a: number | null | undefined, b: number | null | undefined): number | null {
  if (a === null || a === undefined || b === null || b === undefined || b === 0) return null;
  return a / b;
}
