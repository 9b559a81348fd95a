import type { StreamChange } from '../../actors/session/protocol.js';
import type { Mount } from '../../media/mounts/mount.js';
import type { AudioParts } from '../../media/ports.js';

interface Stream {
  readonly header: Uint8Array;
  readonly sessionIds: Set<string>;
}

/**
 * Which sessions take the bytes of which stream. Stream numbers belong to one incarnation of one media
 * thread: `reset` forgets those of a thread that is gone, its mounts wait for the replacement.
 */
export class StreamRouter {
  readonly #shards = new Map<string, Map<number, Stream>>();
  readonly #mounts = new Map<string, Mount>();
  readonly #streamOf = new Map<string, Stream>();

  addSession(sessionId: string, mount: Mount): void {
    this.#mounts.set(sessionId, mount);
  }

  removeSession(sessionId: string): void {
    this.#streamOf.get(sessionId)?.sessionIds.delete(sessionId);
    this.#streamOf.delete(sessionId);
    this.#mounts.delete(sessionId);
  }

  reset(shard: string): void {
    for (const stream of this.#shards.get(shard)?.values() ?? []) this.#leave(stream);
    this.#shards.set(shard, new Map());
  }

  changed(shard: string, changes: readonly StreamChange[], atMonoMs: number): void {
    const streams = this.#shards.get(shard);
    if (streams === undefined) return;
    for (const change of changes) {
      const no = change.stream;
      if (change.kind === 'opened') {
        const stream = { header: change.header, sessionIds: new Set<string>() };
        streams.set(no, stream);
        for (const id of change.sessionIds) this.#moved(id, stream, atMonoMs);
      } else if (change.kind === 'moved') {
        const stream = streams.get(no);
        if (stream !== undefined) this.#moved(change.sessionId, stream, atMonoMs);
      } else {
        const stream = streams.get(no);
        if (stream !== undefined) this.#leave(stream);
        streams.delete(no);
      }
    }
  }

  audio(shard: string, parts: AudioParts, atMonoMs: number): void {
    const streams = this.#shards.get(shard);
    if (streams === undefined) return;
    for (let i = 0; i < parts.count; i += 1) {
      const stream = streams.get(parts.stream[i] ?? -1);
      if (stream === undefined) continue;
      const bytes = parts.bytes.subarray(parts.offset[i], parts.offset[i + 1]);
      for (const id of stream.sessionIds) this.#mounts.get(id)?.push(bytes, atMonoMs);
    }
  }

  #moved(sessionId: string, stream: Stream, atMonoMs: number): void {
    const mount = this.#mounts.get(sessionId);
    if (mount === undefined) return;
    this.#streamOf.get(sessionId)?.sessionIds.delete(sessionId);
    this.#streamOf.set(sessionId, stream);
    stream.sessionIds.add(sessionId);
    mount.setHeader(stream.header, atMonoMs);
  }

  #leave(stream: Stream): void {
    for (const id of stream.sessionIds) {
      this.#streamOf.delete(id);
      this.#mounts.get(id)?.forgetRecent();
    }
    stream.sessionIds.clear();
  }
}
