import { expect } from 'vitest';

/** An object of the API. */
export interface Row extends Readonly<Record<string, unknown>> {
  readonly id: number;
}

export interface Got<T = Row> {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined for empty answers. */
  readonly body: T;
}

/** A client of the API: paths are below `/api/2/`. */
export class Client {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, token?: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = `${url}/api/2/`;
    this.#headers = {
      ...(token === undefined ? {} : { authorization: `token ${token}` }),
      ...headers,
    };
  }

  async call<T = Row>(method: string, path: string, body?: unknown): Promise<Got<T>> {
    const form = body instanceof FormData || body instanceof URLSearchParams;
    const answer = await fetch(this.#url + path, {
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined || form ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const parsed: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: answer.status, headers: answer.headers, body: parsed as T };
  }

  /** The body of an answer that must be 200. */
  async ok<T = Row>(method: string, path: string, body?: unknown): Promise<T> {
    const got = await this.call<T>(method, path, body);
    expect(got.status, `${method} ${path}: ${JSON.stringify(got.body)}`).toBe(200);
    return got.body;
  }

  get<T = Row>(path: string): Promise<T> {
    return this.ok<T>('GET', path);
  }

  list(path: string): Promise<readonly Row[]> {
    return this.ok<readonly Row[]>('GET', path);
  }

  post<T = Row>(path: string, body?: unknown): Promise<T> {
    return this.ok<T>('POST', path, body);
  }

  patch<T = Row>(path: string, body?: unknown): Promise<T> {
    return this.ok<T>('PATCH', path, body);
  }

  /** Ids of a list, in its order. */
  async ids(path: string): Promise<readonly number[]> {
    return (await this.list(path)).map(({ id }) => id);
  }
}

/** A visitor with a token, as an app makes one at its first start. */
export async function visitor(url: string, deviceId: string, clientType = 'web') {
  const body = await new Client(url).post<Row & { readonly token: string }>('users/', {
    device_id: deviceId,
    client_type: clientType,
  });
  return { id: body.id, token: body.token, body, client: new Client(url, body.token) };
}

/** Staff, through the login of the API. */
export async function staff(url: string, username: string, password: string): Promise<Client> {
  const { token } = await new Client(url).post<{ readonly token: string }>('login/', {
    username,
    password,
  });
  return new Client(url, token);
}
