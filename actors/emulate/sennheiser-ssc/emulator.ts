import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock, TimerHandle } from '../../../engine/clock.js';
import type { Faults } from '../http/faults.js';
import { Microphone } from '../http/microphone.js';
import { Random } from '../http/random.js';
import {
  type Call,
  type EmulatorOptions,
  EmulatorServer,
  type Reply,
  type Site,
} from '../http/server.js';

interface Session {
  readonly response: ServerResponse;
  readonly resources: Set<string>;
  stalled: boolean;
}

const SUBSCRIPTIONS = '/api/ssc/state/subscriptions';
const DEFAULT_PASSWORD = 'Emulated-password-1';
/** Resources that answer without a login. */
const OPEN = new Set(['/api/ssc/version', '/api/device/identity', '/api/device/identification']);

/** One EW-DX receiver or, every fifth, a ceiling microphone, with SSCv2. */
class SennheiserSite implements Site {
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #number: number;
  readonly #ceiling: boolean;
  readonly #microphones: readonly Microphone[];
  readonly #sessions = new Map<string, Session>();
  /** Channel without a transmitter, from 0. */
  readonly #empty: number;
  #authorization = basic(DEFAULT_PASSWORD);
  #identifying = false;
  #muted = false;
  #jsonSession = false;
  #ips: string[] = [];
  #timer: TimerHandle;
  #events = 0;
  #added = 0;
  #removed = 0;
  /** Requests that showed a login, right or wrong. */
  #logins = 0;

  constructor(options: EmulatorOptions, number: number, faults: Faults) {
    this.#clock = options.clock;
    this.#faults = faults;
    this.#number = number;
    this.#ceiling = number % 5 === 0;
    const random = new Random(options.seed + number);
    const channels = this.#ceiling ? 1 : random.pick([2, 4]);
    this.#microphones = Array.from(
      { length: channels },
      (_, at) => new Microphone(random.fork(), at + 1),
    );
    this.#empty = channels - 1;
    this.#timer = this.#tick();
  }

  answer(call: Call): Reply {
    if (call.request.headers.authorization !== undefined) this.#logins += 1;
    if (!OPEN.has(call.path) && call.request.headers.authorization !== this.#authorization) {
      return {
        status: 401,
        json: { path: call.path, error: 401 },
        headers: { 'www-authenticate': 'Basic' },
      };
    }
    if (call.path.startsWith(SUBSCRIPTIONS)) return this.#subscription(call);
    if (call.path.startsWith('/api/devices') || call.path.startsWith('/api/config'))
      return this.#listed(call);
    if (call.method === 'PUT') return this.#set(call);
    const value = this.#resource(call.path);
    if (value === undefined) return { status: 404, json: { path: call.path, error: 404 } };
    return value === null
      ? { status: 422, json: { path: call.path, error: 422 } }
      : { status: 200, json: value };
  }

  control(wish: Readonly<Record<string, unknown>>): void {
    if (typeof wish['password'] === 'string') this.#authorization = basic(wish['password']);
    if (typeof wish['jsonSession'] === 'boolean') this.#jsonSession = wish['jsonSession'];
    if (wish['closeEvents'] === true) {
      for (const { response } of this.#sessions.values())
        response.end('event: close\ndata: {}\n\n');
      this.#sessions.clear();
    }
  }

  drop(): void {
    for (const { response } of this.#sessions.values()) response.destroy();
    this.#sessions.clear();
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  stats(): Readonly<Record<string, unknown>> {
    const resources = [...this.#sessions.values()].flatMap((session) => [...session.resources]);
    return {
      streams: this.#sessions.size,
      resources,
      events: this.#events,
      added: this.#added,
      removed: this.#removed,
      logins: this.#logins,
      discoveryIps: this.#ips,
      channels: this.#microphones.length,
      identifying: this.#identifying,
    };
  }

  #subscription(call: Call): Reply {
    const [uuid = '', change] = call.path.slice(SUBSCRIPTIONS.length + 1).split('/');
    if (call.method === 'GET' && uuid === '') {
      // The older variant names the session first and streams at its address.
      if (this.#jsonSession) return { status: 200, json: { sessionUUID: randomUUID() } };
      return { stream: (response) => this.#stream(response, randomUUID()) };
    }
    if (call.method === 'GET' && this.#jsonSession) {
      return { stream: (response) => this.#stream(response, uuid) };
    }
    if (call.method === 'PUT' && this.#jsonSession && !this.#sessions.has(uuid))
      return { status: 200, json: {} };
    const session = this.#sessions.get(uuid);
    if (session === undefined) return { status: 422, json: { path: call.path, error: 422 } };
    if (call.method === 'DELETE') {
      session.response.end('event: close\ndata: {}\n\n');
      this.#sessions.delete(uuid);
      return { status: 200 };
    }
    if (call.method !== 'PUT') return { status: 200, json: [...session.resources] };
    return this.#resubscribe(session, change, call);
  }

  #resubscribe(session: Session, change: string | undefined, call: Call): Reply {
    let wanted: unknown;
    try {
      wanted = JSON.parse(call.body);
    } catch {
      return { status: 400, json: { path: call.path, error: 400 } };
    }
    const paths = Array.isArray(wanted) ? wanted.map(String) : [];
    const unknown = paths.find((path) => this.#resource(path) === undefined);
    // One that the device does not have refuses the whole list.
    if (unknown !== undefined) return { status: 400, json: { path: unknown, error: 400 } };
    if (change === 'remove') {
      for (const path of paths) session.resources.delete(path);
      this.#removed += 1;
      return { status: 200 };
    }
    if (change === undefined) session.resources.clear();
    else this.#added += 1;
    for (const path of paths) session.resources.add(path);
    this.#send(session, paths);
    return { status: 200 };
  }

  #stream(response: ServerResponse, uuid: string): void {
    const path = `${SUBSCRIPTIONS}/${uuid}`;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-location': path });
    response.write(`event: open\ndata: ${JSON.stringify({ path, sessionUUID: uuid })}\n\n`);
    const resources = new Set(this.#jsonSession ? ['/api/device/site', '/api/channel/0'] : []);
    this.#sessions.set(uuid, { response, resources, stalled: false });
    response.on('close', () => this.#sessions.delete(uuid));
    response.on('error', () => response.destroy());
  }

  #tick(): TimerHandle {
    for (const session of this.#sessions.values()) {
      const moving = [...session.resources].filter((path) =>
        /level|Indicator|Level|battery|beam/.test(path),
      );
      this.#send(session, moving.length > 0 ? moving : [...session.resources].slice(0, 1));
    }
    this.#timer = this.#clock.setTimeout(() => this.#tick(), 250);
    return this.#timer;
  }

  #send(session: Session, paths: readonly string[]): void {
    if (session.stalled || paths.length === 0) return;
    const values = paths.map((path) => [path, this.#resource(path)] as const);
    const text = JSON.stringify(Object.fromEntries(values.filter(([, value]) => value !== null)));
    const fault = this.#faults.strike(['cut', 'stall', 'lie', 'oversize', 'refuse']);
    const { response } = session;
    if (fault === 'cut') {
      response.write(`data: ${text.slice(0, text.length / 2)}`, () => response.destroy());
    } else if (fault === 'refuse') response.end('event: close\ndata: {}\n\n');
    else if (fault === 'stall') session.stalled = true;
    else if (fault === 'oversize') response.write(`data: "${'x'.repeat(300_000)}"\n\n`);
    else if (fault === 'lie')
      response.write(`data: ${this.#faults.lie(text).replaceAll('\n', ' ')}\n\n`);
    else response.write(`data: ${text}\n\n`);
    this.#events += 1;
  }

  /** Undefined: there is no such resource; null: nothing in it now. */
  #resource(path: string): unknown {
    if (path === '/api/ssc/version') return { protocol: '2.3', schema: '1.7' };
    if (path === '/api/device/identity') {
      const product = this.#ceiling ? 'TCCM' : `EWDX${this.#microphones.length}CHDS`;
      return {
        product,
        serial: String(1_000_000 + this.#number),
        vendor: 'Sennheiser electronic SE & Co. KG',
        hardwareRevision: '1',
      };
    }
    if (path === '/api/device/site')
      return { deviceName: `Rack ${this.#number}`, location: 'Hall', position: '' };
    if (path === '/api/device/state')
      return { state: this.#identifying ? 'Identifying' : 'Normal', warnings: [] };
    if (path === '/api/device/identification') return { visual: this.#identifying };
    if (path === '/api/firmware/update/state')
      return { deviceVersion: '4.0.1', state: 'Idle', progress: 0, lastStatus: 'None' };
    return this.#ceiling ? this.#ceilingResource(path) : this.#receiverResource(path);
  }

  #ceilingResource(path: string): unknown {
    const now = this.#microphones[0]?.at(this.#clock.monoMs());
    if (now === undefined) return undefined;
    const talking = now.audioDbfs > -40;
    if (path === '/api/audio/outputs/global/mute') return { enabled: this.#muted };
    if (path === '/api/audio/roomInUse') return { active: talking };
    if (path === '/api/audio/roomInUse/activityLevel')
      return { peak: Math.max(0, Math.round(now.audioDbfs + 60)) };
    if (path === '/api/audio/inputs/microphone/level') return { peak: Math.round(now.audioDbfs) };
    if (path !== '/api/audio/inputs/microphone/beam/direction') return undefined;
    return {
      azimuth: Math.abs(now.rssiADbm * 5) % 360,
      elevation: Math.abs(now.rssiBDbm) % 90,
      beamFreezeActive: false,
    };
  }

  #receiverResource(path: string): unknown {
    if (path === '/api/rf/encryption') return { enabled: false };
    const [, kind, index, what] =
      /^\/api\/(channel|rf\/channels|transmitters)\/(\d+)(?:\/(\w+))?$/.exec(path) ?? [];
    const microphone = index === undefined ? undefined : this.#microphones[Number(index)];
    if (microphone === undefined) return undefined;
    const none = Number(index) === this.#empty;
    const now = microphone.at(this.#clock.monoMs());
    if (kind === 'rf/channels')
      return what === undefined ? { frequency: now.frequencyKhz } : undefined;
    if (kind === 'transmitters') {
      if (what !== undefined && what !== 'battery') return undefined;
      if (none) return null;
      return what === 'battery'
        ? { gauge: now.batteryPercent, type: 'Battery', lifetime: now.batteryMinutes }
        : { type: 'SKM-S', name: now.name, mute: false, trim: 0, lock: false };
    }
    if (what === undefined) return { name: now.name, mute: now.muted, gain: 12, outputLevel: 0 };
    if (what === 'signalQualityIndicator') return { value: none ? 0 : now.qualityPercent };
    if (what === 'signalStrengthIndicator')
      return { value: none ? -110 : Math.max(now.rssiADbm, now.rssiBDbm) };
    if (what === 'diversityIndicator')
      return { value: none ? 0 : now.rssiADbm > now.rssiBDbm ? 1 : 2 };
    if (what === 'level') return { value: none ? -138.5 : now.audioDbfs };
    if (what === 'warnings') return now.batteryPercent < 10 ? ['LowBattery'] : [];
    return what === 'identify' ? { enabled: false } : undefined;
  }

  #set(call: Call): Reply {
    let wish: Record<string, unknown>;
    try {
      wish = JSON.parse(call.body) as Record<string, unknown>;
    } catch {
      return { status: 400, json: { path: call.path, error: 400 } };
    }
    if (call.path === '/api/device/identification' && typeof wish['visual'] === 'boolean') {
      this.#identifying = wish['visual'];
      return this.#changed(['/api/device/identification', '/api/device/state']);
    }
    if (call.path === '/api/audio/outputs/global/mute' && this.#ceiling) {
      this.#muted = wish['enabled'] === true;
      return this.#changed([call.path]);
    }
    const [, kind, index, what] =
      /^\/api\/(channel|rf\/channels)\/(\d+)(?:\/(\w+))?$/.exec(call.path) ?? [];
    const microphone = index === undefined ? undefined : this.#microphones[Number(index)];
    if (microphone === undefined || this.#ceiling)
      return { status: 404, json: { path: call.path, error: 404 } };
    if (kind === 'channel' && what === undefined) {
      if (typeof wish['name'] === 'string') microphone.name = wish['name'];
      if (typeof wish['mute'] === 'boolean') microphone.muted = wish['mute'];
      return this.#changed([call.path]);
    }
    const khz = wish['frequency'];
    if (what === 'identify') return { status: 200 };
    if (kind === 'channel' || typeof khz !== 'number')
      return { status: 405, json: { path: call.path, error: 405 } };
    if (khz < 470_200 || khz > 702_000 || khz % 25 !== 0) {
      return {
        status: 422,
        json: { path: call.path, error: 422, message: 'frequency is off the grid' },
      };
    }
    microphone.frequencyKhz = khz;
    return this.#changed([`/api/rf/channels/${index}`]);
  }

  #changed(paths: readonly string[]): Reply {
    for (const session of this.#sessions.values()) {
      this.#send(
        session,
        paths.filter((path) => session.resources.has(path)),
      );
    }
    return { status: 200 };
  }

  /** The paths of a server that lists devices: here it lists itself. */
  #listed(call: Call): Reply {
    const id = `ssc-${this.#number}`;
    const device = {
      id,
      name: `Rack ${this.#number}`,
      model: 'EWDX4CHDS',
      serial: String(1_000_000 + this.#number),
      ip: '10.7.0.1',
    };
    if (call.path === '/api/config/discovery/ips') {
      if (call.method === 'GET') return { status: 200, json: { ips: this.#ips } };
      const body = JSON.parse(call.body === '' ? '{}' : call.body) as { ips?: unknown };
      const ips = Array.isArray(body.ips) ? body.ips.map(String) : [];
      this.#ips = call.method === 'DELETE' ? this.#ips.filter((ip) => !ips.includes(ip)) : ips;
      return { status: 202 };
    }
    if (call.path === '/api/devices') return { status: 200, json: [device] };
    if (call.path === `/api/devices/${id}`) return { status: 200, json: device };
    if (call.path !== `/api/devices/${id}/channels`) return { status: 404, json: { error: 404 } };
    const channels = this.#microphones.map((microphone, at) => {
      const now = microphone.at(this.#clock.monoMs());
      return {
        channel: at + 1,
        name: now.name,
        tx: {
          batteryCharge: now.batteryPercent,
          audioLevel: Math.min(-1, now.audioDbfs),
          rfLevel: now.rssiADbm,
          frequency: now.frequencyKhz,
          status: 'ACTIVE',
        },
      };
    });
    return { status: 200, json: channels };
  }
}

function basic(password: string): string {
  return `Basic ${Buffer.from(`api:${password}`).toString('base64')}`;
}

/** One server a device, on the ports from `port` on; the caller stops them. */
export async function startSennheiserSsc(
  options: EmulatorOptions,
): Promise<readonly EmulatorServer[]> {
  const servers: EmulatorServer[] = [];
  for (let number = 1; number <= options.devices; number += 1) {
    const port = options.port === 0 ? 0 : options.port + number - 1;
    const own = { ...options, port, seed: options.seed + number };
    const server = new EmulatorServer(own, (faults) => new SennheiserSite(options, number, faults));
    await server.start();
    servers.push(server);
  }
  return servers;
}
