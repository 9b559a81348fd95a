import { type Command, InvalidArgumentError } from 'commander';
import { EngineError } from '../../engine/errors.js';
import { Client, EXIT } from './client.js';
import { readCredentials } from './credentials.js';
import { type Output, output } from './output.js';

export interface Globals {
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** What every command gets. */
export interface Context {
  readonly client: Client;
  readonly out: Output;
  readonly nowMs: () => number;
  /** The command did its work, and found trouble. */
  trouble(): void;
}

const DEFAULT_URL = 'http://localhost:8080';

export function addressOf(globals: Globals): string {
  const url = globals.url ?? process.env['EARSHOT_CLI_URL'] ?? DEFAULT_URL;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new EngineError('input.invalid', `--url: ${url} is no address like ${DEFAULT_URL}`);
  }
  return url.replace(/\/+$/, '');
}

export function contextOf(command: Command): Context {
  const globals = command.optsWithGlobals<Globals>();
  const url = addressOf(globals);
  const token = globals.token ?? process.env['EARSHOT_CLI_TOKEN'] ?? readCredentials()[url]?.token;
  return {
    client: new Client({ url, token }),
    out: output(globals.json === true),
    nowMs: () => Date.now(),
    trouble: () => {
      process.exitCode = EXIT.trouble;
    },
  };
}

/** `Number` for an option, with its bounds in the message. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < from || value > to) {
      throw new InvalidArgumentError(`A whole number from ${from} to ${to} is wanted.`);
    }
    return value;
  };
}

export const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Runs `show` now and, with `--watch`, every two seconds until interrupted. */
export async function watched(watch: boolean, show: () => Promise<void>): Promise<void> {
  await show();
  while (watch) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    if (process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H');
    await show();
  }
}
