import { FrameParser } from '../actors/plugins/shure-text/parser.js';
import { ownCpuSeconds } from './harness.js';

/** Read at a time, bytes: single ones, less than a frame, an Ethernet segment, what a busy socket gives at once. */
const CHUNKS = [1, 7, 64, 1_448, 65_536];

/** A second of four receivers' lives: meters, and now and then a report. */
function traffic(): Buffer {
  const frames: string[] = [];
  const three = (n: number): string => String(n).padStart(3, '0');
  for (let i = 0; i < 20_000; i++) {
    const channel = 1 + (i % 4);
    frames.push(
      `< SAMPLE ${channel} ALL ${i % 3 === 0 ? 'AX' : 'XB'} ${three(i % 116)} ${three(i % 51)} >`,
    );
    if (i % 50 === 0)
      frames.push(`< REP ${channel} BATT_RUN_TIME ${String(i % 600).padStart(5, '0')} >`);
    if (i % 500 === 0) frames.push(`< REP ${channel} CHAN_NAME {Vox ${i % 10}   } >`);
  }
  return Buffer.from(frames.join(''), 'latin1');
}

/** Frames for one CPU second, of the chunking that is worst. */
export function parserFramesPerSecond(seconds: number): number {
  const bytes = traffic();
  let values = 0;
  const rates = CHUNKS.map((size) => {
    const parser = new FrameParser('angle', (frame) => {
      // What a receiver's connection does first with every frame.
      values += frame.channel;
    });
    // Cut before: sockets hand over chunks that are there.
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    const pass = (): void => {
      for (const chunk of chunks) parser.push(chunk);
    };
    pass();
    const before = ownCpuSeconds();
    const framesBefore = parser.counts.frames;
    const until = performance.now() + (seconds * 1_000) / CHUNKS.length;
    do pass();
    while (performance.now() < until);
    return (parser.counts.frames - framesBefore) / (ownCpuSeconds() - before);
  });
  if (values === 0) return Number.NaN;
  return Math.min(...rates);
}
