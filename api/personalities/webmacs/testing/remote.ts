import { startServer, type TestServer, type TestServerOptions } from '../../../testing/server.js';
import { TextSocket } from '../../../testing/text-socket.js';

type Row = Readonly<Record<string, unknown>>;

/** A client of `/api/v1` of a whole server, logged in as its first admin. */
export class Remote {
  readonly server: TestServer;
  readonly token: string;

  private constructor(server: TestServer, token: string) {
    this.server = server;
    this.token = token;
  }

  /** @param password of the admin; undefined: the one that the first start printed. */
  static async start(options: TestServerOptions, password?: string): Promise<Remote> {
    // On a loaded machine a start takes long; the tests wait for what they ask for, not for time.
    const server = await startServer({ readyWithinMs: 110_000, ...options });
    const open = new Remote(server, '');
    const login = await open.call('POST', '/auth/login', {
      email: 'admin@webmacs.io',
      password: password ?? server.adminPassword ?? '',
    });
    return new Remote(server, String(login['access_token']));
  }

  /** The status, and the answer as JSON. */
  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Row }> {
    const answer = await fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers: {
        ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }),
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Row };
  }

  /** @throws Error with the answer when it is none of success. */
  async call(method: string, path: string, body?: unknown): Promise<Row> {
    const got = await this.ask(method, path, body);
    if (got.status === 200 || got.status === 201) return got.body;
    throw new Error(`${method} ${path}: ${got.status} ${JSON.stringify(got.body)}`);
  }

  async list(path: string): Promise<readonly Row[]> {
    return (await this.call('GET', path))['data'] as readonly Row[];
  }

  /** The inputs of a new instance of the simulated plugin, by channel id. */
  async simulated(name: string): Promise<ReadonlyMap<string, string>> {
    const made = await this.call('POST', '/plugins', {
      plugin_id: 'simulated',
      instance_name: name,
      demo_mode: true,
      auto_create_events: true,
    });
    const path = `/plugins/${String(made['public_id'])}/channels`;
    const rows = (await this.call('GET', path)) as unknown as readonly Row[];
    return new Map(rows.map((row) => [String(row['channel_id']), String(row['event_public_id'])]));
  }

  async measure(values: Readonly<Record<string, number>>): Promise<number> {
    const datapoints = Object.entries(values).map(([event_public_id, value]) => ({
      value,
      event_public_id,
    }));
    const answer = await this.call('POST', '/datapoints/batch', { datapoints });
    return Number.parseInt(String(answer['message']), 10);
  }

  socket(path: 'controller/telemetry' | 'datapoints/stream'): Promise<TextSocket> {
    return TextSocket.open(`${this.server.wsUrl}/ws/${path}?token=${this.token}`);
  }
}
