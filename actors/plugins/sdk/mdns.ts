import type { RemoteInfo, Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import makeMdns, { type ResponsePacket } from 'multicast-dns';
import type { Clock } from '../../../engine/clock.js';
import { closeDatagrams } from './datagrams.js';
import type { FoundService, ServiceWish } from './net.types.js';

export interface BrowseOptions extends ServiceWish {
  readonly clock: Clock;
  /** A bound socket of its own for each interface. */
  readonly open: (address: string | undefined) => Promise<Socket>;
  readonly found: (service: FoundService) => void;
  /** Ends with the instance. */
  readonly ended: AbortSignal;
  /** Who is asked. Default: everybody, 224.0.0.251 port 5353. */
  readonly to?: { readonly address: string; readonly port: number } | undefined;
}

const EVERYBODY = { address: '224.0.0.251', port: 5_353 };
/** Questions are asked again after these, ms: datagrams get lost, and devices answer late on purpose. */
const ASK_AT_MS = [0, 1_000, 3_000] as const;
const MAX_INTERFACES = 16;
const MAX_SERVICES = 1_024;
const MAX_TEXTS = 32;

type Answer = NonNullable<ResponsePacket['answers']>[number];

interface Known {
  readonly service: string;
  readonly from: string;
  port: number | undefined;
  target: string | undefined;
  texts: Readonly<Record<string, string>>;
  told: boolean;
}

/**
 * Asks for services by mDNS for some time; each is told once, when its port is known. Asks from ports of its own,
 * so that answers come to it alone and no other program on the host is disturbed. What cannot be read is left out.
 */
export async function browseServices(options: BrowseOptions): Promise<void> {
  const { clock, open, ended, signal, forMs, to = EVERYBODY } = options;
  const search = new Search(options);
  const sockets: Socket[] = [];
  const timers: ReturnType<Clock['setTimeout']>[] = [];
  try {
    for (const address of to === EVERYBODY ? ownAddresses() : [undefined]) {
      const socket = await open(address);
      sockets.push(socket);
      if (address !== undefined) socket.setMulticastInterface(address);
      const mdns = makeMdns({
        socket,
        bind: false,
        multicast: false,
        ip: to.address,
        port: to.port,
      });
      // One interface less: the others go on.
      mdns.on('error', () => undefined);
      mdns.on('response', (packet, info) => {
        const unknown = search.take(
          [...(packet.answers ?? []), ...(packet.additionals ?? [])],
          info,
        );
        if (unknown.length > 0) {
          mdns.query({ questions: unknown.map((name) => ({ name, type: 'SRV' as const })) });
        }
      });
      const ask = (): void => {
        mdns.query({ questions: options.services.map((name) => ({ name, type: 'PTR' as const })) });
      };
      for (const delayMs of ASK_AT_MS) {
        if (delayMs < forMs) timers.push(clock.setTimeout(ask, delayMs));
      }
    }
    await new Promise<void>((resolve) => {
      const done = (): void => resolve();
      timers.push(clock.setTimeout(done, forMs));
      for (const one of [signal, ended]) {
        if (one?.aborted === true) done();
        one?.addEventListener('abort', done, { once: true });
      }
    });
  } finally {
    for (const timer of timers) clock.clearTimeout(timer);
    for (const socket of sockets) closeDatagrams(socket);
  }
}

/** What was heard so far. */
class Search {
  readonly #services: ReadonlyMap<string, string>;
  readonly #found: BrowseOptions['found'];
  readonly #known = new Map<string, Known>();
  readonly #addresses = new Map<string, string>();

  constructor({ services, found }: Pick<BrowseOptions, 'services' | 'found'>) {
    this.#services = new Map(services.map((name) => [name.toLowerCase(), name]));
    this.#found = found;
  }

  /** @returns names of services whose port is to be asked for. */
  take(records: readonly Answer[], info: Pick<RemoteInfo, 'address'>): readonly string[] {
    const asked: string[] = [];
    for (const record of records) {
      const service = this.#services.get(record.name.toLowerCase());
      if (record.type === 'A' && this.#addresses.size < MAX_SERVICES) {
        this.#addresses.set(record.name.toLowerCase(), String(record.data));
      } else if (
        record.type === 'PTR' &&
        service !== undefined &&
        typeof record.data === 'string'
      ) {
        const name = record.data.toLowerCase();
        if (this.#known.has(name) || this.#known.size >= MAX_SERVICES) continue;
        asked.push(record.data);
        this.#known.set(name, {
          ...{
            service,
            from: info.address,
            port: undefined,
            target: undefined,
            texts: {},
            told: false,
          },
        });
      }
    }
    for (const record of records) {
      const known = this.#known.get(record.name.toLowerCase());
      if (known === undefined) continue;
      if (record.type === 'SRV') {
        known.port = record.data.port;
        known.target = record.data.target.toLowerCase();
      } else if (record.type === 'TXT') known.texts = textsOf(record.data);
    }
    this.#tell();
    return asked.filter((name) => this.#known.get(name.toLowerCase())?.told === false);
  }

  #tell(): void {
    for (const [name, known] of this.#known) {
      const { service, from, port, target, texts } = known;
      if (known.told || port === undefined || port < 1 || port > 65_535) continue;
      known.told = true;
      const label = name.endsWith(`.${service.toLowerCase()}`)
        ? name.slice(0, -service.length - 1)
        : name;
      const address = this.#addresses.get(target ?? '') ?? from;
      this.#found({ service, name: label, address, port, texts });
    }
  }
}

/** `key=value` of a TXT record, keys in lower case. */
function textsOf(data: unknown): Readonly<Record<string, string>> {
  const parts: readonly unknown[] = Array.isArray(data) ? data : [data];
  const pairs = parts.slice(0, MAX_TEXTS).map((part): readonly [string, string] => {
    const text = Buffer.isBuffer(part) ? part.toString('utf8') : String(part);
    const at = text.indexOf('=');
    return at < 0
      ? [text.toLowerCase(), '']
      : [text.slice(0, at).toLowerCase(), text.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = all.filter(({ family, internal }) => family === 'IPv4' && !internal);
  return outside.slice(0, MAX_INTERFACES).map(({ address }) => address);
}
