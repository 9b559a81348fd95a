import { ASSET_DEFAULTS } from '../../../../actors/content/defaults.js';
import type { RoundwareSite } from './site.js';
import { square, type World } from './world.js';

export const HERE = { latitude: 42.5, longitude: -71.25 };

/** Rows of every kind, made through the API by staff, each with what it needs. */
export function makersOf(site: RoundwareSite, world: World) {
  async function asset(): Promise<number> {
    const row = await site.store.content.assets.create({
      ...ASSET_DEFAULTS,
      projectId: world.projectId,
      submitted: true,
      createdAtUnixMs: 1,
      updatedAtUnixMs: 1,
    });
    return row.id;
  }

  const idOf = async (path: string): Promise<number> =>
    (await world.olga.post(`${path}/`, await bodies[path]?.())).id;

  let names = 0;
  const name = (): string => `name ${String(names++)}`;
  const letter = (): string => String.fromCharCode(97 + (names++ % 26));
  const inProject = () => ({ project_id: world.projectId });

  /** What makes a row of each resource. */
  const bodies: Readonly<Record<string, () => Promise<object>>> = {
    users: () => Promise.resolve({ device_id: name(), client_type: 'web' }),
    sessions: () => Promise.resolve({ ...inProject(), client_system: 'x' }),
    projects: () => Promise.resolve({ name: name(), ...HERE }),
    projectgroups: () => Promise.resolve({ name: name(), project_ids: [world.projectId] }),
    speakers: () =>
      Promise.resolve({
        ...inProject(),
        code: 'x',
        uri: 'http://radio.example/x.mp3',
        maxvolume: 1,
        minvolume: 0,
        attenuation_distance: 10,
        shape: square(1, 1, 0.1),
      }),
    audiotracks: () => Promise.resolve(inProject()),
    assets: async () => {
      const form = new FormData();
      form.set('envelope_ids', String(await idOf('envelopes')));
      form.set('file', new Blob(['RIFF sound'], { type: 'audio/wav' }), 'blob');
      return form;
    },
    envelopes: () => Promise.resolve({ session_id: world.sessionId }),
    tagcategories: () => Promise.resolve({ name: name() }),
    tags: async () => ({
      ...inProject(),
      tag_category_id: await idOf('tagcategories'),
      value: name(),
    }),
    tagrelationships: async () => ({ tag_id: await idOf('tags') }),
    uigroups: async () => ({
      ...inProject(),
      name: name(),
      ui_mode: 'listen',
      select: 'single',
      tag_category_id: await idOf('tagcategories'),
    }),
    uiitems: async () => ({ ui_group_id: await idOf('uigroups'), tag_id: await idOf('tags') }),
    uielementnames: () => Promise.resolve({ name: name(), view: 'listen' }),
    uielements: async () => ({ ...inProject(), uielementname_id: await idOf('uielementnames') }),
    languages: () => Promise.resolve({ name: name(), language_code: `x${letter()}` }),
    localizedstrings: () => Promise.resolve({ text: 'x', language_id: 1 }),
    timedassets: async () => ({ ...inProject(), asset_id: await asset(), start: 1, end: 2 }),
    events: () => Promise.resolve({ session_id: world.sessionId, event_type: 'x' }),
    listenevents: async () => ({
      session: world.sessionId,
      asset: await asset(),
      starttime: '2026-01-31T12:00:00',
    }),
    votes: async () => ({ session_id: world.sessionId, asset_id: await asset(), type: 'like' }),
    streams: async () => ({ session_id: await idOf('sessions'), ...HERE }),
  };

  const opened = async (body: object = {}) => {
    const id = await idOf('sessions');
    await world.olga.post('streams/', { session_id: id, ...HERE });
    return { id, body: { session_id: id, ...body } };
  };
  /**
   * `asset`: id of a new asset; `idOf`: of a new row of a resource; `opened`: a new stream, and a body that names it;
   * `bodies`: what makes a row of each resource.
   */
  return { asset, idOf, opened, bodies };
}
