import { EngineError } from '../../../engine/errors.js';
import type { HttpAnswer, HttpRequest, PluginNet, WebSocketStream } from '../sdk/net.types.js';
import { fieldOf, listOf, textOf } from '../sdk/payload.js';
import type { ShureSystemConfig } from './config.js';
import {
  decodeChannels,
  decodeDevice,
  decodePage,
  type ShureChannel,
  type ShureDevice,
} from './decode.js';

const MAX_PAGES = 200;

/** Requests to the Shure System API service. All throw as `PluginNet.http`. */
export class ShureService {
  readonly #net: PluginNet;
  readonly #config: ShureSystemConfig;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(net: PluginNet, config: ShureSystemConfig) {
    this.#net = net;
    this.#config = config;
    this.#base = config.url.replace(/\/+$/, '');
    this.#headers = {
      'x-api-key': config.apiKey,
      ...(config.bearer ? { authorization: `Bearer ${config.apiKey}` } : {}),
    };
    net.limit('devices', 5);
    net.limit('detail', config.requestsPerSecond);
    net.limit('discovery', 1);
  }

  get base(): string {
    return this.#base;
  }

  /** All devices that the service knows, however it pages them. */
  async devices(signal?: AbortSignal): Promise<readonly ShureDevice[]> {
    const devices: ShureDevice[] = [];
    const seen = new Set<string>();
    let after: string | undefined;
    do {
      const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
      const page = decodePage((await this.#get(`/devices${query}`, 'devices', signal)).json());
      if (page === undefined) throw malformed('/devices', 'a list of devices');
      devices.push(...page.devices);
      after = page.next;
      if (after !== undefined && (seen.has(after) || seen.size >= MAX_PAGES)) {
        throw malformed('/devices', 'pages that come to an end');
      }
      if (after !== undefined) seen.add(after);
    } while (after !== undefined);
    return devices;
  }

  /** @throws EngineError `device.unreachable` for one that the service does not know or has lost */
  async device(id: string, signal: AbortSignal): Promise<ShureDevice> {
    const answer = await this.#http({ url: this.#device(id), bucket: 'detail', signal });
    if (answer.status === 404) {
      throw new EngineError('device.unreachable', `the Shure service knows no device "${id}"`);
    }
    const device = decodeDevice(expect(answer, 'the device').json());
    if (device === undefined) throw malformed('the device', 'an object');
    return device;
  }

  /** Undefined: the service has no such list for this device. */
  async channels(id: string, signal: AbortSignal): Promise<readonly ShureChannel[] | undefined> {
    const url = `${this.#device(id)}/channels`;
    const answer = await this.#http({ url, bucket: 'detail', signal });
    if (answer.status === 404) return undefined;
    const json = expect(answer, 'channels').json();
    if (typeof json !== 'object' || json === null) throw malformed('channels', 'a list');
    return decodeChannels(json);
  }

  /** Null: none is there. */
  async transmitter(
    id: string,
    channel: number,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>> | null> {
    const url = `${this.#device(id)}/channels/${channel}/tx`;
    const answer = await this.#http({ url, bucket: 'detail', signal });
    if (answer.status === 404) return null;
    const json = expect(answer, 'the transmitter').json();
    const [told] = decodeChannels([{ channel, tx: json }]);
    return told?.transmitter ?? null;
  }

  /** The first frame names the transport. */
  async socket(signal: AbortSignal): Promise<WebSocketStream> {
    const url = `${this.#base.replace(/^http/, 'ws')}/api/v1/subscriptions/websocket/create`;
    return await this.#net.webSocket(url, {
      headers: this.#headers,
      verifyTls: this.#config.verifyTls,
      signal,
    });
  }

  /** Events of a device go to the transport from now on. @throws EngineError `device.refused` */
  async subscribe(id: string, transportId: string, signal: AbortSignal): Promise<void> {
    const url = `${this.#device(id)}/identify/subscription/${encodeURIComponent(transportId)}`;
    const answer = await this.#http({ method: 'POST', url, bucket: 'detail', signal });
    const status = answer.status < 300 ? textOf(fieldOf(answer.json(), 'status')) : undefined;
    if (status !== 'success') {
      throw new EngineError(
        'device.refused',
        `the Shure service did not subscribe "${id}": ${answer.status} ${answer.text.slice(0, 200)}`,
      );
    }
  }

  async discoveryIps(signal: AbortSignal): Promise<readonly string[]> {
    const json = (await this.#get('/config/discovery/ips', 'discovery', signal)).json();
    return listOf(fieldOf(json, 'ips')).flatMap((ip) => (typeof ip === 'string' ? [ip] : []));
  }

  /** Replaces the whole list. */
  async setDiscoveryIps(ips: readonly string[], signal: AbortSignal): Promise<void> {
    const url = `${this.#base}/api/v1/config/discovery/ips`;
    const body = { ips };
    expect(await this.#http({ method: 'PUT', url, body, bucket: 'discovery', signal }), 'PUT ips');
  }

  async removeDiscoveryIps(ips: readonly string[], signal: AbortSignal): Promise<void> {
    const url = `${this.#base}/api/v1/config/discovery/ips/remove`;
    const wish = { url, body: { ips }, bucket: 'discovery', signal };
    const answer = await this.#http({ ...wish, method: 'PATCH' });
    // Some services take POST only.
    const retried = answer.status === 404 || answer.status === 405;
    expect(retried ? await this.#http({ ...wish, method: 'POST' }) : answer, 'removing ips');
  }

  /** Status of the probe; older services have no `/health`. */
  async health(signal: AbortSignal): Promise<number> {
    const url = `${this.#base}/api/v1/health`;
    const answer = await this.#http({ url, signal });
    if (answer.status !== 404) return answer.status;
    return (await this.#http({ method: 'HEAD', url: `${this.#base}/api/v1/devices`, signal }))
      .status;
  }

  #device(id: string): string {
    return `${this.#base}/api/v1/devices/${encodeURIComponent(id)}`;
  }

  async #get(path: string, bucket: string, signal?: AbortSignal): Promise<HttpAnswer> {
    const url = `${this.#base}/api/v1${path}`;
    const request = { url, bucket, ...(signal === undefined ? {} : { signal }) };
    return expect(await this.#http(request), path);
  }

  /** Without a body there is no content type: the service refuses `application/json` with nothing in it. */
  #http(request: HttpRequest): Promise<HttpAnswer> {
    const headers = { accept: 'application/json', ...this.#headers };
    return this.#net.http({ ...request, headers, verifyTls: this.#config.verifyTls });
  }
}

function expect(answer: HttpAnswer, what: string): HttpAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new EngineError(
    'device.unreachable',
    `the Shure service answered ${answer.status} to ${what}: ${answer.text.slice(0, 200)}`,
  );
}

function malformed(what: string, wanted: string): EngineError {
  return new EngineError(
    'frame.malformed',
    `the Shure service’s answer to ${what} is not ${wanted}`,
  );
}
