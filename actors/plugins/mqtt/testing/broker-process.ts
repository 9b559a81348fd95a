import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connectAsync, type MqttClient } from 'mqtt';
import { entryUrl } from '../../../../engine/entry.js';
import { EngineError } from '../../../../engine/errors.js';

/** A real broker in a process of its own; `stop` kills it. */
export class BrokerProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  static start(port = 0, password?: string): Promise<BrokerProcess> {
    const entry = fileURLToPath(entryUrl('actors/plugins/mqtt/testing/broker.main'));
    const args = [entry, String(port), ...(password === undefined ? [] : [password])];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    return new Promise((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => {
        resolve(new BrokerProcess(child, Number(chunk.toString())));
      });
      child.once('error', reject);
      child.once('exit', (code) => {
        reject(new EngineError('internal', `the broker ended at once with code ${code}`));
      });
    });
  }

  /** A device, or somebody who looks. */
  client(
    options: { readonly will?: string; readonly password?: string } = {},
  ): Promise<MqttClient> {
    return connectAsync(this.url, {
      reconnectPeriod: 0,
      ...(options.password === undefined ? {} : { username: 'x', password: options.password }),
      ...(options.will === undefined
        ? {}
        : { will: { topic: options.will, payload: Buffer.from('offline'), qos: 1, retain: true } }),
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }
}
