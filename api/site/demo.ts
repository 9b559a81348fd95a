import type { Clock } from '../../engine/clock.js';
import { entryUrl } from '../../engine/entry.js';
import type { Log } from '../../engine/log.js';
import { DemoWalkers } from '../demo/walkers.js';
import { ChildProgram } from './child-program.js';
import type { MainActors } from './main-actors.js';

export interface DemoOptions {
  /** This engine's own address: devices and walkers come in by the front door. */
  readonly port: number;
  readonly projectId: number;
  readonly devices: number;
  readonly walkers: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly actors: MainActors;
}

/** Brings the demo site to life: a fleet of devices in a process of its own, and visitors who walk. */
export class Demo {
  readonly #fleet: ChildProgram | undefined;
  readonly #walkers: DemoWalkers | undefined;

  constructor(options: DemoOptions) {
    const { port, projectId, devices, walkers, clock, log, actors } = options;
    if (devices > 0) {
      const fleet = new ChildProgram({
        id: 'demo/fleet',
        entry: entryUrl('actors/simulate/main'),
        args: [
          ...['--url', `ws://127.0.0.1:${port}/update/`],
          ...['--count', String(devices)],
          ...['--kind', 'sine'],
          ...['--max', '100'],
          ...['--min-pause', '1'],
          ...['--max-pause', '5'],
          ...['--seconds', '0'],
          ...['--auto-register', 'yes'],
        ],
        clock,
        log,
        onChange: (info) => actors.changed(info),
      });
      actors.add({
        info: () => fleet.info(),
        park: () => fleet.stop('parked'),
        restart: () => fleet.restart(),
        stop: () => fleet.stop('stopped'),
      });
      this.#fleet = fleet;
    }
    if (walkers > 0) {
      this.#walkers = new DemoWalkers({
        url: `http://127.0.0.1:${port}`,
        projectId,
        count: walkers,
        clock,
        onError: (error) => log.warn({ err: error }, 'a demo walker stumbled'),
      });
    }
  }

  async start(): Promise<void> {
    this.#walkers?.start();
    await this.#fleet?.restart();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#walkers?.stop(), this.#fleet?.stop('stopped')]);
  }
}
