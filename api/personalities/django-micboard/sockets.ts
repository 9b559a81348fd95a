import { EngineError } from '../../../engine/errors.js';
import {
  type GatewaySocket,
  type SocketEndpoint,
  socketEndpoint,
  stateOf,
} from '../../http/socket.types.js';
import type { Announcer } from './announcer.js';
import type { Manufacturers } from './manufacturers.js';

/** A longer command ends the socket. */
const MAX_COMMAND_BYTES = 4_096;

/** Close codes that pages of the predecessor know. */
const CLOSE_CODES: Readonly<Record<string, number>> = {
  'auth.required': 4401,
  'auth.denied': 4403,
};

interface State {
  /** Undefined: of all manufacturers. */
  readonly code: string | undefined;
}

/** `/ws` and `/ws/micboard/`, with and without their last slash. `?manufacturer=` narrows what is told. */
export function djangoSockets(
  prefix: string,
  announcer: Announcer,
  makers: Manufacturers,
): readonly SocketEndpoint[] {
  const endpoint: Omit<SocketEndpoint<State>, 'path'> = {
    access: 'open',
    maxMessageBytes: 1_048_576,
    closeCodeOf: ({ code }) => CLOSE_CODES[code],
    accept({ query, principal }) {
      // A device's token opens the sockets of devices, no others.
      if (principal.kind === 'device') {
        throw new EngineError('auth.denied', 'the token of a device may not look at others');
      }
      const asked = new URLSearchParams(query).get('manufacturer') ?? '';
      if (asked === '') return { code: undefined };
      const maker = makers.find(asked);
      if (maker !== undefined) return { code: asked.toLowerCase() };
      throw new EngineError('not-found', `there is no manufacturer ${asked.slice(0, 50)}`);
    },
    open: (socket) => announcer.join(socket, stateOf(socket).code),
    message: (socket, data) => heard(socket, data),
    close: (socket) => announcer.leave(stateOf(socket).code),
  };
  return ['/ws', '/ws/', '/ws/micboard', '/ws/micboard/'].map((path) =>
    socketEndpoint({ ...endpoint, path: prefix + path }),
  );
}

/** What is no command of ours is passed over. */
function heard(socket: GatewaySocket<State>, data: Uint8Array): void {
  if (data.length > MAX_COMMAND_BYTES) {
    socket.end(1009, `a command may have ${MAX_COMMAND_BYTES} bytes`);
    return;
  }
  if (commandOf(data) === 'ping') socket.send('{"type":"pong"}', false);
}

function commandOf(data: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && 'command' in value
    ? value.command
    : undefined;
}
