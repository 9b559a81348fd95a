/**
 * A plugin that does, for the tests, everything a plugin should not: what a device does is in its configuration,
 * what an instance does in its own. `address` and `port` lead to a TCP server of the test.
 */
import { z } from 'zod';
import { EngineError, isErrorCode } from '../../../../engine/errors.js';
import { guarded } from '../../../../engine/guarded.js';
import type { DeviceConnection, Plugin, PluginInstance } from '../../sdk/plugin.types.js';

const configuration = z.strictObject({
  open: z.enum(['well', 'throws', 'hangs']).default('well'),
  close: z.enum(['well', 'throws', 'hangs']).default('well'),
  password: z.string().default('').meta({ title: 'Password', secret: true }),
  log: z.string().default(''),
  lines: z.int().default(1),
});

const deviceConfiguration = z.strictObject({
  connect: z.enum(['well', 'hangs', 'throws', 'tcp']).default('well'),
  code: z.string().default('device.unreachable'),
  text: z.string().default('it does not answer'),
  /** After it is connected. */
  misdeed: z
    .enum([
      'nothing',
      'timer-throws',
      'spins',
      'leaks',
      'floods',
      'lost',
      'wrong-clock',
      'declares',
    ])
    .default('nothing'),
  afterMs: z.int().default(10),
});

type WildConfig = z.infer<typeof configuration>;
type WildDevice = z.infer<typeof deviceConfiguration>;

const FLOOD = 50_000;
const DAY_MS = 86_400_000;

export const plugin: Plugin<WildConfig, WildDevice> = {
  manifest: {
    sdk: 1,
    code: 'wild',
    name: 'Wild',
    version: '1.0.0',
    description: 'Does what a plugin should not.',
    vendor: 'Earshot',
    roles: ['sensor'],
    reach: 'devices',
    defaultPort: 1,
    discovers: ['scan'],
  },
  configuration,
  deviceConfiguration,
  open: async ({ config, net, clock, log }): Promise<PluginInstance<WildDevice>> => {
    if (config.open === 'throws') throw new Error(`no login with ${config.password}`);
    if (config.open === 'hangs') await new Promise(() => undefined);
    for (let n = 0; n < config.lines; n += 1) {
      if (config.log !== '') log('info', `${config.log} ${config.password}`);
    }
    return {
      discover: async ({ hosts, asked }, found, signal) => {
        for (const host of hosts) {
          asked(host);
          found({ externalId: host, address: host, role: 'sensor' });
        }
        await new Promise<void>((resolve) => {
          if (hosts.length > 0) resolve();
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      },
      checkHealth: async () => {
        await Promise.resolve();
        throw new Error(`no answer to ${config.password}`);
      },
      connect: async ({ address, port, config: device }, session): Promise<DeviceConnection> => {
        if (device.connect === 'hangs') await new Promise(() => undefined);
        if (device.connect === 'throws') {
          const code = isErrorCode(device.code) ? device.code : 'internal';
          throw new EngineError(code, device.text);
        }
        let end = (): void => undefined;
        if (device.connect === 'tcp') {
          const { signal } = session;
          const socket = await net.tcp({ host: address ?? '127.0.0.1', port: port ?? 1, signal });
          socket.on('data', () => session.alive());
          socket.on('close', () => {
            session.lost(new EngineError('device.unreachable', 'the device closed the connection'));
          });
          end = () => socket.destroy();
        }
        const handle = session.channel({
          id: 'level',
          name: 'Level',
          kind: 'number',
          direction: 'bidirectional',
        });
        session.identify({ name: 'wild' });
        session.read(handle, 1);
        const kept: number[][] = [];
        const misbehave = (): void => {
          switch (device.misdeed) {
            case 'timer-throws':
              throw new Error('thrown in a timer');
            case 'spins':
              for (;;) session.alive();
            case 'leaks':
              for (;;) kept.push(new Array<number>(100_000).fill(kept.length));
            case 'floods':
              for (let n = 0; n < FLOOD; n += 1) session.read(handle, n);
              session.read(handle, Number.NaN);
              break;
            case 'lost':
              session.lost(new EngineError('device.unreachable', 'went away'));
              break;
            case 'wrong-clock':
              for (let n = 0; n < 3; n += 1)
                session.read(handle, 10 + n, clock.nowMs() - 365 * DAY_MS);
              break;
            case 'declares':
              guarded(
                () => {
                  for (let n = 0; ; n += 1) {
                    session.channel({ id: `p${n}`, name: 'P', kind: 'number', direction: 'input' });
                  }
                },
                (error) => session.lost(error),
              )();
              break;
            case 'nothing':
              break;
          }
        };
        clock.setTimeout(misbehave, device.afterMs);
        return {
          command: async (_id, value) => {
            if (value === 1) await new Promise(() => undefined);
            if (value === 2) throw new Error('the knob is stuck');
          },
          close: () => {
            end();
          },
        };
      },
      close: async () => {
        if (config.close === 'throws') throw new Error('cannot close');
        if (config.close === 'hangs') await new Promise(() => undefined);
      },
    };
  },
};
