import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { AudioService } from '../audio/service.js';
import type { SessionRow, SpeakerRow } from '../contract/rows.js';
import type { DeviceService } from '../devices/service.js';
import type { SiteTablesLive } from '../site/tables.js';
import { icecastOf, rowsOf } from '../site/vitals.js';
import { FactKeeper, type Facts } from './facts.js';

/** Names of what is heard, together. */
const PLAYING_CHARS = 200;

interface Sums {
  listeners: number;
  streams: number;
  failing: number;
  readonly playing: Set<string>;
}

/**
 * Audio facts as channels: `site:audio` and one `site:project:<id>` a project. A site without projects has none. The caller
 * ends it by `close`.
 */
export function startFacts(options: {
  readonly devices: DeviceService;
  readonly tables: Pick<SiteTablesLive, 'sessions' | 'speakers'>;
  readonly audio: Pick<AudioService, 'mounts' | 'sounds' | 'status'>;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}): FactKeeper {
  const { audio, clock } = options;
  const sent = (): number => {
    let sum = 0;
    for (const mount of audio.mounts.all()) sum += mount.bytesOut;
    return sum;
  };
  let bytes = sent();
  let atMonoMs = clock.monoMs();
  return new FactKeeper({
    devices: options.devices,
    clock,
    onFault: options.onFault,
    read: () => {
      const nowMonoMs = clock.monoMs();
      const out = sent();
      const seconds = Math.max(0.001, (nowMonoMs - atMonoMs) / 1_000);
      const perSecond = Math.round(Math.max(0, out - bytes) / seconds / 1_000) * 1_000;
      bytes = out;
      atMonoMs = nowMonoMs;
      return readFacts(options, perSecond);
    },
  });
}

function readFacts(
  { tables, audio }: Pick<Parameters<typeof startFacts>[0], 'tables' | 'audio'>,
  mountsBytesPerS: number,
): ReadonlyMap<string, { readonly name: string; readonly facts: Facts }> {
  const found = new Map<string, { readonly name: string; readonly facts: Facts }>();
  const sums = new Map<number, Sums>();
  for (const id of audio.sounds.ids()) sums.set(id, empty());
  if (sums.size === 0) return found;
  for (const row of rowsOf<SessionRow>(tables.sessions)) {
    const sum = sums.get(row.projectId);
    if (sum === undefined || row.state === 'stopped') continue;
    sum.listeners += row.listeners;
    sum.streams += 1;
    if (row.listeners === 0) continue;
    for (const name of [...row.hears, ...row.tracks.map((track) => track.name)])
      sum.playing.add(name);
  }
  for (const row of rowsOf<SpeakerRow>(tables.speakers)) {
    const sum = sums.get(row.projectId);
    if (sum !== undefined && (row.state === 'silent' || row.state === 'backup')) sum.failing += 1;
  }
  const all = empty();
  for (const [id, sum] of sums) {
    all.listeners += sum.listeners;
    all.streams += sum.streams;
    all.failing += sum.failing;
    for (const name of sum.playing) all.playing.add(name);
    const name = audio.sounds.get(id)?.name ?? String(id);
    found.set(`site:project:${id}`, { name: `Sound of ${name}`, facts: factsOf(sum) });
  }
  const icecast = icecastOf(audio.status).state;
  found.set('site:audio', {
    name: 'Sound of the site',
    facts: {
      ...factsOf(all),
      mountsBytesPerS,
      // Without one there is nothing to say. One that is being reached, or that nobody needs now, is as it was last: a rule must
      // not alarm of it at each start, nor whenever nobody listens.
      ...(icecast === 'up' || icecast === 'away' ? { icecastUp: icecast === 'up' } : {}),
    },
  });
  return found;
}

function empty(): Sums {
  return { listeners: 0, streams: 0, failing: 0, playing: new Set() };
}

function factsOf({ listeners, streams, failing, playing }: Sums): Facts {
  const names = [...playing].sort().join(', ');
  return {
    listeners,
    streams,
    failingStreams: failing,
    playing: names.length > PLAYING_CHARS ? `${names.slice(0, PLAYING_CHARS - 1)}…` : names,
  };
}
