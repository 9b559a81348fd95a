import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { entryUrl } from '../../../../engine/entry.js';
import { EngineError } from '../../../../engine/errors.js';

type Line = Readonly<Record<string, unknown>>;

/** The emulator of MQTT devices as a process of its own: three tanks that tell every 50 ms; `kill` ends it. */
export class Tanks {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve(line: Line): void; reject(error: Error): void }[] = [];

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (text) =>
      this.#waiting.shift()?.resolve(JSON.parse(text) as Line),
    );
    child.once('exit', () => {
      const error = new EngineError('internal', 'the emulator ended');
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  /** Resolves when it says that it is ready. @param more further arguments, as `--set`, `base=hall` */
  static async start(broker: string, ...more: readonly string[]): Promise<Tanks> {
    const program = fileURLToPath(entryUrl('actors/emulate/main'));
    const args = ['mqtt', '--devices', '3', '--set', `broker=${broker}`, '--set', 'every=50'];
    const tanks = new Tanks(spawn(process.execPath, [program, ...args, ...more]));
    const ready = await tanks.#line();
    if (ready['ready'] === true) return tanks;
    throw new EngineError('internal', `the emulator said ${JSON.stringify(ready)}`);
  }

  /** Of the first tank. @returns what the emulator says of all: `connected`, `published`, `errors` */
  async fault(name: string, on = true): Promise<Line> {
    const answer = this.#line();
    this.#child.stdin.write(`${JSON.stringify({ fault: name, on, devices: [0] })}\n`);
    const line = await answer;
    if (line['ok'] === true) return line;
    throw new EngineError('internal', `the emulator said ${JSON.stringify(line)}`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #line(): Promise<Line> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }
}
