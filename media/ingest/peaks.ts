import { createReadStream } from 'node:fs';

/** Most peaks of a sound: enough for the widest screen. */
const MAX_PEAKS = 2_000;
const LEAST_SECONDS = 0.02;

/**
 * The waveform of a 16-bit PCM WAV file as this folder's jobs write it (48 kHz, `fmt ` and `data`, maybe others
 * between): each peak is the largest magnitude in its piece over all channels, 0..255. Reads in pieces.
 */
export async function wavPeaks(
  file: string,
  durationS: number,
  onProgress: (part: number) => void,
): Promise<{ readonly secondsPerPeak: number; readonly peaks: readonly number[] }> {
  const secondsPerPeak = Math.max(LEAST_SECONDS, durationS / MAX_PEAKS);
  const peaks: number[] = [];
  let header: { channels: number; rate: number; dataAt: number } | undefined;
  let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let framesPerPeak = 1;
  let inPiece = 0;
  let largest = 0;
  let seconds = 0;
  for await (const part of createReadStream(file, { highWaterMark: 1_048_576 })) {
    let bytes: Buffer<ArrayBufferLike> = Buffer.concat([rest, part as Buffer]);
    if (header === undefined) {
      header = readHeader(bytes);
      framesPerPeak = Math.max(1, Math.round(secondsPerPeak * header.rate));
      bytes = bytes.subarray(header.dataAt);
    }
    const { channels, rate } = header;
    const frameBytes = channels * 2;
    const frames = Math.floor(bytes.length / frameBytes);
    for (let frame = 0; frame < frames; frame++) {
      for (let channel = 0; channel < channels; channel++) {
        const value = Math.abs(bytes.readInt16LE(frame * frameBytes + channel * 2));
        if (value > largest) largest = value;
      }
      if (++inPiece === framesPerPeak) {
        peaks.push(toByte(largest));
        inPiece = 0;
        largest = 0;
      }
    }
    rest = Buffer.from(bytes.subarray(frames * frameBytes));
    seconds += frames / rate;
    onProgress(durationS === 0 ? 1 : Math.min(1, seconds / durationS));
  }
  if (inPiece > 0) peaks.push(toByte(largest));
  return { secondsPerPeak: framesPerPeak / (header?.rate ?? 48_000), peaks };
}

const toByte = (magnitude: number): number => Math.min(255, Math.round((magnitude * 255) / 32_767));

export function readHeader(bytes: Buffer): { channels: number; rate: number; dataAt: number } {
  let channels = 2;
  let rate = 48_000;
  let at = 12;
  while (at + 8 <= bytes.length) {
    const name = bytes.toString('latin1', at, at + 4);
    if (name === 'fmt ') {
      channels = bytes.readUInt16LE(at + 10);
      rate = bytes.readUInt32LE(at + 12);
    }
    if (name === 'data') return { channels, rate, dataAt: at + 8 };
    const size = bytes.readUInt32LE(at + 4);
    at += 8 + size + (size % 2);
  }
  return { channels, rate, dataAt: bytes.length };
}
