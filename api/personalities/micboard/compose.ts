import { EngineError } from '../../../engine/errors.js';
import type { Log } from '../../../engine/log.js';
import { type Micboard, type MicboardOptions, openMicboard } from './index.js';

/**
 * Micboard of a site. A port that is taken leaves it out, with a line in the log: the site itself goes on.
 * @throws EngineError of anything else.
 */
export async function startMicboard(
  options: MicboardOptions & { readonly log: Log },
): Promise<Micboard | undefined> {
  try {
    return await openMicboard(options);
  } catch (thrown) {
    const error = EngineError.from(thrown);
    if (error.code !== 'conflict') throw error;
    const advice = 'Micboard is off: choose personalities.micboard.port, or end who has it';
    options.log.warn({ err: error, port: options.port }, advice);
    return undefined;
  }
}
