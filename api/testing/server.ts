import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entryUrl, projectRoot } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';

/** A real server process, started for a test, a bench or the soak run. */
export interface TestServer {
  /** Pages, REST and sockets, without a slash at the end: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The same as `ws://…`. */
  readonly wsUrl: string;
  readonly streamUrl: string;
  readonly pid: number;
  readonly data: string;
  /** Printed by the first start with this data folder, else undefined. */
  readonly adminPassword: string | undefined;
  /** From spawn to the ready line, ms. */
  readonly readyAfterMs: number;
  /** All that it wrote to standard error so far. */
  errors(): string;
  /** Signs in and answers the `Cookie` header for further calls. */
  signIn(username?: string, password?: string): Promise<string>;
  /** SIGTERM, then waits. Resolves to the exit code; keeps the data folder when it was given. */
  stop(): Promise<number | null>;
  /** SIGKILL, then waits. */
  kill(): Promise<void>;
}

export interface TestServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a new folder, removed by `stop` and `kill`. */
  readonly data?: string;
  /** Default 30,000. */
  readonly readyWithinMs?: number;
  readonly nodeArguments?: readonly string[];
}

/** What `npm start` gives to Node: set in one place, so that tests and benches run what users run. */
function startFlags(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string };
  };
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}

const READY =
  /pages (http:\/\/\S+?)\/? {2}streams (http:\/\/\S+?)\/?(?: {2}admin password (\S+))?$/m;

/**
 * Starts `dist/api/main.js` on free ports with the demo site off (switch it on by `EARSHOT_DEMO`).
 * @throws EngineError `internal` with what the server said when it is not ready in time.
 */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const ownData = options.data === undefined;
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'earshot-test-'));
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [...startFlags(), ...(options.nodeArguments ?? []), fileURLToPath(entryUrl('api/main'))],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: data,
      env: {
        ...plainEnvironment(),
        EARSHOT_HOST: '127.0.0.1',
        EARSHOT_PORT: '0',
        EARSHOT_STREAM_PORT: '0',
        EARSHOT_MICBOARD_PORT: '0',
        EARSHOT_DATA: data,
        EARSHOT_DEMO: 'no',
        ...options.env,
      },
    },
  );
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-200_000);
  });
  const cleanUp = () => {
    if (ownData) rmSync(data, { recursive: true, force: true });
  };
  const ready = await waitForReady(child, exited, options.readyWithinMs ?? 30_000).catch(
    async (cause: unknown) => {
      child.kill('SIGKILL');
      await exited;
      cleanUp();
      throw new EngineError('internal', `the server did not start: ${String(cause)}\n${errors}`);
    },
  );
  const [, url = '', streamUrl = '', adminPassword] = ready;
  return {
    url,
    wsUrl: url.replace('http', 'ws'),
    streamUrl,
    pid: child.pid ?? 0,
    data,
    adminPassword,
    readyAfterMs: performance.now() - started,
    errors: () => errors,
    async signIn(username = 'admin', password = adminPassword ?? '') {
      const answer = await fetch(`${url}/v1/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username, password }),
      });
      const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
      if (!answer.ok || cookie === undefined) {
        throw new EngineError(
          'auth.denied',
          `sign-in failed: ${answer.status} ${await answer.text()}`,
        );
      }
      return cookie;
    },
    async stop() {
      child.kill('SIGTERM');
      const code = await exited;
      cleanUp();
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
      cleanUp();
    },
  };
}

/** Without settings of ours that a test run was given for itself. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('EARSHOT_')),
  );
}

function waitForReady(
  child: ChildProcess,
  exited: Promise<number | null>,
  withinMs: number,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`no ready line in ${withinMs} ms`)), withinMs);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = READY.exec(text);
      if (found !== null) settle(() => resolve(found));
    });
    child.once('error', (error) => settle(() => reject(error)));
    void exited.then((code) => settle(() => reject(new Error(`it ended with ${code}: ${text}`))));
  });
}
