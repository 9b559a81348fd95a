import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../../engine/errors.js';
import { RATE_HZ } from '../ports.js';

const COMPLAINT_BYTES = 2_000;
const BYTES_PER_FRAME = 8;

const ARGUMENTS = [
  ...['-nostdin', '-v', 'error', '-probesize', '65536', '-analyzeduration', '500000'],
  // What comes from outside may be a playlist in disguise: it must not open anything else.
  ...['-protocol_whitelist', 'pipe', '-i', 'pipe:0', '-map', '0:a:0', '-vn', '-sn', '-dn'],
  ...['-threads', '1', '-ac', '2', '-ar', String(RATE_HZ), '-f', 'f32le', 'pipe:1'],
];

/**
 * Decodes a byte stream with an ffmpeg process as it comes: `onSamples` gets interleaved stereo at `RATE_HZ`
 * and holds the process back while it waits. Resolves at the end of `bytes`, also when they break off; the process is
 * gone then.
 * @throws EngineError `media.unreadable` with what ffmpeg said when it takes nothing of it
 */
export async function decodeBytes(
  bytes: Readable,
  onSamples: (samples: Float32Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn('ffmpeg', ARGUMENTS, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-COMPLAINT_BYTES);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      complaint = `ffmpeg cannot be started: ${error.message}`;
      resolve(null);
    });
    child.once('close', (code) => resolve(code));
  });
  const stop = (): void => {
    bytes.destroy();
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', stop);
  // A sender that breaks off ends the process's input; what it has is still decoded.
  const fed = pipeline(bytes, child.stdin).catch(() => child.stdin.destroy());
  let frames = 0;
  try {
    if (signal.aborted) stop();
    let rest = Buffer.alloc(0);
    for await (const chunk of child.stdout) {
      const all = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
      const whole = Math.floor(all.length / BYTES_PER_FRAME);
      const samples = new Float32Array(whole * 2);
      new Uint8Array(samples.buffer).set(all.subarray(0, whole * BYTES_PER_FRAME));
      rest = Buffer.from(all.subarray(whole * BYTES_PER_FRAME));
      frames += whole;
      await onSamples(samples);
    }
    const code = await ended;
    if (code !== 0 && frames === 0 && !signal.aborted) {
      const why = complaint.trim().split('\n').at(-1) ?? '';
      throw new EngineError('media.unreadable', why === '' ? `ffmpeg ended with ${code}` : why);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    await Promise.all([ended, fed]);
  }
}
