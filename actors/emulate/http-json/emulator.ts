import { createHash } from 'node:crypto';
import type { Clock } from '../../../engine/clock.js';
import { Random } from '../http/random.js';
import {
  type Call,
  type EmulatorOptions,
  EmulatorServer,
  type Reply,
  type Site,
} from '../http/server.js';

interface Sensor {
  readonly id: string;
  readonly random: Random;
  temperature: number;
  humidity: number;
  valve: number;
  enabled: boolean;
  /** When it measured last: between two measurements its answer is the same. */
  measuredAtMs: number;
  readonly askedAtMs: number[];
}

const MEASURES_EACH_MS = 7_000;
const KEPT_TIMES = 64;

/**
 * Climate sensors with a valve: `GET /devices`, `GET /devices/{id}`, `PUT /devices/{id}/valve {"value": 0..100}`,
 * `POST /devices/{id}/enabled {"enabled": true}`. With a user's password or a token when one is set by the control.
 */
class SensorSite implements Site {
  readonly #sensors = new Map<string, Sensor>();
  readonly #clock: Clock;
  #authorization: string | undefined;
  /** Requests that showed a password or token, and those with a key of their own. */
  #authorizations = 0;
  #apiKeys = 0;

  constructor(options: EmulatorOptions) {
    this.#clock = options.clock;
    const random = new Random(options.seed);
    for (let number = 1; number <= options.devices; number += 1) {
      const own = random.fork();
      const id = `sensor-${String(number).padStart(4, '0')}`;
      this.#sensors.set(id, {
        id,
        random: own,
        temperature: own.between(15, 25),
        humidity: own.between(30, 60),
        valve: own.whole(0, 100),
        enabled: true,
        measuredAtMs: -own.between(0, MEASURES_EACH_MS),
        askedAtMs: [],
      });
    }
  }

  answer(call: Call): Reply {
    const { headers } = call.request;
    if (headers.authorization !== undefined) this.#authorizations += 1;
    if (headers['x-api-key'] !== undefined) this.#apiKeys += 1;
    if (this.#authorization !== undefined && headers.authorization !== this.#authorization) {
      return { status: 401, json: { type: 'about:blank', title: 'Unauthorized', status: 401 } };
    }
    if (call.path === '/devices') {
      return {
        status: 200,
        json: { devices: [...this.#sensors.values()].map((s) => this.#told(s)) },
      };
    }
    const [, devices, id = '', what] = call.path.split('/');
    const sensor = devices === 'devices' ? this.#sensors.get(id) : undefined;
    if (sensor === undefined) return { status: 404, json: { title: 'Not Found', status: 404 } };
    return what === undefined ? this.#read(sensor, call) : set(sensor, what, call);
  }

  control(wish: Readonly<Record<string, unknown>>): void {
    const authorization = wish['authorization'];
    if (typeof authorization === 'string') this.#authorization = authorization;
    if (authorization === null) this.#authorization = undefined;
  }

  drop(): void {
    // Nothing stays open between two answers.
  }

  /** How evenly each device was asked: the time between two polls against the middle one. */
  stats(): Readonly<Record<string, unknown>> {
    const gaps: number[] = [];
    let fewest = Number.POSITIVE_INFINITY;
    for (const { askedAtMs } of this.#sensors.values()) {
      fewest = Math.min(fewest, askedAtMs.length);
      askedAtMs.forEach((atMs, at) => {
        const before = askedAtMs[at - 1];
        if (before !== undefined) gaps.push(atMs - before);
      });
    }
    gaps.sort((a, b) => a - b);
    const share = (of: number): number | null =>
      gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * of))] ?? null;
    return {
      devices: this.#sensors.size,
      authorizations: this.#authorizations,
      apiKeys: this.#apiKeys,
      fewestPolls: fewest,
      gapP01Ms: share(0.01),
      gapP50Ms: share(0.5),
      gapP99Ms: share(0.99),
    };
  }

  #read(sensor: Sensor, call: Call): Reply {
    sensor.askedAtMs.push(this.#clock.monoMs());
    if (sensor.askedAtMs.length > KEPT_TIMES) sensor.askedAtMs.shift();
    const json = this.#told(sensor);
    const etag = `"${createHash('sha1').update(JSON.stringify(json)).digest('base64url')}"`;
    if (call.request.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
    return { status: 200, json, headers: { etag } };
  }

  #told(sensor: Sensor): Record<string, unknown> {
    const nowMs = this.#clock.monoMs();
    if (nowMs - sensor.measuredAtMs > MEASURES_EACH_MS) {
      sensor.measuredAtMs = nowMs;
      const { random } = sensor;
      const drawn = 22 - sensor.valve / 50;
      sensor.temperature += (drawn - sensor.temperature) * 0.05 + random.between(-0.2, 0.2);
      sensor.humidity = Math.max(5, Math.min(95, sensor.humidity + random.between(-1, 1)));
    }
    return {
      id: sensor.id,
      name: `Climate ${sensor.id.slice(-4)}`,
      info: { model: 'CL-2', serial: sensor.id.toUpperCase(), firmware: '2.4.1' },
      values: {
        temperature: Math.round(sensor.temperature * 100) / 100,
        'relative humidity': Math.round(sensor.humidity * 10) / 10,
      },
      valves: [{ position: sensor.valve }],
      state: sensor.enabled ? 'on' : 'off',
    };
  }
}

function set(sensor: Sensor, what: string, call: Call): Reply {
  let body: unknown;
  try {
    body = JSON.parse(call.body);
  } catch {
    return { status: 400, json: { title: 'The body is not JSON', status: 400 } };
  }
  const wish = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (what === 'valve' && call.method === 'PUT') {
    const value = wish['value'];
    if (typeof value !== 'number' || value < 0 || value > 100) {
      return { status: 422, json: { title: 'value must be 0 to 100', status: 422 } };
    }
    sensor.valve = value;
    return { status: 204 };
  }
  if (what === 'enabled' && call.method === 'POST' && typeof wish['enabled'] === 'boolean') {
    sensor.enabled = wish['enabled'];
    return { status: 200, json: { enabled: sensor.enabled } };
  }
  return { status: 405, json: { title: 'Not possible', status: 405 } };
}

/** Starts it; the caller stops it. */
export async function startHttpJson(options: EmulatorOptions): Promise<EmulatorServer> {
  const server = new EmulatorServer(options, () => new SensorSite(options));
  await server.start();
  return server;
}
