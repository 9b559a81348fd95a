import type { SpeakerState } from '../../actors/session/protocol.js';
import type { Clock } from '../../engine/clock.js';
import { withoutLogins } from '../../engine/without-logins.js';
import type { ProjectDefinition } from '../../media/ports.js';
import type { SpeakerRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';

/** The live resource `speakers`: what each speaker's source does, over all media threads. */
export class SpeakerBoard {
  readonly #table: LiveTable;
  readonly #clock: Clock;
  readonly #projects = new Map<number, ProjectDefinition>();
  /** Speaker → thread → its latest word. */
  readonly #states = new Map<number, Map<string, SpeakerState>>();

  constructor(table: LiveTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  changed(project: ProjectDefinition): void {
    const before = this.#projects.get(project.id);
    this.#projects.set(project.id, project);
    const left = new Set(before?.speakers.map(({ id }) => id));
    for (const { id } of project.speakers) {
      left.delete(id);
      this.#show(project, id);
    }
    for (const id of left) this.#forget(id);
  }

  removed(projectId: number): void {
    for (const { id } of this.#projects.get(projectId)?.speakers ?? []) this.#forget(id);
    this.#projects.delete(projectId);
  }

  told(shard: string, states: readonly SpeakerState[]): void {
    for (const state of states) {
      const project = this.#projects.get(state.projectId);
      if (project === undefined) continue;
      const byShard = this.#states.get(state.speakerId) ?? new Map<string, SpeakerState>();
      this.#states.set(state.speakerId, byShard);
      byShard.set(shard, state);
      this.#show(project, state.speakerId);
    }
  }

  /** A thread is new: what its forerunner said counts no more. */
  lost(shard: string): void {
    for (const [id, byShard] of this.#states) {
      const said = byShard.get(shard);
      if (said === undefined) continue;
      byShard.delete(shard);
      const project = this.#projects.get(said.projectId);
      if (project !== undefined) this.#show(project, id);
    }
  }

  #forget(id: number): void {
    this.#states.delete(id);
    this.#table.remove(String(id));
  }

  #show(project: ProjectDefinition, id: number): void {
    const speaker = project.speakers.find((one) => one.id === id);
    if (speaker === undefined) return;
    const { state, source, error } = summary([...(this.#states.get(id)?.values() ?? [])]);
    const used = source === undefined ? undefined : speaker.sources[source];
    const row: SpeakerRow = {
      id: String(id),
      projectId: project.id,
      name: speaker.name,
      state: speaker.active ? state : 'off',
      // Everybody who watches sees the row; a name and a password are for the source alone.
      source:
        used === undefined ? null : used.kind === 'live' ? withoutLogins(used.url) : used.mediaId,
      sinceUnixMs: this.#clock.nowMs(),
      lastError: error === undefined ? null : withoutLogins(error),
    };
    const before = this.#table.get(String(id)) as SpeakerRow | undefined;
    const sinceUnixMs = before?.state === row.state ? before.sinceUnixMs : row.sinceUnixMs;
    this.#table.put({ ...row, sinceUnixMs });
  }
}

/** The worst that a thread says is what people should see. */
function summary(said: readonly SpeakerState[]): {
  readonly state: SpeakerRow['state'];
  readonly source: number | undefined;
  readonly error: string | undefined;
} {
  const silent = said.find(({ state }) => state === 'silent');
  if (silent !== undefined) return { state: 'silent', source: undefined, error: silent.error };
  const backup = said.find(({ state, source = 0 }) => state === 'sounding' && source > 0);
  if (backup !== undefined) return { state: 'backup', source: backup.source, error: backup.error };
  const sounding = said.find(({ state }) => state === 'sounding');
  if (sounding !== undefined) return { state: 'ok', source: 0, error: undefined };
  return { state: 'unused', source: undefined, error: undefined };
}
