/**
 * Files of a new plugin, by name. It polls a device that answers its state as JSON and takes a setting: enough to
 * show every part of the interface.
 */
export function templateFiles(code: string): ReadonlyMap<string, string> {
  const name = code
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ');
  return new Map([
    ['plugin.mjs', PLUGIN.replaceAll('CODE', code).replaceAll('NAME', name)],
    ['emulator.mjs', EMULATOR.replaceAll('NAME', name)],
    ['plugin.test.mjs', TEST],
    [
      'package.json',
      `${JSON.stringify({ name: `earshot-plugin-${code}`, version: '1.0.0', type: 'module', main: 'plugin.mjs', private: true }, null, 2)}\n`,
    ],
  ]);
}

const PLUGIN = `// Reads a device that answers GET /state with {"temperature": 21.5, "fan": 40} and takes PUT /fan {"value": 60}.

/**
 * What the device said, as [parameter, value] pairs. Only what it really said: a field that is missing or no number
 * is left out.
 * @param {unknown} state
 * @returns {[string, number][]}
 */
export function valuesOf(state) {
  if (typeof state !== 'object' || state === null) return [];
  const pairs = [];
  for (const id of ['temperature', 'fan']) {
    const value = state[id];
    if (typeof value === 'number' && Number.isFinite(value)) pairs.push([id, value]);
  }
  return pairs;
}

/** A function, so that nothing needs to be installed: zod and the error class are given. */
export function plugin({ z, EngineError }) {
  return {
    manifest: {
      sdk: 1,
      code: 'CODE',
      name: 'NAME',
      version: '1.0.0',
      description: 'Temperature and fan of a device that speaks HTTP.',
      vendor: 'My company',
      roles: ['sensor'],
      reach: 'devices',
      defaultPort: 80,
      discovers: ['scan'],
    },

    // Of an instance: one for each site, login or network. Shown as a form; secrets: .meta({ secret: true }).
    configuration: z.strictObject({
      intervalMs: z
        .int()
        .min(100)
        .max(3_600_000)
        .default(1_000)
        .meta({ title: 'Interval, ms', description: 'Between two readings of a device.' }),
    }),

    open({ config, net, clock }) {
      // At most 50 requests a second for all devices of the instance; the rest wait in order.
      net.limit('state', 50);

      const base = (target) => \`http://\${target.address}:\${target.port ?? 80}\`;
      const state = async (url, signal) => {
        const answer = await net.http({ url: \`\${url}/state\`, bucket: 'state', signal });
        if (answer.status !== 200) {
          throw new EngineError('device.refused', \`\${url} answered with status \${answer.status}\`);
        }
        return answer.json();
      };

      return {
        async discover({ hosts, asked }, found, signal) {
          for (const host of hosts) {
            if (signal.aborted) return;
            try {
              await state(\`http://\${host}\`, signal);
              found({ externalId: host, address: host, role: 'sensor' });
            } catch {
              // Most hosts of a scan are something else: that is no error.
            }
            asked(host);
          }
        },

        async connect(target, session) {
          const url = base(target);
          const first = await state(url, session.signal);
          const channels = {
            temperature: session.channel({
              id: 'temperature',
              name: 'Temperature',
              kind: 'number',
              unit: '°C',
              min: -40,
              max: 125,
              decimals: 1,
              direction: 'input',
              role: 'measurement',
            }),
            fan: session.channel({
              id: 'fan',
              name: 'Fan',
              kind: 'number',
              unit: '%',
              min: 0,
              max: 100,
              direction: 'bidirectional',
              safeValue: 100,
            }),
          };
          session.identify({ role: 'sensor', name: first.name, model: first.model });
          const tell = (values) => {
            session.alive();
            for (const [id, value] of valuesOf(values)) session.read(channels[id], value);
          };
          tell(first);

          let timer;
          let closed = false;
          const poll = async () => {
            try {
              tell(await state(url, session.signal));
              if (!closed) timer = clock.setTimeout(poll, config.intervalMs);
            } catch (error) {
              // The host connects again, with its own pauses.
              session.lost(error);
            }
          };
          timer = clock.setTimeout(poll, config.intervalMs);

          return {
            async command(id, value, signal) {
              const answer = await net.http({
                method: 'PUT',
                url: \`\${url}/\${id}\`,
                body: { value },
                signal,
              });
              if (answer.status !== 200) throw new EngineError('device.refused', answer.text);
            },
            close() {
              closed = true;
              clock.clearTimeout(timer);
            },
          };
        },

        async checkHealth() {
          const { consecutiveFailures } = net.health;
          return {
            status: consecutiveFailures < 5 ? 'healthy' : 'unreachable',
            message: undefined,
            detail: { consecutiveFailures },
          };
        },

        close() {},
      };
    },
  };
}
`;

const EMULATOR = `// The device, for trying the plugin out: "npm run plugin:check" starts it by itself.
import { createServer } from 'node:http';

/** @returns {Promise<{ address: string, port: number, close(): Promise<void> }>} */
export async function start() {
  let fan = 40;
  let temperature = 21;
  const server = createServer((request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (request.method === 'GET' && request.url === '/state') {
      temperature += Math.random() - 0.5 - (fan - 40) / 1_000;
      answer(200, { name: 'NAME', model: 'Emulator', temperature, fan });
      return;
    }
    if (request.method === 'PUT' && request.url === '/fan') {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        fan = Number(JSON.parse(text).value);
        answer(200, { fan });
      });
      return;
    }
    answer(404, { error: 'GET /state or PUT /fan' });
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: '127.0.0.1',
    port: server.address().port,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
`;

const TEST = `// node --test plugin.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valuesOf } from './plugin.mjs';

test('a state becomes values, and what is no number is left out', () => {
  assert.deepEqual(valuesOf({ temperature: 21.5, fan: 40 }), [
    ['temperature', 21.5],
    ['fan', 40],
  ]);
  assert.deepEqual(valuesOf({ temperature: 'warm', fan: null }), []);
  assert.deepEqual(valuesOf('nonsense'), []);
});
`;
