import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EngineError } from '../engine/errors.js';
import { libavEncoders } from '../media/encoders/libav.js';
import { BLOCK_FRAMES, BLOCK_MS, type EncoderFactory } from '../media/ports.js';
import { addListeners, BenchClock, benchMedia, moveListeners, openSite } from './audio-site.js';
import { median } from './harness.js';

const BLOCKS_PER_MINUTE = 60_000 / BLOCK_MS;
/** Real encoders among the mixes; the others count packets, or four hours would take two. */
const REAL_ENCODERS = 2;
/** Minutes of sound between two looks at the memory. */
const READ_EVERY_MINUTES = 5;

export interface AcceleratedHours {
  readonly heapMiddleMb: number;
  readonly heapEndMb: number;
  readonly rssMiddleAcceleratedMb: number;
  readonly rssEndAcceleratedMb: number;
  /** Blocks made less blocks due by the clock, ms. */
  readonly acceleratedDriftMs: number;
  readonly acceleratedSpeed: number;
}

/** libav for the first mixes, and packets of nothing for the rest. */
function fewEncoders(real: EncoderFactory): EncoderFactory {
  let opened = 0;
  return {
    ...real,
    open: (options, onPacket, onError) => {
      opened += 1;
      if (opened <= REAL_ENCODERS) return real.open(options, onPacket, onError);
      let endFrame = options.startFrame ?? 0;
      const packet = new Uint8Array(384);
      return {
        format: options.format,
        bitrateKbps: options.bitrateKbps,
        contentType: 'audio/mpeg',
        header: new Uint8Array(0),
        encode: () => {
          endFrame += BLOCK_FRAMES;
          onPacket(packet, endFrame);
        },
        close: () => undefined,
      };
    },
  };
}

/** Hours of sound of so many walking listeners, each with a mix of their own, as fast as the machine can. */
export async function acceleratedHours(
  hours: number,
  listeners: number,
): Promise<AcceleratedHours> {
  const real = await libavEncoders();
  if (real === undefined) {
    throw new EngineError('media.encoder', 'the soak needs node-av: npm install node-av');
  }
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const clock = new BenchClock();
  const site = openSite(clock, fewEncoders(real), benchMedia());
  addListeners(site, listeners, listeners, 'mp3', 128);
  const started = performance.now();
  const heap: number[] = [];
  const rss: number[] = [];
  const minutes = Math.round(hours * 60);
  let block = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    for (const end = block + BLOCKS_PER_MINUTE; block < end; block++) {
      moveListeners(site, listeners, listeners, block);
      site.engine.tick();
      clock.advance(BLOCK_MS);
      // Media that was asked for arrives between two blocks.
      if (block % 50 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (minute % READ_EVERY_MINUTES !== 0) continue;
    collect();
    const { heapUsed, external, rss: resident } = process.memoryUsage();
    heap.push((heapUsed + external) / 1e6);
    rss.push(resident / 1e6);
    if (minute % 30 === 0) {
      process.stderr.write(
        `soak: ${minute / 60} h of ${listeners} listeners, ${(resident / 1e6).toFixed(0)} MB\n`,
      );
    }
  }
  const { blocks } = site.engine.stats;
  site.engine.stop();
  const warm = (values: readonly number[]) => values.slice(Math.floor(values.length / 3));
  const halves = (values: readonly number[]): [number, number] => {
    const some = warm(values);
    const half = Math.max(1, Math.floor(some.length / 2));
    return [median(some.slice(0, half)), median(some.slice(half))];
  };
  const [heapMiddleMb, heapEndMb] = halves(heap);
  const [rssMiddleAcceleratedMb, rssEndAcceleratedMb] = halves(rss);
  return {
    heapMiddleMb,
    heapEndMb,
    rssMiddleAcceleratedMb,
    rssEndAcceleratedMb,
    acceleratedDriftMs: blocks * BLOCK_MS - clock.monoMs(),
    acceleratedSpeed: (minutes * 60_000) / (performance.now() - started),
  };
}
