import type { Project, ProjectGroup } from '../../../../actors/content/content.types.js';
import { PROJECT_GROUP_DEFAULTS } from '../../../../actors/content/defaults.js';
import { PreparedShape, toVec } from '../../../../media/geometry.js';
import type { GeoPoint } from '../../../../media/ports.js';
import type { Call } from '../http/ask.js';
import { blankable, bool, float, ids, text } from '../http/codecs.js';
import { clears, type Inputs, input, required } from '../http/inputs.js';
import { by, callsOf, type Resource, rowOf } from '../http/resource.js';
import { FIRST_LANGUAGE, languageByCode } from '../localise.js';
import { absolute } from '../media-url.js';
import type { Services } from '../services.js';

const INPUTS: Inputs<ProjectGroup> = {
  name: input('name', text(255, 1), required),
  active: input('active', bool),
  description: input('description', blankable(8_192), clears),
  thumbnailUrl: input('thumbnail_url', blankable(2_048), clears),
  projectIds: input(['project_ids', 'projects'], ids, clears),
};

export function projectGroupCalls(services: Services): readonly Call[] {
  const { content } = services;
  const resource: Resource<ProjectGroup> = {
    path: 'projectgroups',
    table: content.projectGroups,
    read: 'any',
    write: 'staff',
    inputs: INPUTS,
    filters: [
      by<ProjectGroup, string>('name', text(255), 'name'),
      by<ProjectGroup, boolean>('active', bool, 'active'),
    ],
    show: (rows) =>
      Promise.resolve(
        rows.map((row) => ({
          id: row.id,
          name: row.name,
          active: row.active,
          description: row.description,
          project_ids: row.projectIds,
        })),
      ),
    fresh: (values) => Promise.resolve({ name: '', ...PROJECT_GROUP_DEFAULTS, ...values }),
  };
  return [
    ...callsOf(resource),
    {
      method: 'GET',
      path: 'projectgroups/{id}/projects',
      access: 'any',
      run: async (ask) => {
        const group = await rowOf(content.projectGroups, ask);
        if (!group.active) return { detail: 'This project group is not active.' };
        const latitude = ask.query.read(float(-90, 90), 'latitude');
        const longitude = ask.query.read(float(-180, 180), 'longitude');
        if (latitude === undefined || longitude === undefined) {
          return { detail: 'latitude and longitude are required.' };
        }
        const code = ask.query.text('language_code') ?? 'en';
        const languageId = (await languageByCode(content, code))?.id ?? FIRST_LANGUAGE;
        const projects = await content.projects.many(group.projectIds);
        const heard: Project[] = [];
        for (const project of projects) {
          if (await isHeard(services, project, { latitude, longitude })) heard.push(project);
        }
        const texts = await content.texts(
          heard.flatMap((project) => project.descriptionLocIds),
          languageId,
        );
        return heard.map((project) => {
          const found = project.descriptionLocIds.find((one) => texts.has(one));
          return {
            name: project.name,
            owner: project.owner,
            description_loc: (found === undefined ? undefined : texts.get(found)) ?? '',
            project_id: project.id,
            thumbnail_url: absolute(group.thumbnailUrl, ask.origin),
          };
        });
      },
    },
  ];
}

/** Everywhere for projects that do not look at the place; else inside a speaker that plays. */
async function isHeard({ content }: Services, project: Project, at: GeoPoint): Promise<boolean> {
  if (!project.geoListenEnabled) return true;
  const speakers = await content.speakers.find({
    where: [
      { field: 'projectId', op: '=', value: project.id },
      { field: 'active', op: '=', value: true },
    ],
  });
  const place = toVec(at);
  return speakers.some((speaker) => new PreparedShape(speaker.shape).contains(place));
}
