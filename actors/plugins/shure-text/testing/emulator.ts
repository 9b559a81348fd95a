import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { entryUrl } from '../../../../engine/entry.js';

const PROGRAM = fileURLToPath(entryUrl('actors/emulate/main'));

export interface EmulatedAddress {
  readonly address: string;
  readonly port: number;
  readonly series: string;
  readonly model: string;
  readonly channels: number;
  readonly serial: string;
  readonly mac: string;
}

type Answer = Readonly<Record<string, unknown>>;

/** The emulator as a process of its own, as an operator runs it. */
export class EmulatorProcess {
  readonly devices: readonly EmulatedAddress[];
  readonly #child: ChildProcess;
  readonly #waiting: ((answer: Answer) => void)[];

  private constructor(
    child: ChildProcess,
    devices: readonly EmulatedAddress[],
    waiting: ((answer: Answer) => void)[],
  ) {
    this.#child = child;
    this.devices = devices;
    this.#waiting = waiting;
  }

  static async start(...args: readonly string[]): Promise<EmulatorProcess> {
    const child = spawn(process.execPath, [PROGRAM, 'shure-text', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const waiting: ((answer: Answer) => void)[] = [];
    const ready = new Promise<Answer>((resolve, reject) => {
      waiting.push(resolve);
      child.once('exit', (code) => {
        reject(new Error(`The emulator ended with ${String(code)}.`));
      });
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      waiting.shift()?.(JSON.parse(line) as Answer);
    });
    const { devices } = await ready;
    return new EmulatorProcess(child, devices as readonly EmulatedAddress[], waiting);
  }

  /** A line on its standard input; the answer of it. */
  async control(command: Readonly<Record<string, unknown>>): Promise<Answer> {
    const answer = new Promise<Answer>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const said = await answer;
    if (said['ok'] !== true) throw new Error(String(said['error']));
    return said;
  }

  async fault(fault: string, on = true, devices: readonly number[] | 'all' = 'all'): Promise<void> {
    await this.control({ fault, on, devices });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
