import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineError } from '../../engine/errors.js';
import { freePort } from '../../engine/testing/free-port.js';

/** Icecast refuses to run as root; this is Debian's `nobody`. */
const NOBODY = 65_534;

/** A real Icecast 2.4 of its own configuration, for tests and benches. `stop` and `start` restart it on the same port. */
export class TestIcecast {
  readonly port: number;
  readonly password: string;
  readonly #folder: string;
  readonly #sources: number;
  #child: ChildProcess | undefined;

  private constructor(port: number, password: string, folder: string, sources: number) {
    this.#sources = sources;
    this.port = port;
    this.password = password;
    this.#folder = folder;
  }

  /** @param sources its limit. */
  static async start(sources = 1_000): Promise<TestIcecast> {
    for (let tries = 1; ; tries += 1) {
      const folder = mkdtempSync(join(tmpdir(), 'earshot-icecast-'));
      chmodSync(folder, 0o777);
      const icecast = new TestIcecast(
        await freePort(),
        randomBytes(9).toString('hex'),
        folder,
        sources,
      );
      writeFileSync(join(folder, 'icecast.xml'), icecast.#config());
      try {
        await icecast.start();
        return icecast;
      } catch (error) {
        // A test beside this one may have been given the same free port.
        await icecast.close();
        if (tries === 5) throw error;
      }
    }
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `http://source:${this.password}@127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const root = process.getuid?.() === 0;
    const child = spawn('icecast2', ['-c', join(this.#folder, 'icecast.xml')], {
      stdio: 'ignore',
      cwd: this.#folder,
      ...(root ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    this.#child = child;
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    for (let tries = 0; tries < 200; tries += 1) {
      if (failure !== undefined || child.exitCode !== null) break;
      try {
        // Only our own server takes our password.
        const login = Buffer.from(`admin:${this.password}`).toString('base64');
        const headers = { authorization: `Basic ${login}` };
        const answer = await fetch(`${this.origin}/admin/stats`, { headers });
        await answer.text();
        if (answer.ok) return;
      } catch (error) {
        // Not listening yet; the reason is only of interest when it never does.
        failure = child.exitCode === null ? undefined : EngineError.from(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new EngineError('internal', 'icecast2 did not start; is the Debian package installed?', {
      cause: failure,
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Stands still, as an overloaded server does, until `resume`. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #config(): string {
    return `<icecast>
  <limits><clients>2000</clients><sources>${this.#sources}</sources><burst-on-connect>0</burst-on-connect>
    <queue-size>524288</queue-size><source-timeout>10</source-timeout></limits>
  <authentication><source-password>${this.password}</source-password>
    <admin-user>admin</admin-user><admin-password>${this.password}</admin-password></authentication>
  <hostname>127.0.0.1</hostname>
  <listen-socket><port>${this.port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <mount type="default"><charset>UTF-8</charset></mount>
  <paths><basedir>/usr/share/icecast2</basedir><logdir>${this.#folder}</logdir>
    <webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
  <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>2</loglevel></logging>
</icecast>
`;
  }
}
