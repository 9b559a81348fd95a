import { open, stat } from 'node:fs/promises';
import { readHeader } from './peaks.js';

/** Length of a 16-bit WAV file of ours, from its size: the header may have been written to a full disk. */
export async function wavDurationS(file: string): Promise<number> {
  const { size } = await stat(file);
  const handle = await open(file);
  try {
    const head = Buffer.alloc(4_096);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    const { channels, rate, dataAt } = readHeader(head.subarray(0, bytesRead));
    return Math.max(0, Math.floor((size - dataAt) / (2 * channels))) / rate;
  } finally {
    await handle.close();
  }
}
