import type { Speaker } from '../../../../actors/content/content.types.js';
import { SPEAKER_DEFAULTS } from '../../../../actors/content/defaults.js';
import type { Polygon } from '../../../../media/ports.js';
import { boundaryOf } from '../../../../media/project/border.js';
import { type Ask, type Call, NOTHING } from '../http/ask.js';
import { blankable, bool, float, id, multiPolygon, multiPolygonOf, text } from '../http/codecs.js';
import { clears, type Inputs, input, required } from '../http/inputs.js';
import { bad, badField, notFound } from '../http/refusal.js';
import { by, callsOf, type Resource, rowOf } from '../http/resource.js';
import { absolute, speakerUrl } from '../media-url.js';
import type { Services } from '../services.js';

const INPUTS: Inputs<Speaker> = {
  projectId: input(['project_id', 'project'], id, required),
  code: input('code', text(10, 1), required),
  maxVolume: input('maxvolume', float(0, 10), required),
  minVolume: input('minvolume', float(0, 10), required),
  attenuationM: input('attenuation_distance', float(0, 1_000_000), required),
  shape: input('shape', multiPolygon, clears),
  uri: input('uri', blankable(2_048), clears),
  backupUri: input('backupuri', blankable(2_048), clears),
  active: input('activeyn', bool),
};

type Line = readonly (readonly [number, number])[];

/** A line that goes nowhere: clients cannot do without one. */
const dot = (longitude: number, latitude: number): Line =>
  Array.from({ length: 4 }, (): readonly [number, number] => [longitude, latitude]);

async function showSpeakers(
  services: Services,
  rows: readonly Speaker[],
  { origin }: Ask,
): Promise<readonly object[]> {
  const homes = [
    ...new Set(rows.filter((row) => row.shape.length === 0).map((row) => row.projectId)),
  ];
  const centers = new Map(
    (await services.content.projects.many(homes)).map((row) => [row.id, row]),
  );
  return await Promise.all(
    rows.map(async (row) => {
      const center = centers.get(row.projectId);
      const nowhere = dot(center?.longitude ?? 0, center?.latitude ?? 0);
      const shape: readonly Polygon[] = row.shape.length > 0 ? row.shape : [[nowhere]];
      const nothing = { type: 'LineString', coordinates: nowhere };
      return {
        id: row.id,
        activeyn: row.active,
        code: row.code,
        maxvolume: row.maxVolume,
        minvolume: row.minVolume,
        uri: await speakerUrl(services, row, origin),
        backupuri: absolute(row.backupUri, origin),
        shape: multiPolygonOf(shape),
        boundary: boundaryOf(row.shape) ?? nothing,
        attenuation_distance: Math.round(row.attenuationM),
        attenuation_border: services.borderOf(row.shape, row.attenuationM) ?? nothing,
        project_id: row.projectId,
      };
    }),
  );
}

export function speakerCalls(services: Services): readonly Call[] {
  const { content } = services;
  const resource: Resource<Speaker> = {
    path: 'speakers',
    table: content.speakers,
    read: 'any',
    write: 'staff',
    inputs: INPUTS,
    filters: [
      by<Speaker, number>(['project_id', 'project'], id, 'projectId'),
      by<Speaker, boolean>('activeyn', bool, 'active'),
    ],
    show: (rows, ask) => showSpeakers(services, rows, ask),
    fresh: async (values, ask) => {
      await oneSource(values, ask, true);
      const mediaId = await ownFile(services, ask, values.projectId ?? 0);
      const row = { projectId: 0, ...SPEAKER_DEFAULTS, ...values, mediaId };
      return { ...row, name: row.code };
    },
    change: async (values, before, ask) => {
      volumes({ ...before, ...values });
      await oneSource(values, ask, false);
      const mediaId = await ownFile(services, ask, values.projectId ?? before.projectId);
      if (mediaId !== null) return { ...values, mediaId, uri: '' };
      return (values.uri ?? '') === '' ? values : { ...values, mediaId: null };
    },
  };
  return [
    ...callsOf(resource)
      .filter(({ method }) => method !== 'DELETE')
      .map((call): Call => (call.method === 'GET' ? call : { ...call, files: true })),
    {
      method: 'DELETE',
      path: 'speakers/{id}',
      access: 'staff',
      run: async (ask) => {
        const row = await rowOf(content.speakers, ask);
        if (!(await content.speakers.remove(row.id))) throw notFound();
        if (ask.query.flag('delete_binary') && row.mediaId !== null) {
          await services.removeBinary(row.mediaId);
        }
        return NOTHING;
      },
    },
  ];
}

function volumes({ minVolume, maxVolume }: Pick<Speaker, 'minVolume' | 'maxVolume'>): void {
  if (minVolume > maxVolume) throw badField('minvolume', 'It must not be above maxvolume.');
}

async function oneSource(values: Partial<Speaker>, ask: Ask, creating: boolean): Promise<void> {
  const files = (await ask.form()).files.filter((file) => file.field === 'file').length;
  const given = files + ((values.uri ?? '') === '' ? 0 : 1);
  if (given > 1) throw bad('Give either uri or file, not both.');
  if (creating && given === 0) throw bad('Give one of uri and file.');
  if (creating) volumes({ minVolume: values.minVolume ?? 0, maxVolume: values.maxVolume ?? 0 });
}

/** Media of a file that was sent along; null without one. */
async function ownFile(services: Services, ask: Ask, projectId: number): Promise<string | null> {
  const file = (await ask.form()).files.find((one) => one.field === 'file');
  return file === undefined ? null : await services.storeSound(file, projectId);
}
