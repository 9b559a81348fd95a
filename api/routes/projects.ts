import { z } from 'zod';
import type { Project } from '../../actors/content/content.types.js';
import { EngineError } from '../../engine/errors.js';
import type { AssetDefinition, ProjectDefinition } from '../../media/ports.js';
import { projectMap } from '../contract/rest.js';
import { Reply, type Route, route } from '../http/route.types.js';

/** Projects and their sounds, as far as maps use them. */
export interface ProjectsView {
  get(id: number): ProjectDefinition | undefined;
  row(id: number): Project | undefined;
  assetsOf(id: number): ReadonlyMap<number, AssetDefinition>;
  /** Everything that was written until now is taken in. */
  settled(): Promise<void>;
}

/** Site plan image (SVG) of ours for a project. */
export type PlanImage = (project: Project) => string | undefined;

const MAX_RECORDINGS = 5_000;

/** What maps draw of a project; its rows are under `/v1/projects/{id}`, with everything that can be written. */
export function projectRoutes(projects: ProjectsView, plan: PlanImage): readonly Route[] {
  const params = z.object({
    id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  });
  const found = async (id: number): Promise<Project> => {
    // Whoever has just made it finds it.
    if (projects.row(id) === undefined) await projects.settled();
    const project = projects.row(id);
    if (project === undefined) throw new EngineError('not-found', `there is no project ${id}`);
    return project;
  };
  return [
    route({
      method: 'GET',
      path: '/v1/projects/{id}/map',
      summary: 'A project with its speakers, recordings and site plan, as a map draws it',
      tag: 'projects',
      access: 'open',
      params,
      response: projectMap,
      handler: async ({ params: { id }, principal }) => {
        const project = await found(id);
        if (!project.listenEnabled && principal.role === undefined) {
          throw new EngineError('not-found', `project ${id} is not open to listeners`);
        }
        return mapOf(project, projects);
      },
    }),
    route({
      method: 'GET',
      path: '/v1/projects/{id}/plan.svg',
      summary: 'The site plan image that lies under the map',
      tag: 'projects',
      access: 'open',
      params,
      handler: async ({ params: { id } }) => {
        const svg = plan(await found(id));
        if (svg === undefined) throw new EngineError('not-found', `project ${id} has no site plan`);
        return new Reply({
          headers: { 'content-type': 'image/svg+xml', 'cache-control': 'max-age=300' },
          body: svg,
        });
      },
    }),
  ];
}

function mapOf(project: Project, projects: ProjectsView): z.infer<typeof projectMap> {
  const { id, name, latitude, longitude, plan } = project;
  const sound = projects.get(id);
  const recordings: z.infer<typeof projectMap>['recordings'] = [];
  for (const asset of projects.assetsOf(id).values()) {
    if (recordings.length >= MAX_RECORDINGS) break;
    if (!asset.submitted || asset.position === undefined) continue;
    recordings.push({
      id: asset.id,
      name: asset.name,
      position: asset.position,
      radiusM: asset.radiusM ?? sound?.settings.recordingRadiusM ?? 0,
      tagIds: [...asset.tagIds],
    });
  }
  return {
    id,
    name,
    center: { latitude, longitude },
    plan:
      plan === null
        ? null
        : { url: plan.url, corners: plan.corners.map(([east, north]) => [east, north]) },
    speakers: (sound?.speakers ?? [])
      .filter(({ active }) => active)
      .map((speaker) => ({
        id: speaker.id,
        name: speaker.name,
        shape: speaker.shape.map((rings) =>
          rings.map((ring) => ring.map(([east, north]): [number, number] => [east, north])),
        ),
        attenuationM: speaker.attenuationM,
        minVolume: speaker.minVolume,
        maxVolume: speaker.maxVolume,
      })),
    recordings,
  };
}
