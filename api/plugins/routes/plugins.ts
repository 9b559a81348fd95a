import { EngineError } from '../../../engine/errors.js';
import { tableQuery } from '../../contract/devices.js';
import {
  codeParams,
  healthReport,
  instanceAnswer,
  instanceCreate,
  instanceParams,
  instancePatch,
  pluginAnswer,
  pluginRow,
  reloadAnswer,
} from '../../contract/plugins.js';
import { page } from '../../contract/rest.js';
import { listRows } from '../../devices/list.js';
import { type Route, route } from '../../http/route.types.js';
import type { MemoryTable } from '../../live/table.js';
import type { PluginService } from '../service.js';

export interface PluginRoutesOptions {
  readonly plugins: PluginService;
  readonly table: MemoryTable;
}

const LONG_MS = 60_000;

/** What can be attached, and vendor connections with their configuration. */
export function pluginRoutes({ plugins, table }: PluginRoutesOptions): readonly Route[] {
  const tag = 'plugins';
  return [
    route({
      method: 'GET',
      path: '/v1/plugins',
      summary: 'Plugins with their state, filtered, sorted and in pages',
      tag,
      access: 'viewer',
      query: tableQuery,
      response: page(pluginRow),
      handler: ({ query }) => listRows(table, 'plugins', query),
    }),
    route({
      method: 'GET',
      path: '/v1/plugins/{code}',
      summary: 'One plugin with the JSON Schemas of its configurations, for forms',
      tag,
      access: 'viewer',
      params: codeParams,
      response: pluginAnswer,
      timeLimitMs: LONG_MS,
      handler: async ({ params: { code } }) => {
        const { configurationSchema, deviceConfigurationSchema } =
          await plugins.hosts.describe(code);
        const plugin = table.get(code);
        if (plugin === undefined) throw new EngineError('not-found', `there is no plugin ${code}`);
        return {
          plugin: { ...plugin },
          configurationSchema,
          deviceConfigurationSchema: deviceConfigurationSchema ?? null,
        };
      },
    }),
    route({
      method: 'POST',
      path: '/v1/plugins/reload',
      summary:
        'Look at the plugins’ folder and packages now, and take in what is new, changed or gone',
      tag,
      access: 'admin',
      response: reloadAnswer,
      timeLimitMs: LONG_MS,
      handler: () => plugins.hosts.reload(),
    }),
    route({
      method: 'POST',
      path: '/v1/plugins/{code}/restart',
      summary: 'End the plugin’s thread and start a new one; its devices connect again',
      tag,
      access: 'admin',
      params: codeParams,
      status: 204,
      timeLimitMs: LONG_MS,
      handler: ({ params: { code } }) => plugins.restart(code),
    }),
    ...instanceRoutes(plugins),
  ];
}

function instanceRoutes(plugins: PluginService): readonly Route[] {
  const tag = 'plugin instances';
  const { instances } = plugins;
  return [
    route({
      method: 'GET',
      path: '/v1/plugin-instances',
      summary: 'Vendor connections; secrets are told as set, never shown',
      tag,
      access: 'viewer',
      response: page(instanceAnswer),
      handler: async () => {
        const items = await Promise.all(instances.all().map(({ id }) => instances.shown(id)));
        return { total: items.length, offset: 0, limit: items.length, items };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/plugin-instances/{id}',
      summary: 'One vendor connection',
      tag,
      access: 'viewer',
      params: instanceParams,
      response: instanceAnswer,
      handler: ({ params: { id } }) => instances.shown(id),
    }),
    route({
      method: 'POST',
      path: '/v1/plugin-instances',
      summary: 'Connect to a vendor: a plugin with its configuration',
      tag,
      access: 'admin',
      body: instanceCreate,
      response: instanceAnswer,
      status: 201,
      timeLimitMs: LONG_MS,
      handler: async ({ body: { plugin, ...wish } }) =>
        await instances.shown(await plugins.createInstance(plugin, wish)),
    }),
    route({
      method: 'PATCH',
      path: '/v1/plugin-instances/{id}',
      summary:
        'Change a vendor connection; its devices reconnect. Secrets that are absent stay, null clears them',
      tag,
      access: 'admin',
      params: instanceParams,
      body: instancePatch,
      response: instanceAnswer,
      timeLimitMs: LONG_MS,
      handler: async ({ params: { id }, body: { name, enabled, config } }) => {
        await plugins.updateInstance(id, {
          ...(name === undefined ? {} : { name }),
          ...(enabled === undefined ? {} : { enabled }),
          ...(config === undefined ? {} : { config }),
        });
        return await instances.shown(id);
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/plugin-instances/{id}',
      summary: 'Remove a vendor connection that has no devices any more',
      tag,
      access: 'admin',
      params: instanceParams,
      status: 204,
      handler: ({ params: { id } }) => plugins.removeInstance(id),
    }),
    route({
      method: 'POST',
      path: '/v1/plugin-instances/{id}/check',
      summary: 'Test the connection to the vendor’s server or network',
      tag,
      access: 'operator',
      params: instanceParams,
      response: healthReport,
      timeLimitMs: LONG_MS,
      handler: async ({ params: { id } }) => {
        const report = await plugins.check(id);
        return { ...report, message: report.message ?? null };
      },
    }),
  ];
}
