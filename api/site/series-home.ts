import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Log } from '../../engine/log.js';
import { EmbeddedStore } from '../../engine/series/embedded.js';
import { migrateSeries, type SeriesRetention } from '../../engine/series/migrations.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import type { ActorInfo } from '../../engine/supervisor.types.js';
import type { MainActors } from './main-actors.js';
import { withoutPassword } from './vitals.js';

export interface SeriesHomeOptions {
  /** A ClickHouse server; undefined: embedded in `folder`. */
  readonly url: string | undefined;
  readonly folder: string;
  readonly retention: SeriesRetention;
  readonly clock: Clock;
  readonly log: Log;
  readonly actors: MainActors;
}

/** Where the history lives, ready to be written to or on its way there. */
export interface SeriesHome {
  readonly address: SeriesAddress;
  /** For people; without a password. */
  readonly home: string;
  /** The schema is there: queries can work. */
  readonly prepared: () => boolean;
  stop(): Promise<void>;
}

const DATABASE = 'earshot';
const AGAIN_MS = 2_000;

/**
 * Opens the series store. A server that is away does not stop the start: its schema is tried again every two
 * seconds, and samples go to the spool meanwhile.
 * @throws EngineError when the embedded store cannot start, or a server refuses the schema.
 */
export async function openSeriesHome(options: SeriesHomeOptions): Promise<SeriesHome> {
  const { url, clock, log, retention } = options;
  const embedded = url === undefined ? await startEmbedded(options) : undefined;
  const address = embedded?.address() ?? { url: url ?? '', database: DATABASE };
  let prepared = false;
  let timer: TimerHandle;
  const prepare = async (): Promise<void> => {
    try {
      await migrateSeries(address, retention);
      prepared = true;
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.remedy !== 'retry') throw error;
      log.warn({ err: error }, 'the series store is away; its schema is tried again');
      timer = clock.setTimeout(() => {
        prepare().catch((later: unknown) =>
          log.error({ err: later }, 'the series schema was refused'),
        );
      }, AGAIN_MS);
    }
  };
  await prepare();
  return {
    address,
    home: embedded === undefined ? withoutPassword(address.url) : `embedded in ${options.folder}`,
    prepared: () => prepared,
    async stop() {
      clock.clearTimeout(timer);
      await embedded?.stop();
    },
  };
}

async function startEmbedded(options: SeriesHomeOptions): Promise<EmbeddedStore> {
  const { clock, actors, folder } = options;
  let tell = (): void => undefined;
  const store = new EmbeddedStore({ folder, clock, shutdownMs: 3_000, onChange: () => tell() });
  await store.start();
  const info = (): ActorInfo => {
    const { state, sinceUnixMs, restarts, lastError } = store.status();
    return {
      id: 'store/series',
      kind: 'store',
      shard: 'main',
      parent: 'engine',
      state,
      sinceUnixMs,
      restarts,
      lastError,
      mailboxDepth: 0,
    };
  };
  actors.add({ info });
  tell = () => actors.changed(info());
  return store;
}
