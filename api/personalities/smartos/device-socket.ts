import { decodeFrame, errorReply, infoReply } from '../../../actors/device/smartos.codec.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Connection } from '../../devices/connections.js';
import type { DeviceService } from '../../devices/service.js';
import { type GatewaySocket, type SocketEndpoint, stateOf } from '../../http/socket.types.js';
import { FloodLimit, type FloodLimits } from './flood-limit.js';

const GREETING = infoReply(
  "Welcome to SMART-Server - SolMate Real-Time ObServer! - SolServerConsumer: groups ['updates']",
);

interface DeviceState {
  readonly address: string;
  readonly tokenOf: string | undefined;
  readonly limit: FloodLimit;
  connection: Connection | undefined;
  /** Why we closed it. */
  error: string | undefined;
}

/** `/update/`: devices. Each frame gets one answer, after it was stored. */
export function deviceSocket(options: {
  readonly service: DeviceService;
  readonly clock: Clock;
  readonly limits: FloodLimits;
}): SocketEndpoint<DeviceState> {
  const { service, clock, limits } = options;
  return {
    path: '/update/',
    access: 'open',
    // A little more than a frame may have, so that one of the limit's size gets an answer.
    maxMessageBytes: 1_049_600,
    maxBufferedBytes: 1_048_576,
    idleTimeoutS: 120,
    accept: ({ address, principal }) => ({
      address,
      tokenOf: principal.kind === 'device' ? principal.id : undefined,
      limit: new FloodLimit(limits, clock.monoMs()),
      connection: undefined,
      error: undefined,
    }),
    open(socket) {
      const state = stateOf(socket);
      state.connection = service.connect({
        address: state.address,
        tokenOf: state.tokenOf,
        send: (texts) => sendAll(socket, texts),
        close: (error) => closeFor(socket, error),
      });
      socket.send(GREETING, false);
    },
    message(socket, data) {
      const state = stateOf(socket);
      const { connection } = state;
      if (connection === undefined) return;
      const frame = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      const verdict = state.limit.take(frame.length, clock.monoMs());
      if (verdict === 'ok') {
        service.frame(connection, frame);
      } else if (verdict === 'refuse') {
        const { number, serial } = decodeFrame(frame);
        socket.send(errorReply(number, serial, 'too many messages, send slower'), false);
      } else {
        closeFor(socket, new EngineError('rate.limited', 'too many messages: send slower'));
      }
    },
    close(socket) {
      const state = stateOf(socket);
      if (state.connection === undefined) return;
      service.disconnected(state.connection, state.error);
      state.connection = undefined;
    },
  };
}

/** All texts in one write. A device that does not read its answers is closed as slow. */
function sendAll(socket: GatewaySocket<DeviceState>, texts: readonly Uint8Array[]): void {
  let dropped = false;
  socket.cork(() => {
    for (const text of texts) if (socket.send(text, false) === DROPPED) dropped = true;
  });
  if (dropped) {
    closeFor(socket, new EngineError('client.slow', 'the device does not read its answers'));
  }
}

const DROPPED = 2;

function closeFor(socket: GatewaySocket<DeviceState>, error: EngineError): void {
  const state = stateOf(socket);
  if (state.error !== undefined) return;
  state.error = error.message;
  socket.end(error.closeCode, error.message.slice(0, 100));
}
