/**
 * SMART-OS: devices on `/update/`, browsers on `/client/`, and on any other path that ends in one of the two,
 * as with its first server. Holds no state of its own beyond its sockets.
 */
import type { Clock } from '../../../engine/clock.js';
import type { DeviceService } from '../../devices/service.js';
import { type SocketEndpoint, socketEndpoint } from '../../http/socket.types.js';
import type { LiveTable } from '../../live/table.types.js';
import { Browsers } from './browsers.js';
import { deviceSocket } from './device-socket.js';
import { BROWSER_LIMITS, DEVICE_LIMITS, type FloodLimits } from './flood-limit.js';

export interface SmartosOptions {
  readonly service: DeviceService;
  readonly devices: LiveTable;
  readonly clock: Clock;
  /** Sends to all sockets that subscribed to a topic: `Gateway.publish` with text. */
  readonly publish: (topic: string, text: Uint8Array) => void;
  readonly deviceLimits?: FloodLimits;
  readonly browserLimits?: FloodLimits;
}

/** The sockets of the personality, for `GatewayOptions.sockets`. */
export function smartosSockets(options: SmartosOptions): readonly SocketEndpoint[] {
  const { service, clock, devices, publish } = options;
  const limits = options.deviceLimits ?? DEVICE_LIMITS;
  const browser = new Browsers({
    service,
    devices,
    clock,
    publish,
    limits: options.browserLimits ?? BROWSER_LIMITS,
  }).endpoint;
  const device = deviceSocket({ service, clock, limits });
  // The first server matched the end of the path only; four folders deep is more than anybody used.
  return ['', '/{a}', '/{a}/{b}', '/{a}/{b}/{c}', '/{a}/{b}/{c}/{d}'].flatMap((prefix) => [
    at(`${prefix}/update/`, device),
    at(`${prefix}/update`, device),
    at(`${prefix}/client/`, browser),
    at(`${prefix}/client`, browser),
  ]);
}

function at<T>(path: string, endpoint: SocketEndpoint<T>): SocketEndpoint {
  return socketEndpoint({ ...endpoint, path });
}
