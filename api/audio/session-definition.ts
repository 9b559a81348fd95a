import { randomBytes } from 'node:crypto';
import { outputOf } from '../../actors/session/output.js';
import type { SessionDefinition } from '../../actors/session/protocol.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SessionOpen } from './audio.types.js';
import type { SoundDirectory } from './sounds.js';
import type { Visits } from './visits.js';

/** Of a client that keeps no name: nobody comes back with it. */
const anonymousDevice = (): string => `anonymous-${randomBytes(16).toString('hex')}`;

/**
 * What a wish becomes: a visit of its own, or the one it names, a secret id, a mount, and what its visitor
 * blocked before. The project must be known.
 * @throws EngineError `not-found` for a visit that does not exist.
 */
export async function defineSession(
  wish: SessionOpen,
  parts: {
    readonly sounds: SoundDirectory;
    readonly visits: Visits;
    readonly clock: Clock;
    /** A real Icecast is configured. */
    readonly icecast: boolean;
  },
): Promise<SessionDefinition> {
  const { sounds, visits, clock, icecast } = parts;
  const { projectId, profile = 'native', format } = wish;
  const project = sounds.get(projectId);
  const geoListen = wish.geoListen ?? project?.settings.geoListen ?? true;
  // A visit of a visitor who is somebody: their contributions are theirs, and heard by them before anybody else.
  const deviceId =
    wish.deviceId ??
    (wish.number === undefined && wish.userId === undefined ? anonymousDevice() : undefined);
  const userId =
    deviceId === undefined
      ? wish.userId
      : (await visits.visitor(deviceId, wish.clientType ?? 'web')).id;
  const visit =
    wish.number === undefined
      ? await visits.begin({
          projectId,
          userId: userId ?? null,
          ...(wish.languageId === undefined ? {} : { languageId: wish.languageId }),
          clientType: wish.clientType ?? '',
          clientSystem: wish.clientSystem ?? '',
          geoListenEnabled: geoListen,
        })
      : await visits.again(wish.number);
  if (visit === undefined) {
    throw new EngineError('not-found', `there is no visit ${String(wish.number)}`);
  }
  const ending = format === 'mp3' ? 'mp3' : 'ogg';
  const name = profile === 'roundware' ? String(visit.id) : randomBytes(9).toString('hex');
  return {
    id: randomBytes(16).toString('base64url'),
    number: visit.id,
    projectId,
    profile,
    geoListen,
    mount: wish.mount ?? `/stream${name}.${ending}`,
    format,
    bitrateKbps: wish.bitrateKbps,
    output: outputOf(sounds.row(projectId)?.output, icecast),
    position: wish.position,
    headingDeg: wish.headingDeg,
    headingWidthDeg: wish.headingWidthDeg,
    rangeMinM: wish.rangeMinM,
    rangeMaxM: wish.rangeMaxM,
    tagIds: wish.tagIds,
    languageId: wish.languageId,
    userId: userId ?? visit.userId ?? undefined,
    ...(await visits.blocks(userId ?? visit.userId ?? undefined, visit.id)),
    createdAtUnixMs: clock.nowMs(),
  };
}
