/**
 * How a JPEG file wants to be turned, 1..8 as EXIF numbers it; 1 when it does not say or is broken. Cameras store
 * pictures as the sensor lies.
 */
export function jpegOrientation(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let at = 2;
  while (at + 10 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const size = view.getUint16(at + 2);
    const exif = marker === 0xe1 && view.getUint32(at + 4) === 0x45786966;
    if (exif) return orientationIn(view, at + 10, Math.min(at + 2 + size, view.byteLength));
    if (marker === 0xda) break;
    at += 2 + size;
  }
  return 1;
}

function orientationIn(view: DataView, tiff: number, end: number): number {
  if (tiff + 8 > end) return 1;
  const little = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, little);
  if (directory + 2 > end) return 1;
  const count = view.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + i * 12;
    if (entry + 12 > end) return 1;
    if (view.getUint16(entry, little) !== 0x0112) continue;
    const value = view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** ffmpeg filters that turn a picture upright. */
export const UPRIGHT: Readonly<Record<number, string>> = {
  2: 'hflip',
  3: 'hflip,vflip',
  4: 'vflip',
  5: 'transpose=0',
  6: 'transpose=1',
  7: 'transpose=3',
  8: 'transpose=2',
};
