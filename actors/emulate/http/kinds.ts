import { startHttpJson } from '../http-json/emulator.js';
import type { Emulation, EmulatorKind } from '../kind.types.js';
import { startSennheiserSsc } from '../sennheiser-ssc/emulator.js';
import { startShureSystem } from '../shure-system/emulator.js';
import { FAULTS, isFault } from './faults.js';
import type { EmulatorOptions, EmulatorServer } from './server.js';

type Start = (options: EmulatorOptions) => Promise<EmulatorServer | readonly EmulatorServer[]>;

function kindOf(name: string, description: string, start: Start): EmulatorKind {
  return {
    name,
    description,
    faults: FAULTS,
    settings: {
      share: 'of all answers and events that go wrong, 0 to 1; 0.05 when faults are given',
      tls: 'true: HTTPS with a certificate of its own',
    },
    start: async ({ devices, host, port, seed, faults, settings, clock }): Promise<Emulation> => {
      const started = await start({
        devices,
        host,
        port,
        seed,
        faults: faults.filter(isFault),
        faultShare: Number(settings.get('share') ?? 0.05),
        tls: settings.get('tls') === 'true',
        clock,
      });
      const servers = 'address' in started ? [started] : started;
      return {
        ready: { address: servers[0]?.address, addresses: servers.map(({ address }) => address) },
        control: (command) => {
          for (const server of servers) server.control(command);
          return servers[0]?.stats() ?? {};
        },
        stop: async () => {
          await Promise.all(servers.map((server) => server.stop()));
        },
      };
    },
  };
}

/** Kinds that speak over HTTP. Beside standard input they are steered by `PUT /__emulate` with the same JSON. */
export const HTTP_KINDS: readonly EmulatorKind[] = [
  kindOf(
    'shure-system',
    'A Shure System API service with receivers: REST and WebSocket.',
    startShureSystem,
  ),
  kindOf(
    'sennheiser-ssc',
    'Sennheiser EW-DX receivers and ceiling microphones with SSCv2, a port each: REST and SSE.',
    startSennheiserSsc,
  ),
  kindOf('http-json', 'Climate sensors with a valve that answer JSON.', startHttpJson),
];
