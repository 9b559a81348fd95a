import { MessageChannel } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import { Outbox } from '../../actors/session/outbox.js';
import type { FromMediaShard, StreamChange, ToMediaShard } from '../../actors/session/protocol.js';
import { compactChanges } from '../../actors/session/stream-changes.js';
import { SystemClock, TestClock } from '../../engine/clock.js';
import { createLink } from '../../engine/link.js';
import { MixEngine } from '../../media/engine/engine.js';
import { Mount } from '../../media/mounts/mount.js';
import { type AudioParts, BLOCK_MS } from '../../media/ports.js';
import { pcmEncoders, projectDef, sessionDef } from '../../media/testing/mix-site.js';
import { StreamRouter } from './streams.js';

const NO_BYTES = new Uint8Array(0);
const opened = (stream: number, ...sessionIds: string[]): StreamChange => ({
  kind: 'opened',
  stream,
  sessionIds,
  contentType: 'audio/mpeg',
  header: NO_BYTES,
});
const moved = (sessionId: string, stream: number): StreamChange => ({
  kind: 'moved',
  sessionId,
  stream,
});
const closed = (stream: number): StreamChange => ({ kind: 'closed', stream });

function listened(router: StreamRouter, sessionId: string, heard: Set<string>): void {
  const mount = new Mount({
    path: `/${sessionId}`,
    name: sessionId,
    contentType: 'audio/mpeg',
    bitrateKbps: 128,
    startedUnixMs: 0,
  });
  const sink = { write: () => heard.add(sessionId).size > 0, close: () => undefined };
  mount.attachPrompt(sink, 0);
  router.addSession(sessionId, mount);
}

/** Both ends of a link that takes only `maxPosts` posts at once, as of a main thread that is busy. */
function narrow(maxPosts: number, maxAudio: number) {
  const { port1, port2 } = new MessageChannel();
  const shard = createLink<FromMediaShard, ToMediaShard>(port1, { maxPosts });
  const main = createLink<ToMediaShard, FromMediaShard>(port2);
  const close = (): void => {
    port1.close();
    port2.close();
  };
  return { main, close, outbox: new Outbox({ link: shard, maxAudio, clock: new SystemClock() }) };
}

test('400 sessions of one place that begin in one block all get sound, though the main thread is behind', async () => {
  const { main, outbox, close } = narrow(1, 1);
  const router = new StreamRouter();
  const heard = new Set<string>();
  router.reset('media-0');
  main.on('streams', (changes) => router.changed('media-0', changes, 0));
  main.on('audio', (parts) => router.audio('media-0', parts, 0));
  const clock = new TestClock();
  const engine = new MixEngine({
    clock,
    encoders: pcmEncoders,
    media: { acquire: () => new Promise(() => undefined), release: () => undefined },
    live: { acquire: () => new Promise(() => undefined), release: () => undefined },
    events: {
      opened: (stream, sessionIds, contentType, header) =>
        outbox.changed({ kind: 'opened', stream, sessionIds, contentType, header }),
      moved: (sessionId, stream) => outbox.changed(moved(sessionId, stream)),
      closed: (stream) => outbox.changed(closed(stream)),
      audio: (parts: AudioParts) => outbox.audio(parts),
      failed: () => undefined,
      listen: () => undefined,
      speakerState: () => undefined,
    },
  });
  engine.setProject(projectDef());
  for (let i = 0; i < 400; i++) {
    listened(router, `s${i}`, heard);
    engine.startSession(sessionDef(`s${i}`));
    engine.listeners(`s${i}`, 1);
  }
  // The link is full before the first stream begins.
  outbox.hearing([{ sessionId: 's0', names: [], tracks: [], title: '' }]);
  outbox.flush();
  // A whole second in one turn: far more than the link takes.
  for (let block = 0; block < 50; block++) {
    engine.tick();
    clock.advance(BLOCK_MS);
  }
  expect(outbox.droppedAudio).toBeGreaterThan(0);
  await vi.waitFor(
    () => {
      outbox.flush();
      engine.tick();
      clock.advance(BLOCK_MS);
      expect(heard.size).toBe(400);
    },
    { timeout: 15_000 },
  );
  engine.stop();
  close();
});

test('what is let go of and what ended is told in the end, however full the link was', async () => {
  const { main, outbox, close } = narrow(1, 1);
  const released: string[] = [];
  const live: string[] = [];
  const ended: string[] = [];
  const hearing: string[] = [];
  main.on('media.release', (holds) => released.push(...holds.map((hold) => hold.mediaId)));
  main.on('live.release', (urls) => live.push(...urls));
  main.on('session.ended', ({ id }) => ended.push(id));
  main.on('hearing', (rows) => hearing.push(...rows.map((row) => row.title)));
  for (let i = 0; i < 300; i++) {
    outbox.released({ mediaId: `m${i}`, chunk: 0 });
    outbox.liveReleased(`u${i}`);
  }
  for (const title of ['old', 'new']) {
    outbox.hearing([{ sessionId: 's', names: [], tracks: [], title }]);
  }
  for (const id of ['a', 'b', 'c']) outbox.ended({ id, reason: 'idle' });
  await vi.waitFor(
    () => {
      outbox.flush();
      expect([released.length, live.length, ended, hearing]).toEqual([
        300,
        300,
        ['a', 'b', 'c'],
        ['new'],
      ]);
    },
    { timeout: 15_000 },
  );
  close();
});

test('changes of streams that came to nothing are left out, and who hears what stays the same', () => {
  const changes = [
    opened(1, 'a', 'b'),
    moved('b', 7),
    closed(7),
    opened(2, 'b'),
    opened(3),
    moved('a', 3),
    closed(1),
    moved('a', 2),
    closed(3),
  ];
  expect(compactChanges(changes)).toEqual([closed(7), opened(2, 'b'), moved('a', 2)]);
});
