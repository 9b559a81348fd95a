import { spawn } from 'node:child_process';
import { EngineError } from '../engine/errors.js';
import { CHUNK_FRAMES, type PcmMedia, RATE_HZ } from './ports.js';

/** Stereo sound as two planes at `RATE_HZ`. */
export interface Stereo {
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** A sine of `peak` in both channels; a whole number of cycles when `hz * frames / RATE_HZ` is whole. */
export function tone(hz: number, frames: number, peak: number): Stereo {
  const left = new Float32Array(frames);
  for (let i = 0; i < frames; i++) left[i] = peak * Math.sin((2 * Math.PI * hz * i) / RATE_HZ);
  return { left, right: left.slice() };
}

/** Sound as decoded media; give `chunk` for those longer than `CHUNK_FRAMES`. */
export function pcmOf(mediaId: string, sound: Stereo, chunk = 0): PcmMedia {
  const from = chunk * CHUNK_FRAMES;
  const dataFrames = Math.min(CHUNK_FRAMES, sound.left.length - from);
  const data = new SharedArrayBuffer(dataFrames * 8);
  new Float32Array(data, 0, dataFrames).set(sound.left.subarray(from, from + dataFrames));
  new Float32Array(data, dataFrames * 4).set(sound.right.subarray(from, from + dataFrames));
  return { mediaId, frames: sound.left.length, chunk, dataFrames, data };
}

/** Peak of the sine of `hz` in a stretch of sound (Goertzel); exact for whole cycles. */
export function toneLevel(plane: Float32Array, hz: number, from = 0, to = plane.length): number {
  const omega = (2 * Math.PI * hz) / RATE_HZ;
  let real = 0;
  let imaginary = 0;
  for (let i = from; i < to; i++) {
    // A Hann window keeps other tones out of a stretch that is not a whole number of their cycles.
    const hann = 1 - Math.cos((2 * Math.PI * (i - from)) / (to - from));
    const value = (plane[i] ?? 0) * hann;
    real += value * Math.cos(omega * i);
    imaginary += value * Math.sin(omega * i);
  }
  return (2 * Math.hypot(real, imaginary)) / Math.max(1, to - from);
}

/** Decodes a whole stream with an ffmpeg process, to hear what a listener would. */
export async function decodeStream(bytes: Uint8Array): Promise<Stereo> {
  const args = ['-nostdin', '-v', 'error', '-i', 'pipe:0', '-f', 'f32le', '-ac', '2'];
  const child = spawn('ffmpeg', [...args, '-ar', String(RATE_HZ), 'pipe:1']);
  const out: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', (error: Error) => complaints.push(Buffer.from(error.message)));
  child.stdin.end(bytes);
  const code = await ended;
  const complaint = Buffer.concat(complaints).toString().trim();
  if (code !== 0 || complaint !== '') {
    throw new EngineError('media.unreadable', `ffmpeg says: ${complaint || `exit ${code}`}`);
  }
  const raw = Buffer.concat(out);
  const frames = Math.floor(raw.length / 8);
  const left = new Float32Array(frames);
  const right = new Float32Array(frames);
  for (let i = 0; i < frames; i++) {
    left[i] = raw.readFloatLE(i * 8);
    right[i] = raw.readFloatLE(i * 8 + 4);
  }
  return { left, right };
}
