import { createHash } from 'node:crypto';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import type { Log } from '../../../engine/log.js';
import { attenuationBorderOf, type LineString } from '../../../media/project/border.js';
import type { Auth } from '../../auth/auth.js';
import { hashOf } from '../../auth/secrets.js';
import type { AuditPort } from '../../automation/ports.js';
import { speakersInRange } from '../../content/in-range.js';
import { removeUnused } from '../../content/removal.js';
import { ElementFiles } from '../../content/roundware/element-files.js';
import { keepSound } from '../../content/roundware/keep-sound.js';
import type { UploadLimits } from '../../content/upload-limits.js';
import type { RawRoute } from '../../http/dispatch.js';
import { allCalls } from './calls.js';
import { roundwareRoutes } from './index.js';
import { People } from './people.js';
import type { RoundwareIngest, RoundwareSound, Services } from './services.js';
import type { DayLimits } from './throttle.js';

export interface RoundwareParts {
  readonly store: SiteStore;
  readonly auth: Pick<Auth, 'authenticate' | 'login'>;
  readonly sound: RoundwareSound;
  readonly ingest: RoundwareIngest;
  readonly uploadLimits: UploadLimits;
  readonly mediaFolder: string;
  readonly audit?: AuditPort | undefined;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
  readonly dayLimits?: DayLimits;
}

/** The personality on the parts of a site. */
export function openRoundware(parts: RoundwareParts): readonly RawRoute[] {
  const { store, auth, clock, log } = parts;
  const { content, settings, users } = store;
  const people = new People({ visitors: content.visitors, settings, users, clock });
  const services: Services = {
    content,
    people,
    clock,
    drop: parts.ingest,
    sound: parts.sound,
    ingest: parts.ingest,
    media: store.media,
    staff: (id) => users.get(id),
    storeSound: (file, projectId) => keepSound(parts, file, projectId),
    elementFiles: new ElementFiles(content, parts.mediaFolder),
    removeBinary: (mediaId) => removeUnused(parts.store, parts.mediaFolder, mediaId),
    login: async (username, password, address, userAgent) => {
      const { user, secret } = await auth.login(username, password, { address, userAgent });
      // The answer is a token of its own: nobody gets the browser login.
      await store.authSessions.remove(hashOf(secret));
      return user;
    },
    inRange: speakersInRange(content),
    borderOf: borders(),
    tagOf: async (said) => {
      const seq = await store.control.feed.head();
      const what = createHash('sha1').update(said.join('\n')).digest('base64url');
      return `W/"${seq.toString(36)}-${what}"`;
    },
  };
  return roundwareRoutes({
    calls: allCalls(services),
    services,
    people,
    authenticate: auth.authenticate,
    uploadLimits: parts.uploadLimits,
    audit: parts.audit,
    clock,
    log,
    ...(parts.dayLimits === undefined ? {} : { dayLimits: parts.dayLimits }),
  });
}

/** Borders that were asked for lately: drawing one takes milliseconds. */
const MAX_BORDERS = 5_000;

function borders(): Services['borderOf'] {
  const known = new Map<string, LineString | undefined>();
  return (shape, attenuationM) => {
    const key = createHash('sha1')
      .update(`${attenuationM} ${JSON.stringify(shape)}`)
      .digest('base64');
    if (known.has(key)) return known.get(key);
    const border = attenuationBorderOf(shape, attenuationM);
    known.set(key, border);
    for (const oldest of known.keys()) {
      if (known.size <= MAX_BORDERS) break;
      known.delete(oldest);
    }
    return border;
  };
}
