/** The last messages of a topic, for clients that come back. Bounded in bytes; the oldest leave first. */
export class MessageRing {
  readonly #messages: Uint8Array[] = [];
  #bytes = 0;
  #lastRevision = 0;

  get sizeBytes(): number {
    return this.#bytes;
  }

  /** Revisions must come one after the other. */
  push(revision: number, message: Uint8Array, maxBytes: number): void {
    this.#messages.push(message);
    this.#bytes += message.length;
    this.#lastRevision = revision;
    let drop = 0;
    while (this.#bytes > maxBytes && drop < this.#messages.length) {
      this.#bytes -= this.#messages[drop]?.length ?? 0;
      drop++;
    }
    if (drop > 0) this.#messages.splice(0, drop);
  }

  /** Messages after a revision, or undefined when some of them are gone, or the revision is not of this topic. */
  since(revision: number, current: number): readonly Uint8Array[] | undefined {
    if (revision === current) return [];
    if (revision > current || revision < 0 || this.#lastRevision !== current) return undefined;
    const missing = current - revision;
    return missing <= this.#messages.length ? this.#messages.slice(-missing) : undefined;
  }
}
