import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../engine/errors.js';
import { jpegOrientation, UPRIGHT } from './exif.js';
import type { Job, Made, Step } from './ingest.types.js';
import { made } from './made.js';
import { type Probed, type Sandbox, unreadable } from './sandbox.js';

/** Longest side of what is kept and of the small one, pixels. */
const PHOTO_PX = 2_048;
const THUMBNAIL_PX = 320;
const EXIF_BYTES = 131_072;

/** A photo: made anew without what the camera wrote (place, owner), upright, not larger than a screen needs. */
export async function makePhoto(
  job: Job,
  sandbox: Sandbox,
  demuxer: string,
  probed: Probed,
  report: (step: Step, progress: number) => void,
): Promise<Made> {
  const { limits, outFolder, stem } = job;
  const stream = probed.streams.find((s) => s.type === 'video');
  if (stream === undefined) throw unreadable('it holds no picture');
  if (stream.widthPx * stream.heightPx > limits.maxPixels) {
    throw new EngineError(
      'input.too-large',
      `the picture has ${stream.widthPx} × ${stream.heightPx} pixels, more than ${limits.maxPixels}: make it smaller`,
    );
  }
  const turn = UPRIGHT[demuxer === 'jpeg_pipe' ? jpegOrientation(await headOf(job.input)) : 1];
  const filters = (sidePx: number) =>
    [...(turn === undefined ? [] : [turn]), shrinkTo(sidePx)].join(',');
  const clear = /a|pal8/.test(stream.pixelFormat) && !/^gray/.test(stream.pixelFormat);
  const name = clear ? `${stem}.png` : `${stem}.jpg`;
  const still = ['-map', '0:v:0', '-frames:v', '1', '-an', '-map_metadata', '-1', '-update', '1'];
  const jpeg = ['-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2'];
  const png = ['-pix_fmt', 'rgba', '-c:v', 'png', '-f', 'image2'];
  report('transcode', 0.2);
  await sandbox.run({
    input: job.input,
    demuxer,
    inputOptions: ['-noautorotate', '-max_pixels', String(limits.maxPixels), '-threads', '1'],
    outputs: [
      {
        file: join(outFolder, name),
        options: [...still, '-vf', filters(PHOTO_PX), ...(clear ? png : jpeg)],
      },
      {
        file: join(outFolder, `${stem}-thumb.jpg`),
        options: [...still, '-vf', filters(THUMBNAIL_PX), ...jpeg],
      },
    ],
  });
  return {
    kind: 'photo',
    durationS: undefined,
    loudnessLufs: undefined,
    truePeakDb: undefined,
    widthPx: stream.widthPx,
    heightPx: stream.heightPx,
    files: [
      await made(outFolder, 'photo', name, clear ? 'image/png' : 'image/jpeg'),
      await made(outFolder, 'thumbnail', `${stem}-thumb.jpg`, 'image/jpeg'),
    ],
  };
}

/** Shrinks so that no side is longer; never enlarges. Commas inside `min` are escaped for the filter's own parser. */
export const shrinkTo = (sidePx: number): string =>
  `scale=w=min(${sidePx}\\,iw):h=min(${sidePx}\\,ih):force_original_aspect_ratio=decrease`;

async function headOf(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const head = Buffer.alloc(EXIF_BYTES);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
