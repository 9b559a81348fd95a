import { EngineError } from '../../../engine/errors.js';
import type { Log } from '../../../engine/log.js';
import type { PluginPort } from '../../plugins/plugins.types.js';
import { type Micboard, type MicboardOptions, openMicboard } from './index.js';

/** What a site without plugins says. */
const NO_PLUGINS: MicboardOptions['plugins'] = {
  addDevice: () =>
    Promise.reject(new EngineError('conflict', 'no plugins run here that could add a device')),
  watchMeters: () => () => undefined,
};

/**
 * Micboard of a site. A port that is taken leaves it out, with a line in the log: the site itself goes on.
 * @throws EngineError of anything else.
 */
export async function startMicboard(
  options: Omit<MicboardOptions, 'plugins'> & {
    readonly plugins: PluginPort | undefined;
    readonly log: Log;
  },
): Promise<Micboard | undefined> {
  try {
    return await openMicboard({ ...options, plugins: options.plugins ?? NO_PLUGINS });
  } catch (thrown) {
    const error = EngineError.from(thrown);
    if (error.code !== 'conflict') throw error;
    const advice = 'Micboard is off: choose personalities.micboard.port, or end who has it';
    options.log.warn({ err: error, port: options.port }, advice);
    return undefined;
  }
}
