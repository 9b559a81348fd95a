import type { Command } from 'commander';
import { EngineError } from '../../engine/errors.js';
import type { AnswerOf, RowOf } from '../client/calls.types.js';
import { fileBody } from './client.js';
import { ago, progress, state } from './output.js';
import { type Context, contextOf, listOf, watched, wholeNumber } from './shared.js';

interface Wish {
  readonly vendor?: string;
  readonly state?: string;
  readonly find?: string;
  readonly verbose?: boolean;
  readonly watch?: boolean;
}

interface SearchWish {
  readonly vendor?: string;
  readonly cidr?: readonly string[];
  readonly host?: readonly string[];
  readonly multicast?: boolean;
  readonly server?: boolean;
  readonly approve?: readonly string[];
  readonly reject?: readonly string[];
}

/** The live query's filter as the lists take it. */
const equal = (field: string, value: string | undefined) =>
  value === undefined ? [] : [{ field, op: '==', value }];

function filterOf(...conditions: readonly object[][]): Record<string, string> {
  const all = conditions.flat();
  return all.length === 0 ? {} : { filter: JSON.stringify({ and: all }) };
}

/** The instance that is meant by its number or name; without a wish the only one. @throws EngineError `not-found`, `input.invalid` */
async function instanceOf(
  client: Context['client'],
  wish: string | undefined,
): Promise<AnswerOf<'GET', '/v1/plugin-instances'>['items'][number]> {
  const { items: rows } = await client.call('GET', '/v1/plugin-instances');
  const found =
    wish === undefined
      ? rows
      : rows.filter(({ id, name, plugin }) => [String(id), name, plugin].includes(wish));
  const [first, second] = found;
  if (first === undefined) {
    throw new EngineError(
      'not-found',
      `there is no vendor connection ${wish ?? ''}: make one on the page Devices › Vendors`,
    );
  }
  if (second !== undefined) {
    const names = found.map(({ id, name }) => `${id} (${name})`).join(', ');
    throw new EngineError(
      'input.invalid',
      `--vendor: several fit, name one by its number: ${names}`,
    );
  }
  return first;
}

async function showDevices({ client, out, nowMs }: Context, options: Wish): Promise<void> {
  const query = filterOf(
    equal('protocol', options.vendor),
    equal('state', options.state),
    options.find === undefined
      ? []
      : [
          {
            or: ['name', 'id', 'serial', 'address'].map((field) => ({
              field,
              op: 'contains',
              value: options.find,
            })),
          },
        ],
  );
  const rows = await client.rows('/v1/devices', query);
  out.data(rows);
  out.table(
    ['Device', 'Name', 'Model', 'State', 'Address', 'Heard', 'Error'],
    rows.map((row) => [
      row.id,
      row.name,
      row.model,
      state(row.state),
      row.address,
      ago(row.lastSeenUnixMs, nowMs()),
      row.lastError,
    ]),
  );
  out.say(`${rows.length} devices`);
}

async function showConnections(context: Context, options: Wish): Promise<void> {
  const { client, out, nowMs } = context;
  const rows = await client.rows(
    '/v1/connections',
    filterOf(equal('vendor', options.vendor), equal('state', options.state)),
  );
  const summary = await client.call('GET', '/v1/connections/summary', {
    query: { vendor: options.vendor },
  });
  out.data({ summary, connections: rows });
  const short = (row: RowOf<'/v1/connections'>) => [
    row.deviceName,
    row.vendor,
    state(row.held ? 'connecting' : row.state) + (row.held ? ' (held)' : ''),
    ago(row.sinceUnixMs, nowMs()),
    ago(row.lastMessageAtUnixMs, nowMs()),
    row.errorMessage,
  ];
  if (options.verbose === true) {
    out.table(
      [
        'Device',
        'Vendor',
        'State',
        'Since',
        'Heard',
        'Error',
        'Id',
        'Address',
        'Attempts',
        'Reconnects',
        'Errors',
        'Dropped',
      ],
      rows.map((row) => [
        ...short(row),
        row.id,
        row.address,
        row.attempts,
        row.reconnects,
        row.errorCount,
        row.readsDropped,
      ]),
    );
  } else out.table(['Device', 'Vendor', 'State', 'Since', 'Heard', 'Error'], rows.map(short));
  out.say(
    `${summary.connected} of ${summary.total} connected (${summary.healthyPercentage.toFixed(1)} %), ${summary.connecting} connecting, ${summary.disconnected} disconnected, ${summary.error} with errors, ${summary.stopped} stopped`,
  );
  if (summary.error + summary.disconnected > 0) context.trouble();
}

async function discover({ client, out }: Context, options: SearchWish): Promise<void> {
  const instance = await instanceOf(client, options.vendor);
  const somewhere = options.cidr !== undefined || options.host !== undefined;
  const { scanId } = await client.call('POST', '/v1/scans', {
    body: {
      instanceId: instance.id,
      cidrs: options.cidr,
      hosts: options.host,
      multicast: options.multicast ?? !somewhere,
      server: options.server ?? !somewhere,
    },
  });
  const bar = progress(out.json, 'searching');
  let row: RowOf<'/v1/scans'> | undefined;
  do {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const rows = await client.rows('/v1/scans');
    row = rows.find(({ id }) => id === scanId);
    bar.set(row?.progress ?? 1);
  } while (row?.state === 'running');
  bar.end();
  const found = await client.rows(
    '/v1/discoveries',
    filterOf([{ field: 'instanceId', op: '==', value: instance.id }]),
  );
  out.data({ scan: row, discoveries: found });
  out.table(
    ['No', 'Device', 'Name', 'Model', 'Serial', 'State'],
    found.map((one) => [one.id, one.externalId, one.name, one.model, one.serial, state(one.state)]),
  );
  out.say(
    `asked ${row?.asked ?? 0} hosts, found ${row?.found ?? 0}; approve with "earshot discover --approve <no,…>"`,
  );
  if (row?.state === 'failed')
    throw new EngineError('device.unreachable', row.error ?? 'the search failed');
}

/** Commands about devices, their connections and the plugins that drive them. */
export function deviceCommands(program: Command): void {
  program
    .command('devices')
    .description('list devices')
    .option('--vendor <plugin>', 'of one plugin')
    .option('--state <state>', 'in one state')
    .option('--find <text>', 'with this in name, id, serial or address')
    .option('--watch', 'again every two seconds')
    .action(async (options: Wish, command: Command) => {
      await watched(options.watch === true, () => showDevices(contextOf(command), options));
    });
  program
    .command('connections')
    .description(
      'list connections of plugin devices, with a summary; exit code 6 when some are in trouble',
    )
    .option('--vendor <plugin>', 'of one plugin')
    .option('--state <state>', 'connecting, connected, disconnected, error or stopped')
    .option('--verbose', 'with counters and addresses')
    .option('--watch', 'again every two seconds')
    .action(async (options: Wish, command: Command) => {
      await watched(options.watch === true, () => showConnections(contextOf(command), options));
    });
  program
    .command('poll')
    .description('test vendor connections, and try lost devices again at once')
    .option('--vendor <plugin>', 'of one plugin')
    .option('--force', 'renew connections that work, too')
    .action(async (options: { vendor?: string; force?: boolean }, command: Command) => {
      const context = contextOf(command);
      const { client, out } = context;
      const { items: instances } = await client.call('GET', '/v1/plugin-instances');
      const wanted = instances.filter(
        ({ plugin }) => options.vendor === undefined || plugin === options.vendor,
      );
      const bar = progress(out.json, 'testing');
      const checks = [];
      for (const [i, instance] of wanted.entries()) {
        const report = await client
          .call('POST', '/v1/plugin-instances/{id}/check', { params: { id: instance.id } })
          .catch((thrown: unknown) => ({
            status: 'error' as const,
            message: EngineError.from(thrown).message,
          }));
        checks.push({ ...instance, ...report });
        bar.set((i + 1) / wanted.length);
      }
      bar.end();
      const rows = await client.rows('/v1/connections', filterOf(equal('vendor', options.vendor)));
      const ids = rows
        .filter(
          ({ state: now }) => now !== 'stopped' && (options.force === true || now !== 'connected'),
        )
        .map(({ id }) => id);
      let renewed = 0;
      for (let at = 0; at < ids.length; at += 1_000) {
        const { done } = await client.call('POST', '/v1/connections/actions', {
          body: { ids: ids.slice(at, at + 1_000), action: 'reconnect' },
        });
        renewed += done;
      }
      out.data({ checks, renewed });
      out.table(
        ['Vendor connection', 'Plugin', 'Health', 'Says'],
        checks.map((one) => [one.name, one.plugin, state(one.status), one.message]),
      );
      out.say(`${renewed} connections are tried again`);
      if (checks.some(({ status }) => status !== 'healthy')) context.trouble();
    });
  program
    .command('discover')
    .description('search for devices, and decide about what was found')
    .option(
      '--vendor <instance>',
      'number, name or plugin of the vendor connection; needed when there are several',
    )
    .option('--cidr <ranges>', 'ranges of addresses, as 10.0.0.0/24,10.0.1.0/24', listOf)
    .option('--host <names>', 'host names or addresses', listOf)
    .option('--multicast', 'listen for announcements')
    .option('--server', "ask the vendor's server")
    .option('--approve <numbers>', 'take these from the queue, instead of searching', listOf)
    .option('--reject <numbers>', 'turn these down, instead of searching', listOf)
    .action(async (options: SearchWish, command: Command) => {
      const context = contextOf(command);
      const ids = options.approve ?? options.reject;
      if (ids === undefined) {
        await discover(context, options);
        return;
      }
      const action = options.approve === undefined ? 'reject' : 'approve';
      const { client, out } = context;
      const answer = await client.call('POST', '/v1/discoveries/actions', {
        body: { ids: ids.map(Number), action },
      });
      out.data(answer);
      out.say(`${answer.done} done`);
      for (const { id, reason } of answer.refused) out.say(`${id}: ${reason}`);
      if (answer.refused.length > 0) context.trouble();
    });
  program
    .command('add')
    .description('add a device of a vendor connection')
    .argument('<address>', 'address or name of the device, or its id at the vendor’s server')
    .option('--vendor <instance>', 'number, name or plugin of the vendor connection')
    .option('--port <n>', 'port', wholeNumber(1, 65_535))
    .option('--name <text>', 'its name here')
    .action(
      async (
        address: string,
        options: { vendor?: string; port?: number; name?: string },
        command: Command,
      ) => {
        const { client, out } = contextOf(command);
        const instance = await instanceOf(client, options.vendor);
        const made = await client.call('POST', '/v1/devices', {
          body: {
            instanceId: instance.id,
            externalId: options.port === undefined ? address : `${address}:${options.port}`,
            address,
            port: options.port,
            name: options.name,
          },
        });
        out.data(made);
        out.say(`added ${made.device.id}`);
      },
    );
  program
    .command('import')
    .description('add devices from a CSV table (docs/devices.md says which columns)')
    .argument('<file>', 'the table')
    .option('--dry-run', 'only say what would happen')
    .action(async (file: string, options: { dryRun?: boolean }, command: Command) => {
      const context = contextOf(command);
      const report = await context.client.call('POST', '/v1/devices/import', {
        query: { dryRun: options.dryRun === true ? 'true' : 'false' },
        upload: await fileBody(file, 'text/csv'),
      });
      const { out } = context;
      out.data(report);
      out.table(
        ['Row', 'Field', 'Problem'],
        report.problems.map(({ row, field, message }) => [row, field, message]),
      );
      out.say(
        `${report.rows} rows: ${report.made} ${options.dryRun === true ? 'would be ' : ''}made, ${report.skipped} known, ${report.problems.length} problems`,
      );
      if (report.problems.length > 0) context.trouble();
    });
  program
    .command('plugins')
    .description('list plugins and vendor connections')
    .option('--reload', 'look for new and changed ones first')
    .action(async (options: { reload?: boolean }, command: Command) => {
      const context = contextOf(command);
      const { client, out } = context;
      if (options.reload === true) await client.call('POST', '/v1/plugins/reload');
      const plugins = await client.rows('/v1/plugins');
      out.data(plugins);
      out.table(
        [
          'Plugin',
          'Name',
          'Version',
          'From',
          'State',
          'Connections',
          'Devices',
          'Restarts',
          'Error',
        ],
        plugins.map((row) => [
          row.id,
          row.name,
          row.version,
          row.source,
          state(row.state),
          row.instances,
          row.devices,
          row.restarts,
          row.error,
        ]),
      );
      if (plugins.some(({ state: now }) => now === 'failed' || now === 'lost')) context.trouble();
    });
}
