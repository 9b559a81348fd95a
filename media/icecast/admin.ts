import { EngineError } from '../../engine/errors.js';
import { basicAuth, hostOf, type IcecastTarget } from './target.js';

const ANSWER_LIMIT_MS = 3_000;
const ANSWER_LIMIT_BYTES = 4_194_304;

/** Reads an answer up to a bound: a mount list of 10,000 sources is about 4 MB. */
async function get(target: IcecastTarget, path: string, authorize: boolean): Promise<string> {
  const answer = await fetch(`http://${hostOf(target)}${path}`, {
    headers: authorize ? { authorization: basicAuth(target) } : {},
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  const text = await answer.text();
  if (answer.status === 401) {
    throw new EngineError('icecast.refused', `${hostOf(target)} refused the source password`);
  }
  if (!answer.ok || text.length > ANSWER_LIMIT_BYTES) {
    throw new EngineError('icecast.refused', `${hostOf(target)} answered ${answer.status}`);
  }
  return text;
}

/**
 * Sets the title of an MP3 mount. Ogg mounts carry titles inside and refuse this with status 200 and even
 * with `<return>1</return>`, so the words of the answer decide.
 * @throws EngineError `icecast.refused` with what the server said.
 */
export async function updateTitle(
  target: IcecastTarget,
  mount: string,
  title: string,
): Promise<void> {
  const query = new URLSearchParams({ mount, mode: 'updinfo', charset: 'UTF-8', song: title });
  const body = await get(target, `/admin/metadata?${query.toString()}`, true);
  const message = /<message>([^<]*)<\/message>/.exec(body)?.[1] ?? 'no reason given';
  if (!/successful/i.test(message)) {
    throw new EngineError('icecast.refused', `${mount}: title not set: ${message}`);
  }
}

/** Listeners of each mount, by path, from the public `/status-json.xsl`. */
export async function readListeners(target: IcecastTarget): Promise<ReadonlyMap<string, number>> {
  const body: unknown = JSON.parse(await get(target, '/status-json.xsl', false));
  const stats = field(body, 'icestats');
  const source = field(stats, 'source');
  const counts = new Map<string, number>();
  for (const one of Array.isArray(source) ? source : [source]) {
    const url = field(one, 'listenurl');
    const listeners = field(one, 'listeners');
    if (typeof url !== 'string' || typeof listeners !== 'number') continue;
    counts.set(new URL(url).pathname, listeners);
  }
  return counts;
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const found: unknown = Reflect.get(value, name);
  return found;
}
