import { EngineError } from '../../../engine/errors.js';
import {
  type GatewaySocket,
  type SocketEndpoint,
  socketEndpoint,
  stateOf,
} from '../../http/socket.types.js';
import { Refusal } from './ask.js';
import { type Broadcast, TOPIC } from './broadcast.js';
import { type Identity, requireRole } from './identity.js';
import type { Intake, NewPoint } from './intake.js';
import { listIn, MAX_BATCH, pointIn } from './point-reader.js';

/** What WebMACS closes a socket with whose token it does not take. */
const POLICY = 1008;
const MAX_MESSAGE_BYTES = 1_048_576;
/** Batches of one socket that are being stored; a sender that does not wait is told to. */
const MAX_OPEN_BATCHES = 64;

interface State {
  readonly token: string;
  /** Why it is closed at once; undefined: it stays open. */
  readonly refused: string | undefined;
  open: boolean;
  batches: number;
}

type Socket = GatewaySocket<State>;

export interface SocketParts {
  readonly identity: Identity;
  readonly intake: Intake;
  readonly broadcast: Broadcast;
  readonly onFault: (error: EngineError) => void;
}

/** The socket of controllers and the one of browsers, each with and without a slash at its end. */
export function webmacsSockets(parts: SocketParts): {
  readonly endpoints: readonly SocketEndpoint[];
  stop(): void;
} {
  const { identity, intake, broadcast } = parts;
  const sockets = new Set<Socket>();
  const stop = identity.onChanged(() => {
    for (const socket of sockets) void recheck(parts, sockets, socket);
  });
  const accept = async (query: string): Promise<State> => {
    const token = new URLSearchParams(query).get('token') ?? '';
    return { token, refused: await refusalOf(identity, token), open: false, batches: 0 };
  };
  const opened = (socket: Socket, fn: () => void): void => {
    const state = stateOf(socket);
    if (state.refused !== undefined) {
      socket.end(POLICY, state.refused);
      return;
    }
    state.open = true;
    sockets.add(socket);
    fn();
  };
  const closed = (socket: Socket, fn: () => void): void => {
    if (!sockets.delete(socket)) return;
    stateOf(socket).open = false;
    fn();
  };
  const telemetry: Omit<SocketEndpoint<State>, 'path'> = {
    access: 'open',
    maxMessageBytes: MAX_MESSAGE_BYTES,
    accept: ({ query }) => accept(query),
    open: (socket) => opened(socket, () => undefined),
    message: (socket, data) => {
      if (stateOf(socket).open) take(intake, socket, Buffer.from(data).toString());
    },
    close: (socket) => closed(socket, () => undefined),
  };
  const stream: Omit<SocketEndpoint<State>, 'path'> = {
    access: 'open',
    maxMessageBytes: 65_536,
    accept: ({ query }) => accept(query),
    open: (socket) =>
      opened(socket, () => {
        say(socket, { type: 'connected', message: 'Subscribed to live datapoint stream.' });
        socket.subscribe(TOPIC);
        broadcast.joined();
      }),
    message: (socket, data) => {
      if (stateOf(socket).open) heard(socket, Buffer.from(data).toString());
    },
    close: (socket) => closed(socket, () => broadcast.left()),
  };
  const both = (path: string, endpoint: Omit<SocketEndpoint<State>, 'path'>) =>
    [path, `${path}/`].map((one) => socketEndpoint({ ...endpoint, path: one }));
  return {
    endpoints: [
      ...both('/ws/controller/telemetry', telemetry),
      ...both('/ws/datapoints/stream', stream),
    ],
    stop: () => {
      stop();
      for (const socket of sockets) stateOf(socket).open = false;
      sockets.clear();
    },
  };
}

/** Undefined: the token is good. */
async function refusalOf(identity: Identity, token: string): Promise<string | undefined> {
  if (token === '') return 'Authentication required';
  try {
    requireRole(await identity.identify(token), 'viewer');
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.message.slice(0, 120);
    throw thrown;
  }
}

/** A login that ended closes what it opened. */
async function recheck(
  { identity, onFault }: SocketParts,
  sockets: ReadonlySet<Socket>,
  socket: Socket,
): Promise<void> {
  const state = stateOf(socket);
  try {
    const refused = await refusalOf(identity, state.token);
    if (refused === undefined || !state.open) return;
    // Ended twice, the first goodbye would be cut off.
    state.open = false;
    // Not inside of whatever answer is being written now: the goodbye would get lost in it.
    setImmediate(() => {
      if (sockets.has(socket)) socket.cork(() => socket.end(POLICY, refused));
    });
  } catch (thrown) {
    onFault(EngineError.from(thrown));
  }
}

function say(socket: Socket, message: object): void {
  if (stateOf(socket).open) socket.send(JSON.stringify(message), false);
}

const fail = (socket: Socket, message: string) => say(socket, { type: 'error', message });

function parsed(socket: Socket, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    fail(socket, 'Invalid JSON');
    return undefined;
  }
}

function heard(socket: Socket, text: string): void {
  const said = parsed(socket, text);
  if (typeof said !== 'object' || said === null || !('type' in said)) return;
  if (said.type === 'ping') say(socket, { type: 'pong' });
}

function take(intake: Intake, socket: Socket, text: string): void {
  const said = parsed(socket, text);
  if (said === undefined) return;
  if (typeof said === 'object' && said !== null && 'type' in said && said.type === 'ping') {
    say(socket, { type: 'pong' });
    return;
  }
  const list = listIn(said) ?? [];
  if (list.length > MAX_BATCH) {
    fail(socket, `Batch too large (${list.length}), max ${MAX_BATCH}`);
    return;
  }
  const points = list.flatMap(pointOrNothing);
  if (points.length === 0) {
    fail(socket, 'No valid datapoints in batch');
    return;
  }
  const state = stateOf(socket);
  if (state.batches >= MAX_OPEN_BATCHES) {
    fail(socket, `Too many batches at once: ${MAX_OPEN_BATCHES} are being stored`);
    return;
  }
  state.batches += 1;
  void intake
    .take(points)
    .then(
      (count) => {
        if (count === 0) fail(socket, 'No valid datapoints in batch');
      },
      (thrown: unknown) => fail(socket, EngineError.from(thrown).message),
    )
    .finally(() => {
      state.batches -= 1;
    });
}

/** One bad value does not cost the others of its batch. */
function pointOrNothing(raw: unknown): readonly NewPoint[] {
  try {
    return [pointIn(raw, [])];
  } catch {
    return [];
  }
}
