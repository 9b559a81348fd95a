import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { PluginNet } from '../sdk/net.types.js';
import type {
  DeviceIdentity,
  DeviceSession,
  DiscoverWish,
  FoundDevice,
} from '../sdk/plugin.types.js';
import type { InstanceConfig } from './config.js';
import { ShureConnection } from './connection.js';
import { FAMILIES } from './families.js';
import { openTcp, openUdp, type Wire } from './wire.js';

const AT_ONCE = 64;
const DEFAULT_PORT = 2_202;
/** An address where nobody is costs this long. */
const CONNECT_MS = 1_500;
/** From the connection to what it is. */
const ANSWER_MS = 4_000;
/** Over UDP there is no connection that tells whether somebody is there. */
const UDP_ANSWER_MS = 1_000;
/** Name, firmware and addresses come after the model. */
const DETAILS_MS = 250;

export interface SearchEnvironment {
  readonly clock: Clock;
  readonly net: PluginNet;
  readonly config: InstanceConfig;
}

/** Asks each host what it is, 64 at a time. Hosts may carry a port: `10.0.0.5:2203`. */
export async function searchHosts(
  env: SearchEnvironment,
  wish: Pick<DiscoverWish, 'hosts' | 'asked'>,
  found: (device: FoundDevice) => void,
  signal: AbortSignal,
): Promise<void> {
  // Each host that is asked listens for the end of the search.
  setMaxListeners(AT_ONCE * 8, signal);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < wish.hosts.length && !signal.aborted) {
      const host = wish.hosts[next];
      next += 1;
      if (host === undefined) continue;
      const device = await askHost(env, host, signal);
      if (device !== undefined) found(device);
      wish.asked(host);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, wish.hosts.length) }, worker));
}

async function askHost(
  env: SearchEnvironment,
  text: string,
  signal: AbortSignal,
): Promise<FoundDevice | undefined> {
  const { host, port } = hostAndPort(text);
  const overTcp = await ask(env, host, port, false, signal);
  return overTcp ?? (await ask(env, host, port, true, signal));
}

const nothing = (): void => undefined;

async function ask(
  env: SearchEnvironment,
  host: string,
  port: number,
  udp: boolean,
  outer: AbortSignal,
): Promise<FoundDevice | undefined> {
  const session = new Probe(`${host}:${port}`, outer);
  const connection = new ShureConnection(
    { clock: env.clock, config: env.config, log: nothing, identified: nothing, lost: nothing },
    session,
    { family: udp ? FAMILIES.uhfr : undefined, parts: 0, udp },
  );
  const deadline = env.clock.setTimeout(
    () => {
      connection.close();
    },
    udp ? UDP_ANSWER_MS : CONNECT_MS + ANSWER_MS,
  );
  const aborted = (): void => {
    connection.close();
  };
  outer.addEventListener('abort', aborted);
  try {
    const wire = await open(env, { host, port, signal: outer }, connection, udp);
    await connection.identify(wire);
    await new Promise<void>((resolve) => {
      env.clock.setTimeout(resolve, udp ? 0 : DETAILS_MS);
    });
    return described(host, port, session.identity, connection.series);
  } catch (thrown) {
    // Nobody there, or somebody else: what a search asks is allowed not to answer.
    if (thrown instanceof EngineError) return undefined;
    throw thrown;
  } finally {
    env.clock.clearTimeout(deadline);
    outer.removeEventListener('abort', aborted);
    connection.close();
  }
}

async function open(
  env: SearchEnvironment,
  target: { readonly host: string; readonly port: number; readonly signal: AbortSignal },
  connection: ShureConnection,
  udp: boolean,
): Promise<Wire> {
  return udp
    ? await openUdp(env.net, target, connection)
    : await openTcp(env.net, { ...target, timeoutMs: CONNECT_MS }, connection);
}

function described(
  host: string,
  port: number,
  identity: DeviceIdentity,
  series: string | undefined,
): FoundDevice | undefined {
  if (series === undefined) return undefined;
  const { role = 'receiver', name, model, serial, mac, firmware, parts = [] } = identity;
  return {
    externalId: port === DEFAULT_PORT ? host : `${host}:${port}`,
    address: host,
    port,
    role,
    ...(name === undefined ? {} : { name }),
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
    ...(mac === undefined ? {} : { mac }),
    ...(firmware === undefined ? {} : { firmware }),
    channels: parts.length,
    config: { model: series, channels: parts.length },
  };
}

function hostAndPort(text: string): { host: string; port: number } {
  const found = /^([^:]+):(\d{1,5})$/.exec(text);
  const port = Number(found?.[2] ?? DEFAULT_PORT);
  if (found?.[1] === undefined || port < 1 || port > 65_535)
    return { host: text, port: DEFAULT_PORT };
  return { host: found[1], port };
}

/** Keeps who it is, and nothing of what it says. */
class Probe implements DeviceSession {
  readonly deviceId: string;
  readonly signal: AbortSignal;
  identity: DeviceIdentity = {};

  constructor(deviceId: string, signal: AbortSignal) {
    this.deviceId = deviceId;
    this.signal = signal;
  }

  identify(identity: DeviceIdentity): void {
    this.identity = { ...this.identity, ...identity };
  }

  channel(): number {
    return 0;
  }

  read(): void {
    // Not looked at.
  }

  alive(): void {
    // Seen already.
  }

  lost(): void {
    // Asked and answered, or not.
  }
}
