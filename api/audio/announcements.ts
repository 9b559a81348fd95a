/** A text for the listeners of a project. */
export interface Announcement {
  /** Tells one text from the next; the same key does not begin anew. */
  readonly key: string;
  readonly text: string;
  readonly atUnixMs: number;
}

/** How long players show it. */
const SHOWN_MS = 60_000;
const MOST_TEXT = 500;

/** The latest text of each project; gone after a minute. There are no more than projects. */
export class Announcements {
  readonly #latest = new Map<number, Announcement>();

  put(projectId: number, text: string, key: string, nowUnixMs: number): void {
    if (this.#latest.get(projectId)?.key === key) return;
    this.#latest.set(projectId, { key, text: text.slice(0, MOST_TEXT), atUnixMs: nowUnixMs });
  }

  of(projectId: number, nowUnixMs: number): Announcement | undefined {
    const latest = this.#latest.get(projectId);
    if (latest === undefined) return undefined;
    if (Math.abs(nowUnixMs - latest.atUnixMs) <= SHOWN_MS) return latest;
    this.#latest.delete(projectId);
    return undefined;
  }
}
