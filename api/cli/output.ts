import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import pc from 'picocolors';

/** How a command shows what it found. */
export interface Output {
  readonly json: boolean;
  /** A line for people; nothing with `--json`. */
  say(text: string): void;
  /** The whole answer for programs; nothing without `--json`. */
  data(value: unknown): void;
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): void;
}

export type Cell = string | number | null | undefined;

export function output(json: boolean): Output {
  return {
    json,
    say: (text) => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    data: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    table: (head, rows) => {
      if (json) return;
      const table = new Table({
        head: head.map((word) => pc.bold(word)),
        style: { head: [], border: [], compact: true },
        chars: BARE,
      });
      table.push(
        ...rows.map((row) =>
          row.map((cell) => (cell === null || cell === undefined ? '–' : String(cell))),
        ),
      );
      process.stdout.write(`${table.toString()}\n`);
    },
  };
}

const BARE = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((name) => [name, '']),
);

const GOOD = new Set([
  'connected',
  'healthy',
  'up',
  'ok',
  'running',
  'open',
  'online',
  'good',
  'streaming',
  'done',
]);
const BAD = new Set([
  'error',
  'away',
  'lost',
  'failed',
  'unhealthy',
  'unreachable',
  'parked',
  'stuck',
  'critical',
  'offline',
]);

/** A state with its colour; the word says it too. */
export function state(word: string | null | undefined): string {
  if (word === null || word === undefined) return '–';
  if (GOOD.has(word)) return pc.green(word);
  return BAD.has(word) ? pc.red(word) : pc.yellow(word);
}

/** `12 s ago`. */
export function ago(atUnixMs: number | null | undefined, nowUnixMs: number): string {
  if (atUnixMs === null || atUnixMs === undefined || atUnixMs === 0) return '–';
  const s = Math.max(0, Math.round((nowUnixMs - atUnixMs) / 1_000));
  if (s < 120) return `${s} s ago`;
  if (s < 7_200) return `${Math.round(s / 60)} min ago`;
  return s < 172_800 ? `${Math.round(s / 3_600)} h ago` : `${Math.round(s / 86_400)} d ago`;
}

/** A bar on standard error, where that is a terminal; else nothing. */
export function progress(
  json: boolean,
  what: string,
): {
  set(share: number): void;
  /** Where nobody knows of how many. */
  bytes(count: number): void;
  end(): void;
} {
  if (json || !process.stderr.isTTY) {
    return { set: () => undefined, bytes: () => undefined, end: () => undefined };
  }
  const bar = new SingleBar({
    format: `${what} {bar} {percentage} %{size}`,
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(100, 0, { size: '' });
  return {
    set: (share) => bar.update(Math.round(100 * Math.min(1, share))),
    bytes: (count) => bar.update(0, { size: ` ${(count / 1e6).toFixed(1)} MB` }),
    end: () => bar.stop(),
  };
}
