import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { type Command, Option } from 'commander';
import { EngineError } from '../../engine/errors.js';
import type { AnswerOf } from '../client/calls.types.js';
import { createClient } from '../client/client.js';
import { ApiError } from '../client/errors.js';
import type { Role } from '../contract/rest.js';
import { Client } from './client.js';
import { readCredentials, writeCredentials } from './credentials.js';
import { ago, output, progress, state } from './output.js';
import { addressOf, contextOf, type Globals, listOf, watched } from './shared.js';

/** Asked at the terminal, or read from standard input when that is none. `hidden`: not echoed. */
async function ask(question: string, hidden: boolean): Promise<string> {
  const silent = new Writable({ write: (_, __, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: hidden ? silent : process.stderr,
    terminal: process.stdin.isTTY,
  });
  try {
    if (hidden) process.stderr.write(question);
    const text = await lines.question(hidden ? '' : question);
    if (hidden && process.stdin.isTTY) process.stderr.write('\n');
    return text;
  } finally {
    lines.close();
  }
}

async function login(url: string, username: string, days: number): Promise<string> {
  const password =
    process.env['EARSHOT_CLI_PASSWORD'] ?? (await ask(`Password of ${username}: `, true));
  let cookie = '';
  const calls = createClient({
    base: url,
    headers: () => (cookie === '' ? {} : { cookie, origin: url }),
    heard: (answer) => {
      cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    },
  });
  const { role } = await calls
    .call('POST', '/v1/login', { body: { username, password } })
    .catch((cause: unknown) => {
      const status = cause instanceof ApiError ? cause.status : 0;
      if (status === 0) {
        throw new EngineError('link.closed', `${url} cannot be reached`, { cause });
      }
      throw new EngineError(
        'auth.denied',
        `the server does not take this name and password (${status})`,
      );
    });
  const { secret, id } = await calls
    .call('POST', '/v1/tokens', {
      body: { name: 'earshot command line', role, expiresInDays: days },
    })
    .catch((cause: unknown) => {
      throw new EngineError('auth.denied', `no token: ${EngineError.from(cause).message}`);
    });
  // The login itself is not needed any more.
  await calls.call('POST', '/v1/logout');
  return writeCredentials({
    ...readCredentials(),
    [url]: { token: secret, tokenId: id, username },
  });
}

function sessionCommands(program: Command): void {
  program
    .command('login')
    .description(
      'sign in; a token is kept in your home folder. EARSHOT_CLI_PASSWORD or the terminal gives the password',
    )
    .argument('[username]', 'name', 'admin')
    .option('--days <n>', 'how long the token holds', Number, 90)
    .action(async (username: string, options: { days: number }, command: Command) => {
      const globals = command.optsWithGlobals<Globals>();
      const file = await login(addressOf(globals), username, options.days);
      output(globals.json === true).say(`signed in as ${username}; the token is in ${file}`);
    });
  program
    .command('logout')
    .description('forget the token, here and on the server')
    .action(async (_: object, command: Command) => {
      const globals = command.optsWithGlobals<Globals>();
      const url = addressOf(globals);
      const { [url]: mine, ...others } = readCredentials();
      if (mine !== undefined) {
        writeCredentials(others);
        await new Client({ url, token: mine.token }).call('DELETE', '/v1/tokens/{id}', {
          params: { id: mine.tokenId },
        });
      }
      output(globals.json === true).say(
        mine === undefined ? 'nobody was signed in' : `${mine.username} is signed out`,
      );
    });
}

function healthCommands(program: Command): void {
  program
    .command('status')
    .description('version, uptime, stores, threads and rates')
    .option('--watch', 'again every two seconds')
    .action(async (options: { watch?: boolean }, command: Command) => {
      await watched(options.watch === true, async () => {
        const { client, out, nowMs } = contextOf(command);
        const health = await client.call('GET', '/v1/health');
        out.data(health);
        const since = ago(nowMs() - health.uptimeS * 1_000, nowMs()).replace(' ago', '');
        out.say(`Earshot ${health.version}, up for ${since}: ${state(health.status)}`);
        out.table(
          ['Store', 'State', 'Home', 'Latency', 'Pending'],
          health.stores.map((row) => [
            row.id,
            state(row.state),
            row.home,
            row.latencyMs === null ? null : `${row.latencyMs.toFixed(1)} ms`,
            row.pendingRows,
          ]),
        );
        out.table(
          ['Thread', 'State', 'Actors', 'Restarts', 'Heap', 'Error'],
          health.shards.map((row) => [
            row.id,
            state(row.state),
            row.actors,
            row.restarts,
            `${Math.round(row.heapBytes / 1e6)} MB`,
            row.lastError,
          ]),
        );
        const rates = Object.entries(health.rates).filter(([, value]) => value > 0);
        out.table(
          ['Rate', 'a second'],
          rates.map(([name, value]) => [name, value.toFixed(1)]),
        );
      });
    });
  program
    .command('health')
    .description('is everything all right? exit code 6 when it is not')
    .action(async (_: object, command: Command) => {
      const context = contextOf(command);
      const { client, out } = context;
      const [site, devices] = await Promise.all([
        client.call('GET', '/v1/health'),
        client.call('GET', '/v1/health/devices'),
      ]);
      out.data({ site: site.status, devices });
      out.say(`site: ${state(site.status)}`);
      for (const row of [...site.stores, ...site.shards]) {
        if (row.lastError !== null) out.say(`  ${row.id}: ${state(row.state)} ${row.lastError}`);
      }
      const counts = Object.entries(devices.counts).filter(([, count]) => count > 0);
      out.say(
        `devices: ${state(devices.state)} (${counts.map(([name, count]) => `${count} ${name}`).join(', ') || 'none'})`,
      );
      if (site.status !== 'ok' || devices.state === 'unhealthy' || devices.state === 'partial')
        context.trouble();
    });
}

type User = AnswerOf<'GET', '/v1/users'>['items'][number];

async function userOf(client: Client, name: string): Promise<User> {
  const { items } = await client.call('GET', '/v1/users');
  const found = items.find(({ username }) => username === name);
  if (found === undefined) throw new EngineError('not-found', `there is no user ${name}`);
  return found;
}

function userCommands(program: Command): void {
  const user = program
    .command('user')
    .description('users: list, add, set a role or a password, remove');
  const role = (text: string) =>
    new Option('--role <role>', text).choices(['viewer', 'operator', 'admin']);
  user
    .command('list')
    .description('all users')
    .action(async (_: object, command: Command) => {
      const { client, out, nowMs } = contextOf(command);
      const { items } = await client.call('GET', '/v1/users');
      out.data(items);
      out.table(
        ['User', 'Role', 'Made'],
        items.map((row) => [row.username, row.role, ago(row.createdAtUnixMs, nowMs())]),
      );
    });
  user
    .command('add')
    .description('add one; EARSHOT_CLI_PASSWORD or the terminal gives the password')
    .argument('<username>')
    .addOption(role('what they may do').default('viewer'))
    .action(async (username: string, options: { role: Role }, command: Command) => {
      const { client, out } = contextOf(command);
      const password =
        process.env['EARSHOT_CLI_PASSWORD'] ?? (await ask(`Password for ${username}: `, true));
      const made = await client.call('POST', '/v1/users', {
        body: { username, password, role: options.role },
      });
      out.data(made);
      out.say(`${username} may sign in as ${options.role}`);
    });
  user
    .command('set')
    .description('change a role, or with --password the password')
    .argument('<username>')
    .addOption(role('new role'))
    .option('--password', 'ask for a new password')
    .action(
      async (username: string, options: { role?: Role; password?: boolean }, command: Command) => {
        const { client, out } = contextOf(command);
        const { id } = await userOf(client, username);
        const password =
          options.password === true
            ? (process.env['EARSHOT_CLI_PASSWORD'] ??
              (await ask(`New password for ${username}: `, true)))
            : undefined;
        const changed = await client.call('PATCH', '/v1/users/{id}', {
          params: { id },
          body: { role: options.role, password },
        });
        out.data(changed);
        out.say(`${username} is changed`);
      },
    );
  user
    .command('remove')
    .description('remove one')
    .argument('<username>')
    .action(async (username: string, _: object, command: Command) => {
      const { client, out } = contextOf(command);
      await client.call('DELETE', '/v1/users/{id}', {
        params: { id: (await userOf(client, username)).id },
      });
      out.data({ removed: username });
      out.say(`${username} is removed`);
    });
}

const DAY_MS = 86_400_000;

function exportCommand(program: Command): void {
  program
    .command('export')
    .description(
      'history of parameters as a file: earshot export shure-text:1:10.0.0.5/1.audio_percent --out a.csv',
    )
    .argument('<parameters>', '<device>/<parameter>, several with commas', listOf)
    .option('--out <file>', 'file; - for standard output', '-')
    .addOption(
      new Option('--format <format>', 'of the file').choices(['csv', 'parquet']).default('csv'),
    )
    .option('--from <time>', 'ISO time; default a day ago')
    .option('--to <time>', 'ISO time; default now')
    .action(
      async (
        parameters: readonly string[],
        options: { out: string; format: 'csv' | 'parquet'; from?: string; to?: string },
        command: Command,
      ) => {
        const { client, out, nowMs } = contextOf(command);
        const time = (name: string, text: string | undefined, otherwise: number): number => {
          const at = text === undefined ? otherwise : Date.parse(text);
          if (Number.isNaN(at))
            throw new EngineError(
              'input.invalid',
              `--${name}: ${text ?? ''} is no time like 2026-05-01T20:00:00Z`,
            );
          return at;
        };
        const query = {
          channel: parameters.join(','),
          format: options.format,
          from: time('from', options.from, nowMs() - DAY_MS),
          to: time('to', options.to, nowMs()),
        };
        const bytes = await client.download(options.out, () => undefined, '/v1/series/export', {
          query,
        });
        if (options.out === '-') return;
        out.data({ file: options.out, bytes });
        out.say(`${bytes} bytes in ${options.out}`);
      },
    );
}

function backupCommand(program: Command): void {
  program
    .command('backup')
    .description(
      'everything of a running site into one file: settings, devices, content, media and history',
    )
    .argument('<file>', 'ZIP to write')
    .option('--no-media', 'without recordings and pictures')
    .option('--no-history', 'without the history')
    .action(
      async (file: string, options: { media: boolean; history: boolean }, command: Command) => {
        const { client, out } = contextOf(command);
        const bar = progress(out.json, 'backup');
        const bytes = await client
          .download(
            file,
            (now, of) => {
              if (of === undefined) bar.bytes(now);
              else bar.set(now / of);
            },
            '/v1/backup',
            { query: { media: options.media, history: options.history } },
          )
          .finally(() => bar.end());
        out.data({ file, bytes });
        out.say(
          `${(bytes / 1e6).toFixed(1)} MB in ${file}; "earshot restore ${file} --data FOLDER" makes a site of it`,
        );
      },
    );
}

/** Commands about the site as a whole. */
export function siteCommands(program: Command): void {
  sessionCommands(program);
  healthCommands(program);
  exportCommand(program);
  backupCommand(program);
  userCommands(program);
}
