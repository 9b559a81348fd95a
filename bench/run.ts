import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../engine/entry.js';
import { EngineError } from '../engine/errors.js';
import { type Bench, type BenchContext, type BenchResult, machine } from './harness.js';

const folder = join(projectRoot(), 'dist', 'bench');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.js'))
  .map((file) => file.replace('.bench.js', ''))
  .sort();

function isBench(value: unknown): value is Bench {
  return typeof value === 'object' && value !== null && 'run' in value && 'question' in value;
}

async function load(name: string): Promise<Bench> {
  const file = join(folder, `${name}.bench.js`);
  if (!names.includes(name) || !existsSync(file)) {
    throw new EngineError(
      'input.invalid',
      `"${name}" is not a bench; there are ${names.join(', ')}`,
    );
  }
  const module: unknown = await import(pathToFileURL(file).href);
  const bench: unknown =
    typeof module === 'object' && module !== null && 'bench' in module ? module.bench : undefined;
  if (!isBench(bench)) throw new EngineError('internal', `${name}.bench exports no "bench"`);
  return bench;
}

function table(title: string, values: Readonly<Record<string, number | null>>): string {
  const rows = Object.entries(values).map(([key, value]) => {
    const shown = value === null ? '-' : Number(value.toPrecision(5)).toLocaleString('en-GB');
    return `  ${key.padEnd(34)} ${shown}`;
  });
  return rows.length === 0 ? '' : [title, ...rows, ''].join('\n');
}

function report(bench: Bench, result: BenchResult): string {
  const peers = Object.entries(result.peers).map(([peer, values]) => table(`peer ${peer}`, values));
  return [
    `${bench.name}: ${bench.question}`,
    '',
    table('metrics', result.metrics),
    ...peers,
    table('ratios', result.ratios),
    ...(result.notes ?? []).map((note) => `- ${note}`),
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const flags = args.filter((arg) => arg.startsWith('--'));
  const strange = flags.filter((flag) => !['--quick', '--json'].includes(flag));
  const [name, ...more] = args.filter((arg) => !arg.startsWith('--'));
  if (name === undefined || more.length > 0 || strange.length > 0) {
    const wrong = [...strange, ...more].join(' ');
    throw new EngineError(
      'input.invalid',
      `${wrong === '' ? '' : `"${wrong}" is not understood. `}Usage: npm run bench -- NAME [--quick] [--json]; NAME is one of ${names.join(', ')}`,
    );
  }
  const bench = await load(name);
  const quick = flags.includes('--quick');
  const ends: (() => void | Promise<void>)[] = [];
  const context: BenchContext = {
    quick,
    say: (line) => void process.stderr.write(`${line}\n`),
    onEnd: (release) => void ends.push(release),
  };
  let result: BenchResult;
  try {
    result = await bench.run(context);
  } finally {
    for (const release of ends.reverse()) await release();
  }
  if (!flags.includes('--json')) process.stdout.write(`${report(bench, result)}\n`);
  const { metrics, peers, ratios, notes } = result;
  const line = {
    bench: name,
    quick,
    machine: machine(),
    metrics,
    peers,
    ratios,
    notes: notes ?? [],
  };
  await new Promise<void>((resolve) => {
    process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve());
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const { code, message, stack } = EngineError.from(error);
    process.stderr.write(`bench: ${code === 'internal' ? (stack ?? message) : message}\n`);
    process.exit(1);
  },
);
