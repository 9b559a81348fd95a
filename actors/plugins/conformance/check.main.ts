/** `npm run plugin:check PATH`: does a plugin keep to the rules? */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import pc from 'picocolors';
import { EngineError } from '../../../engine/errors.js';
import { type CheckResult, type CheckTarget, checkPlugin } from './checks.js';

interface Flags {
  readonly address?: string;
  readonly id?: string;
  readonly config: string;
  readonly device: string;
  readonly wait: string;
  readonly json?: boolean;
}

/** What an `emulator.mjs` beside a plugin exports. */
interface EmulatorModule {
  readonly start?: () => Promise<Emulator>;
}

interface Emulator {
  readonly address?: string;
  readonly port?: number;
  /** How the plugin finds the device; default: the address. */
  readonly externalId?: string;
  /** Of the instance, where its server is what is emulated. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly deviceConfig?: Readonly<Record<string, unknown>>;
  readonly close: () => Promise<void> | void;
}

const ENTRIES = ['index.mjs', 'index.js', 'plugin.mjs', 'plugin.js'];
const MARKS: Readonly<Record<CheckResult['outcome'], string>> = {
  passed: pc.green('✓'),
  failed: pc.red('✗'),
  skipped: pc.yellow('–'),
};

const program = new Command('plugin:check')
  .description('Runs a plugin in a real plugin thread and looks whether it keeps to the rules.')
  .argument('<path>', 'its folder or its module')
  .option('--address <host[:port]>', 'a device to connect to; default: emulator.mjs beside it')
  .option('--id <externalId>', 'how the plugin finds that device; default: the address')
  .option('--config <json>', 'configuration of the instance', '{}')
  .option('--device <json>', 'configuration of the device', '{}')
  .option('--wait <seconds>', 'how long a connection and values may take', '15')
  .option('--json', 'one line of JSON for each check')
  .action(run);

await program.parseAsync();

async function run(path: string, flags: Flags): Promise<void> {
  let emulator: Emulator | undefined;
  try {
    const module = moduleOf(path);
    emulator = flags.address === undefined ? await emulatorBeside(module) : undefined;
    const target = targetOf(module, flags, emulator);
    const results = await checkPlugin(target, (result) => show(result, flags.json === true));
    const failed = results.filter(({ outcome }) => outcome === 'failed').length;
    const skipped = results.filter(({ outcome }) => outcome === 'skipped').length;
    if (flags.json !== true) {
      const passed = results.length - failed - skipped;
      process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    }
    process.exitCode = failed > 0 ? 1 : 0;
  } catch (thrown) {
    process.stderr.write(`${EngineError.from(thrown).message}\n`);
    process.exitCode = 2;
  } finally {
    await emulator?.close();
  }
}

function show({ name, outcome, detail }: CheckResult, json: boolean): void {
  const line = json
    ? JSON.stringify({ name, outcome, detail })
    : `${MARKS[outcome]} ${name}${detail === '' ? '' : pc.dim(`  ${detail}`)}`;
  process.stdout.write(`${line}\n`);
}

/** @throws EngineError `not-found` */
function moduleOf(path: string): string {
  const full = resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
  if (!existsSync(full)) throw new EngineError('not-found', `there is no ${full}`);
  if (!statSync(full).isDirectory()) return full;
  const entry = ENTRIES.map((name) => join(full, name)).find((file) => existsSync(file));
  if (entry !== undefined) return entry;
  throw new EngineError('not-found', `${full} has none of ${ENTRIES.join(', ')}`);
}

async function emulatorBeside(module: string): Promise<Emulator | undefined> {
  const file = join(dirname(module), 'emulator.mjs');
  if (!existsSync(file)) return undefined;
  const { start } = (await import(pathToFileURL(file).href)) as EmulatorModule;
  return await start?.();
}

function targetOf(module: string, flags: Flags, emulator: Emulator | undefined): CheckTarget {
  const [host, port] = addressOf(flags.address);
  const address = host ?? emulator?.address;
  const externalId = flags.id ?? emulator?.externalId ?? address;
  return {
    module: pathToFileURL(module).href,
    config: { ...emulator?.config, ...jsonOf('--config', flags.config) },
    device:
      externalId === undefined
        ? undefined
        : {
            externalId,
            address,
            port: port ?? emulator?.port,
            config: { ...emulator?.deviceConfig, ...jsonOf('--device', flags.device) },
          },
    waitMs: Math.max(1, Number(flags.wait) || 15) * 1_000,
  };
}

function addressOf(text: string | undefined): readonly [string | undefined, number | undefined] {
  if (text === undefined) return [undefined, undefined];
  const url = URL.canParse(`tcp://${text}`) ? new URL(`tcp://${text}`) : undefined;
  if (url === undefined || url.hostname === '') {
    throw new EngineError('input.invalid', `--address: "${text}" is not host or host:port`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return [host, url.port === '' ? undefined : Number(url.port)];
}

function jsonOf(flag: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    throw new EngineError('input.invalid', `${flag}: "${text}" is not JSON`);
  }
  throw new EngineError('input.invalid', `${flag}: an object expected, such as {"host":"…"}`);
}
