import type { ListenRow } from '../../actors/content/content.types.js';
import type { ContentStore } from '../../actors/content/store.types.js';
import type { ListenEvent, SessionDefinition } from '../../actors/session/protocol.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { ListeningLog } from './listening-log.js';

/** Rows are written together this often. */
const WRITE_EVERY_MS = 1_000;
/** Waiting while the control store is away; the oldest are dropped beyond it. */
const MAX_WAITING = 20_000;
const AT_ONCE = 2_000;

interface Playing {
  readonly row: Omit<ListenRow, 'id'>;
  /** Its number, when it was written. */
  id: number | undefined;
  /** As heard, when it ended. */
  heardS: number | undefined;
}

/** Which assets were heard by whom: rows in the content store, and events for statistics. */
export class Listens {
  readonly #content: ContentStore;
  readonly #clock: Clock;
  readonly #log: ListeningLog | undefined;
  readonly #failed: (error: EngineError) => void;
  /** What sounds now, by session, track and asset. */
  readonly #playing = new Map<string, Playing>();
  #begun: Playing[] = [];
  #ended: Playing[] = [];
  #timer: TimerHandle | undefined;
  #writing: Promise<void> = Promise.resolve();
  #dropped = 0;

  constructor(options: {
    readonly content: ContentStore;
    readonly clock: Clock;
    readonly log: ListeningLog | undefined;
    readonly failed: (error: EngineError) => void;
  }) {
    this.#content = options.content;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#failed = options.failed;
  }

  /** Rows that could not be kept. */
  get dropped(): number {
    return this.#dropped;
  }

  heard(session: SessionDefinition, event: ListenEvent): void {
    const key = `${event.sessionId}\0${event.trackId ?? 'placed'}\0${event.assetId}`;
    if (event.kind === 'began') {
      const playing: Playing = {
        row: {
          sessionId: session.number,
          assetId: event.assetId,
          projectId: session.projectId,
          startedAtUnixMs: event.atUnixMs,
          durationS: event.durationS,
        },
        id: undefined,
        heardS: undefined,
      };
      this.#playing.set(key, playing);
      this.#begun.push(playing);
    } else {
      const { projectId, number, position } = session;
      this.#log?.asset(
        { projectId, session: number, position, atUnixMs: event.atUnixMs },
        event.assetId,
        event.durationS,
      );
      const playing = this.#playing.get(key);
      if (playing === undefined) return;
      this.#playing.delete(key);
      playing.heardS = event.durationS;
      this.#ended.push(playing);
    }
    this.#bound();
    this.#timer ??= this.#clock.setTimeout(() => this.#later(), WRITE_EVERY_MS);
  }

  /** A session is over: what it still played ends now. Its thread's own word would come too late. */
  over(session: SessionDefinition): void {
    const atUnixMs = this.#clock.nowMs();
    for (const [key, playing] of this.#playing) {
      if (!key.startsWith(`${session.id}\0`)) continue;
      this.#playing.delete(key);
      const { assetId, startedAtUnixMs, durationS } = playing.row;
      const heardS = Math.min(durationS, Math.max(0, (atUnixMs - startedAtUnixMs) / 1_000));
      const { projectId, number, position } = session;
      this.#log?.asset({ projectId, session: number, position, atUnixMs }, assetId, heardS);
      playing.heardS = heardS;
      this.#ended.push(playing);
      this.#timer ??= this.#clock.setTimeout(() => this.#later(), WRITE_EVERY_MS);
    }
    this.#bound();
  }

  /** Writes what waits. Never rejects. */
  async flush(): Promise<void> {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#later();
    await this.#writing;
  }

  #bound(): void {
    for (const list of [this.#begun, this.#ended]) {
      if (list.length <= MAX_WAITING) continue;
      this.#dropped += list.splice(0, list.length - MAX_WAITING).length;
    }
  }

  #later(): void {
    this.#timer = undefined;
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((thrown: unknown) => {
        this.#failed(EngineError.from(thrown));
        this.#timer ??= this.#clock.setTimeout(() => this.#later(), 5 * WRITE_EVERY_MS);
      });
  }

  async #write(): Promise<void> {
    while (this.#begun.length > 0) {
      const some = this.#begun.splice(0, AT_ONCE);
      await this.#create(some).catch((thrown: unknown) => {
        // Those that were written have their number.
        this.#begun.unshift(...some.filter(({ id }) => id === undefined));
        throw thrown;
      });
    }
    while (this.#ended.length > 0) {
      const some = this.#ended.splice(0, AT_ONCE);
      const changes = some.flatMap(({ id, heardS }) =>
        id === undefined || heardS === undefined ? [] : [{ id, values: { durationS: heardS } }],
      );
      await this.#content.listens.updateMany(changes).catch((thrown: unknown) => {
        this.#ended.unshift(...some);
        throw thrown;
      });
    }
  }

  /** A row of an asset or session that is gone meanwhile is left out, and does not keep the others. */
  async #create(some: readonly Playing[]): Promise<void> {
    try {
      // Most are short enough to have ended: then the row is right at once.
      const rows = await this.#content.listens.createMany(
        some.map(({ row, heardS }) => ({ ...row, durationS: heardS ?? row.durationS })),
      );
      for (const [i, playing] of some.entries()) playing.id = rows[i]?.id;
    } catch (thrown) {
      if (EngineError.from(thrown).code !== 'conflict') throw thrown;
      if (some.length === 1) {
        this.#dropped += 1;
        return;
      }
      const middle = Math.ceil(some.length / 2);
      await this.#create(some.slice(0, middle));
      await this.#create(some.slice(middle));
    }
  }
}
