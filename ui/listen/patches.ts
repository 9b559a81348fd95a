/**
 * Sends parts of a wish, the newest of each part, one request at a time and at most one every `everyMs`. What could not
 * be sent waits for the next push or `flush`: nothing is lost, nothing piles up.
 */
export class Patches<T extends object> {
  readonly #everyMs: number;
  readonly #send: (part: Partial<T>) => Promise<void>;
  #pending: Partial<T> | undefined;
  #running = false;

  /** `send` rejects when the part has to be sent again. */
  constructor(everyMs: number, send: (part: Partial<T>) => Promise<void>) {
    this.#everyMs = everyMs;
    this.#send = send;
  }

  push(part: Partial<T>): void {
    this.#pending = { ...this.#pending, ...part };
    this.flush();
  }

  /** Tries what waits. */
  flush(): void {
    if (!this.#running && this.#pending) void this.#run();
  }

  /** Forgets what waits: the whole wish was sent otherwise. */
  clear(): void {
    this.#pending = undefined;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#pending) {
      const part = this.#pending;
      this.#pending = undefined;
      const rest = new Promise<void>((resolve) => setTimeout(resolve, this.#everyMs));
      try {
        await this.#send(part);
      } catch {
        // What was chosen meanwhile is newer. `send` itself has said what is wrong.
        this.#pending = { ...part, ...(this.#pending as Partial<T> | undefined) };
        break;
      }
      await rest;
    }
    this.#running = false;
  }
}
