import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { entryUrl } from '../../../engine/entry.js';
import { EngineError } from '../../../engine/errors.js';

/** Numbers that an emulator tells of itself. */
export type EmulatorStats = Readonly<Record<string, unknown>>;

/** An emulator as a process of its own; `stop` ends it. */
export class EmulatorProcess {
  /** Of the first device, or of the service. */
  readonly address: string;
  readonly addresses: readonly string[];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, addresses: readonly string[]) {
    this.#child = child;
    this.addresses = addresses;
    this.address = addresses[0] ?? '';
  }

  get port(): number {
    return Number(new URL(this.address).port);
  }

  /** Resolves when it says that it is ready. The first argument is the kind. */
  static start(args: readonly string[]): Promise<EmulatorProcess> {
    const entry = fileURLToPath(entryUrl('actors/emulate/main'));
    const child = spawn(process.execPath, [entry, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new Promise((resolve, reject) => {
      const lines = createInterface({ input: child.stdout });
      lines.on('line', (line) => {
        const ready = JSON.parse(line) as { readonly addresses?: readonly string[] };
        if (ready.addresses !== undefined) resolve(new EmulatorProcess(child, ready.addresses));
      });
      child.once('error', reject);
      child.once('exit', (code) => {
        reject(new EngineError('internal', `the emulator ended at once with code ${code}`));
      });
    });
  }

  /** Sets faults, credentials and whatever else the kind knows. */
  async control(wish: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ask({ method: 'PUT', body: JSON.stringify(wish) });
  }

  async stats(): Promise<EmulatorStats> {
    return await this.#ask({});
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }

  async #ask(init: RequestInit): Promise<EmulatorStats> {
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await fetch(`${this.address}/__emulate`, {
          ...init,
          headers: { connection: 'close' },
        });
        return (await answer.json()) as EmulatorStats;
      } catch (thrown) {
        // It may be just restarting itself.
        if (tries >= 50) throw thrown;
        await delay(100);
      }
    }
  }
}
