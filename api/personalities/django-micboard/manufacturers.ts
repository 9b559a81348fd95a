import type { InstanceRow, PluginRow } from '../../contract/rows.js';
import type { LiveTable } from '../../live/table.types.js';

/** A maker of devices: all plugins and vendor connections of one. */
export interface Manufacturer {
  /** `shure` */
  readonly code: string;
  readonly name: string;
  readonly plugins: ReadonlySet<string>;
  readonly instances: readonly InstanceRow[];
}

/** Which manufacturers there are, from the vendor connections and what their plugins say of themselves. */
export class Manufacturers {
  readonly #plugins: LiveTable;
  readonly #instances: LiveTable;

  constructor(tables: { readonly plugins: LiveTable; readonly instances: LiveTable }) {
    this.#plugins = tables.plugins;
    this.#instances = tables.instances;
  }

  /** Those with a vendor connection, by code. */
  all(): readonly Manufacturer[] {
    const found = new Map<
      string,
      { name: string; plugins: Set<string>; instances: InstanceRow[] }
    >();
    for (const row of this.#instances.rows()) {
      const instance = row as unknown as InstanceRow;
      const { code, name } = this.ofPlugin(instance.plugin);
      const known = found.get(code) ?? { name, plugins: new Set(), instances: [] };
      known.plugins.add(instance.plugin);
      known.instances.push(instance);
      found.set(code, known);
    }
    return [...found]
      .map(([code, rest]) => ({ code, ...rest }))
      .sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  /** By its code, or by that of one of its plugins alone. */
  find(asked: string): Manufacturer | undefined {
    const all = this.all();
    const code = asked.toLowerCase();
    const whole = all.find((one) => one.code === code);
    if (whole !== undefined) return whole;
    const owner = all.find(({ plugins }) => plugins.has(code));
    if (owner === undefined) return undefined;
    return {
      code: owner.code,
      name: owner.name,
      plugins: new Set([code]),
      instances: owner.instances.filter(({ plugin }) => plugin === code),
    };
  }

  /** A plugin that is not there any more is called as its code begins. */
  ofPlugin(plugin: string): { readonly code: string; readonly name: string } {
    const row = this.#plugins.get(plugin) as unknown as PluginRow | undefined;
    const first = plugin.split('-')[0] ?? plugin;
    const name = row?.vendor || first.charAt(0).toUpperCase() + first.slice(1);
    const code = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '');
    return { code, name };
  }
}

/** What belongs to a manufacturer; undefined: everything. */
export const isOf = (manufacturer: Manufacturer | undefined, plugin: string): boolean =>
  manufacturer === undefined || manufacturer.plugins.has(plugin);
