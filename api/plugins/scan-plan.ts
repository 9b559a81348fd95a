import { InvalidRequest } from '../http/problem.js';
import type { PluginPort } from './plugins.types.js';
import { scanTargets } from './targets.js';

/** What a search does, as far as the plugin can. @throws InvalidRequest naming what it cannot */
export function planScan(
  plugin: string,
  discovers: readonly string[],
  wish: Parameters<PluginPort['scan']>[0],
): { readonly hosts: readonly string[]; readonly multicast: boolean; readonly server: boolean } {
  const hosts = scanTargets(wish.cidrs ?? [], wish.hosts ?? []);
  const can = new Set<string>(discovers);
  const nothing = hosts.length === 0 && wish.multicast !== true && wish.server !== true;
  // Nothing named: everything the plugin can do without names.
  const multicast = nothing ? can.has('multicast') : wish.multicast === true;
  const server = nothing ? can.has('server') : wish.server === true;
  if (hosts.length > 0 && !can.has('scan')) throw cannot('cidrs', plugin, 'ask hosts');
  if (multicast && !can.has('multicast')) throw cannot('multicast', plugin, 'listen');
  if (server && !can.has('server')) throw cannot('server', plugin, 'ask a server for a list');
  if (nothing && !multicast && !server) throw invalid('cidrs', 'name ranges or hosts to ask');
  return { hosts, multicast, server };
}

function invalid(field: string, message: string): InvalidRequest {
  return new InvalidRequest([{ field: `body.${field}`, message }]);
}

function cannot(field: string, plugin: string, what: string): InvalidRequest {
  return invalid(field, `the plugin ${plugin} cannot ${what}`);
}
