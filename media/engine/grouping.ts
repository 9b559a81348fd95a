import type { EngineSession } from './sessions.js';
import type { MixStream } from './stream.js';

/** Blocks two mixes must have been equal and at rest before their listeners share one encoder: 200 ms. */
const JOIN_AFTER_TICKS = 10;

/** Settled streams by sound: where a listener who hears the same may join. */
export class SettledIndex {
  readonly #byKey = new Map<string, MixStream>();

  /** Re-files a stream after its leader's mix changed. */
  file(stream: MixStream, tick: number): void {
    this.remove(stream);
    const mix = stream.leader?.mix;
    if (mix?.settled !== true) {
      stream.joinTick = Number.POSITIVE_INFINITY;
      return;
    }
    const key = indexKey(stream, mix.key);
    if (!this.#byKey.has(key)) {
      this.#byKey.set(key, stream);
      stream.indexKey = key;
    }
    stream.joinTick = tick + JOIN_AFTER_TICKS;
  }

  remove(stream: MixStream): void {
    if (stream.indexKey !== undefined) this.#byKey.delete(stream.indexKey);
    stream.indexKey = undefined;
  }

  /** Another stream with the very sound of `mix`, if there is one. */
  match(options: MixStream['options'], member: EngineSession, tick: number): MixStream | undefined {
    if (!member.mix.settled) return undefined;
    const found = this.#byKey.get(indexKey({ options }, member.mix.key));
    if (found === undefined || found === member.stream) return undefined;
    const leader = found.leader;
    return leader?.mix.settled === true && leader.mix.sameSound(member.mix, tick)
      ? found
      : undefined;
  }
}

const indexKey = (stream: Pick<MixStream, 'options'>, key: number): string =>
  `${stream.options.format}/${stream.options.bitrateKbps}/${key}`;

/**
 * Members of a stream whose mix differs from the one most of them hear, and a member that hears that
 * one.
 */
export function dissenters(
  stream: MixStream,
): { leader: EngineSession; leavers: EngineSession[] } | undefined {
  const first = stream.leader;
  if (first === undefined) return undefined;
  let uniform = true;
  for (const member of stream.members) if (member.mix.key !== first.mix.key) uniform = false;
  if (uniform) return { leader: first, leavers: [] };
  const classes = new Map<number, EngineSession[]>();
  for (const member of stream.members) {
    const list = classes.get(member.mix.key);
    if (list === undefined) classes.set(member.mix.key, [member]);
    else list.push(member);
  }
  let most: EngineSession[] = [];
  for (const list of classes.values()) if (list.length > most.length) most = list;
  const leavers = [...stream.members].filter((member) => !most.includes(member));
  return { leader: most[0] ?? first, leavers };
}
