/** `npm run simulate`: a fleet of SMART-OS devices against any server. */
import { Command, InvalidArgumentError } from 'commander';
import { SystemClock } from '../../engine/clock.js';
import { Fleet, type FleetStats } from './fleet.js';
import {
  type Answers,
  askFor,
  DEFAULTS,
  readAmount,
  readCount,
  readFlag,
  readKind,
  readUrl,
} from './questions.js';

interface Flags extends Partial<Answers> {
  readonly json?: boolean;
  readonly prefix?: string;
  readonly connectsPerSecond?: number;
}

function checked<T>(read: (text: string) => T | undefined, wanted: string): (text: string) => T {
  return (text) => {
    const value = read(text);
    if (value === undefined) throw new InvalidArgumentError(`${wanted} expected.`);
    return value;
  };
}

const amount = checked(readAmount, 'A number of 0 or more');
const program = new Command('simulate')
  .description('A fleet of simulated devices against any server that speaks SMART-OS.')
  .option('--url <url>', 'device socket of the server', checked(readUrl, 'ws://host:port/update/'))
  .option('--count <n>', 'number of devices', checked(readCount, 'A number from 1'))
  .option('--kind <kind>', 'random, linear or sine', checked(readKind, 'random, linear or sine'))
  .option('--max <value>', 'largest value', amount)
  .option('--min-pause <seconds>', 'shortest pause between reports', amount)
  .option('--max-pause <seconds>', 'longest pause between reports', amount)
  .option('--seconds <n>', 'how long to run; 0 until interrupted', amount)
  .option(
    '--auto-register <yes|no>',
    'devices introduce themselves',
    checked(readFlag, 'yes or no'),
  )
  .option('--prefix <text>', 'put before every serial')
  .option('--connects-per-second <n>', 'how fast devices connect', amount, 100)
  .option('--json', 'one line of JSON at the end, nothing else');
program.parse();

const flags = program.opts<Flags>();
const answers: Answers = process.stdin.isTTY ? await askFor(flags) : { ...DEFAULTS, ...flags };
const quiet = flags.json === true;
const clock = new SystemClock();
const fleet = new Fleet({
  url: answers.url,
  count: answers.count,
  kind: answers.kind,
  max: answers.max,
  minPauseMs: Math.min(answers.minPause, answers.maxPause) * 1_000,
  maxPauseMs: Math.max(answers.minPause, answers.maxPause) * 1_000,
  autoRegister: answers.autoRegister,
  clock,
  connectsPerSecond: Math.max(1, flags.connectsPerSecond ?? 100),
  ...(flags.prefix === undefined ? {} : { prefix: flags.prefix }),
});

const startedMonoMs = clock.monoMs();
let before = { sent: 0, monoMs: startedMonoMs };
fleet.start();
const progress = setInterval(() => {
  if (!quiet) showProgress();
}, 1_000);
await new Promise<void>((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
  if (answers.seconds > 0) setTimeout(resolve, answers.seconds * 1_000);
});
clearInterval(progress);
const seconds = (clock.monoMs() - startedMonoMs) / 1_000;
await fleet.finish();
const final = fleet.stats();
fleet.stop();
report(final, seconds);
// Sockets that do not answer the goodbye would keep the process for half a minute.
setTimeout(() => process.exit(), 1_000).unref();

function showProgress(): void {
  const stats = fleet.stats();
  const nowMonoMs = clock.monoMs();
  const perSecond = ((stats.sent - before.sent) * 1_000) / (nowMonoMs - before.monoMs);
  before = { sent: stats.sent, monoMs: nowMonoMs };
  const line = `${stats.connected}/${stats.devices} connected · ${perSecond.toFixed(0)} messages/s · ${stats.acknowledged} acknowledged · ${errorsOf(stats)} errors · p50 ${ms(stats.latencyP50Ms)} · p99 ${ms(stats.latencyP99Ms)}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${line}`);
  else process.stderr.write(`${line}\n`);
}

function report(stats: FleetStats, seconds: number): void {
  const missing = stats.devices - stats.connected;
  const errors = errorsOf(stats) + missing;
  if (quiet) process.stdout.write(`${JSON.stringify({ ...stats, seconds, errors })}\n`);
  else {
    const lines = [
      `${process.stderr.isTTY ? '\n' : ''}${stats.devices} devices, ${seconds.toFixed(1)} s`,
      `sent ${stats.sent}, acknowledged ${stats.acknowledged}, refused ${stats.refused}, unanswered ${stats.unanswered}`,
      `connections lost ${stats.lost}, not connected at the end ${missing}`,
      `answer time p50 ${ms(stats.latencyP50Ms)}, p99 ${ms(stats.latencyP99Ms)}`,
      ...(stats.lastError === undefined ? [] : [`last error: ${stats.lastError}`]),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  process.exitCode = errors === 0 ? 0 : 1;
}

function errorsOf(stats: FleetStats): number {
  return stats.refused + stats.unanswered;
}

function ms(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(1)} ms`;
}
