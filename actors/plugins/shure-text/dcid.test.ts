import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announcedDevice, readAnnouncement } from './announcements.js';
import { builtInKinds, kindsFrom, seriesOfKind } from './dcid.js';

const NUMBER = '0405BFCC-FD5A-11E3-BEEE-0015C5F3F612';

describe('the map of announced devices', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcid-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('knows every built-in number as a device that can be attached', () => {
    for (const [number, { model }] of builtInKinds()) {
      expect(number).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
      expect(seriesOfKind(model), model).toBeDefined();
    }
  });

  it.each([
    ['dcid.json', `{"${NUMBER}": {"band": "G62", "model": "QLX-DSingle", "model_name": "x"}}`],
    [
      'DCIDMap.xml',
      `<?xml version="1.0"?><Map><MapEntry><Key>QLX-DSingle</Key><ModelName>x</ModelName><DCIDList>
       <DCID band="G62">${NUMBER}</DCID></DCIDList></MapEntry></Map>`,
    ],
  ])('takes the operator’s %s beside the built-in numbers', async (name, content) => {
    const file = join(folder, name);
    await writeFile(file, content);
    const kinds = await kindsFrom(file);
    expect(kinds.get(NUMBER)).toEqual({ model: 'QLX-DSingle', band: 'G62' });
    expect(kinds.size).toBe(builtInKinds().size + 1);
  });

  it.each(['', 'no', '[1]', '<Map></Map>', '{"a": {"model": 5}}'])(
    'refuses the file "%s" with its name',
    async (content) => {
      const file = join(folder, 'broken');
      await writeFile(file, content);
      await expect(kindsFrom(file)).rejects.toThrow(file);
    },
  );

  it('offers no transmitter, and nothing that it does not know', () => {
    const kinds = new Map([[NUMBER, { model: 'QLX-DTx', band: '' }]]);
    const said = readAnnouncement(Buffer.from(`(x=QLXD),(csl-esta.dmp=cd:${NUMBER})`));
    expect(said).toEqual({ dcid: NUMBER, family: 'qlxd' });
    if (said !== undefined) expect(announcedDevice(said, '10.0.0.1', kinds)).toBeUndefined();
    expect(readAnnouncement(Buffer.from('NOTIFY * HTTP/1.1'))).toBeUndefined();
  });
});
