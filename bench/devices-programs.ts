import { fileURLToPath } from 'node:url';
import { entryUrl } from '../engine/entry.js';
import { type BenchContext, type Spawned, spawnReady } from './harness.js';

/** A receiver that is emulated. */
export interface Emulated {
  readonly address: string;
  readonly port: number;
}

/** A program of ours that answers lines with lines. */
export class Talker {
  readonly spawned: Spawned;
  readonly #waiting: ((line: string) => void)[] = [];

  constructor(spawned: Spawned) {
    this.spawned = spawned;
    spawned.onLine((line) => this.#waiting.shift()?.(line));
  }

  async ask<T>(line: string): Promise<T> {
    const answer = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.spawned.process.stdin?.write(`${line}\n`);
    return JSON.parse(await answer) as T;
  }
}

/** A program of this repository, when it says that it is ready. */
export const node = (entry: string, args: readonly string[], ready: RegExp) =>
  spawnReady({
    command: process.execPath,
    args: [fileURLToPath(entryUrl(entry)), ...args],
    ready,
    withinMs: 60_000,
  });

/** So many receivers of a model in a program of their own. */
export async function emulate(
  context: BenchContext,
  devices: number,
  model: string,
): Promise<{ readonly talker: Talker; readonly devices: readonly Emulated[] }> {
  const args = ['shure-text', '--devices', String(devices), '--set', `models=${model}`];
  const spawned = await node('actors/emulate/main', args, /^(\{"ready".*\})\n/m);
  context.onEnd(() => spawned.stop());
  const ready = JSON.parse(spawned.ready[1] ?? '{}') as { readonly devices: readonly Emulated[] };
  return { talker: new Talker(spawned), devices: ready.devices };
}

export type Emulators = Awaited<ReturnType<typeof emulate>>;
