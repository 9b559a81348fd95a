import { EngineError } from '../../engine/errors.js';
import { niceThisThread } from '../../engine/thread-priority.js';
import { ffmpegEncoders } from '../../media/encoders/ffmpeg.js';
import { libavEncoders } from '../../media/encoders/libav.js';
import { originFrameAt } from '../../media/encoders/ogg.js';
import { MixEngine } from '../../media/engine/engine.js';
import type { EncoderFactory } from '../../media/ports.js';
import { ShardHost } from '../host.js';
import { IcecastOut } from './icecast-out.js';
import { Outbox } from './outbox.js';
import type {
  FromMediaShard,
  ListenEvent,
  MediaShardOptions,
  SpeakerState,
  ToMediaShard,
} from './protocol.js';
import { Rounds } from './rounds.js';
import { MediaSessions } from './shard.js';
import { Titles } from './titles.js';

/**
 * A media thread: the sessions of its share of the listeners, their mixes and encoders. It is inside native
 * codec calls much of the time, so it is only ever asked to stop, never terminated.
 */
const HEARING_EVERY_MS = 250;
const STATUS_EVERY_MS = 1_000;
/** Each session's place is looked at once a second, a tenth of them at a time. */
const PLACES_EVERY_MS = 100;
const PLACES_SHARE = 0.1;
const EVENTS_EVERY_MS = 100;
/** What began and ended and could not be told in time; the oldest are dropped beyond it. */
const MAX_EVENTS = 10_000;
/** 50 audio posts a second: the main thread may fall about 5 s behind before sound is dropped. */
const MAX_AUDIO_POSTS = 256;
/** A PCM chunk may have to be decoded first. */
const ACQUIRE_LIMIT_MS = 200_000;
/** Before everything that can wait: a block that begins late is heard. */
const NICENESS = -10;

niceThisThread(NICENESS);
const host = new ShardHost<MediaShardOptions, FromMediaShard, ToMediaShard>({
  report: (report) => {
    if (report.type !== 'child.stopped') return;
    const reason = sessions.forget(report.id);
    if (reason !== undefined) outbox.ended({ id: report.id, reason });
  },
});
const { link, clock, options } = host;
const outbox = new Outbox({ link, maxAudio: MAX_AUDIO_POSTS, clock });

/** libav in this thread where it can be had; else, or by wish, an ffmpeg process for each mix. */
async function openEncoders(): Promise<EncoderFactory> {
  const clocked = { originFrame: originFrameAt(clock.nowMs()) };
  if (options.encoder === 'ffmpeg') return ffmpegEncoders('ffmpeg', clocked);
  const libav = await libavEncoders(clocked);
  if (libav !== undefined) return libav;
  if (options.encoder === 'auto') return ffmpegEncoders('ffmpeg', clocked);
  throw new EngineError(
    'media.encoder',
    'libav is not usable here: install the optional package node-av or set the encoder to ffmpeg',
  );
}

const failed = (what: string, error: EngineError): void => {
  link.post('media.failed', { what, message: error.message });
};

const icecast =
  options.icecastUrl === undefined
    ? undefined
    : new IcecastOut({
        url: options.icecastUrl,
        clock,
        shards: options.shards,
        onError: failed,
        onListeners: (sessionId, count) => {
          sessions.setIcecastListeners(sessionId, count);
          outbox.icecastListeners({ sessionId, count });
        },
      });

/** Which sessions hear which stream; only needed to feed Icecast from here. */
const membersOf = new Map<number, Set<string>>();
const streamOf = new Map<string, number>();

function join(sessionId: string, stream: number): void {
  membersOf.get(streamOf.get(sessionId) ?? -1)?.delete(sessionId);
  streamOf.set(sessionId, stream);
  membersOf.get(stream)?.add(sessionId);
}

let listenEvents: ListenEvent[] = [];
/** Of each speaker the latest that was not told yet. */
let speakerStates = new Map<number, SpeakerState>();
const titles = new Titles();
const engine = new MixEngine({
  clock,
  encoders: await openEncoders(),
  media: {
    acquire: (mediaId, chunk) =>
      link.call('media.acquire', { mediaId, chunk }, { deadlineMs: ACQUIRE_LIMIT_MS }),
    release: (mediaId, chunk) => {
      outbox.released({ mediaId, chunk });
    },
  },
  live: {
    acquire: (url) => link.call('live.acquire', { url }),
    release: (url) => {
      outbox.liveReleased(url);
    },
  },
  events: {
    opened(stream, sessionIds, contentType, header) {
      membersOf.set(stream, new Set());
      for (const id of sessionIds) {
        join(id, stream);
        icecast?.setHeader(id, header);
      }
      outbox.changed({ kind: 'opened', stream, sessionIds, contentType, header });
    },
    moved(sessionId, stream) {
      join(sessionId, stream);
      outbox.changed({ kind: 'moved', sessionId, stream });
    },
    closed(stream) {
      for (const id of membersOf.get(stream) ?? []) streamOf.delete(id);
      membersOf.delete(stream);
      outbox.changed({ kind: 'closed', stream });
    },
    audio(parts) {
      if (icecast !== undefined) {
        for (let i = 0; i < parts.count; i += 1) {
          const bytes = parts.bytes.subarray(parts.offset[i], parts.offset[i + 1]);
          for (const id of membersOf.get(parts.stream[i] ?? -1) ?? []) icecast.write(id, bytes);
        }
      }
      outbox.audio(parts);
    },
    failed,
    listen(event) {
      sessions.listened(event);
      listenEvents.push(event);
      if (listenEvents.length > MAX_EVENTS) listenEvents.shift();
      telling.wake();
    },
    speakerState(state) {
      speakerStates.set(state.speakerId, state);
      telling.wake();
    },
  },
});

const sessions = new MediaSessions({
  clock,
  supervisor: host.supervisor,
  engine,
  icecast,
  titles,
  idleAfterMs: options.idleAfterMs,
});

link.handle('sessions.adopt', (params) => {
  hearing.wake();
  placing.wake();
  return { adopted: sessions.adopt(params.sessions) };
});
link.handle('session.command', ({ id, command }) => sessions.command(id, command));
link.handle('session.playing', ({ id }) => sessions.playing(id));
link.handle('session.explain', ({ id, assetIds, limit }) => sessions.explain(id, assetIds, limit));
link.on('session.moves', (moves) => {
  for (const move of moves) sessions.move(move);
});
link.on('listeners', ({ sessionId, count }) => sessions.setListeners(sessionId, count));
link.on('project.changed', (project) => engine.setProject(project));
link.on('project.removed', ({ projectId }) => {
  titles.removed(projectId);
  engine.removeProject(projectId);
});
link.on('assets.changed', (changes) => {
  titles.changed(changes);
  engine.changeAssets(changes);
});

const hearing = new Rounds(clock, HEARING_EVERY_MS, () => {
  const changed = sessions.hearing();
  if (changed.length > 0) outbox.hearing(changed);
  return sessions.size > 0;
});
const placing = new Rounds(clock, PLACES_EVERY_MS, () => {
  const places = sessions.places(PLACES_SHARE);
  if (places.length > 0) outbox.places(places);
  return sessions.size > 0;
});
const telling = new Rounds(clock, EVENTS_EVERY_MS, () => {
  if (listenEvents.length > 0 && link.post('listen.events', listenEvents)) listenEvents = [];
  if (speakerStates.size > 0 && link.post('speaker.states', [...speakerStates.values()])) {
    speakerStates = new Map();
  }
  return listenEvents.length + speakerStates.size > 0;
});
const status = new Rounds(clock, STATUS_EVERY_MS, () => {
  const { mixes, lateBlocks, mixCpuMs } = engine.stats;
  link.post('media.status', {
    sessions: sessions.size,
    mixes,
    lateBlocks,
    mixCpuMs,
    icecast: icecast?.state ?? 'off',
    icecastError: icecast?.lastError,
  });
  return true;
});
status.wake();

host.counter('media_mixes', () => engine.stats.mixes);
host.counter('media_late_blocks', () => engine.stats.lateBlocks);
host.counter('media_cpu_ms', () => engine.stats.mixCpuMs);
host.counter('media_dropped_posts', () => outbox.droppedAudio);
host.onStop(async () => {
  engine.stop();
  icecast?.close();
});
engine.start();
host.ready();
