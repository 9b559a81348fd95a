/** What the first bytes of a file say. `demuxer` is the only one that ffmpeg may open it with. */
export type Sniffed =
  | {
      readonly kind: 'av' | 'image';
      readonly demuxer: string;
      readonly extension: string;
    }
  | { readonly kind: 'text'; readonly extension: string }
  | { readonly kind: 'unknown' };

/** Bytes that `sniff` wants to see. */
export const SNIFF_BYTES = 4_096;

const av = (demuxer: string, extension: string): Sniffed => ({ kind: 'av', demuxer, extension });
const image = (demuxer: string, extension: string): Sniffed => ({
  kind: 'image',
  demuxer,
  extension,
});

/**
 * Tells a file's kind by its content alone. Only formats that stand for themselves are known here: playlists,
 * concat scripts and the like, which could make ffmpeg read other files, are text.
 */
export function sniff(head: Uint8Array): Sniffed {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const at = (from: number, to: number) => bytes.toString('latin1', from, to);
  const first4 = at(0, 4);
  if (first4 === 'RIFF' && at(8, 12) === 'WAVE') return av('wav', 'wav');
  if (first4 === 'RF64' && at(8, 12) === 'WAVE') return av('wav', 'wav');
  if (first4 === 'RIFF' && at(8, 12) === 'WEBP') return image('webp_pipe', 'webp');
  if (first4 === 'FORM' && /^AIF[FC]$/.test(at(8, 12))) return av('aiff', 'aiff');
  if (first4 === 'caff') return av('caf', 'caf');
  if (first4 === 'OggS') return av('ogg', 'ogg');
  if (first4 === 'fLaC') return av('flac', 'flac');
  if (first4 === '.snd') return av('au', 'au');
  if (at(0, 5) === '#!AMR') return av('amr', 'amr');
  if (first4 === '\x1aE\xdf\xa3') return av('matroska', 'webm');
  if (/^(ftyp|moov|mdat|wide|free|skip|pnot)$/.test(at(4, 8))) {
    return av('mov', at(4, 12) === 'ftypM4A ' ? 'm4a' : 'mp4');
  }
  if (first4 === '\x89PNG') return image('png_pipe', 'png');
  if (/^GIF8[79]a$/.test(at(0, 6))) return image('gif', 'gif');
  if (at(0, 3) === '\xff\xd8\xff') return image('jpeg_pipe', 'jpg');
  if (at(0, 3) === 'ID3') return id3Kind(bytes);
  const sync = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  if ((sync & 0xfff6) === 0xfff0) return av('aac', 'aac');
  if (isMpegFrame(bytes)) return av('mp3', 'mp3');
  return isText(bytes) ? { kind: 'text', extension: 'txt' } : { kind: 'unknown' };
}

/** An ID3 tag may stand before MP3, AAC or FLAC. */
function id3Kind(bytes: Buffer): Sniffed {
  const size =
    ((bytes[6] ?? 0) << 21) | ((bytes[7] ?? 0) << 14) | ((bytes[8] ?? 0) << 7) | (bytes[9] ?? 0);
  const after = bytes.subarray(10 + size);
  if (after.toString('latin1', 0, 4) === 'fLaC') return av('flac', 'flac');
  if ((((after[0] ?? 0) << 8) | (after[1] ?? 0)) >>> 0 !== 0) {
    const sync = ((after[0] ?? 0) << 8) | (after[1] ?? 0);
    if ((sync & 0xfff6) === 0xfff0) return av('aac', 'aac');
  }
  return av('mp3', 'mp3');
}

function isMpegFrame(bytes: Buffer): boolean {
  const [a = 0, b = 0, c = 0] = bytes;
  const layer = (b >> 1) & 3;
  const bitrate = c >> 4;
  const rate = (c >> 2) & 3;
  return a === 0xff && (b & 0xe0) === 0xe0 && layer !== 0 && bitrate !== 15 && rate !== 3;
}

function isText(bytes: Buffer): boolean {
  if (bytes.length === 0) return false;
  for (const byte of bytes) {
    const control = byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13;
    if (control || byte === 127) return false;
  }
  // The last character may be cut.
  const text = new TextDecoder().decode(bytes.subarray(0, lastWhole(bytes)));
  const broken = text.split('\ufffd').length - 1;
  return broken === 0 || broken < text.length / 20;
}

function lastWhole(bytes: Buffer): number {
  let end = bytes.length;
  for (let back = 1; back <= 3 && back < bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) {
      end = bytes.length - back;
      break;
    }
    if (byte < 0x80) break;
  }
  return end;
}
