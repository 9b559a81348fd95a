import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { call, type SessionAnswer } from '../api/testing/listen.js';
import type { TestServer } from '../api/testing/server.js';
import { entryUrl } from '../engine/entry.js';
import { EngineError } from '../engine/errors.js';
import type { BenchContext } from './harness.js';
import { processTree } from './harness.js';
import type { LoadOrder, LoadReport } from './mount-load.js';
import { walker } from './sounding-site.js';

/** Sessions opened at once. */
const OPEN_AT_ONCE = 16;
/** Everybody moves once a second, as a phone tells its place, in twenty parts. */
const MOVE_EVERY_MS = 50;
const MOVE_PARTS = 20;

export interface LiveFigures {
  readonly listeners: number;
  /** CPU seconds a second of the whole server, its store too. */
  readonly coreShare: number;
  readonly lateBlocks: number;
  readonly gapped: number;
  readonly worstMs: number;
  readonly bytesPerSecond: number;
  readonly failedMoves: number;
}

/** A process of listeners; ended by `stop`. */
class Load {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new EngineError('internal', 'no output of the load');
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static async start(order: LoadOrder): Promise<Load> {
    const child = spawn(process.execPath, [fileURLToPath(entryUrl('bench/mount-load'))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const load = new Load(child);
    child.stdin?.write(`${JSON.stringify(order)}\n`);
    const line = await load.#next();
    if (line !== 'listening') throw new EngineError('internal', `the load said: ${line}`);
    return load;
  }

  async report(): Promise<LoadReport> {
    this.#child.stdin?.write('report\n');
    return JSON.parse(await this.#next()) as LoadReport;
  }

  stop(): void {
    this.#child.stdin?.end();
  }

  async #next(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done === true) throw new EngineError('internal', 'the load ended');
    return line.value;
  }
}

async function lateBlocks(server: TestServer, cookie: string): Promise<number> {
  const answer = await fetch(`${server.url}/metrics`, { headers: { cookie } });
  const text = await answer.text();
  const found = /^earshot_total\{counter="media_late_blocks"\} (\S+)$/m.exec(text);
  if (found === null) throw new EngineError('internal', '/metrics does not tell late blocks');
  return Number(found[1]);
}

/**
 * So many sessions of the walk on a real server, each with listeners of its own, all moving; measured over
 * `seconds` once everybody hears. The sessions are ended.
 */
export async function liveListeners(
  context: BenchContext,
  server: TestServer,
  cookie: string,
  wish: {
    readonly projectId: number;
    readonly sessions: number;
    readonly listenersEach: number;
    readonly format: 'mp3' | 'opus';
    readonly bitrateKbps: number;
    readonly seconds: number;
  },
): Promise<LiveFigures> {
  const { projectId, sessions, format, bitrateKbps } = wish;
  const opened: SessionAnswer[] = [];
  for (let from = 0; from < sessions; from += OPEN_AT_ONCE) {
    const count = Math.min(OPEN_AT_ONCE, sessions - from);
    const answers = await Promise.all(
      Array.from({ length: count }, (_, i) =>
        call<SessionAnswer>('POST', `${server.url}/v1/sessions`, {
          projectId,
          format,
          bitrateKbps,
          position: walker(from + i, sessions, 0),
        }),
      ),
    );
    for (const { status, body } of answers) {
      if (status !== 201) {
        throw new EngineError('internal', `a session was refused: ${JSON.stringify(body)}`);
      }
      opened.push(body);
    }
  }
  const stream = new URL(server.streamUrl);
  const load = await Load.start({
    host: stream.hostname,
    port: Number(stream.port),
    paths: Array.from(
      { length: sessions * wish.listenersEach },
      (_, i) => new URL(opened[i % sessions]?.streamUrl ?? server.streamUrl).pathname,
    ),
    format,
    frameBytes: (bitrateKbps * 1_000 * 0.024) / 8,
  });
  context.onEnd(() => load.stop());
  const started = performance.now();
  let failedMoves = 0;
  let part = 0;
  const mover = setInterval(() => {
    for (let i = part % MOVE_PARTS; i < opened.length; i += MOVE_PARTS) {
      const position = walker(i, sessions, performance.now() - started);
      call('PATCH', `${server.url}/v1/sessions/${opened[i]?.id ?? ''}`, { position }).then(
        ({ status }) => {
          if (status !== 200) failedMoves += 1;
        },
        () => {
          failedMoves += 1;
        },
      );
    }
    part += 1;
  }, MOVE_EVERY_MS);
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const lateBefore = await lateBlocks(server, cookie);
    await load.report();
    const cpuBefore = processTree(server.pid).cpuSeconds;
    const beganMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, wish.seconds * 1_000));
    const cpu = processTree(server.pid).cpuSeconds - cpuBefore;
    const elapsedS = (performance.now() - beganMs) / 1_000;
    const { gapped, worstMs, bytes, seconds } = await load.report();
    return {
      listeners: sessions * wish.listenersEach,
      coreShare: cpu / elapsedS,
      lateBlocks: (await lateBlocks(server, cookie)) - lateBefore,
      gapped,
      worstMs,
      bytesPerSecond: bytes / seconds,
      failedMoves,
    };
  } finally {
    clearInterval(mover);
    load.stop();
    for (let from = 0; from < opened.length; from += OPEN_AT_ONCE) {
      await Promise.all(
        opened
          .slice(from, from + OPEN_AT_ONCE)
          .map(({ id }) => call('DELETE', `${server.url}/v1/sessions/${id}`)),
      );
    }
  }
}
