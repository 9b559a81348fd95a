import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { startServer, type TestServer, type TestServerOptions } from '../../testing/server.js';

/** A real server whose data outlives it, and what tests of rules ask of it. */
export class RuleSite {
  readonly data = mkdtempSync(join(tmpdir(), 'earshot-rules-'));
  server: TestServer | undefined;
  #password = '';
  #cookie = '';

  /** Of the admin. */
  get cookie(): string {
    return this.#cookie;
  }

  async start(options: TestServerOptions = {}): Promise<void> {
    this.server = await startServer({ readyWithinMs: 90_000, ...options, data: this.data });
    if (this.server.adminPassword !== undefined) this.#password = this.server.adminPassword;
    this.#cookie = await this.server.signIn('admin', this.#password);
  }

  /** Of `admin`. */
  get password(): string {
    return this.#password;
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  async kill(): Promise<void> {
    await this.server?.kill();
  }

  /** Of `/v1`; the answer's status and JSON. */
  async ask<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }> {
    const answer = await fetch(`${this.server?.url ?? ''}/v1/${path}`, {
      method,
      headers: { cookie: this.#cookie, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  async device(id: string): Promise<void> {
    await this.ask('POST', 'devices', { id, name: id, protocol: 'native' });
  }

  async send(deviceId: string, samples: readonly Record<string, unknown>[]): Promise<number> {
    return (await this.ask('POST', 'samples', { deviceId, samples })).status;
  }

  async rule(fields: Record<string, unknown>): Promise<number> {
    const { status, body } = await this.ask('POST', 'rules', fields);
    if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body['id'] as number;
  }

  /** Rows of the control store, read beside the server. */
  rows<T = Record<string, unknown>>(sql: string): T[] {
    const db = new Database(join(this.data, 'control.db'), { readonly: true });
    try {
      return db.prepare(sql).all() as T[];
    } finally {
      db.close();
    }
  }
}
