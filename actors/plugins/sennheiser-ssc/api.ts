import { EngineError } from '../../../engine/errors.js';
import type { EventStream, HttpAnswer, PluginNet } from '../sdk/net.types.js';
import type { SscConfig } from './config.js';

const SUBSCRIPTIONS = '/api/ssc/state/subscriptions';

/** Requests to one device or server. All throw as `PluginNet.http`. */
export class SscApi {
  readonly #net: PluginNet;
  readonly #base: string;
  readonly #verifyTls: boolean;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;

  /** `login` false: who answers there is not known yet, so nothing of the instance is shown to it. */
  constructor(
    net: PluginNet,
    config: SscConfig,
    base: string,
    signal: AbortSignal,
    { login = true }: { readonly login?: boolean } = {},
  ) {
    this.#net = net;
    this.#base = base.replace(/\/+$/, '');
    this.#verifyTls = config.verifyTls;
    const pair = Buffer.from(`${config.user}:${config.password}`, 'utf8').toString('base64');
    this.#headers = login ? { authorization: `Basic ${pair}` } : {};
    this.#signal = signal;
  }

  get base(): string {
    return this.#base;
  }

  /** Undefined: it has no such resource; null: it has, but nothing to tell now. */
  async get(path: string): Promise<unknown> {
    const answer = await this.#http('GET', path);
    if (answer.status === 404 || answer.status === 405) return undefined;
    // No transmitter is linked, or the device is busy with something else.
    if (answer.status === 422 || answer.status === 424 || answer.status === 204) return null;
    if (answer.status >= 300) throw refused(path, answer, 'device.unreachable');
    return answer.json();
  }

  /** False: no such resource. @throws EngineError `device.refused` with the device's words */
  async put(path: string, body: unknown): Promise<boolean> {
    const answer = await this.#http('PUT', path, body);
    if (answer.status === 404 || answer.status === 405) return false;
    if (answer.status >= 300) throw refused(path, answer, 'device.refused');
    return true;
  }

  /** First of the two connections of a subscription. */
  openEvents(path = SUBSCRIPTIONS): Promise<EventStream> {
    return this.#net.events({
      url: `${this.#base}${path}`,
      headers: { ...this.#headers, accept: 'text/event-stream' },
      verifyTls: this.#verifyTls,
      signal: this.#signal,
    });
  }

  /** Second one. `change`: the whole list, or more and less of it. False: it was refused. */
  async subscribe(
    session: string,
    resources: readonly string[],
    change: 'set' | 'add' | 'remove' = 'set',
  ): Promise<boolean> {
    const path = change === 'set' ? session : `${session}/${change}`;
    const answer = await this.#http('PUT', path, resources);
    return answer.status < 300;
  }

  /** Path of a session by its id. */
  sessionPath(uuid: string): string {
    return `${SUBSCRIPTIONS}/${encodeURIComponent(uuid)}`;
  }

  #http(method: 'GET' | 'PUT', path: string, body?: unknown): Promise<HttpAnswer> {
    return this.#net.http({
      method,
      url: `${this.#base}${path}`,
      headers: { ...this.#headers, accept: 'application/json' },
      verifyTls: this.#verifyTls,
      signal: this.#signal,
      ...(body === undefined ? {} : { body }),
    });
  }
}

function refused(
  path: string,
  answer: HttpAnswer,
  code: 'device.refused' | 'device.unreachable',
): EngineError {
  const said = `the device answered ${answer.status} to ${path}`;
  return new EngineError(code, `${said}: ${answer.text.slice(0, 200)}`);
}
