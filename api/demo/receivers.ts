import { z } from 'zod';
import type { SiteStore } from '../../actors/control/site.js';
import type { PluginService } from '../plugins/service.js';

const SETTING = 'demo.pluginInstanceId';

/** Simulated wireless receivers for the board, made once: who removes them has none afterwards. */
export async function ensureDemoReceivers(
  store: Pick<SiteStore, 'settings'>,
  plugins: Pick<PluginService, 'createInstance'>,
): Promise<void> {
  if ((await store.settings.get(SETTING, z.number())) !== undefined) return;
  const id = await plugins.createInstance('simulated', {
    name: 'Simulated stage',
    enabled: true,
    config: { receivers: 4, channelsPerReceiver: 4 },
  });
  await store.settings.set(SETTING, id);
}
