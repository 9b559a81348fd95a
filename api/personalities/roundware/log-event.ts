import type { ContentEvent } from '../../../actors/content/content.types.js';
import type { Services } from './services.js';

/** What the site itself notes about a session. */
export type EventKind =
  | 'request_stream'
  | 'modify_stream'
  | 'move_listener'
  | 'heartbeat'
  | 'skip_ahead'
  | 'play_asset_in_stream'
  | 'replay_asset'
  | 'pause'
  | 'resume'
  | 'cleanup_session'
  | 'vote_asset'
  | 'start_upload';

/** Notes what a call did, as a row of the session's events. */
export async function logEvent(
  { content, clock }: Pick<Services, 'content' | 'clock'>,
  sessionId: number,
  kind: EventKind,
  more: Partial<Pick<ContentEvent, 'data' | 'latitude' | 'longitude' | 'tagIds'>> = {},
): Promise<void> {
  await content.events.create({
    sessionId,
    kind,
    atUnixMs: clock.nowMs(),
    clientTime: null,
    data: null,
    latitude: null,
    longitude: null,
    tagIds: [],
    ...more,
  });
}
