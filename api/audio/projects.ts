import type { StoredProject } from '../../actors/control/projects.js';
import type { SiteStore } from '../../actors/control/site.js';
import { EngineError } from '../../engine/errors.js';

export interface ProjectEvents {
  changed(project: StoredProject): void;
  removed(projectId: string): void;
  /** The bytes of a media changed or are gone. */
  mediaChanged(mediaId: string): void;
  failed(error: EngineError): void;
}

/** All projects in memory, kept in step with the control store. `open` once, `close` at the end. */
export class ProjectDirectory {
  readonly #store: SiteStore;
  readonly #events: ProjectEvents;
  readonly #projects = new Map<string, StoredProject>();
  #unfollow: (() => void) | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(store: SiteStore, events: ProjectEvents) {
    this.#store = store;
    this.#events = events;
  }

  async open(): Promise<void> {
    const seq = await this.#store.control.feed.head();
    await this.#readAll();
    this.#unfollow = this.#store.control.feed.follow(seq, (event) => {
      if (event.type === 'reset') {
        this.#queue(() => this.#readAll());
        return;
      }
      const projects = new Set<string>();
      for (const { domain, id } of event.changes) {
        if (domain === 'projects') projects.add(id);
        if (domain === 'media') this.#events.mediaChanged(id);
      }
      for (const id of projects) this.#queue(() => this.#read(id));
    });
  }

  close(): void {
    this.#unfollow?.();
  }

  get(id: string): StoredProject | undefined {
    return this.#projects.get(id);
  }

  all(): IterableIterator<StoredProject> {
    return this.#projects.values();
  }

  async #read(id: string): Promise<void> {
    this.#apply(id, await this.#store.projects.get(id));
  }

  async #readAll(): Promise<void> {
    const found = await this.#store.projects.list();
    const known = new Set(found.map(({ id }) => id));
    for (const id of [...this.#projects.keys()]) if (!known.has(id)) this.#apply(id, undefined);
    for (const project of found) this.#apply(project.id, project);
  }

  #apply(id: string, project: StoredProject | undefined): void {
    if (project !== undefined) {
      this.#projects.set(id, project);
      this.#events.changed(project);
    } else if (this.#projects.delete(id)) {
      this.#events.removed(id);
    }
  }

  // One after the other: an older reading must not overtake a newer one.
  #queue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((thrown: unknown) => {
      this.#events.failed(EngineError.from(thrown));
    });
  }
}
