import { z } from 'zod';
import type { StoredProject } from '../../actors/control/projects.js';
import { EngineError } from '../../engine/errors.js';
import { projectList, projectMap } from '../contract/rest.js';
import { Reply, type Route, route } from '../http/route.types.js';

/** Projects, as far as REST uses them. */
export interface ProjectsView {
  get(id: string): StoredProject | undefined;
  all(): Iterable<StoredProject>;
}

/** Project id → site plan image (SVG) of ours. */
export type PlanImages = ReadonlyMap<string, string>;

/** `/v1/projects`: what listeners and maps may know of the sounding places. */
export function projectRoutes(projects: ProjectsView, plans: PlanImages): readonly Route[] {
  const params = z.object({ id: z.string().min(1).max(64) });
  const found = (id: string): StoredProject => {
    const project = projects.get(id);
    if (project === undefined) throw new EngineError('not-found', `there is no project ${id}`);
    return project;
  };
  return [
    route({
      method: 'GET',
      path: '/v1/projects',
      summary: 'All projects: sites with sounding places',
      tag: 'projects',
      access: 'open',
      response: projectList,
      handler: () =>
        [...projects.all()].map(({ id, name, center, speakers, recordings }) => ({
          id,
          name,
          center,
          speakers: speakers.length,
          recordings: recordings.length,
        })),
    }),
    route({
      method: 'GET',
      path: '/v1/projects/{id}',
      summary: 'A project with its speakers, recordings and site plan, as a map draws it',
      tag: 'projects',
      access: 'open',
      params,
      response: projectMap,
      handler: ({ params: { id } }) => mapOf(found(id)),
    }),
    route({
      method: 'GET',
      path: '/v1/projects/{id}/plan.svg',
      summary: 'The site plan image that lies under the map',
      tag: 'projects',
      access: 'open',
      params,
      handler: ({ params: { id } }) => {
        found(id);
        const svg = plans.get(id);
        if (svg === undefined) throw new EngineError('not-found', `project ${id} has no site plan`);
        return new Reply({
          headers: { 'content-type': 'image/svg+xml', 'cache-control': 'max-age=300' },
          body: svg,
        });
      },
    }),
  ];
}

function mapOf(project: StoredProject): z.infer<typeof projectMap> {
  const { id, name, center, plan } = project;
  return {
    id,
    name,
    center,
    plan:
      plan === undefined
        ? null
        : { url: plan.url, corners: plan.corners.map(([east, north]) => [east, north]) },
    speakers: project.speakers.map((speaker) => ({
      id: speaker.id,
      name: speaker.name,
      shape: speaker.shape.map((rings) =>
        rings.map((ring) => ring.map(([east, north]): [number, number] => [east, north])),
      ),
      attenuationM: speaker.attenuationM,
      minVolume: speaker.minVolume,
      maxVolume: speaker.maxVolume,
    })),
    recordings: project.recordings.map(({ id: recordingId, name: title, ...rest }) => ({
      id: recordingId,
      name: title,
      position: rest.position,
      radiusM: rest.radiusM,
      tags: [...rest.tags],
    })),
  };
}
