import type { ActorInfo } from '../../engine/supervisor.types.js';
import type { AudioService } from '../audio/service.js';
import type { ActorSource } from './inspector.js';

const PREFIX = 'session-';

/**
 * Sessions' actors under their public numbers (`session-12`): an actor's own id is the secret that steers its session,
 * and everybody who watches the site sees the inspector.
 */
export function sessionActors(
  source: ActorSource,
  sessions: Pick<AudioService, 'definition' | 'ofNumber'>,
): ActorSource {
  // An actor is reported as gone when its session is not known any more.
  const names = new Map<string, string>();
  const nameOf = (id: string): string | undefined => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const number = sessions.definition(id)?.number;
    if (number === undefined) return undefined;
    const name = `${PREFIX}${number}`;
    names.set(id, name);
    return name;
  };
  const secretOf = (name: string): string | undefined =>
    name.startsWith(PREFIX) ? sessions.ofNumber(Number(name.slice(PREFIX.length))) : undefined;
  const shown = (info: ActorInfo): readonly ActorInfo[] => {
    const id = nameOf(info.id);
    return id === undefined ? [] : [{ ...info, id }];
  };
  const act = async (verb: 'park' | 'restart' | 'stop', name: string): Promise<boolean> => {
    const id = secretOf(name);
    return id === undefined ? false : await source[verb](id);
  };
  return {
    *rows() {
      for (const info of source.rows()) yield* shown(info);
    },
    row: (name) => {
      const id = secretOf(name);
      const info = id === undefined ? undefined : source.row(id);
      return info === undefined ? undefined : { ...info, id: name };
    },
    onActors: (listener) =>
      source.onActors((changed, removed) => {
        const gone = removed.flatMap((id) => {
          const name = nameOf(id);
          names.delete(id);
          return name === undefined ? [] : [name];
        });
        listener(changed.flatMap(shown), gone);
      }),
    park: (name) => act('park', name),
    restart: (name) => act('restart', name),
    stop: (name) => act('stop', name),
  };
}
