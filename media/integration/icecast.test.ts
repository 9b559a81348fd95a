import { afterAll, beforeAll, expect, test } from 'vitest';
import { SystemClock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import { libavEncoders } from '../encoders/libav.js';
import { readListeners, updateTitle } from '../icecast/admin.js';
import { ConnectGate } from '../icecast/gate.js';
import { IcecastSource, type IcecastState } from '../icecast/source.js';
import { parseIcecastUrl } from '../icecast/target.js';
import { BLOCK_FRAMES, RATE_HZ } from '../ports.js';
import { TestIcecast } from '../testing/icecast.js';
import { tone } from '../tones.js';

let icecast: TestIcecast;
const clock = new SystemClock();

beforeAll(async () => {
  icecast = await TestIcecast.start();
});
afterAll(async () => {
  await icecast.close();
});

interface Watched {
  readonly source: IcecastSource;
  readonly states: IcecastState[];
  readonly errors: (EngineError | undefined)[];
  reaches(state: IcecastState): Promise<void>;
}

function watch(mount: string, gate = new ConnectGate(clock), url = icecast.url): Watched {
  const states: IcecastState[] = [];
  const errors: (EngineError | undefined)[] = [];
  const waiting: { readonly state: IcecastState; readonly go: () => void }[] = [];
  const source = new IcecastSource({
    target: parseIcecastUrl(url),
    gate,
    clock,
    mount,
    name: 'Garden',
    contentType: mount.endsWith('.mp3') ? 'audio/mpeg' : 'application/ogg',
    bitrateKbps: 128,
    onState: (state, error) => {
      states.push(state);
      errors.push(error);
      for (const one of waiting.splice(0)) {
        if (one.state === state) one.go();
        else waiting.push(one);
      }
    },
  });
  return {
    source,
    states,
    errors,
    reaches: (state) =>
      new Promise((go) => {
        if (source.state === state) go();
        else waiting.push({ state, go });
      }),
  };
}

/** Writes 24 ms packets until stopped; packets are numbered so that a test sees what arrived. */
function play(source: IcecastSource): () => void {
  let n = 0;
  const timer = setInterval(() => {
    n += 1;
    source.write(new Uint8Array(384).fill(n % 250));
  }, 24);
  return () => clearInterval(timer);
}

async function readBytes(url: string, count: number): Promise<Uint8Array> {
  const answer = await fetch(url);
  const parts: Uint8Array[] = [];
  let size = 0;
  if (answer.body === null || !answer.ok) return new Uint8Array(0);
  for await (const part of answer.body) {
    const bytes: unknown = part;
    if (!(bytes instanceof Uint8Array)) break;
    parts.push(bytes);
    size += bytes.length;
    if (size >= count) break;
  }
  return Buffer.concat(parts);
}

test('what is written is what a listener of Icecast gets, without chunk headers in it', async () => {
  const one = watch('/streamA.mp3');
  const stop = play(one.source);
  await one.reaches('connected');
  const heard = await readBytes(`${icecast.origin}/streamA.mp3`, 8_000);
  let wrong = 0;
  for (let i = 1; i < heard.length; i += 1) {
    const step = ((heard[i] ?? 0) - (heard[i - 1] ?? 0) + 250) % 250;
    if (step > 1) wrong += 1;
  }
  expect(heard.length).toBeGreaterThanOrEqual(8_000);
  expect(wrong).toBe(0);
  stop();
  one.source.close();
});

test('after a restart of Icecast the mount is fed again within 5 seconds', async () => {
  const one = watch('/streamB.mp3');
  const stop = play(one.source);
  await one.reaches('connected');
  await icecast.stop();
  await one.reaches('away');
  await icecast.start();
  const startedMs = performance.now();
  await one.reaches('connected');
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect((await readBytes(`${icecast.origin}/streamB.mp3`, 2_000)).length).toBeGreaterThan(0);
  stop();
  one.source.close();
});

test('a wrong password is reported once and does not become a storm', async () => {
  const gate = new ConnectGate(clock);
  const url = icecast.url.replace(icecast.password, 'wrong');
  const one = watch('/streamC.mp3', gate, url);
  await one.reaches('refused');
  expect(one.errors.at(-1)?.message).toMatch(/refused the source password/);
  const many = Array.from({ length: 20 }, (_, i) => watch(`/streamC${i}.mp3`, gate, url));
  expect(many.every((m) => m.source.state === 'refused')).toBe(true);
  expect(gate.active).toBe(0);
  for (const m of [one, ...many]) m.source.close();
  gate.close();
});

test('a hundred sources connect at most 32 at a time and all get there', async () => {
  const gate = new ConnectGate(clock);
  const many = Array.from({ length: 100 }, (_, i) => watch(`/many${i}.mp3`, gate));
  expect(gate.active).toBe(32);
  await Promise.all(many.map((m) => m.reaches('connected')));
  expect(many.every((m) => m.states.filter((s) => s === 'away').length === 0)).toBe(true);
  for (const m of many) m.source.close();
});

test('an MP3 mount takes titles and tells its listeners; an Ogg mount refuses in words', async () => {
  const mp3 = watch('/streamD.mp3');
  const ogg = watch('/streamD.ogg');
  const stops = [play(mp3.source), play(ogg.source)];
  await Promise.all([mp3.reaches('connected'), ogg.reaches('connected')]);
  const target = parseIcecastUrl(icecast.url);
  await updateTitle(target, '/streamD.mp3', 'Brunnen & Rosen');
  await expect(updateTitle(target, '/streamD.ogg', 'x')).rejects.toThrow(
    /will not accept URL updates/,
  );
  const abort = new AbortController();
  const listener = await fetch(`${icecast.origin}/streamD.mp3`, { signal: abort.signal });
  await expect
    .poll(async () => (await readListeners(target)).get('/streamD.mp3'), { timeout: 10_000 })
    .toBe(1);
  expect(listener.status).toBe(200);
  abort.abort();
  for (const stop of stops) stop();
  mp3.source.close();
  ogg.source.close();
});

test('a full Icecast is told in words, asked again with patience, and fed when there is room', async () => {
  const small = await TestIcecast.start(2);
  const url = small.url;
  const gate = new ConnectGate(clock);
  const fed = [watch('/full1.mp3', gate, url), watch('/full2.mp3', gate, url)];
  const stops = fed.map(({ source }) => play(source));
  await Promise.all(fed.map((one) => one.reaches('connected')));
  const third = watch('/full3.mp3', gate, url);
  const stop = play(third.source);
  await third.reaches('away');
  expect(third.errors.at(-1)?.message).toMatch(/full3\.mp3: it is full .*raise <sources>/);
  // The others are not disturbed, and it does not ask twice a second.
  expect(third.states.filter((state) => state === 'away')).toHaveLength(1);
  expect(fed.every(({ source }) => source.state === 'connected')).toBe(true);
  fed[0]?.source.close();
  await third.reaches('connected');
  expect((await readBytes(`${small.origin}/full3.mp3`, 2_000)).length).toBeGreaterThan(0);
  for (const end of [...stops, stop]) end();
  for (const { source } of [...fed, third]) source.close();
  gate.close();
  await small.close();
  // It is asked again after 5 to 15 s, and once more where it had not noticed yet that there is room.
}, 120_000);

test('an Icecast that stands still holds up nobody, and gets the sound of now when it goes on', async () => {
  const slow = await TestIcecast.start();
  const one = watch('/slow.mp3', new ConnectGate(clock), slow.url);
  await one.reaches('connected');
  slow.pause();
  // Far more than the kernel takes: 20 minutes of sound, at once.
  const part = new Uint8Array(384);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 50_000; i += 1) one.source.write(part);
  expect(one.source.droppedBytes).toBeGreaterThan(5_000_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(30 * 1024 * 1024);
  slow.resume();
  const stop = play(one.source);
  expect(one.source.state).toBe('connected');
  await expect
    .poll(async () => (await readBytes(`${slow.origin}/slow.mp3`, 2_000)).some((b) => b > 0), {
      timeout: 10_000,
    })
    .toBe(true);
  stop();
  one.source.close();
  await slow.close();
}, 30_000);

test('a mount that is fed already is left alone, and said so', async () => {
  const one = watch('/twice.mp3');
  await one.reaches('connected');
  const two = watch('/twice.mp3');
  await two.reaches('away');
  expect(two.errors.at(-1)?.message).toMatch(/another source feeds this mount/);
  expect(one.source.state).toBe('connected');
  for (const { source } of [one, two]) source.close();
});

test('Ogg mounts begin with the header, on each connection and with each new logical stream', async () => {
  const libav = await libavEncoders();
  if (libav === undefined) throw new Error('node-av is not installed');
  const one = watch('/chained.ogg');
  await one.reaches('connected');
  const abort = new AbortController();
  const parts: Uint8Array[] = [];
  const sound = tone(440, BLOCK_FRAMES, 0.5);
  for (const startFrame of [0, RATE_HZ]) {
    const encoder = libav.open(
      { format: 'vorbis', bitrateKbps: 96, startFrame },
      (bytes) => one.source.write(Uint8Array.from(bytes)),
      () => undefined,
    );
    one.source.setHeader(encoder.header);
    const listener =
      startFrame === 0
        ? fetch(`${icecast.origin}/chained.ogg`, { signal: abort.signal })
        : undefined;
    // Icecast takes a moment to know a new mount's header.
    for (let block = 0; block < 100; block += 1) {
      encoder.encode(sound.left, sound.right);
      if (block % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 40));
    }
    if (listener !== undefined) {
      const answer = await listener;
      expect(answer.headers.get('content-type')).toBe('application/ogg');
      void collect(answer, parts);
    }
    encoder.close();
  }
  const size = () => parts.reduce((sum, part) => sum + part.length, 0);
  await expect.poll(size, { timeout: 10_000 }).toBeGreaterThan(20_000);
  await expect
    .poll(() => Buffer.concat(parts).toString('latin1').split('\u0001vorbis').length - 1, {
      timeout: 10_000,
    })
    .toBe(2);
  abort.abort();
  one.source.close();
}, 30_000);

async function collect(answer: Response, parts: Uint8Array[]): Promise<void> {
  try {
    for await (const part of answer.body ?? []) {
      const bytes: unknown = part;
      if (bytes instanceof Uint8Array) parts.push(bytes);
    }
  } catch (error) {
    // The test ends the listening.
    expect(error).toBeInstanceOf(Error);
  }
}
