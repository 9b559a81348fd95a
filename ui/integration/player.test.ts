import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { lowLatencySocket } from '../../api/audio/low-latency/listen-socket.js';
import { openMountServer } from '../../api/audio/mount-server.js';
import { SILENT_LOG } from '../../api/http/log.types.js';
import { createGateway, type Gateway } from '../../api/http/server.js';
import { openChromium } from '../../api/testing/chromium.js';
import { type PlayerPage, servePlayerPage } from '../../api/testing/player-page.js';
import { SystemClock } from '../../engine/clock.js';
import { freePort } from '../../engine/testing/free-port.js';
import { libavEncoders } from '../../media/encoders/libav.js';
import { originFrameAt } from '../../media/encoders/ogg.js';
import { MountTable } from '../../media/mounts/mount.js';
import { BLOCK_FRAMES, BLOCK_MS, type Encoder, type StreamFormat } from '../../media/ports.js';
import { tone } from '../../media/tones.js';
import type { createPlayer, Player } from '../player/player.js';
import { until } from './browser.js';

const clock = new SystemClock();
const HZ = 500;

/** One session's sound in real time: a mount, its socket, its HTTP stream. */
class Stage {
  readonly mounts = new MountTable(100);
  readonly #encoder: Encoder;
  readonly #timer: NodeJS.Timeout;
  readonly #format: StreamFormat;
  readonly path: string;
  #server: Gateway | undefined;
  #gateway: Gateway | undefined;

  private constructor(format: StreamFormat, encoder: Encoder) {
    this.#format = format;
    this.path = `/streamA.${format === 'mp3' ? 'mp3' : 'ogg'}`;
    this.#encoder = encoder;
    const [startMs, sound] = [performance.now(), tone(HZ, BLOCK_FRAMES, 0.5)];
    let blocks = 0;
    this.#timer = setInterval(() => {
      for (; blocks * BLOCK_MS < performance.now() - startMs; blocks += 1) {
        this.#encoder.encode(sound.left, sound.right);
      }
    }, 5);
  }

  static async open(format: StreamFormat): Promise<Stage> {
    const libav = await libavEncoders({ originFrame: originFrameAt(clock.nowMs()) });
    if (libav === undefined) throw new Error('node-av is not installed');
    const take: { bytes?: (bytes: Uint8Array) => void } = {};
    const encoder = libav.open(
      { format, bitrateKbps: 96 },
      (bytes) => take.bytes?.(Uint8Array.from(bytes)),
      () => undefined,
    );
    const stage = new Stage(format, encoder);
    const mount = stage.mounts.add({
      path: stage.path,
      name: 'A',
      contentType: encoder.contentType,
      bitrateKbps: 96,
      startedUnixMs: 0,
    });
    mount.setHeader(encoder.header, clock.monoMs());
    take.bytes = (bytes) => mount.push(bytes, clock.monoMs());
    stage.#server = await openMountServer({
      host: '127.0.0.1',
      port: 0,
      table: stage.mounts,
      clock,
      log: SILENT_LOG,
      trustedProxies: [],
      onListeners: () => undefined,
    });
    await stage.listen(await freePort());
    return stage;
  }

  get streamUrl(): string {
    return `http://127.0.0.1:${this.#server?.port ?? 0}${this.path}`;
  }

  get port(): number {
    return this.#gateway?.port ?? 0;
  }

  get lowLatencyUrl(): string {
    return `ws://127.0.0.1:${this.port}/v1/sessions/secret/listen`;
  }

  /** Opens the socket's server; it may have been stopped before. */
  async listen(port: number): Promise<void> {
    const session = () => ({ mount: this.path, format: this.#format, bitrateKbps: 96 });
    const sockets = [lowLatencySocket({ mounts: this.mounts, session, clock })];
    this.#gateway = await createGateway({ host: '127.0.0.1', port, sockets });
  }

  async stopSocket(): Promise<void> {
    await this.#gateway?.stop(0);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const mount of this.mounts.all()) mount.close();
    await this.#server?.stop(0);
    await this.stopSocket();
    this.#encoder.close();
  }
}

let browser: Browser;
let host: PlayerPage;
let stage: Stage | undefined;

beforeAll(async () => {
  [browser, host] = await Promise.all([openChromium(), servePlayerPage()]);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});
afterEach(async () => {
  await stage?.close();
});

declare global {
  var player: Player;
  var meter: AnalyserNode | undefined;
}

/** A page that plays, and what it hears. */
async function play(at: Stage, lowLatencyUrl: string | undefined): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(host.url);
  await page.waitForFunction(() => 'createPlayer' in globalThis);
  // A gesture: without one browsers let nothing sound.
  await page.mouse.click(5, 5);
  await page.evaluate(
    ({ streamUrl, lowLatencyUrl: url }) => {
      const make = (globalThis as unknown as { createPlayer: typeof createPlayer }).createPlayer;
      globalThis.player = make({ sessionId: 'secret', streamUrl, lowLatencyUrl: url });
      globalThis.player.start().catch(() => undefined);
    },
    { streamUrl: at.streamUrl, lowLatencyUrl },
  );
  return page;
}

const stateOf = (page: Page) =>
  page.evaluate(() => ({
    state: globalThis.player.state,
    mode: globalThis.player.mode,
    reason: globalThis.player.reason,
    latencyMs: globalThis.player.latencyMs,
    stats: globalThis.player.stats,
  }));

const playing = (page: Page) =>
  until('it plays', async () => (await stateOf(page)).state === 'playing');

/** Loudest frequency and its level, from the player's own output. */
const heard = (page: Page) =>
  page.evaluate(() => {
    const { output } = globalThis.player;
    if (output === undefined) return { hz: 0, level: 0 };
    globalThis.meter ??= new AnalyserNode(output.context as AudioContext, {
      fftSize: 8_192,
      smoothingTimeConstant: 0,
    });
    output.connect(globalThis.meter);
    const bins = new Float32Array(globalThis.meter.frequencyBinCount);
    globalThis.meter.getFloatFrequencyData(bins);
    const at = bins.indexOf(Math.max(...bins));
    return { hz: (at * 48_000) / 8_192, level: bins[at] ?? 0 };
  });

describe('the player', () => {
  it('plays Opus packets with low latency and without holes', async () => {
    stage = await Stage.open('opus');
    const page = await play(stage, stage.lowLatencyUrl);
    await playing(page);
    await until('the tone is heard', async () => {
      const { hz, level } = await heard(page);
      return Math.abs(hz - HZ) < 12 && level > -30;
    });
    const { mode, latencyMs, stats } = await stateOf(page);
    expect(mode).toBe('low-latency');
    expect(latencyMs).toBeLessThan(300);
    const before = stats?.concealedFrames ?? 0;
    await page.waitForTimeout(3_000);
    const after = (await stateOf(page)).stats?.concealedFrames ?? 0;
    // The machine may stumble once; a player that stutters has far more.
    expect(after - before).toBeLessThan(0.1 * 48_000);
    await page.evaluate(() => globalThis.player.stop());
    await until('nobody listens', async () => stage?.mounts.listeners === 0);
    await page.close();
  }, 60_000);

  it.each(['mp3', 'vorbis', 'opus'] as const)(
    'plays %s through an audio element where the socket is not for it',
    async (format) => {
      stage = await Stage.open(format);
      const page = await play(stage, format === 'opus' ? undefined : stage.lowLatencyUrl);
      await playing(page);
      expect((await stateOf(page)).mode).toBe('element');
      await until('one listens', async () => stage?.mounts.listeners === 1);
      await page.close();
    },
    60_000,
  );

  it('comes back by itself when the connection was lost', async () => {
    stage = await Stage.open('opus');
    const page = await play(stage, stage.lowLatencyUrl);
    await playing(page);
    const { port } = stage;
    await stage.stopSocket();
    await until('it waits', async () => (await stateOf(page)).state === 'waiting');
    await stage.listen(port);
    await playing(page);
    expect((await stateOf(page)).mode).toBe('low-latency');
    await page.close();
  }, 60_000);

  it('says that the session has ended', async () => {
    stage = await Stage.open('opus');
    const page = await play(stage, stage.lowLatencyUrl);
    await playing(page);
    stage.mounts.remove(stage.path);
    const { reason } = await until('it fails', async () => {
      const now = await stateOf(page);
      return now.state === 'failed' && now;
    });
    expect(reason).toMatch(/has ended/);
    await page.close();
  }, 60_000);
});
