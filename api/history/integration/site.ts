import { startServer, type TestServer, type TestServerOptions } from '../../testing/server.js';

/** A real server with somebody signed in. */
export interface HistorySite {
  readonly server: TestServer;
  readonly cookie: string;
  /** The JSON of an answer. */
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
  text(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
  /** Makes the device when it is not there, and stores samples of it. */
  samples(
    deviceId: string,
    rows: readonly (readonly [name: string, atUnixMs: number, value: number | string | boolean])[],
  ): Promise<void>;
}

export async function historySite(
  options: TestServerOptions = {},
  password?: string,
): Promise<HistorySite> {
  const server = await startServer(options);
  const cookie = await server.signIn('admin', password ?? server.adminPassword);
  const text: HistorySite['text'] = async (method, path, body) => {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: { cookie, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  const call: HistorySite['call'] = async (method, path, body) => {
    const answer = await text(method, path, body);
    return {
      status: answer.status,
      body: answer.text === '' ? undefined : JSON.parse(answer.text),
    };
  };
  return {
    server,
    cookie,
    call,
    text,
    async samples(deviceId, rows) {
      const known = await call('GET', `/v1/devices/${deviceId}`);
      if (known.status === 404) await call('POST', '/v1/devices', { id: deviceId });
      const samples = rows.map(([name, atUnixMs, value]) => ({ name, atUnixMs, value }));
      const answer = await call('POST', '/v1/samples', { deviceId, samples });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    },
  };
}
