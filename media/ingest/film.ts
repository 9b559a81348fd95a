import { join } from 'node:path';
import { EngineError } from '../../engine/errors.js';
import type { Job, Made, Step } from './ingest.types.js';
import { made } from './made.js';
import { shrinkTo } from './picture.js';
import type { Probed, Sandbox } from './sandbox.js';
import { tooLong } from './sound.js';

const FILM_PX = 1_280;
const THUMBNAIL_PX = 320;

/** A film: MP4 that every browser plays, and a still. */
export async function makeFilm(
  job: Job,
  sandbox: Sandbox,
  demuxer: string,
  probed: Probed,
  report: (step: Step, progress: number) => void,
): Promise<Made> {
  const { limits, outFolder, stem } = job;
  const stream = probed.streams.find((s) => s.type === 'video' && !s.cover);
  const { widthPx = 0, heightPx = 0 } = stream ?? {};
  if (widthPx * heightPx > limits.maxPixels) {
    throw new EngineError(
      'input.too-large',
      `the film has ${widthPx} × ${heightPx} pixels, more than ${limits.maxPixels}: make it smaller`,
    );
  }
  const claimedS = probed.durationS ?? limits.maxDurationS;
  const film = `${stem}.mp4`;
  await sandbox.run({
    input: job.input,
    demuxer,
    inputOptions: ['-max_pixels', String(limits.maxPixels), '-threads', '2'],
    outputs: [
      {
        file: join(outFolder, film),
        options: [
          ...['-map', '0:v:0', '-map', '0:a:0?', '-t', String(limits.maxDurationS + 1)],
          ...[
            '-vf',
            `${shrinkTo(FILM_PX)},scale=trunc(iw/2)*2:trunc(ih/2)*2`,
            '-pix_fmt',
            'yuv420p',
          ],
          ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '25', '-threads', '2'],
          ...['-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-ar', '48000'],
          ...['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'],
        ],
      },
    ],
    onTime: (seconds) => report('transcode', 0.05 + 0.9 * Math.min(1, seconds / claimedS)),
  });
  await sandbox.run({
    input: join(outFolder, film),
    demuxer: 'mov',
    outputs: [
      {
        file: join(outFolder, `${stem}-thumb.jpg`),
        options: [
          ...['-map', '0:v:0', '-frames:v', '1', '-update', '1', '-vf', shrinkTo(THUMBNAIL_PX)],
          ...['-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg', '-q:v', '4', '-f', 'image2'],
        ],
      },
    ],
  });
  const { durationS = 0 } = await sandbox.probe(join(outFolder, film), 'mov');
  if (durationS > limits.maxDurationS) throw tooLong(limits.maxDurationS);
  return {
    kind: 'video',
    durationS,
    loudnessLufs: undefined,
    truePeakDb: undefined,
    widthPx,
    heightPx,
    files: [
      await made(outFolder, 'video', film, 'video/mp4'),
      await made(outFolder, 'thumbnail', `${stem}-thumb.jpg`, 'image/jpeg'),
    ],
  };
}
