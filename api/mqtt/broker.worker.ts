import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import { Aedes, type Client, type PublishPacket } from 'aedes';
import { FrameGuard } from '../../actors/plugins/mqtt/frame-guard.js';
import { EngineError } from '../../engine/errors.js';
import { BrokerPersistence } from './persistence.js';
import {
  type BrokerStart,
  type FromBroker,
  OWN_USER,
  type Rights,
  type ToBroker,
} from './protocol.js';
import { RetainedMessages } from './retained.js';
import { Sessions } from './sessions.js';

/** What is known of a connected client. */
interface Guest {
  rights: Rights;
  who: string;
  name: string;
  readonly address: string;
  readonly topics: Set<string>;
  second: number;
  inSecond: number;
}

type Login = Pick<Extract<ToBroker, { type: 'login' }>, 'rights' | 'who' | 'name'>;

const LOGIN_MS = 10_000;
/** A packet is its payload, and a topic and properties of bounded length. */
const HEADER_BYTES = 70_000;
const MAX_LOGINS = 200;
const MAX_WISH_BYTES = 2_048;
const HANDSHAKE_MS = 10_000;
const TIDY_MS = 60_000;

const options = workerData as BrokerStart;
const port = parentPort;
if (port === null) throw new EngineError('internal', 'the broker runs in a thread of its own');
const tell = (message: FromBroker): void => port.postMessage(message);

const guests = new WeakMap<Client, Guest>();
const clients = new Set<Client>();
/** Who has a name now: one that takes it over is there before the other's end is told. */
const named = new Map<string, Client>();
const logins = new Map<number, (answer: Login) => void>();
let nextLogin = 1;

/** A client that keeps to no limit is closed; its last will is sent, as it did not say goodbye. */
function drop(client: Client, reason: string): void {
  tell({ type: 'dropped', client: client.id, reason });
  client.conn.destroy();
}

function mayPublish(rights: Rights, topic: string): boolean {
  if (rights === 'all') return true;
  if (rights === 'read' || topic.startsWith('$')) return false;
  if (!topic.startsWith(`${options.prefix}/`)) return true;
  // States are ours; a wish is an operator's.
  return rights === 'operate' && topic.endsWith('/set');
}

const retained = await RetainedMessages.open({
  file: options.retainedFile,
  maxMessages: options.maxRetained,
  maxBytes: options.maxRetainedBytes,
  onFault: ({ message }) => tell({ type: 'told', message: `retained messages: ${message}` }),
});
const sessions = await Sessions.open({
  ...options,
  file: options.sessionsFile,
  now: () => Date.now(),
  tell: (message) => tell({ type: 'told', message }),
});
/** Somebody signed in: a session that is kept is theirs alone. */
function admit(client: Client, guest: Guest): void {
  guests.set(client, guest);
  if (!client.clean) sessions.claim(client.id, guest.who);
}
let isFull = false;

/** What is beyond the bound is delivered, and not retained; said once until there is room again. */
function retain(packet: PublishPacket): void {
  const { topic, payload, qos } = packet;
  const room = retained.take({ topic, payload: Buffer.from(payload), qos });
  if (!room) packet.retain = false;
  if (!room && !isFull) {
    const bound = `${options.maxRetained} messages or ${options.maxRetainedBytes} bytes`;
    const text = `clients retain more than ${bound} (mqtt.broker.maxRetained, maxRetainedBytes): ${topic.slice(0, 200)} is delivered, and not retained`;
    tell({ type: 'told', message: text });
  }
  isFull = !room;
}

/** Of the door that is the engine's own. */
const own = new WeakSet<object>();
const broker = await Aedes.createBroker({
  persistence: new BrokerPersistence(sessions),
  connectTimeout: 10_000,
  heartbeatInterval: 10_000,
  keepaliveLimit: 3_600,
  maxClientsIdLength: 128,
  queueLimit: 1_000,
  maxTopicLevels: 20,
  preConnect: (_client, _packet, done) => {
    done(null, clients.size <= options.maxClients);
  },
  authenticate: (client, user, password, done) => {
    const guest: Guest = {
      rights: 'publish',
      who: '',
      name: '',
      address: 'remoteAddress' in client.conn ? String(client.conn.remoteAddress) : '',
      topics: new Set(),
      second: 0,
      inSecond: 0,
    };
    const isGuest = user === undefined && password === undefined;
    if (isGuest && options.allowAnonymous && !own.has(client.conn)) {
      admit(client, guest);
      done(null, true);
      return;
    }
    const isElsewhere = own.has(client.conn) && user !== OWN_USER;
    if (
      password === undefined ||
      password.length > 4_096 ||
      logins.size >= MAX_LOGINS ||
      isElsewhere
    ) {
      done(null, false);
      return;
    }
    const id = nextLogin++;
    const settle = ({ rights, who, name }: Login): void => {
      if (!logins.delete(id)) return;
      clearTimeout(timer);
      if (rights !== undefined) admit(client, { ...guest, rights, who, name });
      done(null, rights !== undefined);
    };
    const timer = setTimeout(() => settle({ rights: undefined, who: '', name: '' }), LOGIN_MS);
    logins.set(id, settle);
    const { address } = guest;
    tell({ type: 'login', id, user: user ?? '', password: password.toString('utf8'), address });
  },
  authorizePublish: (client, packet, done) => {
    const guest = client === null ? undefined : guests.get(client);
    if (client === null || guest === undefined) {
      done(new Error('not allowed'));
      return;
    }
    const second = Math.floor(performance.now() / 1_000);
    if (second !== guest.second) guest.inSecond = 0;
    guest.second = second;
    guest.inSecond += 1;
    if (guest.rights !== 'all' && guest.inSecond > options.maxMessagesPerSecond) {
      if (guest.inSecond === options.maxMessagesPerSecond + 1) {
        drop(client, `more than ${options.maxMessagesPerSecond} messages a second`);
      }
      done(new Error('too many messages'));
      return;
    }
    if (
      packet.payload.length > options.maxPayloadBytes ||
      !mayPublish(guest.rights, packet.topic)
    ) {
      // MQTT 3.1.1 has no way to refuse one message but to end the connection.
      drop(client, `may not publish ${packet.topic.slice(0, 200)}`);
      done(new Error('not allowed'));
      return;
    }
    // What the engine retains it tells anew.
    if (packet.retain && guest.rights !== 'all') retain(packet);
    done(null);
    const { topic, payload } = packet;
    if (topic.startsWith(`${options.prefix}/`) && topic.endsWith('/set')) {
      const text = Buffer.from(payload).subarray(0, MAX_WISH_BYTES).toString('utf8');
      tell({ type: 'wish', topic, payload: text, by: guest.name, address: guest.address });
    }
  },
  authorizeSubscribe: (client, subscription, done) => {
    const guest = guests.get(client);
    const { topic } = subscription;
    const isNew = guest?.topics.has(topic) === false;
    const isOver = isNew && guest.topics.size >= options.maxSubscriptions;
    const isKept = client.clean || sessions.topicsOf(client.id).has(topic);
    if (guest === undefined || isOver || !(isKept || sessions.hasRoom(topic))) {
      done(null, null);
      return;
    }
    guest.topics.add(topic);
    done(null, subscription);
  },
  authorizeForward: (client, packet) => {
    const { conn } = client;
    if (conn.writableLength > options.maxQueueBytes) {
      drop(client, 'does not take what it subscribed to');
      // What is kept for it is not taken out of its session: it may come back for it.
      return client.clean || packet.qos === 0 ? null : packet;
    }
    return packet;
  },
});
broker.on('client', (client) => {
  clients.add(client);
  named.set(client.id, client);
  sessions.back(client.id);
});
broker.on('clientDisconnect', (client) => {
  clients.delete(client);
  if (named.get(client.id) !== client) return;
  named.delete(client.id);
  sessions.away(client.id);
});
broker.on('unsubscribe', (topics, client) => {
  const guest = client === null ? undefined : guests.get(client);
  for (const topic of topics) guest?.topics.delete(topic);
});
const tidying = setInterval(() => sessions.tidy(), TIDY_MS);

for (const { topic, payload, qos } of retained.all()) {
  // Nobody listens yet: this only puts it where subscribers find it.
  await new Promise<void>((resolve) => {
    const message = { cmd: 'publish', topic, payload: Buffer.from(payload), qos } as const;
    broker.publish({ ...message, dup: false, retain: true }, () => resolve());
  });
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  const guard = new FrameGuard(options.maxPayloadBytes + HEADER_BYTES);
  socket.on('data', (chunk: Uint8Array) => {
    if (!guard.see(chunk)) socket.destroy();
  });
  broker.handle(socket);
}

function listen(server: Server, at: number, host: string): Promise<number> {
  server.maxConnections = options.maxClients;
  return new Promise((resolve) => {
    server.on('error', (error) => tell({ type: 'failed', message: error.message }));
    server.listen(at, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
    });
  });
}

const { tls } = options;
const server =
  tls === undefined
    ? createServer(serve)
    : createTlsServer({ ...tls, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS }, serve);
/** So the engine need not trust its own certificate, which may name any host. */
const ownServer =
  tls === undefined
    ? undefined
    : createServer((socket) => {
        own.add(socket);
        serve(socket);
      });
const ownPort = ownServer && (await listen(ownServer, 0, '127.0.0.1'));
tell({ type: 'listening', port: await listen(server, options.port, options.host), ownPort });

port.on('message', (message: ToBroker) => {
  if (message.type === 'login') logins.get(message.id)?.(message);
  else if (message.type === 'drop') {
    for (const client of clients) {
      if (guests.get(client)?.who === message.who) drop(client, 'its login was changed or ended');
    }
  } else {
    server.close();
    ownServer?.close();
    clearInterval(tidying);
    const ended = async (): Promise<void> => {
      await Promise.all([retained.close(), sessions.close()]);
      process.exit(0);
    };
    broker.close(() => void ended());
  }
});
