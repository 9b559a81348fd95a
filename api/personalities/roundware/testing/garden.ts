import { startServer, type TestServer } from '../../../testing/server.js';
import { type Client, staff } from './client.js';
import { square } from './world.js';

/** Pitches of the garden's speaker, and of what is uploaded there. */
export const SPEAKER_HZ = 600;
export const UPLOAD_HZ = 1_500;

export const MIDDLE = { latitude: 42.5, longitude: -71.25 } as const;

/** A WAV file: a sine, mono, 16 bit, 48 kHz. */
export function toneWav(hz: number, seconds: number): Blob {
  const frames = Math.round(seconds * 48_000);
  const wav = Buffer.alloc(44 + frames * 2);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + frames * 2, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(48_000, 24);
  wav.writeUInt32LE(96_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(frames * 2, 40);
  for (let i = 0; i < frames; i++) {
    wav.writeInt16LE(Math.round(9_000 * Math.sin((2 * Math.PI * hz * i) / 48_000)), 44 + i * 2);
  }
  return new Blob([wav], { type: 'audio/wav' });
}

/** A real server with a project that has a speaker, a track and choices, made as its operator would make it. */
export interface Garden {
  readonly server: TestServer;
  readonly url: string;
  readonly admin: Client;
  readonly projectId: number;
  readonly speakerId: number;
  readonly tagIds: readonly [number, number];
  stop(): Promise<void>;
}

export async function plantGarden(): Promise<Garden> {
  const server = await startServer();
  const admin = await staff(server.url, 'admin', server.adminPassword ?? '');
  const text = async (english: string) =>
    (await admin.post('localizedstrings/', { text: english, language: 'en' })).id;
  const project = await admin.post('projects/', {
    name: 'Garden',
    ...MIDDLE,
    recording_radius: 20,
    out_of_range_distance: 1_000,
    out_of_range_url: 'http://radio.example/far.mp3',
    out_of_range_message_loc_ids: [await text('Come to the garden')],
    legal_agreement_loc_ids: [await text('You agree')],
    auto_submit: true,
    max_recording_length: 30,
  });
  const here = { project_id: project.id };
  const speaker = new FormData();
  for (const [name, value] of Object.entries({
    ...here,
    code: 'tone',
    maxvolume: '1.0',
    minvolume: '0.0',
    attenuation_distance: '5',
    activeyn: 'true',
    shape: JSON.stringify(square(MIDDLE.longitude, MIDDLE.latitude, 0.001)),
  })) {
    speaker.set(name, String(value));
  }
  speaker.set('file', toneWav(SPEAKER_HZ, 1), 'tone.wav');
  const made = await admin.post('speakers/', speaker);
  await admin.post('audiotracks/', {
    ...here,
    minvolume: 1,
    maxvolume: 1,
    minduration: 5,
    maxduration: 6,
    mindeadair: 0.1,
    maxdeadair: 0.2,
    minfadeintime: 0.05,
    maxfadeintime: 0.1,
    minfadeouttime: 0.05,
    maxfadeouttime: 0.1,
  });
  const category = await admin.post('tagcategories/', { name: 'question' });
  const tags: number[] = [];
  for (const [index, value] of ['memory', 'story'].entries()) {
    const msg = await text(`Your ${value}`);
    const body = { ...here, tag_category_id: category.id, value, msg_loc_ids: [msg] };
    tags.push((await admin.post('tags/', body)).id);
    for (const ui_mode of index === 0 ? ['listen', 'speak'] : []) {
      const group = { ...here, tag_category_id: category.id, name: ui_mode, ui_mode };
      await admin.post('uigroups/', { ...group, select: 'multi', index: 1 });
    }
  }
  for (const group of await admin.list(`uigroups/?project_id=${project.id}`)) {
    for (const [index, tag_id] of tags.entries()) {
      await admin.post('uiitems/', { ui_group_id: group.id, tag_id, index, default: true });
    }
  }
  return {
    server,
    url: server.url,
    admin,
    projectId: project.id,
    speakerId: made.id,
    tagIds: [tags[0] ?? 0, tags[1] ?? 0],
    stop: async () => void (await server.stop()),
  };
}
