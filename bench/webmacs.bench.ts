import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from '../api/testing/server.js';
import { entryUrl } from '../engine/entry.js';
import { EngineError } from '../engine/errors.js';
import {
  type Bench,
  type BenchContext,
  type BenchResult,
  percentile,
  ratio,
  spawnReady,
} from './harness.js';

const SENSORS = 500;
/** One batch of all sensors twice a second: the workload of WebMACS's own load test. */
const TOOL_HZ = 2;
/** 10,000 values a second. */
const MANY_HZ = 20;

interface Load {
  readonly accepted: number;
  readonly errors: number;
  readonly seconds: number;
  readonly latencyMs: readonly number[];
}

interface Target {
  readonly url: string;
  readonly token: string;
  readonly ids: readonly string[];
}

type Ask = (method: string, path: string, body: unknown) => Promise<Record<string, unknown>>;

function asking(url: string, token: string): Ask {
  return async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    if (!answer.ok) {
      throw new EngineError('internal', `${method} ${path}: ${await answer.text()}`);
    }
    return (await answer.json()) as Record<string, unknown>;
  };
}

/** Sensors of one plugin instance, made through the API as a controller would. */
async function sensors(ask: Ask): Promise<readonly string[]> {
  const plugin = await ask('POST', '/plugins', {
    plugin_id: 'revpi',
    instance_name: 'Bench',
  });
  const ids: string[] = [];
  for (let i = 0; i < SENSORS; i++) {
    const event = await ask('POST', '/events', {
      name: `Sensor ${i}`,
      min_value: -100,
      max_value: 100,
      unit: 'V',
      type: 'sensor',
    });
    const id = String(event['public_id']);
    ids.push(id);
    await ask('POST', `/plugins/${String(plugin['public_id'])}/channels`, {
      channel_id: `c${i}`,
      channel_name: `Channel ${i}`,
      direction: 'input',
      unit: 'V',
      event_public_id: id,
    });
  }
  return ids;
}

async function load(folder: string, target: Target, hz: number, seconds: number): Promise<Load> {
  const file = join(folder, 'target.json');
  writeFileSync(file, JSON.stringify(target));
  const spawned = await spawnReady({
    command: process.execPath,
    args: [fileURLToPath(entryUrl('bench/webmacs-load')), file, String(hz), String(seconds)],
    ready: /^(\{.*\})\n/m,
    withinMs: seconds * 1_000 + 60_000,
  });
  await spawned.stop();
  return JSON.parse(spawned.ready[1] ?? '{}') as Load;
}

const figures = ({ accepted, errors, seconds, latencyMs }: Load) => ({
  p50: percentile(latencyMs, 0.5),
  p95: percentile(latencyMs, 0.95),
  perSecond: accepted / seconds,
  errors,
});

async function run(context: BenchContext): Promise<BenchResult> {
  const seconds = context.quick ? 6 : 30;
  const folder = mkdtempSync(join(tmpdir(), 'earshot-bench-webmacs-'));
  context.onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const peer = await spawnReady({
    command: process.execPath,
    args: [fileURLToPath(entryUrl('bench/webmacs-peer'))],
    ready: /^ready (\d+)$/m,
  });
  context.onEnd(() => peer.stop());
  const server = await startServer();
  context.onEnd(async () => void (await server.stop()));
  const login = await asking(server.url, '')('POST', '/auth/login', {
    email: 'admin@webmacs.io',
    password: server.adminPassword,
  });
  const token = String(login['access_token']);
  const ids = await sensors(asking(server.url, token));
  context.say(`webmacs: ${ids.length} sensors made`);
  const ours = { url: server.url, token, ids };
  const theirs = { ...ours, url: `http://127.0.0.1:${peer.ready[1] ?? ''}` };
  const tool = figures(await load(folder, ours, TOOL_HZ, seconds));
  context.say(`webmacs: 2 Hz, p95 ${tool.p95.toFixed(1)} ms`);
  const peerTool = figures(await load(folder, theirs, TOOL_HZ, seconds));
  const many = figures(await load(folder, ours, MANY_HZ, seconds));
  context.say(`webmacs: 20 Hz, p95 ${many.p95.toFixed(1)} ms`);
  const peerMany = figures(await load(folder, theirs, MANY_HZ, seconds));
  return {
    metrics: {
      batchP50Ms: tool.p50,
      batchP95Ms: tool.p95,
      datapointsPerSecond: tool.perSecond,
      errors: tool.errors,
      batchP50MsAt10k: many.p50,
      batchP95MsAt10k: many.p95,
      datapointsPerSecondAt10k: many.perSecond,
      errorsAt10k: many.errors,
    },
    peers: {
      'plain Node server that only parses': {
        batchP95Ms: peerTool.p95,
        batchP95MsAt10k: peerMany.p95,
        errors: peerTool.errors + peerMany.errors,
      },
    },
    ratios: {
      batchP95Ms: ratio(tool.p95, peerTool.p95),
      batchP95MsAt10k: ratio(many.p95, peerMany.p95),
    },
    notes: [
      `${SENSORS} sensors in one batch, over HTTP with a login: ${TOOL_HZ} batches a second, then ${MANY_HZ}.`,
      'A batch is answered when its values are on disk. The peer knows nobody and keeps nothing.',
    ],
  };
}

export const bench: Bench = {
  name: 'webmacs',
  question: 'How soon are the batches of a WebMACS controller stored and answered?',
  run,
};
