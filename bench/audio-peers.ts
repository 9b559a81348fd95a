import { spawn } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../engine/errors.js';

/** One listener's work for a peer: files of one length, mixed at fixed volumes into MP3. */
export interface PeerWork {
  readonly folder: string;
  /** Speakers as Roundware has them: MP3, decoded for each listener. */
  readonly mp3: readonly string[];
  /** Recordings: WAV. */
  readonly wav: readonly string[];
  readonly bitrateKbps: number;
  /** Of sound to make. */
  readonly seconds: number;
}

const VOLUME = 0.3;

interface Finished {
  readonly code: number | null;
  readonly cpuSeconds: number;
  readonly said: string;
}

/** Runs a program and counts its CPU time, that of its children too. */
async function timed(command: string, args: readonly string[], limitMs: number): Promise<Finished> {
  const script = 'TIMEFORMAT="cpu %U %S"; time "$@"';
  const child = spawn('bash', ['-c', script, 'bash', command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-8_000);
  });
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, limitMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  const found = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(said);
  const cpuSeconds = found === null ? Number.NaN : Number(found[1]) + Number(found[2]);
  return { code, cpuSeconds, said };
}

function requireCost(name: string, run: Finished, seconds: number): number {
  const cost = run.cpuSeconds / seconds;
  if (run.code === 0 && cost > 0) return cost;
  throw new EngineError(
    'internal',
    `${name} ended with ${String(run.code)}: ${run.said.slice(-400)}`,
  );
}

/**
 * CPU seconds of an ffmpeg process for a second of sound. `mix`: it reads and mixes all files, else it only
 * encodes the first.
 */
export async function ffmpegCost(work: PeerWork, mix: boolean): Promise<number> {
  const all = [...work.mp3, ...work.wav];
  const used = mix ? all : work.wav.slice(0, 1);
  const inputs = used.flatMap((file) => ['-i', file]);
  const volumes = used.map((_, i) => `[${i}:a]volume=${VOLUME}[v${i}]`).join(';');
  const names = used.map((_, i) => `[v${i}]`).join('');
  const filter = mix
    ? ['-filter_complex', `${volumes};${names}amix=${used.length}:normalize=0`]
    : [];
  const run = await timed(
    'ffmpeg',
    [
      ...['-nostdin', '-v', 'error', ...inputs, ...filter, '-t', String(work.seconds)],
      ...['-c:a', 'libmp3lame', '-b:a', `${work.bitrateKbps}k`, '-compression_level', '7'],
      ...['-reservoir', '0', '-threads', '1', '-f', 'mp3', '-y', '/dev/null'],
    ],
    120_000,
  );
  return requireCost('ffmpeg', run, work.seconds);
}

/** The same for a GStreamer pipeline a listener, built as Roundware built it; LAME at quality 7 as ours. */
export async function gstreamerCost(work: PeerWork): Promise<number> {
  const tail = ['audioconvert', 'audioresample', `volume volume=${VOLUME}`, 'mix.'].join(' ! ');
  const speakers = work.mp3.map(
    (file) => `filesrc location=${file} ! mpegaudioparse ! mpg123audiodec ! ${tail}`,
  );
  const recordings = work.wav.map((file) => `filesrc location=${file} ! wavparse ! ${tail}`);
  const pipeline = [
    'audiomixer name=mix ! audioconvert ! audio/x-raw,format=S16LE,rate=48000,channels=2',
    `! lamemp3enc target=bitrate cbr=true bitrate=${work.bitrateKbps} encoding-engine-quality=fast`,
    '! fakesink sync=false',
    ...speakers,
    ...recordings,
  ].join(' ');
  const run = await timed('gst-launch-1.0', ['-q', ...pipeline.split(' ')], 120_000);
  return requireCost('gst-launch-1.0', run, work.seconds);
}

/** The same for a Liquidsoap process a listener, as fast as it goes. */
export async function liquidsoapCost(work: PeerWork): Promise<number> {
  const out = join(work.folder, 'liquidsoap.mp3');
  const script = join(work.folder, 'peer.liq');
  const sources = [...work.mp3, ...work.wav].map(
    (file, i) => `s${i} = amplify(${VOLUME}, once(single("${file}")))`,
  );
  const names = sources.map((_, i) => `s${i}`).join(', ');
  await writeFile(
    script,
    [
      'settings.init.allow_root.set(true)',
      'settings.log.stdout.set(false)',
      'settings.log.file.set(false)',
      'settings.frame.audio.samplerate.set(48000)',
      ...sources,
      `mixed = add(normalize=false, [${names}])`,
      'clock.assign_new(sync="none", [mixed])',
      `output.file(fallible=true, on_stop=shutdown, %mp3(bitrate=${work.bitrateKbps}, internal_quality=7), "${out}", mixed)`,
    ].join('\n'),
  );
  const run = await timed('liquidsoap', [script], 60_000);
  const made = ((await stat(out)).size * 8) / (work.bitrateKbps * 1_000);
  if (made < work.seconds / 4) {
    throw new EngineError('internal', `liquidsoap made ${made} s: ${run.said.slice(-400)}`);
  }
  return run.cpuSeconds / made;
}
