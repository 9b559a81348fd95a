import type { SiteStore } from '../../actors/control/site.js';
import { SettingsBook } from '../../actors/inventory/settings.js';

/** What holds for the whole site and is read as a whole: overrides of settings, and names of places. */
export class SiteFacts {
  readonly #inventory: Pick<SiteStore['inventory'], 'overrides' | 'locations'>;
  readonly #places = new Map<number, string>();
  #settings = new SettingsBook();

  constructor(inventory: Pick<SiteStore['inventory'], 'overrides' | 'locations'>) {
    this.#inventory = inventory;
  }

  get settings(): SettingsBook {
    return this.#settings;
  }

  /** `site / building / room` of a location. */
  placeOf(locationId: number): string | undefined {
    return this.#places.get(locationId);
  }

  async load(): Promise<void> {
    const inventory = this.#inventory;
    const [overrides, locations] = await Promise.all([
      inventory.overrides.find(),
      inventory.locations.find(),
    ]);
    this.#settings = new SettingsBook(overrides);
    const byId = new Map(locations.map((one) => [one.id, one]));
    this.#places.clear();
    for (const { id } of locations) {
      const names: string[] = [];
      for (let at = byId.get(id); at !== undefined && names.length < 10; ) {
        names.unshift(at.name);
        at = at.parentId === null ? undefined : byId.get(at.parentId);
      }
      this.#places.set(id, names.join(' / '));
    }
  }
}
