import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { EdgeChannelRow, EdgePluginRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { type Ask, alreadyThere, body, type Call, done, iso, made, notFound } from './ask.js';
import type { Binding } from './binding.js';
import { BUNDLED, type CataloguePlugin, TYPE_OF } from './catalogue.js';
import { listed, rowOf } from './pages.js';
import type { SignalBook } from './signal-book.js';

export interface PluginParts {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly binding: Binding;
  readonly book: SignalBook;
  readonly clock: Clock;
}

const MAX_CONFIG = 65_536;
const config = z.union([z.record(z.string(), z.unknown()), z.string().max(MAX_CONFIG)]).nullish();
const instance = z.object({
  plugin_id: z.string().min(1).max(100),
  instance_name: z.string().trim().min(1).max(255),
  demo_mode: z.boolean().optional(),
  enabled: z.boolean().optional(),
  config_json: config,
  auto_create_events: z.boolean().optional(),
});
const change = z.object({
  instance_name: instance.shape.instance_name.optional(),
  demo_mode: z.boolean().optional(),
  enabled: z.boolean().optional(),
  config_json: config,
  status: z.enum(['inactive', 'connected', 'error', 'demo']).optional(),
  error_message: z.string().max(2_000).nullish(),
});
const channel = z.object({
  channel_id: z.string().min(1).max(100),
  channel_name: z.string().min(1).max(255),
  direction: z.enum(['input', 'output', 'bidirectional']),
  unit: z.string().max(50).default(''),
  event_public_id: z.string().nullish(),
});

/** Instances of plugins that run in controllers, and the events that their channels feed. */
export function pluginCalls(parts: PluginParts): readonly Call[] {
  const { edgePlugins, edgeChannels } = parts.store.automation;
  const find = ({ params }: Ask) => rowOf(edgePlugins, params['id'] ?? '', 'Plugin instance');
  const shown = async (ask: Ask, row: EdgePluginRow) => ({
    public_id: row.publicId,
    plugin_id: row.pluginId,
    instance_name: row.name,
    demo_mode: row.demo,
    enabled: row.enabled,
    status: row.status,
    config_json: shownConfig(ask, row.config),
    error_message: row.errorMessage,
    created_on: iso(row.createdAtUnixMs),
    updated_on: iso(row.updatedAtUnixMs),
    user_public_id: row.ownerId,
    channel_mappings: await channelsOf(parts, row),
  });
  return [
    {
      method: 'GET',
      path: '/plugins/available',
      role: 'viewer',
      run: async () =>
        (await available(parts)).map(({ channels: _, ...plugin }) => ({ ...plugin, url: null })),
    },
    {
      method: 'GET',
      path: '/plugins',
      role: 'viewer',
      run: (ask) => listed(ask, edgePlugins, (row) => shown(ask, row)),
    },
    { method: 'POST', path: '/plugins', role: 'admin', run: (ask) => create(parts, ask) },
    {
      method: 'GET',
      path: '/plugins/{id}',
      role: 'viewer',
      run: async (ask) => await shown(ask, await find(ask)),
    },
    {
      method: 'PUT',
      path: '/plugins/{id}',
      role: 'admin',
      run: async (ask) => {
        const row = await find(ask);
        const given = await body(ask, change);
        const enabled = given.enabled ?? row.enabled;
        await edgePlugins.update(row.id, {
          name: given.instance_name ?? row.name,
          demo: given.demo_mode ?? row.demo,
          enabled,
          status: enabled ? (given.status ?? row.status) : 'inactive',
          config: given.config_json === undefined ? row.config : storedConfig(given.config_json),
          errorMessage: given.error_message === undefined ? row.errorMessage : given.error_message,
          updatedAtUnixMs: parts.clock.nowMs(),
        });
        return done('Plugin instance successfully updated.');
      },
    },
    {
      method: 'DELETE',
      path: '/plugins/{id}',
      role: 'admin',
      run: async (ask) => {
        await edgePlugins.remove((await find(ask)).id);
        return done('Plugin instance successfully deleted.');
      },
    },
    {
      method: 'GET',
      path: '/plugins/{id}/channels',
      role: 'viewer',
      run: async (ask) => await channelsOf(parts, await find(ask)),
    },
    {
      method: 'POST',
      path: '/plugins/{id}/channels',
      role: 'admin',
      run: async (ask) => {
        const row = await find(ask);
        const given = await body(ask, channel);
        const publicId = randomUUID();
        const values = {
          publicId,
          edgePluginId: row.id,
          channelId: given.channel_id,
          channelName: given.channel_name,
          direction: given.direction,
          unit: given.unit,
          signalId: await signalId(parts, given.event_public_id),
          createdAtUnixMs: parts.clock.nowMs(),
        };
        await edgeChannels.create(values).catch(orThere('Channel mapping'));
        return made('Channel mapping successfully created.', { public_id: publicId });
      },
    },
    {
      method: 'PUT',
      path: '/plugins/{id}/channels/{mapping}',
      role: 'admin',
      run: async (ask) => {
        const row = await mappingOf(parts, ask, await find(ask));
        const { event_public_id: event, ...given } = await body(ask, channel.partial());
        const values = {
          channelId: given.channel_id ?? row.channelId,
          channelName: given.channel_name ?? row.channelName,
          direction: given.direction ?? row.direction,
          unit: given.unit ?? row.unit,
          signalId: event === undefined ? row.signalId : await signalId(parts, event),
        };
        await edgeChannels.update(row.id, values).catch(orThere('Channel mapping'));
        return done('Channel mapping successfully updated.');
      },
    },
    {
      method: 'DELETE',
      path: '/plugins/{id}/channels/{mapping}',
      role: 'admin',
      run: async (ask) => {
        await edgeChannels.remove((await mappingOf(parts, ask, await find(ask))).id);
        return done('Channel mapping successfully deleted.');
      },
    },
  ];
}

async function create(parts: PluginParts, ask: Ask): Promise<unknown> {
  const { store, clock, binding } = parts;
  const given = await body(ask, instance);
  const plugin = (await available(parts)).find(({ id }) => id === given.plugin_id);
  if (plugin === undefined) throw notFound('Plugin', given.plugin_id);
  const nowUnixMs = clock.nowMs();
  const row = await store.automation.edgePlugins.create({
    publicId: randomUUID(),
    pluginId: plugin.id,
    name: given.instance_name,
    demo: given.demo_mode ?? false,
    enabled: given.enabled ?? true,
    status: 'inactive',
    config: storedConfig(given.config_json),
    errorMessage: null,
    createdAtUnixMs: nowUnixMs,
    updatedAtUnixMs: nowUnixMs,
    ownerId: ask.who.userId,
  });
  try {
    const signals =
      given.auto_create_events === false || plugin.channels.length === 0
        ? []
        : await binding.make(
            `plugin-${row.id}`,
            row.name,
            plugin.channels.map((one) => ({
              name: `${row.name} – ${one.name}`,
              minimum: one.minimum,
              maximum: one.maximum,
              unit: one.unit,
              type: TYPE_OF[one.direction],
              parameter: one.id,
            })),
            ask.who.userId,
          );
    await store.automation.edgeChannels.createMany(
      plugin.channels.map((one, i) => ({
        publicId: randomUUID(),
        edgePluginId: row.id,
        channelId: one.id,
        channelName: one.name,
        direction: one.direction,
        unit: one.unit,
        signalId: signals[i]?.id ?? null,
        createdAtUnixMs: nowUnixMs,
      })),
    );
  } catch (thrown) {
    // An instance without its channels would be of no use, and in the way of the next try.
    await store.automation.edgePlugins.remove(row.id);
    throw thrown;
  }
  return made('Plugin instance successfully created.', { public_id: row.publicId });
}

/** Those that every controller brings, and those of uploaded packages. */
async function available({ store }: PluginParts): Promise<readonly CataloguePlugin[]> {
  const uploaded: CataloguePlugin[] = [];
  for (const { name, version, pluginIds } of await store.automation.edgePackages.find()) {
    for (const id of pluginIds) {
      const plugin = { id, name: id, version, vendor: name, description: `Of ${name}.` };
      uploaded.push({ ...plugin, channels: [] });
    }
  }
  return [...BUNDLED, ...uploaded];
}

async function channelsOf({ store, book }: PluginParts, row: EdgePluginRow) {
  const rows = await store.automation.edgeChannels.find({
    where: [{ field: 'edgePluginId', op: '=', value: row.id }],
  });
  await book.settled();
  return rows.map((one: EdgeChannelRow) => ({
    public_id: one.publicId,
    channel_id: one.channelId,
    channel_name: one.channelName,
    direction: one.direction,
    unit: one.unit,
    event_public_id: book.get(one.signalId)?.row.publicId ?? null,
    created_on: iso(one.createdAtUnixMs),
  }));
}

async function mappingOf({ store }: PluginParts, { params }: Ask, plugin: EdgePluginRow) {
  const id = params['mapping'] ?? '';
  const row = await rowOf(store.automation.edgeChannels, id, 'Channel mapping');
  if (row.edgePluginId !== plugin.id) throw notFound('Channel mapping', id);
  return row;
}

async function signalId(
  { store }: PluginParts,
  publicId: string | null | undefined,
): Promise<number | null> {
  if (publicId === null || publicId === undefined || publicId === '') return null;
  return (await rowOf(store.automation.signals, publicId, 'Event')).id;
}

const orThere = (what: string) => (thrown: unknown) => {
  if (EngineError.from(thrown).code === 'conflict') throw alreadyThere(what);
  throw thrown;
};

function storedConfig(given: z.output<typeof config>): string {
  if (given === null || given === undefined) return '';
  return typeof given === 'string' ? given : JSON.stringify(given);
}

/**
 * As text, which browsers show; as an object for the controllers, which are Python programs: they pass over a text, so
 * that no plugin was ever configured by it.
 */
function shownConfig(ask: Ask, text: string): unknown {
  if (text === '') return null;
  if (!/^(python|aiohttp|httpx)/i.test(ask.header('user-agent') ?? '')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not every configuration is JSON.
    return text;
  }
}
