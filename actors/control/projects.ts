import { fromJson } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import type { SpineProject, SpineRecording, SpineSpeaker } from '../../media/spine.js';
import {
  planJson,
  recordingOf,
  recordingValues,
  type SitePlan,
  speakerOf,
  speakerValues,
} from './project.rows.js';
import { note, type SiteScope } from './scope.js';
import type { SiteControl } from './tables.js';

/** A project as the store keeps it: what the sound needs, and the map's plan. */
export interface StoredProject extends SpineProject {
  readonly plan: SitePlan | undefined;
}

export interface TagDefinition {
  readonly projectId: string;
  /** What recordings and sessions carry. Unique in its project. */
  readonly id: string;
  readonly name: string;
}

/** Projects with their speakers, recordings and tags. Each change is noted under the project's id. */
export class Projects {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  async list(): Promise<readonly StoredProject[]> {
    return await this.#load(undefined);
  }

  async get(id: string): Promise<StoredProject | undefined> {
    return (await this.#load(id))[0];
  }

  async #load(only: string | undefined): Promise<readonly StoredProject[]> {
    return await this.#control.read(async (db) => {
      let ofProjects = db.selectFrom('projects').selectAll().orderBy('id');
      let ofSpeakers = db.selectFrom('speakers').selectAll().orderBy('id');
      let ofRecordings = db.selectFrom('recordings').selectAll().orderBy('id');
      if (only !== undefined) {
        ofProjects = ofProjects.where('id', '=', only);
        ofSpeakers = ofSpeakers.where('project_id', '=', only);
        ofRecordings = ofRecordings.where('project_id', '=', only);
      }
      const projects = await ofProjects.execute();
      const speakers = await ofSpeakers.execute();
      const recordings = await ofRecordings.execute();
      const speakersOf = grouped(speakers.map(speakerOf));
      const recordingsOf = grouped(recordings.map(recordingOf));
      return projects.map((row) => ({
        id: row.id,
        name: row.name,
        center: { latitude: row.latitude, longitude: row.longitude },
        plan:
          row.plan_json === null
            ? undefined
            : fromJson(planJson, row.plan_json, `the plan of project ${row.id}`),
        speakers: speakersOf.get(row.id) ?? [],
        recordings: recordingsOf.get(row.id) ?? [],
      }));
    });
  }

  /** Makes or replaces a project whole: speakers and recordings that it does not hold any more are removed. */
  async save(
    project: Omit<StoredProject, 'plan'> & { readonly plan?: SitePlan | undefined },
  ): Promise<void> {
    await this.#control.write(async (scope) => {
      const values = {
        name: project.name,
        latitude: project.center.latitude,
        longitude: project.center.longitude,
        plan_json: project.plan === undefined ? null : JSON.stringify(project.plan),
      };
      await scope.db
        .insertInto('projects')
        .values({ id: project.id, ...values })
        .onConflict((oc) => oc.column('id').doUpdateSet(values))
        .execute();
      await scope.db.deleteFrom('speakers').where('project_id', '=', project.id).execute();
      await scope.db.deleteFrom('recordings').where('project_id', '=', project.id).execute();
      for (const speaker of project.speakers) {
        await scope.db
          .insertInto('speakers')
          .values(speakerValues({ ...speaker, projectId: project.id }))
          .execute();
      }
      for (const recording of project.recordings) {
        await scope.db
          .insertInto('recordings')
          .values(recordingValues({ ...recording, projectId: project.id }))
          .execute();
      }
      note(scope, 'projects', project.id, 'put');
    });
  }

  /** Makes or replaces one speaker. @throws EngineError `conflict` when its project does not exist. */
  async putSpeaker(speaker: SpineSpeaker): Promise<void> {
    await this.#control.write(async (scope) => {
      const { id, ...values } = speakerValues(speaker);
      await noteOldProject(scope, 'speakers', id);
      await scope.db
        .insertInto('speakers')
        .values({ id, ...values })
        .onConflict((oc) => oc.column('id').doUpdateSet(values))
        .execute();
      note(scope, 'projects', speaker.projectId, 'put');
    });
  }

  /** Makes or replaces one recording. @throws EngineError `conflict` when its project does not exist. */
  async putRecording(recording: SpineRecording): Promise<void> {
    await this.#control.write(async (scope) => {
      const { id, ...values } = recordingValues(recording);
      await noteOldProject(scope, 'recordings', id);
      await scope.db
        .insertInto('recordings')
        .values({ id, ...values })
        .onConflict((oc) => oc.column('id').doUpdateSet(values))
        .execute();
      note(scope, 'projects', recording.projectId, 'put');
    });
  }

  /** @returns false when there is none. */
  async removeVoice(kind: 'speakers' | 'recordings', id: string): Promise<boolean> {
    return await this.#control.write(async (scope) => {
      const gone = await scope.db
        .deleteFrom(kind)
        .where('id', '=', id)
        .returning('project_id')
        .executeTakeFirst();
      if (gone !== undefined) note(scope, 'projects', gone.project_id, 'put');
      return gone !== undefined;
    });
  }

  /** Removes it with everything in it, its listener sessions too. @returns false when there is none. */
  async remove(id: string): Promise<boolean> {
    return await this.#control.write(async (scope) => {
      const sessions = await scope.db
        .deleteFrom('listener_sessions')
        .where('project_id', '=', id)
        .returning('id')
        .execute();
      for (const session of sessions) note(scope, 'sessions', session.id, 'delete');
      const gone = await scope.db
        .deleteFrom('projects')
        .where('id', '=', id)
        .returning('id')
        .executeTakeFirst();
      if (gone !== undefined) note(scope, 'projects', id, 'delete');
      return gone !== undefined;
    });
  }

  async tags(projectId: string): Promise<readonly TagDefinition[]> {
    const rows = await this.#control.read(
      async (db) =>
        await db
          .selectFrom('tags')
          .selectAll()
          .where('project_id', '=', projectId)
          .orderBy('id')
          .execute(),
    );
    return rows.map((row) => ({ projectId: row.project_id, id: row.id, name: row.name }));
  }

  /** Replaces the tags of a project. @throws EngineError `not-found` without the project. */
  async setTags(
    projectId: string,
    tags: readonly Omit<TagDefinition, 'projectId'>[],
  ): Promise<void> {
    await this.#control.write(async (scope) => {
      const project = await scope.db
        .selectFrom('projects')
        .select('id')
        .where('id', '=', projectId)
        .executeTakeFirst();
      if (project === undefined) {
        throw new EngineError('not-found', `there is no project ${projectId}`);
      }
      await scope.db.deleteFrom('tags').where('project_id', '=', projectId).execute();
      for (const tag of tags) {
        await scope.db
          .insertInto('tags')
          .values({ project_id: projectId, id: tag.id, name: tag.name })
          .execute();
      }
      note(scope, 'projects', projectId, 'put');
    });
  }
}

/** A voice may move to another project: the one it leaves changes too. */
async function noteOldProject(
  scope: SiteScope,
  kind: 'speakers' | 'recordings',
  id: string,
): Promise<void> {
  const before = await scope.db
    .selectFrom(kind)
    .select('project_id')
    .where('id', '=', id)
    .executeTakeFirst();
  if (before !== undefined) note(scope, 'projects', before.project_id, 'put');
}

function grouped<T extends { readonly projectId: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.projectId);
    if (group === undefined) groups.set(item.projectId, [item]);
    else group.push(item);
  }
  return groups;
}
