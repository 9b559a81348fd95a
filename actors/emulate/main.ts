/** `npm run emulate -- <kind> --devices 200`: devices and vendor servers to try plugins on, with faults on demand. */
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import { SystemClock } from '../../engine/clock.js';
import { HTTP_KINDS } from './http/kinds.js';
import type { EmulatorKind } from './kind.types.js';
import { mqtt } from './mqtt/kind.js';
import { shureText } from './shure-text/kind.js';

const KINDS: readonly EmulatorKind[] = [shureText, mqtt, ...HTTP_KINDS];

interface Flags {
  readonly devices: number;
  readonly host: string;
  readonly port: number;
  readonly seed: number;
  readonly faults: readonly string[];
  readonly faultEvery: number;
  readonly set: ReadonlyMap<string, string>;
}

function whole(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < from || value > to) {
      throw new InvalidArgumentError(`A whole number from ${from} to ${to} expected.`);
    }
    return value;
  };
}

function setting(text: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('name=value expected.');
  return new Map([...before, [text.slice(0, at), text.slice(at + 1)]]);
}

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function run(kind: EmulatorKind, flags: Flags): Promise<void> {
  const unknown = [
    ...flags.faults.filter((fault) => !kind.faults.includes(fault)),
    ...[...flags.set.keys()].filter((name) => !Object.hasOwn(kind.settings, name)),
  ];
  if (unknown.length > 0) {
    throw new Error(`${kind.name} does not know ${unknown.join(', ')}; see --help.`);
  }
  const emulation = await kind.start({
    devices: flags.devices,
    host: flags.host,
    port: flags.port,
    seed: flags.seed,
    faults: flags.faults,
    faultEveryMs: flags.faultEvery * 1_000,
    settings: flags.set,
    clock: new SystemClock(),
  });
  print({ ready: true, kind: kind.name, pid: process.pid, ...emulation.ready });
  const lines = createInterface({ input: process.stdin });
  // One after the other, so that answers come in the order of the lines.
  let answered = Promise.resolve();
  lines.on('line', (line) => {
    if (line.trim() !== '') answered = answered.then(() => answer(line));
  });
  const answer = async (line: string): Promise<void> => {
    try {
      const command: unknown = JSON.parse(line);
      if (typeof command !== 'object' || command === null || Array.isArray(command)) {
        throw new Error('An object is wanted.');
      }
      print({ ok: true, ...(await emulation.control({ ...command })) });
    } catch (thrown) {
      print({ ok: false, error: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  };
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  lines.close();
  await emulation.stop();
  process.exit(0);
}

const program = new Command('emulate').description(
  'Devices and vendor servers that behave like real ones. Prints a line of JSON when ready; takes lines of JSON on standard input, as {"fault":"stall","on":true,"devices":[0]}.',
);
for (const kind of KINDS) {
  const settings = Object.entries(kind.settings).map(([name, what]) => `  ${name}: ${what}`);
  program
    .command(kind.name)
    .description(kind.description)
    .option('--devices <n>', 'how many', whole(1, 20_000), 10)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'first port; 0: free ones', whole(0, 65_535), 0)
    .option('--seed <n>', 'the same devices again', whole(0, 4_294_967_295), 1)
    .option(
      '--faults <list>',
      `strike at random: ${kind.faults.join(', ')}`,
      (text: string) => text.split(',').filter((fault) => fault !== ''),
      [],
    )
    .option('--fault-every <seconds>', 'mean time between them', whole(1, 86_400), 10)
    .option('--set <name=value>', 'a setting of this kind', setting, new Map<string, string>())
    .addHelpText('after', `\nSettings:\n${settings.join('\n')}`)
    .action(async (flags: Flags) => {
      await run(kind, flags);
    });
}
try {
  await program.parseAsync();
} catch (thrown) {
  process.stderr.write(`emulate: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
}
