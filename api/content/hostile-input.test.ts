import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from '../../engine/errors.js';
import { jpegOrientation } from '../../media/ingest/exif.js';
import { readHeader } from '../../media/ingest/peaks.js';
import { sniff } from '../../media/ingest/sniff.js';
import { readTable } from './archive/table-file.js';
import { ZipBundle } from './archive/zip.js';
import { readMultipart } from './multipart.js';
import { readMetadata } from './upload-routes.js';
import { readWishes } from './wishes.js';

/** A value, or an error in words: nothing else may come of bytes from outside. */
async function answers(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).code).not.toBe('internal');
  }
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-hostile-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const heads = ['RIFF', 'ID3\x04', '\xff\xd8\xff\xe1', 'PK\x03\x04', 'OggS', '\x89PNG', 'ftyp', ''];
const odd = fc
  .tuple(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 400 }))
  .map(([head, tail]) => Buffer.concat([Buffer.from(head, 'latin1'), tail]));

describe('bytes from outside', () => {
  it('are told apart, turned and measured without a throw', () => {
    fc.assert(
      fc.property(odd, (bytes) => {
        expect(['av', 'image', 'text', 'unknown']).toContain(sniff(bytes).kind);
        expect(jpegOrientation(bytes)).toBeGreaterThanOrEqual(1);
        expect(jpegOrientation(bytes)).toBeLessThanOrEqual(8);
      }),
      { numRuns: 2_000 },
    );
  });

  it('in a form end as fields or as an error, in whatever pieces they come', async () => {
    const part = fc.oneof(
      fc.constant('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n'),
      fc.constant(
        '--x\r\nContent-Disposition: form-data; name="file"; filename="blob"\r\n\r\nbytes\r\n',
      ),
      fc.constant('--x--\r\n'),
      fc.string({ maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        async (parts, size) => {
          await answers(() =>
            readMultipart(
              pieces(Buffer.from(parts.join('')), size),
              'multipart/form-data; boundary=x',
              async (_part, bytes) => {
                for await (const chunk of bytes) expect(chunk.length).toBeGreaterThan(0);
              },
            ),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('in tables, headers and fields end as rows or as an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200, unit: 'binary' }), async (text) => {
        await answers(() => readTable('a.csv', `file,lat,lon\n${text}`));
        await answers(() => readTable('a.csv', text));
        await answers(() => readTable('a.geojson', text));
        await answers(() => readMetadata(text));
        await answers(() =>
          readWishes(
            new Map([
              ['latitude', text],
              ['tagIds', text],
            ]),
          ),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('that pretend to be a ZIP are refused', async () => {
    const limits = { maxEntries: 10, maxTotalBytes: 1_000, maxEntryBytes: 1_000 };
    const end = Buffer.from('504b0506000000000100010030000000000000000000', 'hex');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const file = join(folder, 'odd.zip');
        writeFileSync(file, Buffer.concat([bytes, end]));
        await answers(async () => (await ZipBundle.open(file, limits)).close());
      }),
      { numRuns: 100 },
    );
  });
});

it('a photo says how it lies', () => {
  const exif = (order: 'II' | 'MM', value: number): Buffer => {
    const tiff = Buffer.alloc(26);
    const little = order === 'II';
    const short = (at: number, n: number) =>
      little ? tiff.writeUInt16LE(n, at) : tiff.writeUInt16BE(n, at);
    const long = (at: number, n: number) =>
      little ? tiff.writeUInt32LE(n, at) : tiff.writeUInt32BE(n, at);
    tiff.write(order, 0, 'latin1');
    short(2, 42);
    long(4, 8);
    short(8, 1);
    short(10, 0x0112);
    short(12, 3);
    long(14, 1);
    short(18, value);
    const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, tiff.length + 8]);
    return Buffer.concat([head, Buffer.from('Exif\0\0', 'latin1'), tiff, Buffer.alloc(20)]);
  };
  expect(jpegOrientation(exif('II', 6))).toBe(6);
  expect(jpegOrientation(exif('MM', 8))).toBe(8);
  expect(jpegOrientation(exif('MM', 99))).toBe(1);
});

it('the header of a WAV file is found behind other chunks', () => {
  const wav = Buffer.alloc(64);
  wav.write('RIFF....WAVELIST\x04\0\0\0abcdfmt \x10\0\0\0', 0, 'latin1');
  wav.writeUInt16LE(1, 34);
  wav.writeUInt32LE(48_000, 36);
  wav.write('data', 48, 'latin1');
  expect(readHeader(wav)).toEqual({ channels: 1, rate: 48_000, dataAt: 56 });
});
