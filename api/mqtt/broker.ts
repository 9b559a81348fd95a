import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { entryUrl } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import type { Auth } from '../auth/auth.js';
import { nameOf } from '../http/auth.types.js';
import type { Principal } from '../http/route.types.js';
import {
  type BrokerStart,
  type FromBroker,
  OWN_USER,
  type Rights,
  type ToBroker,
  type Wish,
} from './protocol.js';

export interface BrokerOptions extends BrokerStart {
  readonly auth: Pick<Auth, 'authenticate' | 'verify' | 'onRevoked'>;
  readonly clock: Clock;
  readonly log: (level: 'info' | 'warn', text: string) => void;
  /** Told what clients ask to be set. */
  readonly wish: (wish: Wish) => void;
}

const HEAP_MB = 256;
const START_MS = 10_000;
const STOP_MS = 1_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** The embedded broker in a thread of its own with a bounded heap, started again when it ends. `stop` ends it. */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #ownSecret = randomBytes(24).toString('base64url');
  readonly #unfollow: () => void;
  #worker: Worker | undefined;
  #timer: TimerHandle | undefined;
  #failures = 0;
  #stopped = false;
  #port: number | undefined;
  #ownPort: number | undefined;

  private constructor(options: BrokerOptions) {
    this.#options = options;
    this.#unfollow = options.auth.onRevoked(({ kind, id }) => {
      this.#tell({ type: 'drop', who: `${kind} ${id}` });
    });
  }

  /** Resolves when it listens, or could not: that is logged and tried again. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options);
    await broker.#run();
    return broker;
  }

  /** Undefined while it does not listen. */
  get port(): number | undefined {
    return this.#port;
  }

  /** How the engine itself connects to it. */
  get access(): { readonly url: string; readonly user: string; readonly password: string } {
    const host = this.#ownPort === undefined ? this.#options.host : '127.0.0.1';
    const near = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    const shown = near.includes(':') ? `[${near}]` : near;
    return {
      url: `mqtt://${shown}:${this.#ownPort ?? this.#port ?? this.#options.port}`,
      user: OWN_USER,
      password: this.#ownSecret,
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unfollow();
    this.#options.clock.clearTimeout(this.#timer);
    const worker = this.#worker;
    if (worker === undefined) return;
    // It writes what is retained, and ends; one that does not is ended.
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    this.#tell({ type: 'stop' });
    const late = new Promise((resolve) => {
      this.#options.clock.setTimeout(() => resolve(undefined), STOP_MS);
    });
    await Promise.race([ended, late]);
    await worker.terminate();
  }

  #tell(message: ToBroker): void {
    this.#worker?.postMessage(message);
  }

  #run(): Promise<void> {
    const { auth: _auth, wish, clock, log, ...start } = this.#options;
    // Others keep their address when the system chose the port.
    const workerData: BrokerStart = { ...start, port: this.#port ?? start.port };
    const worker = new Worker(entryUrl('api/mqtt/broker.worker'), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    this.#worker = worker;
    return new Promise((resolve) => {
      const late = clock.setTimeout(resolve, START_MS);
      const settled = (): void => {
        clock.clearTimeout(late);
        resolve();
      };
      worker.on('message', (message: FromBroker) => {
        if (message.type === 'login') void this.#login(worker, message);
        else if (message.type === 'wish') wish(message);
        else if (message.type === 'told') log('warn', message.message);
        else if (message.type === 'dropped') {
          log('warn', `MQTT client ${message.client} was closed: ${message.reason}`);
        } else if (message.type === 'failed') {
          log('warn', `the MQTT broker does not listen: ${message.message}; see mqtt.broker.port`);
          void worker.terminate();
        } else {
          this.#port = message.port;
          this.#ownPort = message.ownPort;
          this.#failures = 0;
          log(
            'info',
            `MQTT broker on port ${message.port}${start.tls === undefined ? '' : ' (TLS)'}`,
          );
          settled();
        }
      });
      worker.on('error', (error) => log('warn', `the MQTT broker failed: ${String(error)}`));
      worker.on('exit', () => {
        settled();
        if (this.#stopped || this.#worker !== worker) return;
        this.#worker = undefined;
        const pauseMs = Math.min(
          LONGEST_PAUSE_MS,
          FIRST_PAUSE_MS * 2 ** Math.min(8, this.#failures),
        );
        this.#failures += 1;
        this.#timer = clock.setTimeout(() => void this.#run(), pauseMs);
      });
    });
  }

  async #login(worker: Worker, asked: Extract<FromBroker, { type: 'login' }>): Promise<void> {
    let rights: Rights | undefined;
    let who = '';
    let name = 'the engine';
    try {
      if (asked.user === OWN_USER) rights = asked.password === this.#ownSecret ? 'all' : undefined;
      else {
        const principal = await this.#principal(asked);
        rights = rightsOf(principal);
        who = `${principal.kind} ${principal.id}`;
        name = nameOf(principal);
      }
    } catch (thrown) {
      this.#options.log('info', `MQTT login refused: ${EngineError.from(thrown).message}`);
    }
    worker.postMessage({ type: 'login', id: asked.id, rights, who, name } satisfies ToBroker);
  }

  /** A token as the password with any user name, or a user with their password. */
  async #principal(asked: Extract<FromBroker, { type: 'login' }>): Promise<Principal> {
    const { auth } = this.#options;
    const { user, password, address } = asked;
    const credentials = {
      method: 'GET',
      path: '/mqtt',
      query: '',
      address,
      header: (name: string) => (name === 'authorization' ? `Bearer ${password}` : undefined),
    };
    try {
      const principal = await auth.authenticate(credentials);
      // A text that is no token at all counts as none shown.
      if (principal.kind !== 'anonymous') return principal;
    } catch (thrown) {
      if (EngineError.from(thrown).code !== 'auth.required' || user === '') throw thrown;
    }
    return await auth.verify(user, password, address);
  }
}

function rightsOf(principal: Principal): Rights | undefined {
  if (principal.kind === 'device') return 'publish';
  if (principal.kind === 'anonymous' || principal.role === undefined) return undefined;
  return principal.role === 'viewer' ? 'read' : 'operate';
}
