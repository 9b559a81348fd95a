import { type Client, staff, visitor } from './client.js';
import { type RoundwareSite, STAFF_PASSWORD } from './site.js';

/** A square around a place, closed, in degrees. */
export function square(longitude: number, latitude: number, half: number) {
  const corner = (east: number, north: number) => [
    longitude + east * half,
    latitude + north * half,
  ];
  const ring = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1), corner(-1, -1)];
  return { type: 'MultiPolygon', coordinates: [[ring]] };
}

/** A project with what an app needs of it, made through the API. */
export interface World {
  readonly olga: Client;
  readonly ada: Client;
  readonly adaId: number;
  readonly projectId: number;
  readonly sessionId: number;
  readonly germanId: number;
  /** A session in German. */
  readonly germanSessionId: number;
  /** Makes a string in English and one in German, and answers their ids. */
  texts(english: string, german: string): Promise<readonly [number, number]>;
}

export async function makeWorld(site: RoundwareSite): Promise<World> {
  const olga = await staff(site.url, 'olga', STAFF_PASSWORD);
  const { client: ada, id: adaId } = await visitor(site.url, 'ada-phone');
  const german = await olga.post('languages/', { name: 'German', language_code: 'de' });
  const texts = async (english: string, germanText: string) => {
    const one = await olga.post('localizedstrings/', { text: english, language: 'en' });
    const other = await olga.post('localizedstrings/', { text: germanText, language: 'de' });
    return [one.id, other.id] as const;
  };
  const project = await olga.post('projects/', {
    name: 'Harbour',
    latitude: 42.5,
    longitude: -71.25,
    recording_radius: 20,
    out_of_range_distance: 5_000,
    language_ids: [1, german.id],
    out_of_range_message_loc_ids: await texts('Come nearer', 'Komm näher'),
    demo_stream_message_loc_ids: await texts('A demo', 'Eine Probe'),
    legal_agreement_loc_ids: await texts('Agree', 'Stimme zu'),
    out_of_range_url: 'http://radio.example/far.mp3',
  });
  await olga.post('speakers/', {
    project_id: project.id,
    code: 'here',
    uri: 'http://radio.example/here.mp3',
    activeyn: true,
    maxvolume: 1,
    minvolume: 0,
    attenuation_distance: 10,
    shape: square(-71.25, 42.5, 0.01),
  });
  const wish = { project_id: project.id, client_system: 'Firefox' };
  const session = await ada.post('sessions/', wish);
  const other = await ada.post('sessions/', { ...wish, language: 'de-AT' });
  return {
    olga,
    ada,
    adaId,
    projectId: project.id,
    sessionId: session.id,
    germanId: german.id,
    germanSessionId: other.id,
    texts,
  };
}
