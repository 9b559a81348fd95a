import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../engine/errors.js';
import type { Job, Made, Step } from './ingest.types.js';
import { made } from './made.js';
import { wavPeaks } from './peaks.js';
import { type Probed, type Sandbox, unreadable } from './sandbox.js';
import { wavDurationS } from './wav.js';

type Report = (step: Step, progress: number) => void;

/** Shorter is no recording, seconds. */
const LEAST_S = 0.005;

/**
 * Sound: WAV for the mix, MP3 and M4A for phones, loudness and waveform. The stranger's bytes are read once, for the
 * WAV; all else is made from that.
 */
export async function makeSound(
  job: Job,
  sandbox: Sandbox,
  demuxer: string,
  probed: Probed,
  report: Report,
): Promise<Made> {
  const { limits, outFolder, stem } = job;
  const wav = `${stem}.wav`;
  const claimedS = probed.durationS ?? limits.maxDurationS;
  const channels = probed.streams.find((s) => s.type === 'audio')?.channels ?? 2;
  await sandbox.run({
    input: job.input,
    demuxer,
    inputOptions: ['-vn', '-sn', '-dn'],
    outputs: [
      {
        file: join(outFolder, wav),
        options: [
          ...['-map', '0:a:0', '-ac', channels === 1 ? '1' : '2', '-ar', '48000'],
          ...['-t', String(limits.maxDurationS + 1), '-c:a', 'pcm_s16le'],
          ...['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:a', '+bitexact', '-f', 'wav'],
        ],
      },
    ],
    onTime: (seconds) => report('transcode', 0.05 + 0.45 * Math.min(1, seconds / claimedS)),
  });
  const durationS = await wavDurationS(join(outFolder, wav));
  if (durationS > limits.maxDurationS) throw tooLong(limits.maxDurationS);
  if (durationS < LEAST_S) throw unreadable('it holds no sound');
  const said = await sandbox.run({
    input: join(outFolder, wav),
    demuxer: 'wav',
    outputs: [
      {
        file: join(outFolder, `${stem}.mp3`),
        options: [
          ...['-map', '0:a:0', '-c:a', 'libmp3lame', '-b:a', channels === 1 ? '96k' : '160k'],
          ...['-map_metadata', '-1', '-f', 'mp3'],
        ],
      },
      {
        file: join(outFolder, `${stem}.m4a`),
        options: [
          ...['-map', '0:a:0', '-c:a', 'aac', '-b:a', channels === 1 ? '96k' : '160k'],
          ...['-movflags', '+faststart', '-map_metadata', '-1', '-f', 'mp4'],
        ],
      },
      {
        file: '-',
        options: [...['-map', '0:a:0', '-af', 'ebur128=peak=true:framelog=verbose', '-f', 'null']],
      },
    ],
    onTime: (seconds) => report('loudness', 0.5 + 0.4 * Math.min(1, seconds / durationS)),
  });
  const shape = await wavPeaks(join(outFolder, wav), durationS, (part) =>
    report('peaks', 0.9 + 0.1 * part),
  );
  const peaks = `${stem}.peaks.json`;
  await writeFile(join(outFolder, peaks), JSON.stringify(shape));
  return {
    kind: 'audio',
    durationS,
    ...loudnessIn(said),
    widthPx: undefined,
    heightPx: undefined,
    files: [
      await made(outFolder, 'wav', wav, 'audio/wav'),
      await made(outFolder, 'mp3', `${stem}.mp3`, 'audio/mpeg'),
      await made(outFolder, 'm4a', `${stem}.m4a`, 'audio/mp4'),
      await made(outFolder, 'peaks', peaks, 'application/json'),
    ],
  };
}

export function tooLong(maxDurationS: number): EngineError {
  return new EngineError(
    'input.too-large',
    `it is longer than ${maxDurationS} s: shorten it, or raise ingest.maxDurationS`,
  );
}

/** From the summary of ffmpeg's `ebur128`; silence has neither loudness nor a peak. */
export function loudnessIn(said: string): Pick<Made, 'loudnessLufs' | 'truePeakDb'> {
  const loudness = Number(/^\s*I:\s*(-?[\d.]+)\s*LUFS/m.exec(said)?.[1] ?? Number.NaN);
  const peak = Number(/^\s*Peak:\s*(-?[\d.]+)\s*dBFS/m.exec(said)?.[1] ?? Number.NaN);
  return {
    // −70 is the gate: nothing passed it.
    loudnessLufs: Number.isFinite(loudness) && loudness > -70 ? loudness : undefined,
    truePeakDb: Number.isFinite(peak) ? peak : undefined,
  };
}
