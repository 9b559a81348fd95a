import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../engine/errors.js';
import { makeFilm } from './film.js';
import type { Job, JobResult, Made, Step } from './ingest.types.js';
import { made } from './made.js';
import { makePhoto } from './picture.js';
import { Sandbox, unreadable } from './sandbox.js';
import { SNIFF_BYTES, type Sniffed, sniff } from './sniff.js';
import { makeSound, tooLong } from './sound.js';

/**
 * Turns a stranger's file into what this site plays and shows. The content decides what it is.
 * @throws EngineError `media.unreadable`, `input.too-large`, `input.unsupported`, `spool.full`, `call.aborted`; its
 * message is for the person who brought the file.
 */
export async function runJob(
  job: Job,
  report: (step: Step, progress: number) => void,
  signal: AbortSignal,
): Promise<JobResult> {
  report('probe', 0);
  const made = await make(job, report, signal);
  return { ...made, sha256: await checksum(job.input) };
}

async function make(
  job: Job,
  report: (step: Step, progress: number) => void,
  signal: AbortSignal,
): Promise<Made> {
  const found = await sniffFile(job.input);
  if (found.kind === 'text') return await makeText(job);
  if (found.kind === 'unknown') throw unreadable('nobody knows this format');
  const sandbox = new Sandbox(job.limits, signal);
  const probed = await sandbox.probe(job.input, found.demuxer);
  if (probed.streams.length > job.limits.maxStreams) {
    throw new EngineError(
      'input.too-large',
      `it holds ${probed.streams.length} streams, more than ${job.limits.maxStreams}: keep one`,
    );
  }
  if (job.only === 'check') return await decodeStart(job, sandbox, found.demuxer);
  if (job.only === 'mp3') return await makeMp3(job, sandbox, found.demuxer);
  if (found.kind === 'image') return await makePhoto(job, sandbox, found.demuxer, probed, report);
  if ((probed.durationS ?? 0) > job.limits.maxDurationS) throw tooLong(job.limits.maxDurationS);
  report('transcode', 0.05);
  const film = probed.streams.some((s) => s.type === 'video' && !s.cover);
  if (film) return await makeFilm(job, sandbox, found.demuxer, probed, report);
  if (!probed.streams.some((s) => s.type === 'audio')) throw unreadable('it holds no sound');
  return await makeSound(job, sandbox, found.demuxer, probed, report);
}

/** @throws EngineError `media.unreadable` when it cannot be opened. */
export async function sniffFile(file: string): Promise<Sniffed> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file);
  } catch (cause) {
    throw new EngineError('media.unreadable', 'the file is missing or may not be read', { cause });
  }
  try {
    const head = Buffer.alloc(SNIFF_BYTES);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return sniff(head.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

/** Decodes some seconds of it. */
async function decodeStart(job: Job, sandbox: Sandbox, demuxer: string): Promise<Made> {
  await sandbox.run({
    input: job.input,
    demuxer,
    inputOptions: ['-xerror', '-max_pixels', String(job.limits.maxPixels)],
    outputs: [{ file: '-', options: ['-t', '5', '-sn', '-dn', '-f', 'null'] }],
  });
  return NOTHING;
}

async function makeMp3(job: Job, sandbox: Sandbox, demuxer: string): Promise<Made> {
  const name = `${job.stem}.mp3`;
  await sandbox.run({
    input: job.input,
    demuxer,
    inputOptions: ['-vn'],
    outputs: [
      {
        file: join(job.outFolder, name),
        options: [
          ...['-map', '0:a:0', '-t', String(job.limits.maxDurationS)],
          ...['-c:a', 'libmp3lame', '-b:a', '160k', '-map_metadata', '-1', '-f', 'mp3'],
        ],
      },
    ],
  });
  return { ...NOTHING, files: [await made(job.outFolder, 'mp3', name, 'audio/mpeg')] };
}

const NOTHING: Made = {
  kind: 'audio',
  durationS: undefined,
  loudnessLufs: undefined,
  truePeakDb: undefined,
  widthPx: undefined,
  heightPx: undefined,
  files: [],
};

/** Text must have been announced: a playlist or a page of errors that was sent as sound is no contribution. */
async function makeText(job: Job): Promise<Made> {
  const { declaredKind, declaredType = '', limits } = job;
  const announced =
    declaredKind === 'text' ||
    (declaredKind === undefined && /^(text|application\/xml)/.test(declaredType));
  if (!announced) throw unreadable('it holds text, no sound, photo or film');
  const { size } = await stat(job.input);
  if (size > limits.maxTextBytes) {
    throw new EngineError('input.too-large', `a text may have ${limits.maxTextBytes} bytes`);
  }
  const text = new TextDecoder().decode(await readFile(job.input));
  const name = `${job.stem}.txt`;
  await writeFile(join(job.outFolder, name), text.replace(/^\ufeff/, ''));
  return {
    kind: 'text',
    durationS: undefined,
    loudnessLufs: undefined,
    truePeakDb: undefined,
    widthPx: undefined,
    heightPx: undefined,
    files: [await made(job.outFolder, 'text', name, 'text/plain; charset=utf-8')],
  };
}

async function checksum(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('hex');
}
