// The page is a browser.
/// <reference lib="dom" />
/// <reference lib="dom.asynciterable" />
import type { GeoPoint } from '../media/ports.js';

/** What the page is told. */
export interface PageTask {
  readonly serverUrl: string;
  readonly wsUrl: string;
  readonly streamUrl: string;
  readonly projectId: string | number;
  /** Two places, and the tone of each. */
  readonly places: readonly [GeoPoint, GeoPoint];
  readonly tonesHz: readonly [number, number];
  readonly changes: number;
  readonly restMs: number;
  /** A tone that is not heard within this counts as unheard. */
  readonly limitMs: number;
  /** Play through an audio element instead. */
  readonly element: boolean;
}

export interface PageFigures {
  readonly mode: string;
  /** From sending the PATCH to the tone at a tenth of its level in the ear; null: unheard. */
  readonly delaysMs: readonly (number | null)[];
  /** Made up by the jitter buffer for want of sound, ms. */
  readonly concealedMs: number;
  readonly bufferMs: number;
  readonly outputMs: number;
}

interface PagePlayer {
  readonly mode: string;
  readonly output: AudioNode | undefined;
  readonly stats: { readonly depthMs: number; readonly concealedFrames: number } | undefined;
  start(): Promise<void>;
  stop(): void;
}

/**
 * Runs in the browser: a listener who jumps between two places, and an ear that notes when the tone changes. Nothing from
 * outside of the function may be used in it.
 */
export async function measureInPage(task: PageTask): Promise<PageFigures> {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const ask = async (
    method: string,
    path: string,
    body: object,
  ): Promise<{ id: string; streamUrl: string }> => {
    const answer = await fetch(`${task.serverUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { id: string; streamUrl: string };
  };
  const opened = await ask('POST', '/v1/sessions', {
    projectId: task.projectId,
    position: task.places[0],
    format: task.element ? 'mp3' : 'opus',
    bitrateKbps: task.element ? 128 : 96,
  });
  const streamUrl = `${task.streamUrl}${new URL(opened.streamUrl).pathname}`;
  let context: AudioContext;
  let player: PagePlayer | undefined;
  let source: AudioNode;
  if (task.element) {
    const audio = new Audio();
    audio.crossOrigin = 'anonymous';
    audio.src = streamUrl;
    context = new AudioContext({ sampleRate: 48_000 });
    source = context.createMediaElementSource(audio);
    source.connect(context.destination);
    await audio.play();
  } else {
    const make = (globalThis as unknown as { createPlayer: (options: object) => PagePlayer })
      .createPlayer;
    player = make({
      sessionId: opened.id,
      streamUrl,
      lowLatencyUrl: `${task.wsUrl}/v1/sessions/${opened.id}/listen`,
    });
    await player.start();
    if (player.output === undefined) throw new Error('the player fell back to an element');
    source = player.output;
    context = source.context as AudioContext;
  }
  const meter = new AnalyserNode(context, { fftSize: 2_048 });
  source.connect(meter);
  const samples = new Float32Array(480);
  const window = new Float32Array(2_048);
  /** Level of a tone in the newest 10 ms. */
  const levelOf = (hz: number): number => {
    meter.getFloatTimeDomainData(window);
    samples.set(window.subarray(window.length - samples.length));
    let [real, imaginary] = [0, 0];
    for (let i = 0; i < samples.length; i++) {
      const angle = (2 * Math.PI * hz * i) / 48_000;
      real += (samples[i] ?? 0) * Math.cos(angle);
      imaginary += (samples[i] ?? 0) * Math.sin(angle);
    }
    return (2 * Math.hypot(real, imaginary)) / samples.length;
  };
  // Full level: the loudest of the tone that is heard at rest.
  let full = 0;
  for (const end = performance.now() + 20_000; full < 0.02 && performance.now() < end; ) {
    await sleep(100);
    full = levelOf(task.tonesHz[0]);
  }
  await sleep(1_000);
  for (let i = 0; i < 20; i++) {
    await sleep(10);
    full = Math.max(full, levelOf(task.tonesHz[0]));
  }
  const concealedBefore = player?.stats?.concealedFrames ?? 0;
  const delaysMs: (number | null)[] = [];
  for (let change = 1; change <= task.changes; change++) {
    await sleep(task.restMs * (0.75 + Math.random() / 2));
    const at = change % 2 === 1 ? 1 : 0;
    const sentMs = performance.now();
    const asked = ask('PATCH', `/v1/sessions/${opened.id}`, { position: task.places[at] });
    let heardMs: number | null = null;
    while (performance.now() < sentMs + task.limitMs) {
      await sleep(2);
      if (levelOf(task.tonesHz[at]) < full / 10) continue;
      heardMs = performance.now();
      break;
    }
    await asked;
    const outputMs = (context.baseLatency + (context.outputLatency || 0)) * 1_000;
    delaysMs.push(heardMs === null ? null : heardMs - sentMs + outputMs);
  }
  const stats = player?.stats;
  const figures = {
    mode: player?.mode ?? 'element',
    delaysMs,
    concealedMs: ((stats?.concealedFrames ?? 0) - concealedBefore) / 48,
    bufferMs: stats?.depthMs ?? 0,
    outputMs: (context.baseLatency + (context.outputLatency || 0)) * 1_000,
  };
  player?.stop();
  await fetch(`${task.serverUrl}/v1/sessions/${opened.id}`, { method: 'DELETE' });
  return figures;
}
