import { infoReply, peekSerial } from '../../../actors/device/smartos.codec.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { DeviceService } from '../../devices/service.js';
import { type GatewaySocket, type SocketEndpoint, stateOf } from '../../http/socket.types.js';
import type { LiveTable } from '../../live/table.types.js';
import { checkFields, type FiltQuery, filterKey, matches, parseFilt, select } from './filt.js';
import { FloodLimit, type FloodLimits } from './flood-limit.js';
import { isColumn, readable, rowOf, rowsOf } from './rows.js';

const GREETING = infoReply(
  "Welcome to SMART-Server - SolMate Real-Time ObServer! - ClientConsumer: groups ['broadcast']",
);
const TOPIC = 'smartos';
/** Different filters of live updates at a time. */
const MAX_FILTERS = 500;

interface BrowserState {
  readonly limit: FloodLimit;
  /** Topic it is subscribed to. */
  topic: string;
}

interface Group {
  readonly query: FiltQuery;
  readonly topic: string;
  members: number;
}

export interface BrowsersOptions {
  readonly service: DeviceService;
  readonly devices: LiveTable;
  readonly clock: Clock;
  readonly limits: FloodLimits;
  /** Sends to all sockets that subscribed to a topic. */
  readonly publish: (topic: string, text: Uint8Array) => void;
}

/** `/client/`: browsers. They get all rows, then every frame as its device sent it, or those that match their filter. */
export class Browsers {
  readonly endpoint: SocketEndpoint<BrowserState>;
  readonly #options: BrowsersOptions;
  readonly #groups = new Map<string, Group>();
  #open = 0;
  #all = 0;
  #unobserve: () => void = () => {};

  constructor(options: BrowsersOptions) {
    this.#options = options;
    const { clock, limits } = options;
    this.endpoint = {
      path: '/client/',
      access: 'open',
      maxMessageBytes: 65_536,
      // A browser that reads too slowly loses frames beyond this, and nobody else does.
      maxBufferedBytes: 16_777_216,
      idleTimeoutS: 120,
      accept: () => ({ limit: new FloodLimit(limits, clock.monoMs()), topic: '' }),
      open: (socket) => this.#opened(socket),
      message: (socket, data) => this.#message(socket, data),
      close: (socket) => this.#closed(socket),
    };
  }

  #opened(socket: GatewaySocket<BrowserState>): void {
    this.#open += 1;
    if (this.#open === 1) {
      this.#unobserve = this.#options.service.observe((frames) => this.#broadcast(frames));
    }
    socket.send(GREETING, false);
    const rows = select({ filters: [], sorts: [], live: undefined }, this.#rows());
    socket.send(JSON.stringify({ type: 'INIT', message: rows }), false);
    this.#join(socket, undefined);
  }

  #closed(socket: GatewaySocket<BrowserState>): void {
    this.#leave(stateOf(socket).topic);
    this.#open -= 1;
    if (this.#open === 0) this.#unobserve();
  }

  #message(socket: GatewaySocket<BrowserState>, data: Uint8Array): void {
    const verdict = stateOf(socket).limit.take(data.length, this.#options.clock.monoMs());
    if (verdict === 'close') throw new EngineError('rate.limited', 'too many queries: ask slower');
    try {
      if (verdict === 'refuse') {
        throw new EngineError('rate.limited', 'too many queries, ask slower');
      }
      const query = parseFilt(queryOf(data));
      checkFields(query, (field) => isColumn(this.#options.devices, field));
      if (query.live === 'filtered') this.#join(socket, query);
      else if (query.live === 'all') this.#join(socket, undefined);
      socket.send(JSON.stringify({ type: 'FILT', message: this.#select(query) }), false);
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code === 'internal') throw error;
      socket.send(infoReply(`ERROR: ${error.message}`), false);
    }
  }

  #rows() {
    return rowsOf(this.#options.devices).map(rowOf);
  }

  #select(query: FiltQuery) {
    const devices = rowsOf(this.#options.devices).map(readable);
    return select(query, devices).map((row) => {
      const device = this.#options.devices.get(String(row['serial_number']));
      return device === undefined ? {} : rowOf(device);
    });
  }

  /** Subscribes the socket to updates that match `query`, or to all. */
  #join(socket: GatewaySocket<BrowserState>, query: FiltQuery | undefined): void {
    const state = stateOf(socket);
    const topic = query === undefined ? TOPIC : `${TOPIC}/${filterKey(query)}`;
    if (topic === state.topic) return;
    if (query !== undefined && !this.#groups.has(topic)) {
      if (this.#groups.size >= MAX_FILTERS) {
        throw new EngineError('server.busy', `${MAX_FILTERS} different live filters are in use`);
      }
      this.#groups.set(topic, { query, topic, members: 0 });
    }
    if (state.topic !== '') socket.unsubscribe(state.topic);
    this.#leave(state.topic);
    socket.subscribe(topic);
    state.topic = topic;
    const group = this.#groups.get(topic);
    if (group === undefined) this.#all += 1;
    else group.members += 1;
  }

  #leave(topic: string): void {
    const group = this.#groups.get(topic);
    if (group === undefined) {
      if (topic === TOPIC) this.#all -= 1;
      return;
    }
    group.members -= 1;
    if (group.members === 0) this.#groups.delete(topic);
  }

  #broadcast(frames: readonly Uint8Array[]): void {
    const { publish, devices } = this.#options;
    for (const frame of frames) {
      if (this.#all > 0) publish(TOPIC, frame);
      if (this.#groups.size === 0) continue;
      const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
      const device = devices.get(peekSerial(bytes) ?? '');
      if (device === undefined) continue;
      const row = readable(device);
      for (const { query, topic } of this.#groups.values()) {
        if (matches(query, row)) publish(topic, frame);
      }
    }
  }
}

/** The message of a `FILT` frame. @throws EngineError `input.invalid`. */
function queryOf(data: Uint8Array): unknown {
  let frame: unknown;
  try {
    frame = JSON.parse(Buffer.from(data).toString());
  } catch (cause) {
    throw new EngineError('input.invalid', 'a message must be JSON', { cause });
  }
  if (typeof frame !== 'object' || frame === null || !('type' in frame) || frame.type !== 'FILT') {
    throw new EngineError('input.invalid', 'type must be FILT');
  }
  return 'message' in frame ? frame.message : undefined;
}
