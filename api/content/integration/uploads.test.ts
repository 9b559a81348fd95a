import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asset, Project } from '../../../actors/content/content.types.js';
import type { Problem } from '../../contract/rest.js';
import {
  type ContentSite,
  OPERATOR,
  startContentSite,
  toneBytes,
} from '../../testing/content-site.js';

import { removeUnused } from '../removal.js';

let site: ContentSite;
let project: Project;

const square = (east: number) => {
  const corner = (x: number, y: number): [number, number] => [13.4 + east + x, 52.1 + y];
  const ring = [corner(0, 0), corner(0.01, 0), corner(0.01, 0.01), corner(0, 0.01), corner(0, 0)];
  return [[ring]];
};

beforeEach(async () => {
  site = await startContentSite();
  project = await site.rows.project({ autoSubmit: true, outOfRangeM: 500 });
  await site.store.content.speakers.create({
    projectId: project.id,
    active: true,
    code: '',
    name: 'Square',
    maxVolume: 1,
    minVolume: 0,
    uri: '',
    backupUri: '',
    mediaId: null,
    shape: square(0),
    attenuationM: 1,
    law: 'linear',
  });
  const visit = await site.rows.session({ projectId: project.id });
  site.visits.set('secret', { number: visit.id, projectId: project.id });
});
afterEach(async () => {
  await site.stop();
});

function form(
  fields: Record<string, string>,
  bytes: Buffer<ArrayBuffer>,
  type = 'audio/webm',
): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set('file', new Blob([bytes], { type }), 'blob');
  return body;
}

const upload = async (body: FormData, headers: Record<string, string> = {}) =>
  await fetch(`${site.url}/v1/assets/upload`, { method: 'POST', body, headers });

const inside = { latitude: '52.105', longitude: '13.405' };
const settled = async (answer: Response): Promise<Asset> =>
  await site.content.ingest.settled(((await answer.json()) as Asset).id);

describe('a file in one form', () => {
  it('becomes a playable asset of the visit, named by time and visit, and its author hears of it at once', async () => {
    const heard: number[] = [];
    site.content.ingest.onReady((asset) => heard.push(asset.id));
    const answer = await upload(
      form({ sessionId: 'secret', ...inside, description: 'a bird' }, toneBytes(1, '-f', 'webm')),
    );
    expect(answer.status).toBe(201);
    const fresh = (await answer.clone().json()) as Asset;
    expect(fresh).toMatchObject({ ingest: 'waiting', mediaType: 'audio', submitted: true });
    expect(fresh.filename).toMatch(/^\d{8}-\d{6}-1-[0-9a-f]{32}\.mp3$/);
    const asset = await settled(answer);
    expect(asset).toMatchObject({
      ingest: 'ready',
      projectId: project.id,
      description: 'a bird',
      startS: 0,
      latitude: 52.105,
    });
    expect(asset.lengthS).toBeCloseTo(1, 1);
    expect(asset.endS).toBe(asset.lengthS);
    expect(asset.loudnessLufs).toBeLessThan(-15);
    expect(heard).toEqual([asset.id]);
    const stem = asset.filename?.replace('.mp3', '') ?? '';
    expect(readdirSync(site.mediaFolder).sort()).toEqual(
      [`${stem}.m4a`, `${stem}.mp3`, `${stem}.peaks.json`, `${stem}.wav`, 'original'].sort(),
    );
    expect(site.table.get(String(asset.id))).toMatchObject({ state: 'ready', progress: 1 });
    const media = await site.store.media.get(stem);
    expect(media).toMatchObject({ file: `${stem}.wav`, contentType: 'audio/wav' });
    expect(media?.sha256).toMatch(/^[0-9a-f]{64}$/);
    const peaks = await fetch(`${site.url}/v1/assets/${asset.id}/peaks`);
    expect(((await peaks.json()) as { peaks: number[] }).peaks.length).toBeGreaterThan(40);
  });

  it('is submitted as Roundware’s rules say', async () => {
    const bytes = toneBytes(0.2);
    const send = async (fields: Record<string, string>, headers = {}) =>
      (await (
        await upload(form({ sessionId: 'secret', ...fields }, bytes), headers)
      ).json()) as Asset;
    expect((await send(inside)).submitted).toBe(true);
    const nowhere = await send({});
    expect(nowhere).toMatchObject({ submitted: false, latitude: project.latitude });
    expect((await send({ latitude: '10', longitude: '10' })).submitted).toBe(false);
    expect((await send({ ...inside, submitted: 'false' }, OPERATOR)).submitted).toBe(false);
    await site.store.content.projects.update(project.id, { autoSubmit: false });
    expect((await send(inside)).submitted).toBe(false);
    expect((await send({ submitted: 'true' })).submitted).toBe(false);
    expect((await send({ submitted: 'true' }, OPERATOR)).submitted).toBe(true);
  });

  it('of a hostile kind ends as a clear error on the asset, and the site goes on', async () => {
    const list = '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n';
    const asset = await settled(
      await upload(form({ sessionId: 'secret' }, Buffer.from(list), 'audio/mpeg')),
    );
    expect(asset.ingest).toBe('failed');
    expect(asset.ingestError).toContain('it holds text');
    expect(site.table.get(String(asset.id))).toMatchObject({ state: 'failed' });
    const noise = await settled(
      await upload(form({ sessionId: 'secret' }, Buffer.alloc(5_000, 0xa7), 'audio/mpeg')),
    );
    expect(noise.ingest).toBe('failed');
    const again = await fetch(`${site.url}/v1/assets/${noise.id}/ingest`, {
      method: 'POST',
      headers: OPERATOR,
    });
    expect(again.status).toBe(202);
    expect((await site.content.ingest.settled(noise.id)).ingest).toBe('failed');
    const good = await settled(await upload(form({ sessionId: 'secret' }, toneBytes(0.2))));
    expect(good.ingest).toBe('ready');
  });

  it('is refused with the field and the reason', async () => {
    const bytes = toneBytes(0.2);
    const problem = async (fields: Record<string, string>, headers = {}) => {
      const answer = await upload(form(fields, bytes), headers);
      return `${answer.status} ${((await answer.json()) as Problem).detail}`;
    };
    expect(await problem({})).toMatch(/^401 sessionId/);
    expect(await problem({ sessionId: 'guess' })).toMatch(/^403 sessionId/);
    expect(await problem({}, OPERATOR)).toMatch(/^400 projectId/);
    expect(await problem({ projectId: '99' }, OPERATOR)).toMatch(/^400 projectId: there is no/);
    expect(await problem({ sessionId: 'secret', latitude: '1' })).toMatch(/^400 latitude and/);
    expect(await problem({ sessionId: 'secret', latitude: 'x', longitude: '1' })).toMatch(
      /^400 body.latitude/,
    );
    expect(await problem({ sessionId: 'secret', tagIds: '77' })).toMatch(
      /^400 tagIds: there is no tag 77/,
    );
    expect(await problem({ sessionId: 'secret', envelopeId: '9' })).toMatch(/^400 envelopeId/);
    const empty = await upload(form({ sessionId: 'secret' }, Buffer.alloc(0)));
    expect(await empty.json()).toMatchObject({ status: 400, detail: 'file: it is empty' });
    const text = await fetch(`${site.url}/v1/assets/upload`, { method: 'POST', body: 'hello' });
    expect(text.status).toBe(415);
    const broken = await fetch(`${site.url}/v1/assets/upload`, {
      method: 'POST',
      body: '--x\r\nContent-Disposition: form-data; name="a"',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect(broken.status).toBe(400);
    expect(readdirSync(join(site.folder, 'incoming'))).toEqual([]);
    expect(await site.store.content.assets.count()).toBe(0);
  });
});

describe('a resumable upload', () => {
  const meta = (fields: Record<string, string>) =>
    Object.entries(fields)
      .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
      .join(',');
  const announce = async (length: number, fields: Record<string, string>) =>
    await fetch(`${site.url}/v1/uploads`, {
      method: 'POST',
      headers: {
        'tus-resumable': '1.0.0',
        'upload-length': String(length),
        'upload-metadata': meta(fields),
      },
    });
  const piece = async (path: string, offset: number, bytes: Uint8Array<ArrayBuffer>) =>
    await fetch(`${site.url}${path}`, {
      method: 'PATCH',
      body: bytes,
      headers: {
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-offset': String(offset),
      },
    });

  it('goes on after a broken connection and a restart, and ends as an asset', async () => {
    const bytes = toneBytes(20);
    const made = await announce(bytes.length, { sessionId: 'secret', filename: 'blob', ...inside });
    expect(made.status).toBe(201);
    const path = made.headers.get('location') ?? '';
    expect((await piece(path, 0, bytes.subarray(0, 100_000))).headers.get('upload-offset')).toBe(
      '100000',
    );
    // A connection that breaks in the middle of a piece: what arrived counts.
    await new Promise<void>((resolve) => {
      const call = request(`${site.url}${path}`, {
        method: 'PATCH',
        headers: {
          'content-type': 'application/offset+octet-stream',
          'upload-offset': '100000',
          'content-length': String(bytes.length - 100_000),
        },
      });
      call.on('error', () => resolve());
      call.write(bytes.subarray(100_000, 300_000), () => setTimeout(() => call.destroy(), 50));
    });
    const offset = async () => {
      const head = await fetch(`${site.url}${path}`, { method: 'HEAD' });
      expect(head.status).toBe(200);
      expect(head.headers.get('cache-control')).toBe('no-store');
      expect(head.headers.get('upload-length')).toBe(String(bytes.length));
      return Number(head.headers.get('upload-offset'));
    };
    await expect.poll(offset).toBe(300_000);
    expect((await piece(path, 0, bytes.subarray(0, 10))).status).toBe(409);

    const { folder } = site;
    await site.gateway.stop(100);
    await site.content.stop();
    await site.store.close();
    const before = site;
    site = await startContentSite({ folder });
    for (const [id, visit] of before.visits) site.visits.set(id, visit);
    expect(await offset()).toBe(300_000);
    const last = await piece(path, 300_000, bytes.subarray(300_000));
    expect(last.status).toBe(204);
    const id = Number(last.headers.get('asset-id'));
    expect(await site.content.ingest.settled(id)).toMatchObject({
      ingest: 'ready',
      submitted: true,
    });
    expect(await (await fetch(`${site.url}${path}`)).json()).toMatchObject({ assetId: id });
    expect((await fetch(`${site.url}${path}`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${site.url}${path}`)).status).toBe(404);
  });

  it('is refused when it is announced, not when it is sent', async () => {
    expect((await announce(10, { sessionId: 'guess' })).status).toBe(403);
    expect((await announce(10, {})).status).toBe(401);
    expect((await announce(1e13, { sessionId: 'secret' })).status).toBe(413);
    expect((await announce(0, { sessionId: 'secret' })).status).toBe(400);
    expect((await announce(10, { sessionId: 'secret', tagIds: '5' })).status).toBe(400);
    const none = await fetch(`${site.url}/v1/uploads`, { method: 'POST' });
    expect(none.status).toBe(400);
    expect(none.headers.get('tus-resumable')).toBe('1.0.0');
    const made = await announce(10, { sessionId: 'secret' });
    const path = made.headers.get('location') ?? '';
    expect((await piece(path, 0, Buffer.alloc(11))).status).toBe(413);
    expect((await piece('/v1/uploads/unknown', 0, Buffer.alloc(1))).status).toBe(404);
  });

  it('that is whole outlives a full queue: an empty piece at its end tries again', async () => {
    await site.stop();
    site = await startContentSite({ config: { ingest: { maxWaiting: 0 } } });
    project = await site.rows.project();
    const visit = await site.rows.session({ projectId: project.id });
    site.visits.set('secret', { number: visit.id, projectId: project.id });
    const bytes = toneBytes(0.2);
    const path = (await announce(bytes.length, { sessionId: 'secret' })).headers.get('location');
    const url = path ?? '';
    expect((await piece(url, 0, bytes)).status).toBe(503);
    const head = await fetch(`${site.url}${url}`, { method: 'HEAD' });
    expect(head.headers.get('upload-offset')).toBe(String(bytes.length));
    expect((await piece(url, bytes.length, new Uint8Array(0))).status).toBe(503);

    const { folder, visits } = site;
    await site.gateway.stop(100);
    await site.content.stop();
    await site.store.close();
    site = await startContentSite({ folder });
    for (const [id, one] of visits) site.visits.set(id, one);
    const last = await piece(url, bytes.length, new Uint8Array(0));
    expect(last.status).toBe(204);
    const asset = await site.content.ingest.settled(Number(last.headers.get('asset-id')));
    expect(asset.ingest).toBe('ready');
    // A file that can never be used takes its upload along.
    const wrong = (await announce(5, { sessionId: 'secret' })).headers.get('location') ?? '';
    await site.store.content.projects.remove(project.id);
    expect((await piece(wrong, 0, Buffer.from('12345'))).status).toBe(400);
    expect((await fetch(`${site.url}${wrong}`)).status).toBe(404);
    expect(readdirSync(join(site.folder, 'incoming'))).toEqual([]);
  });

  it('tells what it speaks', async () => {
    const options = await fetch(`${site.url}/v1/uploads`, { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(options.headers.get('tus-version')).toBe('1.0.0');
    expect(options.headers.get('tus-extension')).toContain('creation');
    expect(options.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('a recording that is deleted', () => {
  it('is deleted with its files, ready or waiting, unless a speaker plays them', async () => {
    const remove = async (id: number) => {
      const { store, mediaFolder } = site;
      const mediaId = (await store.content.assets.get(id))?.mediaId ?? '';
      await store.content.assets.remove(id);
      await removeUnused(store, mediaFolder, mediaId);
      return mediaId;
    };
    const ready = await settled(await upload(form({ sessionId: 'secret' }, toneBytes(0.2))));
    const stem = ready.mediaId ?? '';
    const [speaker] = await site.store.content.speakers.find();
    const id = speaker?.id ?? 0;
    await site.store.content.speakers.update(id, { backupUri: `/media/${stem}.wav` });
    await remove(ready.id);
    expect(readdirSync(site.mediaFolder)).toContain(`${stem}.wav`);
    await site.store.content.speakers.update(id, { backupUri: '' });
    await removeUnused(site.store, site.mediaFolder, stem);
    const answer = await upload(form({ sessionId: 'secret' }, toneBytes(2)));
    const fresh = (await answer.json()) as Asset;
    await remove(fresh.id);
    await expect(site.content.ingest.settled(fresh.id)).rejects.toThrow(/there is no asset/);
    const left = () => readdirSync(site.mediaFolder, { recursive: true });
    await expect.poll(left).toEqual(['original']);
    expect(await site.store.media.list()).toEqual([]);
  });

  it('shows its waveform to staff only until it is submitted', async () => {
    const asset = await settled(await upload(form({ sessionId: 'secret' }, toneBytes(0.2))));
    expect(asset.submitted).toBe(false);
    const peaks = `${site.url}/v1/assets/${asset.id}/peaks`;
    expect((await fetch(peaks)).status).toBe(401);
    expect((await fetch(peaks, { headers: OPERATOR })).status).toBe(200);
    await site.store.content.assets.update(asset.id, { submitted: true });
    expect((await fetch(peaks)).status).toBe(200);
  });
});

describe('a media file', () => {
  it('is served in ranges, to any site, with its type, and nothing else of the disk is', async () => {
    const bytes = toneBytes(46, '-f', 'flac');
    const asset = await settled(await upload(form({ sessionId: 'secret' }, bytes)));
    const name = asset.filename ?? '';
    const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      await fetch(`${site.url}${path}`, { method, headers });
    const mp3 = await get(`/media/${name}`);
    expect(mp3.headers.get('content-type')).toBe('audio/mpeg');
    expect(mp3.headers.get('access-control-allow-origin')).toBe('*');
    expect((await mp3.arrayBuffer()).byteLength).toBeGreaterThan(300_000);
    // `…-1.mp3` is a time and a number, not a hash: what lies there may change.
    expect(mp3.headers.get('cache-control')).toBe('no-cache');
    const wav = `/media/${name.replace('.mp3', '.wav')}`;
    const head = await get(wav, {}, 'HEAD');
    const size = Number(head.headers.get('content-length'));
    expect(size).toBeGreaterThan(4_300_000);
    expect(head.headers.get('content-type')).toBe('audio/wav');
    expect((await (await get(wav)).arrayBuffer()).byteLength).toBe(size);
    const part = await get(wav, { range: 'bytes=1000-1999' });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 1000-1999/${size}`);
    expect(part.headers.get('content-length')).toBe('1000');
    expect((await part.arrayBuffer()).byteLength).toBe(1_000);
    const tail = await get(wav, { range: `bytes=${size - 3_000_000}-` });
    expect((await tail.arrayBuffer()).byteLength).toBe(3_000_000);
    expect((await get(wav, { range: `bytes=${size}-` })).status).toBe(416);
    const again = await get(wav, { 'if-none-match': head.headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
    const stem = name.replace('.mp3', '');
    for (const path of [
      `/media/original/${stem}/source.flac`,
      `/media/original%2F${stem}%2Fsource.flac`,
      '/media/..%2Fcontrol.db',
      '/media/%2e%2e%2fcontrol.db',
      '/media/.hidden',
      '/media/none.mp3',
    ]) {
      expect((await get(path)).status, path).toBe(404);
    }
  });

  it('in a folder of the site is served too, and has an MP3 beside its WAV when somebody asks', async () => {
    mkdirSync(join(site.mediaFolder, 'demo'));
    writeFileSync(join(site.mediaFolder, 'demo', 'bell.wav'), toneBytes(1));
    const asks = await Promise.all(
      ['wav', 'mp3', 'mp3', 'm4a'].map((ending) => fetch(`${site.url}/media/demo/bell.${ending}`)),
    );
    expect(asks.map(({ status }) => status)).toEqual([200, 200, 200, 404]);
    expect(asks[1]?.headers.get('content-type')).toBe('audio/mpeg');
    expect((await asks[1]?.arrayBuffer())?.byteLength).toBeGreaterThan(10_000);
    writeFileSync(join(site.mediaFolder, 'demo', 'broken.wav'), 'no sound');
    expect((await fetch(`${site.url}/media/demo/broken.mp3`)).status).toBe(422);
  });
});
