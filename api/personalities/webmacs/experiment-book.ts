import type { ExperimentRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import { EngineError } from '../../../engine/errors.js';

interface Parts {
  readonly store: Pick<SiteStore, 'control' | 'automation'>;
  readonly onFault: (error: EngineError) => void;
}

type Span = Pick<ExperimentRow, 'publicId' | 'startedAtUnixMs' | 'stoppedAtUnixMs'>;

/** When which experiment ran: a datapoint belongs to the one that ran at its time. Kept true by the change feed. */
export class ExperimentBook {
  readonly #parts: Parts;
  /** Latest start first. */
  #spans: readonly Span[] = [];
  #unfollow: () => void = () => undefined;
  #reading: Promise<void> = Promise.resolve();

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  static async open(parts: Parts): Promise<ExperimentBook> {
    const book = new ExperimentBook(parts);
    const { feed } = parts.store.control;
    const head = await feed.head();
    await book.#read();
    book.#unfollow = feed.follow(head, (event) => {
      const touched =
        event.type === 'reset' ||
        event.changes.some(({ domain }) => domain === 'automation.experiments');
      if (!touched) return;
      book.#reading = book.#reading
        .then(() => book.#read())
        .catch((thrown: unknown) => parts.onFault(EngineError.from(thrown)));
    });
    return book;
  }

  close(): void {
    this.#unfollow();
  }

  /** Settles when everything that was committed before is known. */
  settled(): Promise<void> {
    return this.#reading;
  }

  /** Public id of the experiment that ran then; null: none did. */
  at(atUnixMs: number): string | null {
    for (const { publicId, startedAtUnixMs, stoppedAtUnixMs } of this.#spans) {
      if (startedAtUnixMs === null || startedAtUnixMs > atUnixMs) continue;
      if (stoppedAtUnixMs === null || atUnixMs < stoppedAtUnixMs) return publicId;
    }
    return null;
  }

  async #read(): Promise<void> {
    const spans: Span[] = [];
    for await (const rows of this.#parts.store.automation.experiments.each()) {
      for (const { publicId, startedAtUnixMs, stoppedAtUnixMs } of rows) {
        if (startedAtUnixMs !== null) spans.push({ publicId, startedAtUnixMs, stoppedAtUnixMs });
      }
    }
    this.#spans = spans.sort((a, b) => (b.startedAtUnixMs ?? 0) - (a.startedAtUnixMs ?? 0));
  }
}
